"""The time axis of the page: equal stretches of whole weeks, and where nobody listened in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.exposure import STRETCH, Exposure

HEARD_SHARE = 0.5
"""A stretch of which less was listened to is drawn as a gap."""
_WHOLE_DAYS = np.timedelta64(1, "D")
UNIT_WORDS = {1: "week", 4: "four weeks", STRETCH: "13 weeks"}


@dataclass(frozen=True, slots=True)
class Timeline:
    """``count`` stretches of ``weeks`` weeks each, from the Monday ``start`` on.

    They are counted back from the last week that was listened to, so that the last one is whole.
    """

    start: date
    weeks: int
    count: int

    @property
    def edges(self) -> NDArray[np.int64]:
        """Days from ``start`` at which stretches begin and end, (count + 1,)."""
        return np.arange(self.count + 1) * 7 * self.weeks

    @property
    def end(self) -> date:
        """The Monday after the last stretch."""
        return self.start + timedelta(days=int(self.edges[-1]))

    @property
    def words(self) -> str:
        """The length of a stretch."""
        return UNIT_WORDS[self.weeks]

    def day(self, when: date) -> int:
        """Days from ``start``."""
        return (when - self.start).days

    def people(self, asks: pd.DataFrame) -> NDArray[np.float64]:
        """Distinct people of the dated asks (person, created_at) per stretch."""
        dated = asks[asks["created_at"].notna()]
        begins = np.datetime64(self.start, "D")
        when = dated["created_at"].dt.tz_localize(None).to_numpy(dtype="datetime64[D]")
        stretch = (when - begins) // _WHOLE_DAYS // (7 * self.weeks)
        people = dated.groupby(stretch)["person"].nunique()
        return np.asarray(people.reindex(range(self.count), fill_value=0), dtype=np.float64)

    def gaps(self, heard: Exposure, sources: Any) -> list[tuple[int, int]]:
        """Where none of the sources was listened to: days from ``start``, end excluded."""
        found = []
        for since, until in heard.unheard(sources):
            begin, end = max(0, self.day(since)), min(self.day(until) + 1, int(self.edges[-1]))
            if begin < end:
                found.append((begin, end))
        return found

    def shown(self, gaps: list[tuple[int, int]]) -> NDArray[np.bool_]:
        """Which stretches were listened to for half of their days or more."""
        edges = self.edges
        missing = np.zeros(self.count)
        for begin, end in gaps:
            missing += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None)
        return np.asarray(missing <= (1 - HEARD_SHARE) * 7 * self.weeks)


def timeline(first: date, last: date, heard: Exposure) -> Timeline:
    """Stretches of one, four or 13 weeks that show the days from ``first`` to ``last`` well."""
    end = _monday(last) + timedelta(weeks=1)
    if heard.end and end - heard.monday(heard.end) == timedelta(weeks=1):
        # The broken week at the end would look like a fall.
        end = heard.monday(heard.end)
    weeks = max(1, (end - _monday(first)).days // 7)
    unit = 1 if weeks <= 30 else 4 if weeks <= 156 else STRETCH
    count = -(-weeks // unit)
    return Timeline(end - timedelta(weeks=unit * count), unit, count)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
