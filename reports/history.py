"""A signal over time: when its level changed, what season it keeps to, and what comes next.

All of it looks at weekly people beside the people that a constant rate per comment heard would
have brought, source by source; a week that a source was not listened to expects nobody from it, so
that no gap, no new source and no louder one can look like a change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import config_context
from threadpoolctl import threadpool_limits

from reports.askers import Askers
from reports.change_points import LEAST_PEOPLE, Change, change_points, weekly_noise
from reports.established import RATE, adjusted
from reports.exposure import Exposure
from reports.forecast import Forecast, forecast, lately
from reports.growth import compare, growth, with_weekly_noise
from reports.seasons import Season, by_month, by_weekday

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class History:
    """What a signal's weeks tell. A season is None where it was not tested.

    ``changes`` are those beyond the time of the year where the month test says that it matters.
    ``no_forecast`` says why there is none.
    """

    changes: tuple[Change, ...]
    weekday: Season | None
    month: Season | None
    forecast: Forecast | None
    no_forecast: str


def histories(
    askers: Askers,
    exposure: Exposure,
    days: pd.DataFrame | None = None,
    dispersion: dict[str, float] | None = None,
    forecast_of: Collection[str] | None = None,
) -> dict[str, History]:
    """The history of every signal, by id.

    ``days`` (source, start, comments by day) is needed for the weekday, ``dispersion`` is that of
    ``Findings.own``. A forecast takes a few milliseconds; ``forecast_of`` names the signals that
    get one, None all.
    """
    people, expected, ahead = constant_rate(askers.people, exposure)
    month = _with_q(by_month(people, expected, exposure))
    nothing: list[Season | None] = [None] * len(people)
    weekday = nothing if days is None else _with_q(by_weekday(askers, exposure, days))
    due = _in_season(expected, month, exposure)
    noise = weekly_noise(people, due)
    enough = people.sum(axis=1) >= LEAST_PEOPLE
    cuts: list[list[int]] = [[] for _ in people]
    for n, found in zip(
        np.flatnonzero(enough).tolist(),
        change_points(people[enough], due[enough], noise[enough]),
        strict=True,
    ):
        cuts[n] = found
    changes = _changes(people, due, noise, cuts, exposure)
    told: dict[str, History] = {}
    # Each fit is a matter of milliseconds: threads would wait for one another, and looking the
    # numbers over takes longer than the fit.
    with (
        threadpool_limits(limits=1),
        config_context(assume_finite=True, skip_parameter_validation=True),
    ):
        for n, signal in enumerate(askers.signals):
            coming: Forecast | str = ""
            if forecast_of is None or signal in forecast_of:
                coming = forecast(
                    people[n],
                    expected[n],
                    float(ahead[n]),
                    cuts[n],
                    float(noise[n]),
                    (dispersion or {}).get(signal, 0.0),
                    exposure,
                )
            told[signal] = History(
                tuple(changes[n]),
                weekday[n],
                month[n],
                None if isinstance(coming, str) else coming,
                coming if isinstance(coming, str) else "",
            )
    return told


def constant_rate(people: Counts, exposure: Exposure) -> tuple[Counts, Floats, Floats]:
    """Weekly people over all sources (S, W), and those that a constant rate would have brought.

    The rate is the signal's own in each source, over all that was listened to. The third is what
    it brings in a week to come (S,), if as much is heard as in the last 13 weeks.
    """
    heard = exposure.comments.sum(axis=1)
    asked = np.where(exposure.comments > 0, people, 0)
    rates = asked.sum(axis=2) / np.maximum(heard, 1)
    usual = lately(exposure)
    coming = np.array([usual.get(source, 0.0) for source in exposure.sources])
    return asked.sum(axis=1), rates @ exposure.comments, rates @ coming


def _with_q(seasons: Sequence[Season | None]) -> list[Season | None]:
    tested = [n for n, season in enumerate(seasons) if season is not None]
    found = list(seasons)
    p = np.array([season.p for season in seasons if season is not None])
    for n, q in zip(tested, adjusted(p).tolist(), strict=True):
        season = found[n]
        found[n] = None if season is None else replace(season, q=q)
    return found


def _in_season(expected: Floats, months: Sequence[Season | None], exposure: Exposure) -> Floats:
    """``expected`` with the time of the year in it where that is beyond chance."""
    month = exposure.thursdays.month.to_numpy() - 1
    due = expected.copy()
    for n, season in enumerate(months):
        if season is not None and season.q <= RATE:
            # A month in which nobody ever asked keeps a little, so that its weeks count.
            rates = np.maximum(np.array(season.rates), 1 / (1 + sum(season.people)))
            due[n] *= rates[month]
    return due


def _changes(
    people: Counts,
    due: Floats,
    noise: Floats,
    cuts: Sequence[Sequence[int]],
    exposure: Exposure,
) -> list[list[Change]]:
    """The changes with the ratio of the levels on both sides, all compared at once."""
    places = [
        (n, before, at, after)
        for n, row in enumerate(cuts)
        for before, at, after in zip([0, *row], row, [*row[1:], people.shape[1]], strict=False)
    ]
    found: list[list[Change]] = [[] for _ in cuts]
    if not places:
        return found
    earlier = np.array([[people[n, before:at].sum()] for n, before, at, _ in places])
    later = np.array([[people[n, at:after].sum()] for n, _, at, after in places])
    share = np.array(
        [[due[n, at:after].sum() / due[n, before:after].sum()] for n, before, at, after in places]
    )
    comparison = with_weekly_noise(
        compare(later, earlier, share), np.array([noise[n] for n, *_ in places])
    )
    for (n, _, at, _), grown in zip(places, growth(comparison), strict=True):
        listened = at + int(np.argmax(due[n, at:] > 0))
        found[n].append(Change(exposure.monday(listened), grown.ratio, grown.low, grown.high))
    return found
