"""Whether a demand grows: an exact test of the last weeks against the weeks before.

People who ask arrive as Poisson counts whose rate is taken per comment heard, so that a source
that was read more (or not at all) does not look like a demand that grows. Given how many people
asked in both halves together, those of the recent half are binomial with the share of comments
that the source gave to it (the conditional test for two Poisson rates, Przyborowski and
Wilenski 1940); over several sources the counts are a sum of such binomials, taken exactly. Where
the people of a quarter vary beyond Poisson (``reports.overdispersion``) they are beta-binomials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from scipy import stats

from earful.records import Trend
from reports.established import RATE, adjusted
from reports.exposure import STRETCH, Exposure
from reports.growth import Growth, compare, growth

WEEKS = STRETCH
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
    was heard. ``gaps`` are the weeks in them (source, Monday) that were not listened to.
    """

    earlier: date
    recent: date
    end: date
    exposure: Mapping[str, tuple[int, int]]
    enough: bool
    gaps: frozenset[tuple[str, date]] = field(default=frozenset(), repr=False)

    def half_of(self, day: date, source: str) -> int | None:
        """0 for the earlier half, 1 for the recent one, None outside both and in the source's gaps.

        ``day`` is the Monday of a week.
        """
        if (source, day) in self.gaps:
            return None
        if self.recent <= day < self.end:
            return 1
        return 0 if self.earlier <= day < self.recent else None


def halves_listened(exposure: Exposure) -> Halves:
    """From what was listened to: gaps count in neither half.

    The recent half ends with the last week that any source was listened to in. A source that less
    than 7 weeks of either half were listened to in has no exposure in that half, and so says
    nothing: neither a dead source nor a new one looks like a change.
    """
    if exposure.end < 2 * WEEKS:
        return Halves(date.min, date.min, date.min, {}, enough=False)
    end = exposure.monday(exposure.end)
    recent, earlier = end - timedelta(weeks=WEEKS), end - timedelta(weeks=2 * WEEKS)
    heard = exposure.stretches(exposure.comments)[:, :2]
    weeks = range(exposure.end - 2 * WEEKS, exposure.end)
    return Halves(
        earlier,
        recent,
        end,
        {
            source: (int(row[1]), int(row[0]))
            for source, row in zip(exposure.sources, heard, strict=True)
        },
        enough=bool(exposure.usable[:, :2].all(axis=1).any()),
        gaps=frozenset(
            (source, exposure.monday(week))
            for source, listened in zip(exposure.sources, exposure.listened, strict=True)
            for week in weeks
            if not listened[week]
        ),
    )


def trend(
    people: Mapping[str, tuple[int, int]],
    halves: Halves,
    dated_share: float = 1.0,
    dispersion: float = 0.0,
) -> Trend:
    """Test people by source, (earlier, recent), under the same rate per comment in both halves.

    ``ratio`` is the recent rate over the earlier one, each per comment heard: 1 where nothing
    changed, None where nobody asked earlier. ``p`` too is None where nobody asked in either half;
    where people asked, but in no source that was heard in both, the trend is unknown.
    ``dated_share`` is the share of the signal's mentions whose date is known to the week,
    ``dispersion`` the over-dispersion of its quarters (0: Poisson). "steady" where p >= 0.05.
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
        counts = np.arange(both + 1)
        if dispersion:
            # The ratio of two quarters varies by twice what one of them does.
            size = 1 / (2 * dispersion * share * (1 - share))
            ways = stats.betabinom.pmf(counts, both, size * share, size * (1 - share))
        else:
            ways = stats.binom.pmf(counts, both, share)
        chance = np.convolve(chance, ways)
        recent, earlier = recent + after, earlier + before
        expected_recent += both * share
        expected_earlier += both * (1 - share)
    if recent + earlier == 0:
        return UNKNOWN if any(map(sum, people.values())) else Trend("steady", None, None)
    # Two-sided: every outcome that is no likelier than the one seen, as scipy's binomtest does.
    p = min(1.0, round(float(chance[chance <= chance[recent] * (1 + 1e-7)].sum()), 12))
    ratio = (recent / earlier) / (expected_recent / expected_earlier) if earlier else None
    if p >= SIGNIFICANT:
        return Trend("steady", ratio, p)
    rising = recent > expected_recent
    return Trend("rising" if rising else "falling", ratio, p)


def grown(
    people: Mapping[str, tuple[int, int]], halves: Halves, dispersion: float = 0.0
) -> Growth | None:
    """The ratio that ``trend`` tells, with its 95 % interval; None where nothing can be compared.

    Arguments as in ``trend``.
    """
    exposure = [halves.exposure.get(source, (0, 0)) for source in people]
    both_heard = [bool(before and after) for before, after in exposure]
    if not halves.enough or not any(both_heard):
        return None
    counts = np.array([list(people.values())])
    share = np.array(
        [
            after / (before + after) if both else 0.0
            for (before, after), both in zip(exposure, both_heard, strict=True)
        ]
    )
    comparison = compare(counts[:, :, 1], counts[:, :, 0], share, 2 * dispersion)
    return growth(comparison)[0] if comparison.total[0] else None


def beyond_chance(trends: Sequence[Trend], rate: float = RATE) -> list[Trend]:
    """The trends of a report, those steady that do not hold at this false discovery rate.

    One of twenty steady demands has p < 0.05; of all that are told to rise or fall here, no larger
    share than ``rate`` is expected to be steady (Benjamini and Hochberg 1995).
    """
    tested = [n for n, one in enumerate(trends) if one.p is not None]
    kept = list(trends)
    q = adjusted(np.array([one.p for one in trends if one.p is not None]))
    for n, value in zip(tested, q, strict=True):
        if value > rate:
            kept[n] = replace(kept[n], direction="steady")
    return kept
