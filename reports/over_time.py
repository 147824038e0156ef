"""Every signal of a report over time: tested together, because error rates hold for all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from earful.records import Coverage, Trend
from reports.askers import ASKED_COLUMNS, count_askers, with_days
from reports.established import LEAST_PEOPLE, Findings, beats_its_past
from reports.exposure import Exposure, exposure_of
from reports.fact_tables import Window
from reports.history import History, histories
from reports.rollups import Rollups
from reports.trends import UNKNOWN, Halves, beyond_chance, grown, halves_listened, trend

FORECASTS = 100
"""Signals, from the first on, whose next quarter is told: a forecast takes some milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class OverTime:
    """What was listened to (``heard``), and what the weeks of the signals say, by id.

    ``trends`` holds every signal; ``findings`` and ``histories`` those of three people or more.
    """

    heard: Exposure
    compared: Halves
    findings: Findings
    trends: dict[str, Trend]
    histories: dict[str, History]


def over_time(
    asks: pd.DataFrame,
    ids: Sequence[str],
    rollups: Rollups,
    coverage: Sequence[Coverage],
    window: Window,
) -> OverTime:
    """Tell the weeks of the signals ``ids``, which stand in the order of the report.

    ``asks`` holds one row per ask that counts: signal (id), uid, person, source, created_at,
    precision.
    """
    heard = exposure_of(rollups.weeks, coverage, window)
    compared = halves_listened(heard)
    people = asks.groupby("signal")["person"].nunique()
    tested = [signal for signal in ids if people.get(signal, 0) >= LEAST_PEOPLE]
    asked = with_days(asks)[[*ASKED_COLUMNS, "uid"]]
    askers = count_askers(asked[asked["signal"].isin(tested)], tested, heard)
    dated = _dated_share(asks, asked)
    findings = beats_its_past(askers, heard, np.array([dated[signal] for signal in tested]))
    return OverTime(
        heard,
        compared,
        findings,
        _trends(ids, tested, asked, dated, compared, findings),
        histories(askers, heard, rollups.days, findings.own, tested[:FORECASTS]),
    )


def _dated_share(asks: pd.DataFrame, asked: pd.DataFrame) -> dict[str, float]:
    """The share of each signal's mentions whose date is known to the week."""
    mentions = asks.groupby("signal")["uid"].nunique()
    dated = asked.groupby("signal")["uid"].nunique().reindex(mentions.index, fill_value=0)
    return {str(signal): float(share) for signal, share in (dated / mentions).items()}


def _trends(
    ids: Sequence[str],
    tested: Sequence[str],
    asked: pd.DataFrame,
    dated: dict[str, float],
    compared: Halves,
    findings: Findings,
) -> dict[str, Trend]:
    """The trend of every signal with its interval, those tested held together at one error rate."""
    found = dict.fromkeys(ids, UNKNOWN)
    for signal, people in _people_by_half(asked, compared).items():
        spread = findings.own.get(signal, findings.dispersion)
        one = trend(people, compared, dated[signal], spread)
        times = grown(people, compared, spread) if one.ratio is not None else None
        found[signal] = one if times is None else replace(one, low=times.low, high=times.high)
    for signal in set(ids) - set(tested):
        if found[signal].direction in ("rising", "falling"):
            # Fewer people than that move nothing, however unlikely their weeks are.
            found[signal] = replace(found[signal], direction="steady")
    together = beyond_chance([found[signal] for signal in tested])
    return found | dict(zip(tested, together, strict=True))


def _people_by_half(asked: pd.DataFrame, compared: Halves) -> dict[str, dict[str, tuple[int, int]]]:
    """Distinct people by signal, source and half (earlier, recent).

    Every signal with a date has its sources, with (0, 0) where nobody asked in either half.
    """
    days = asked["day"]
    monday = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.date
    found: dict[str, dict[str, tuple[set[str], set[str]]]] = defaultdict(dict)
    columns = (asked["signal"], asked["source"], asked["person"], monday)
    for signal, source, person, week in zip(*(c.tolist() for c in columns), strict=True):
        halves = found[signal].setdefault(source, (set(), set()))
        half = compared.half_of(week, source)
        if half is not None:
            halves[half].add(person)
    return {
        signal: {source: (len(before), len(after)) for source, (before, after) in by.items()}
        for signal, by in found.items()
    }
