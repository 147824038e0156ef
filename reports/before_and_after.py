"""How often a thing was said before a date and after it: an interrupted series with exposure.

People per comment heard, in the weeks that each source was listened to, up to half a year on
either side; the week in which the date falls is left out where it is broken. The test and the
interval are those of ``reports.growth``, two-sided here, because a launch may still a demand as
well as wake it. Weeks that vary beyond chance make both wider, by the noise of
``reports.change_points``: quarters would not do, because the launch itself sets them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.askers import count_askers
from reports.change_points import weekly_noise
from reports.exposure import STRETCH, WEEKS_LISTENED, Exposure
from reports.growth import (
    Comparison,
    Growth,
    compare,
    excess_chance,
    growth,
    with_weekly_noise,
)

SPAN = 2 * STRETCH
"""Weeks on either side, at most."""
LEAST_PEOPLE = 3
"""Of fewer people nothing is tested."""
BEYOND_CHANCE = 0.05
TOO_EARLY = f"less than {WEEKS_LISTENED} weeks were listened to after it"
NOTHING_BEFORE = f"less than {WEEKS_LISTENED} weeks were listened to before it"
NOT_BOTH = "no source was listened to on both sides of it"
TOO_FEW = f"less than {LEAST_PEOPLE} people in the weeks compared"
_BEFORE, _AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class Week:
    """``people`` of a week, and those ``expected`` had nothing changed; by its ``monday``."""

    monday: date
    people: int
    expected: float


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """``growth`` is the rate after over the rate before; None where ``untested`` says why.

    ``p`` is two-sided. ``weeks`` are those of both sides that some compared source was listened
    to in. ``drift`` is the second half of the time before over its first, with ``drift_p``: what
    moved before the date moved without it.
    """

    growth: Growth | None
    p: float | None
    untested: str
    weeks_before: int
    weeks_after: int
    weeks: tuple[Week, ...]
    drift: Growth | None = None
    drift_p: float | None = None

    @property
    def beyond_chance(self) -> bool:
        """Whether chance alone explains the change badly."""
        return self.p is not None and self.p <= BEYOND_CHANCE

    @property
    def drifted(self) -> bool:
        """Whether it moved before the date already."""
        return self.drift_p is not None and self.drift_p <= BEYOND_CHANCE


def before_and_after(said: pd.DataFrame, at: date, exposure: Exposure) -> BeforeAfter:
    """Compare both sides of ``at``.

    ``said`` has one row per comment that says it, columns person, source, day, to_the_day; a
    person counts once in 13 weeks on each side.
    """
    before, after = _sides(at, exposure)
    listened = exposure.listened
    useful = (
        np.minimum((listened & before).sum(axis=1), (listened & after).sum(axis=1))
        >= WEEKS_LISTENED
    )
    weeks_before = int((listened & before).any(axis=0).sum())
    weeks_after = int((listened & after).any(axis=0).sum())
    why = ""
    if weeks_after < WEEKS_LISTENED:
        why = TOO_EARLY
    elif weeks_before < WEEKS_LISTENED:
        why = NOTHING_BEFORE
    elif not useful.any():
        why = NOT_BOTH
    if why:
        return BeforeAfter(None, None, why, weeks_before, weeks_after, ())
    people = _people(said, at, exposure)
    people[~useful] = 0
    comments = np.where(useful[:, None], exposure.comments, 0)
    weeks = _weeks(people, comments, listened & useful[:, None], before, after, exposure)
    noise = _noise(weeks)
    comparison = _compared(people, comments, before, after, noise)
    if comparison.total[0] < LEAST_PEOPLE:
        return BeforeAfter(None, None, TOO_FEW, weeks_before, weeks_after, weeks)
    found = BeforeAfter(
        growth(comparison)[0], two_sided(comparison), "", weeks_before, weeks_after, weeks
    )
    middle = np.flatnonzero(before)[before.sum() // 2]
    first, second = before.copy(), before.copy()
    first[middle:], second[:middle] = False, False
    drift = _compared(people, comments, first, second, noise)
    if drift.total[0] < LEAST_PEOPLE or min(_heard(listened, first), _heard(listened, second)) == 0:
        return found
    return replace(found, drift=growth(drift)[0], drift_p=two_sided(drift))


def two_sided(comparison: Comparison) -> float:
    """Twice the smaller tail of the test of ``reports.growth``, of its first row."""
    mirrored = Comparison(
        comparison.total - comparison.recent,
        comparison.total,
        1 - comparison.share,
        comparison.correlation,
    )
    tails = excess_chance(comparison)[0], excess_chance(mirrored)[0]
    return float(min(1.0, 2 * min(tails)))


def _sides(at: date, exposure: Exposure) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which weeks (W,) lie before and after the date."""
    mondays = exposure.mondays.astype("datetime64[D]")
    day = np.datetime64(at, "D")
    ends = mondays + np.timedelta64(7, "D")
    far = np.timedelta64(7 * SPAN, "D")
    monday = np.datetime64(at - timedelta(days=at.weekday()), "D")
    begins = monday if monday == day else monday + np.timedelta64(7, "D")
    return (ends <= day) & (mondays >= monday - far), (mondays >= day) & (mondays < begins + far)


def _people(said: pd.DataFrame, at: date, exposure: Exposure) -> NDArray[np.int64]:
    """People by source and week (K, W); each side counts a person anew."""
    late = pd.to_datetime(said["day"]) >= pd.Timestamp(at)
    rows = said.assign(signal=np.where(late, _AFTER, _BEFORE))
    counted = count_askers(rows, (_BEFORE, _AFTER), exposure).people
    return np.asarray(counted.sum(axis=0))


def _compared(
    people: NDArray[np.int64],
    comments: NDArray[np.int64],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    noise: float,
) -> Comparison:
    heard_before, heard_after = comments[:, before].sum(axis=1), comments[:, after].sum(axis=1)
    share = heard_after / np.maximum(heard_before + heard_after, 1)
    found = compare(people[None, :, after].sum(axis=2), people[None, :, before].sum(axis=2), share)
    return with_weekly_noise(found, noise)


def _noise(weeks: tuple[Week, ...]) -> float:
    people = np.array([[week.people for week in weeks]])
    expected = np.array([[week.expected for week in weeks]])
    return float(weekly_noise(people, expected)[0])


def _heard(listened: NDArray[np.bool_], side: NDArray[np.bool_]) -> int:
    return int((listened & side).any(axis=0).sum())


def _weeks(
    people: NDArray[np.int64],
    comments: NDArray[np.int64],
    listened: NDArray[np.bool_],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    exposure: Exposure,
) -> tuple[Week, ...]:
    rates = people[:, before].sum(axis=1) / np.maximum(comments[:, before].sum(axis=1), 1)
    expected = rates @ comments
    heard = np.flatnonzero((before | after) & listened.any(axis=0))
    total = np.where(comments > 0, people, 0).sum(axis=0)
    return tuple(
        Week(exposure.monday(int(week)), int(total[week]), float(expected[week])) for week in heard
    )
