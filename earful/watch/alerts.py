"""Alerts: each is told once when it begins and once when it is over, also across restarts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Kind = Literal["silence", "burst", "failing", "capped", "lagging", "report"]
State = Literal["raised", "recovered"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should look at, or that is over.

    ``source`` is empty where it is about no source. ``facts`` are the figures behind the
    message; no words of comments are among them.
    """

    at: datetime
    kind: Kind
    source: str
    state: State
    message: str
    facts: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As JSON; ``text`` is what chat services show of a post."""
        about = f" {self.source}" if self.source else ""
        text = f"earful: {self.kind}{about} {self.state}: {self.message}"
        return {**asdict(self), "at": self.at.isoformat(timespec="seconds"), "text": text}


class AlertBook:
    """Which alerts are open, kept in a file of one JSON line an event.

    A line is written before anybody is told, so that after a crash nothing is told twice; where it
    cannot be written, it is tried again at the next look. ``deliver`` must neither fail nor take
    long.
    """

    def __init__(self, path: Path, deliver: Callable[[Alert], None] | None = None) -> None:
        self.path = path
        self._deliver = deliver
        self._open = _open_in(path)

    @property
    def open(self) -> tuple[tuple[str, str], ...]:
        """(kind, source) of every alert that was raised and has not recovered."""
        return tuple(sorted(self._open))

    def raise_(self, at: datetime, kind: Kind, source: str, message: str, **facts: Any) -> None:
        """Tell it, unless it was told."""
        if (kind, source) not in self._open:
            self._tell(Alert(at, kind, source, "raised", message, facts))
            self._open.add((kind, source))

    def recover(self, at: datetime, kind: Kind, source: str, message: str, **facts: Any) -> None:
        """Tell that it is over, where it was told at all."""
        if (kind, source) in self._open:
            self._tell(Alert(at, kind, source, "recovered", message, facts))
            self._open.remove((kind, source))

    def _tell(self, alert: Alert) -> None:
        record = alert.record()
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        level = logging.WARNING if alert.state == "raised" else logging.INFO
        named = {"source": alert.source} if alert.source else {}
        fields = {"event": "alert", "kind": alert.kind, "state": alert.state, **named}
        log.log(
            level,
            "%s %s: %s",
            alert.kind,
            alert.state,
            alert.message,
            extra={"fields": {**fields, **alert.facts}},
        )
        if self._deliver is not None:
            self._deliver(alert)


def _open_in(path: Path) -> set[tuple[str, str]]:
    """The alerts that the file leaves open; a line cut short by a crash is passed over."""
    found: set[tuple[str, str]] = set()
    if not path.is_file():
        return found
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                record = json.loads(line)
                key = (record["kind"], record["source"])
                raised = record["state"] == "raised"
            except (ValueError, KeyError, TypeError):
                continue
            found = found | {key} if raised else found - {key}
    return found
