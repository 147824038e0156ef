"""What the brief says of each source: what was heard, and how well it was listened to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from earful.records import Ladder
from reports import wording
from reports.demand import Demand


@dataclass(frozen=True, slots=True)
class Listened:
    """What was heard of one source, and how well it was listened to."""

    source: str
    ladder: Ladder
    first: str
    last: str
    undated: int
    coverage: str
    full: bool


def listened_to(demand: Demand) -> list[Listened]:
    """Every source that was heard or pulled, by name."""
    ladders = demand.rollups.ladders()
    undated = demand.rollups.undated.set_index("source")["posts"].to_dict()
    frame = demand.rollups.ladder.set_index("source")
    found = []
    for source in sorted({*ladders, *(c.source for c in demand.coverage)}):
        windows = [c for c in demand.coverage if c.source == source]
        states = pd.Series([c.state for c in windows], dtype="str").value_counts()
        known = source in ladders
        found.append(
            Listened(
                source=source,
                ladder=ladders.get(source, Ladder(0, 0, 0, 0, "comments")),
                first=_day_of(frame.at[source, "first"]) if known else "nothing",
                last=_day_of(frame.at[source, "last"]) if known else "nothing",
                undated=int(undated.get(source, 0)),
                coverage=", ".join(
                    f"{state}" if n == 1 else f"{n} × {state}"
                    for state, n in sorted(states.items())
                )
                or "not recorded",
                full=bool(windows) and all(c.state in ("complete", "imported") for c in windows),
            )
        )
    return found


def _day_of(moment: Any) -> str:
    return "no date" if pd.isna(moment) else wording.day(moment)
