"""Whether a demand grows: an exact test of the last weeks against the weeks before.

People who ask arrive as Poisson counts whose rate is taken per comment heard, so that a source
that was read more (or not at all) does not look like a demand that grows. Given how many people
asked in both halves together, those of the recent half are binomial with the share of comments
that the source gave to it (the conditional test for two Poisson rates, Przyborowski and
Wilenski 1940); over several sources the counts are a sum of such binomials, taken exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import stats

from earful.records import Trend

WEEKS = 13
"""Length of each half of the comparison."""
SIGNIFICANT = 0.05
DATED_SHARE = 0.9
"""A trend is unknown where a smaller share of the mentions has a date known to the week."""
UNKNOWN = Trend("unknown", None, None)


@dataclass(frozen=True, slots=True)
class Halves:
    """The two halves that every signal of a report is compared over.

    ``exposure`` maps a source to the comments heard in (the earlier, the recent) half. The recent
    half ends with the week of the newest comment. ``enough`` is false where less than both halves
    was heard.
    """

    earlier: date
    recent: date
    end: date
    exposure: Mapping[str, tuple[int, int]]
    enough: bool

    def half_of(self, day: date) -> int | None:
        """0 for the earlier half, 1 for the recent one, None outside both."""
        if self.recent <= day < self.end:
            return 1
        return 0 if self.earlier <= day < self.recent else None


def halves(weeks: pd.DataFrame) -> Halves:
    """From the weekly rollup (source, start, comments) of the whole window."""
    if weeks.empty:
        return Halves(date.min, date.min, date.min, {}, enough=False)
    last = weeks["start"].max().date()
    end = last + timedelta(weeks=1)
    recent, earlier = end - timedelta(weeks=WEEKS), end - timedelta(weeks=2 * WEEKS)
    exposure: dict[str, tuple[int, int]] = {}
    for source, start, comments in zip(
        weeks["source"], weeks["start"].dt.date, weeks["comments"], strict=True
    ):
        before, after = exposure.get(source, (0, 0))
        if start >= recent:
            exposure[source] = (before, after + int(comments))
        elif start >= earlier:
            exposure[source] = (before + int(comments), after)
    enough = bool(weeks["start"].min().date() <= earlier)
    return Halves(earlier, recent, end, exposure, enough)


def trend(people: Mapping[str, tuple[int, int]], halves: Halves, dated_share: float = 1.0) -> Trend:
    """Test people by source, (earlier, recent), under the same rate per comment in both halves.

    ``ratio`` is the recent rate over the earlier one, each per comment heard: 1 where nothing
    changed, None where nobody asked earlier. ``p`` too is None where nobody asked in either half.
    ``dated_share`` is the share of the signal's mentions whose date is known to the week. "steady"
    where p >= 0.05.
    """
    if not halves.enough or dated_share < DATED_SHARE:
        return UNKNOWN
    chance = np.ones(1)
    recent = earlier = 0
    expected_recent = expected_earlier = 0.0
    for source, (before, after) in people.items():
        heard_before, heard_after = halves.exposure.get(source, (0, 0))
        both = before + after
        if not both or not heard_before or not heard_after:
            # A source heard in one half only says nothing about a change.
            continue
        share = heard_after / (heard_before + heard_after)
        chance = np.convolve(chance, stats.binom.pmf(np.arange(both + 1), both, share))
        recent, earlier = recent + after, earlier + before
        expected_recent += both * share
        expected_earlier += both * (1 - share)
    if recent + earlier == 0:
        return Trend("steady", None, None)
    # Two-sided: every outcome that is no likelier than the one seen, as scipy's binomtest does.
    p = min(1.0, round(float(chance[chance <= chance[recent] * (1 + 1e-7)].sum()), 12))
    ratio = (recent / earlier) / (expected_recent / expected_earlier) if earlier else None
    if p >= SIGNIFICANT:
        return Trend("steady", ratio, p)
    rising = recent > expected_recent
    return Trend("rising" if rising else "falling", ratio, p)
