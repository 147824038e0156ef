"""The signals that a report found, in the few columns that measuring takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earful.records import DemandSignal


@dataclass(frozen=True, slots=True)
class Found:
    """One signal; the fields are those of ``earful.records.DemandSignal``."""

    id: str
    name: str
    type: str
    people: int
    low: int
    high: int
    grade: str
    direction: str
    moments: dict[str, int]
    items: tuple[str, ...]
    uids: frozenset[str]


def found_in(signals: Sequence[DemandSignal]) -> list[Found]:
    """Signals of a report in process, in its order."""
    return [
        Found(
            id=signal.id,
            name=signal.name,
            type=signal.type,
            people=signal.people,
            low=signal.estimate.low,
            high=signal.estimate.high,
            grade=signal.grade,
            direction=signal.trend.direction,
            moments=signal.moments,
            items=tuple(entry.item for entry in signal.items),
            uids=frozenset(signal.uids),
        )
        for signal in signals
    ]


def found_in_file(path: Path) -> list[Found]:
    """Signals of an ``out/signals.json``, in its order."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return [
        Found(
            id=signal["id"],
            name=signal["name"],
            type=signal["type"],
            people=signal["people"],
            low=signal["estimate"]["low"],
            high=signal["estimate"]["high"],
            grade=signal["grade"],
            direction=signal["trend"]["direction"],
            moments=signal["moments"],
            items=tuple(entry["item"] for entry in signal["items"]),
            uids=frozenset(signal["uids"]),
        )
        for signal in told["signals"]
    ]
