"""What was really listened to: comments heard by source and week, and the gaps between.

A demand is counted per comment heard, and only in weeks that a source was wholly listened to.
Everything else is a gap: the weeks before a source's first comment, a week that was listened to
in part, weeks that a pull failed in or the platform cut short (unless a later pull went through
them), weeks outside every recorded window, and a silence that the source's own habits do not
explain. Weeks go by ``created_at``: a backfill makes old weeks heard, and no week of today louder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earful.records import Coverage
from reports.fact_tables import Window

STRETCH = 13
"""Weeks that are compared at a time: a quarter of a year."""
STRETCHES_A_YEAR = 4
WEEKS_LISTENED = 7
"""A stretch of a source counts where so many of its weeks were listened to."""
SURPRISING = 0.01
"""A silence less probable than this is a gap and no quiet week."""
USUAL = 4
"""Weeks before a silence that it takes to call it one."""
BRIDGED = 1.0
"""Days that may lie between two windows of a source without a gap."""

Reason = Literal["before", "partial", "capped", "failed", "not_listened", "silent"]
_WORDS: dict[Reason, str] = {
    "before": "not heard yet",
    "partial": "listened to in part only",
    "capped": "cut short by the platform",
    "failed": "a pull failed",
    "not_listened": "not listened to",
    "silent": "nothing heard",
}
_REASONS: tuple[Reason, ...] = tuple(_WORDS)
_LISTENED = -1
Weekly = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gap:
    """Whole weeks in a row that say nothing of a source: ``since`` a Monday, ``until`` a Sunday."""

    source: str
    since: date
    until: date
    reason: Reason

    @property
    def words(self) -> str:
        """ "reddit: nothing heard 2024-03-04 to 2024-03-24"."""
        return f"{self.source}: {_WORDS[self.reason]} {self.since} to {self.until}"


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Comments heard by source (K) and week (W), and which of these cells count.

    ``mondays`` are days without a hole, one per week, ``comments`` and ``listened`` of shape
    (K, W); ``comments`` is 0 wherever ``listened`` is false. A week may be listened to and quiet.
    """

    sources: tuple[str, ...]
    mondays: NDArray[np.datetime64]
    comments: Weekly
    listened: Mask
    gaps: tuple[Gap, ...]

    @property
    def end(self) -> int:
        """The number of weeks up to and with the last one that any source was listened to in."""
        heard = np.flatnonzero(self.listened.any(axis=0))
        return int(heard[-1]) + 1 if heard.size else 0

    @property
    def thursdays(self) -> pd.DatetimeIndex:
        """The Thursday of every week: a week belongs to the month and year of its own."""
        return pd.DatetimeIndex(self.mondays.astype("datetime64[s]")) + pd.Timedelta(days=3)

    def monday(self, week: int) -> date:
        """The Monday of a week by its number; also of weeks after the last one."""
        first: date = self.mondays[0].astype(object)
        return first + timedelta(weeks=week)

    def week_of(self, days: pd.Series[Any]) -> NDArray[np.int64]:
        """The number of the week that each day lies in; -1 outside and where there is no day."""
        if not self.mondays.size:
            return np.full(len(days), -1)
        dates = days.to_numpy(dtype="datetime64[D]")
        weeks = np.floor((dates - self.mondays[0]) / np.timedelta64(7, "D"))
        inside = np.isfinite(weeks) & (weeks >= 0) & (weeks < self.mondays.size)
        return np.where(inside, weeks, -1).astype(np.int64)

    def stretches(self, weekly: NDArray[Any]) -> NDArray[Any]:
        """Sums (..., K, J) over 13 weeks of weekly numbers (..., K, W), the newest stretch first.

        The newest ends with ``end``; the oldest may be shorter. What lies in gaps is left out, and
        so is a stretch of a source that less than 7 weeks were listened to in.
        """
        sums = self._sums(np.where(self.listened, weekly, 0))
        return np.where(self.usable, sums, 0)

    @property
    def usable(self) -> Mask:
        """Which stretches (K, J) of which source count."""
        return np.asarray(self._sums(self.listened.astype(np.int64)) >= WEEKS_LISTENED)

    def _sums(self, weekly: NDArray[Any]) -> NDArray[Any]:
        missing = -self.end % STRETCH
        padding = [(0, 0)] * (weekly.ndim - 1) + [(missing, 0)]
        whole = np.pad(weekly[..., : self.end], padding)
        split = whole.reshape(*whole.shape[:-1], whole.shape[-1] // STRETCH, STRETCH)
        return np.asarray(split.sum(axis=-1)[..., ::-1])

    def unheard(self, sources: Collection[str]) -> list[tuple[date, date]]:
        """Stretches of time, both days included, in which none of these was listened to.

        There a drawing shows nothing: neither a line at zero nor one across. A week that was
        listened to in part is none of them.
        """
        rows = [n for n, source in enumerate(self.sources) if source in sources]
        heard = self.listened[rows].sum(axis=0, dtype=np.int64)
        for gap in self.gaps:
            if gap.reason == "partial" and gap.source in sources:
                weeks = self.week_of(pd.Series(pd.to_datetime([gap.since, gap.until])))
                heard[weeks[0] : weeks[1] + 1] += 1
        return [
            (self.monday(start), self.monday(stop) - timedelta(days=1))
            for start, stop, some in _runs(np.minimum(heard, 1))
            if not some
        ]

    @property
    def words(self) -> list[str]:
        """The gaps in words, by source and time; the broken week at a source's edge is not told."""
        return [gap.words for gap in self.gaps if gap.reason != "partial"]


def exposure_of(
    weeks: pd.DataFrame, coverage: Sequence[Coverage] = (), window: Window | None = None
) -> Exposure:
    """Which weeks of which source count, from the weekly rollup and what was recorded of pulls.

    ``weeks`` has the columns source, start (Monday) and comments, as ``Rollups.weeks``. A source
    that nothing was recorded of counts from its second week with comments to the last but one.
    """
    window = window or Window()
    if weeks.empty:
        nothing = np.zeros((0, 0), dtype=np.int64)
        return Exposure((), np.array([], dtype="datetime64[D]"), nothing, nothing > 0, ())
    starts = weeks["start"].to_numpy(dtype="datetime64[D]")
    first = starts.min()
    pulled = [_last(c.until) for c in coverage if c.state != "imported" and c.until is not None]
    last = max([_day_number(starts.max()), *pulled]) - _day_number(first)
    if window.until is not None:
        last = min(last, _last(window.until) - _day_number(first))
    count = max(int(last // 7), int((starts.max() - first) / np.timedelta64(7, "D"))) + 1
    sources = tuple(sorted(weeks["source"].unique()))
    table = np.zeros((len(sources), count), dtype=np.int64)
    columns = ((starts - first) / np.timedelta64(7, "D")).astype(np.int64)
    rows = pd.Index(sources).get_indexer(pd.Index(weeks["source"]))
    np.add.at(table, (rows, columns), weeks["comments"].to_numpy())
    mondays = first + np.arange(count) * np.timedelta64(7, "D")
    begins = _day_number(first) + np.arange(count, dtype=np.float64) * 7
    outside = np.zeros(count, dtype=bool)
    if window.since is not None:
        outside |= begins < _day(window.since)
    if window.until is not None:
        outside |= begins + 7 > _day(window.until)
    reasons = np.empty(table.shape, dtype=np.int64)
    for row, source in enumerate(sources):
        own = [entry for entry in coverage if entry.source == source]
        reasons[row] = _judge(table[row], begins, own, outside)
    listened = reasons == _LISTENED
    gaps = tuple(_gaps(sources, reasons, mondays))
    return Exposure(sources, mondays, np.where(listened, table, 0), listened, gaps)


def _judge(
    comments: Weekly, begins: NDArray[np.floating[Any]], coverage: Sequence[Coverage], outside: Mask
) -> Weekly:
    """Per week of one source: listened to (-1), or the number of the reason why not."""
    heard = np.flatnonzero(comments)
    first, last = int(heard[0]), int(heard[-1])
    reasons = np.full(comments.size, _LISTENED)
    good, bad = _windows(coverage, float(np.median(comments[heard])) / 7)
    if good or bad:
        reasons[:] = _code("not_listened")
        for since, until in good:
            reasons[(begins < until) & (begins + 7 > since)] = _code("partial")
        for state, since, until in bad:
            # A pull that failed at once has a moment and no time.
            reasons[((begins < until) | (begins <= since)) & (begins + 7 > since)] = _code(state)
        for since, until in good:
            reasons[(begins >= since) & (begins + 7 <= until)] = _LISTENED
    else:
        # Nothing tells when in these weeks listening began and ended.
        reasons[[first, last]] = _code("partial")
    reasons[(reasons == _LISTENED) & outside] = _code("partial")
    reasons[:first] = _code("before")
    for start, stop in _silences(comments, reasons == _LISTENED, first):
        reasons[start:stop] = _code("silent")
    return reasons


def _windows(
    coverage: Sequence[Coverage], comments_a_day: float
) -> tuple[list[tuple[float, float]], list[tuple[Reason, float, float]]]:
    """Stretches (in days) that were listened to, those that touch made one, and the failed ones.

    A file's window is known by its first and last comment only, so two files follow one another
    where the source's rate makes silence between them no surprise.
    """
    good: list[tuple[float, float, bool]] = []
    bad: list[tuple[Reason, float, float]] = []
    for entry in coverage:
        imported = entry.state == "imported"
        if imported and (entry.since is None or entry.until is None):
            continue
        since = -np.inf if entry.since is None else _day(entry.since)
        until = np.inf if entry.until is None else _day(entry.until)
        if entry.state in ("capped", "failed"):
            bad.append((entry.state, since, until))
        elif imported:
            good.append((float(np.floor(since)), float(np.floor(until)) + 1, True))
        else:
            good.append((since, until, False))
    joined: list[tuple[float, float]] = []
    from_file = False
    for since, until, imported in sorted(good):
        quiet = -np.log(SURPRISING) / comments_a_day if imported or from_file else 0.0
        if joined and since - joined[-1][1] <= max(BRIDGED, quiet):
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
        from_file = imported
    return joined, bad


def _silences(comments: Weekly, listened: Mask, first: int) -> Iterator[tuple[int, int]]:
    """Runs of weeks without a comment that the weeks before do not explain.

    Counts are taken as negative binomial with mean and variance of the 13 weeks listened to
    before the run, or as Poisson where these vary less; weeks as independent.
    """
    usual = listened.copy()
    quiet = (listened & (comments == 0)).astype(np.int64)
    for start, stop, value in _runs(quiet):
        if not value or start <= first:
            continue
        before = comments[:start][usual[:start]][-STRETCH:]
        if before.size >= USUAL and _zero(before) ** (stop - start) < SURPRISING:
            usual[start:stop] = False
            yield start, stop


def _zero(counts: Weekly) -> float:
    """The probability of a week without a comment after weeks like these."""
    mean, variance = float(counts.mean()), float(counts.var(ddof=1))
    if variance <= mean:
        return float(np.exp(-mean))
    size = mean**2 / (variance - mean)
    return float((size / (size + mean)) ** size)


def _gaps(
    sources: Sequence[str], reasons: Weekly, mondays: NDArray[np.datetime64]
) -> Iterator[Gap]:
    for source, row in zip(sources, reasons, strict=True):
        for start, stop, reason in _runs(row):
            if reason != _LISTENED:
                since, last = (mondays[n].astype(object) for n in (start, stop - 1))
                yield Gap(source, since, last + timedelta(days=6), _REASONS[reason])


def _runs(row: Weekly) -> Iterator[tuple[int, int, int]]:
    """(start, stop, value) of every run of equal values."""
    borders = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), row.size]
    for start, stop in pairwise(borders):
        if start < stop:
            yield start, stop, int(row[start])


def _code(reason: Reason) -> int:
    return _REASONS.index(reason)


def _day(moment: datetime) -> float:
    """Days since 1970, with their fraction."""
    return moment.timestamp() / 86_400


def _last(until: datetime) -> float:
    """The last moment before ``until``, as ``_day``."""
    return float(np.nextafter(_day(until), -np.inf))


def _day_number(day: np.datetime64) -> float:
    return float(day.astype("datetime64[D]").astype(np.int64))
