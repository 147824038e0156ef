"""Whether a source brings what it usually brings: a Poisson bound on its own history.

The comments of a window are compared with those of windows like it (the same hours of earlier
days, or of the same weekday where there are enough weeks). Given ``n`` comments in ``m`` earlier
windows and ``x`` in this one, ``x`` of the ``n + x`` fall into this window with chance
``1 / (m + 1)`` where nothing has changed: the exact conditional test of two Poisson rates
(Przyborowski and Wilenski 1940). People come in bunches, so counts are first divided by the
dispersion (variance over mean, at least 1) that the earlier windows show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from scipy.special import betainc

Interval = tuple[datetime, datetime]
Verdict = Literal["usual", "silent", "burst"]

WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 168))
FEWEST = 5
"""Windows like this one that there must be."""
ENOUGH_WEEKS = 4
MOST_DAYS, MOST_WEEKS = 14, 8
LITTLE, MUCH = 0.1, 3.0
"""Beyond the bound, and also less than this share of what is usual, or more than so many times:
what is merely certain is no alarm."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``heard`` comments in the last ``window``, where ``usual`` (a mean) are heard.

    ``fewer`` and ``more`` are the chances of so few and of so many where nothing has changed.
    """

    window: timedelta
    heard: int
    usual: float
    fewer: float
    more: float

    def verdict(self, false_alarm: float) -> Verdict:
        """What to call it, at this chance of a false alarm."""
        if self.fewer < false_alarm and self.heard < LITTLE * self.usual:
            return "silent"
        if self.more < false_alarm and self.heard > MUCH * self.usual:
            return "burst"
        return "usual"

    def ended(self, verdict: Verdict) -> bool:
        """Whether an alarm of this kind is over: not only just inside of what raised it."""
        if verdict == "silent":
            return self.heard >= 2 * LITTLE * self.usual
        return self.heard <= 2 / 3 * MUCH * self.usual

    def can_be_silent(self, false_alarm: float) -> bool:
        """Whether hearing nothing at all would be beyond the bound."""
        return self.usual > 0 and float(np.exp(-self.usual)) < false_alarm


def compare(window: timedelta, heard: int, earlier: Sequence[int]) -> Comparison:
    """``heard`` comments in a window against the counts of ``earlier`` ones like it."""
    counts = np.asarray(earlier, dtype=np.float64)
    mean = float(counts.mean())
    dispersion = max(1.0, float(counts.var(ddof=1)) / mean) if mean > 0 else 1.0
    known, new = float(counts.sum()) / dispersion, heard / dispersion
    here = 1 / (counts.size + 1)
    # The binomial's tails as incomplete beta functions, which take counts that are not whole.
    fewer = float(betainc(known, new + 1, 1 - here)) if known > 0 else 1.0
    more = float(betainc(new, known + 1, here)) if new > 0 else 1.0
    return Comparison(window, heard, mean, fewer, more)


def windows_like(window: Interval, listened: Sequence[Interval], first: datetime) -> list[Interval]:
    """Earlier windows to compare with: inside what was listened to, not before ``first``."""
    length = window[1] - window[0]
    week, day = timedelta(days=7), timedelta(days=1)

    def back(step: timedelta, most: int) -> list[Interval]:
        moved = [(window[0] - n * step, window[1] - n * step) for n in range(1, most + 1)]
        return [
            one
            for one in moved
            if one[0] >= first and any(s <= one[0] and one[1] <= u for s, u in listened)
        ]

    weeks = back(week, MOST_WEEKS)
    if len(weeks) >= ENOUGH_WEEKS or length > day:
        return weeks
    return back(day, MOST_DAYS)


def joined(intervals: Sequence[Interval], bridge: timedelta) -> list[Interval]:
    """Intervals as few as possible: those that touch, or nearly do, made one."""
    made: list[Interval] = []
    for since, until in sorted(intervals):
        if made and since - made[-1][1] <= bridge:
            made[-1] = (made[-1][0], max(made[-1][1], until))
        else:
            made.append((since, until))
    return made
