"""Many feeds, one after the other, and the figures of all of them together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.planted.feed import Feed
from benchmarks.planted.found import found_in
from benchmarks.planted.given import Encoder, demand_of, write_facts
from benchmarks.planted.matching import Matching
from benchmarks.planted.measures import Figures, figures
from benchmarks.planted.over_time import alarms, delays, stability
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import ReadAsk, Reader, read
from benchmarks.planted.scenario import Scenario

Told = Callable[[str], None]
GROWN = ("dark-mode", "pdf-export", "stylus")
"""Items of the scenario "growth" that are made to grow: often, sometimes and seldom asked for."""
FACTORS = (1.5, 2.0, 3.0)


def matching_of(feed: Feed, asks: Sequence[ReadAsk], folder: Path, encoder: Encoder) -> Matching:
    """What a report finds in a whole feed as read."""
    demand = demand_of(feed, write_facts(feed, asks, folder, encoder))
    return Matching(feed, tuple(found_in(demand.signals)))


def grouping(
    scenario: Scenario,
    readers: Sequence[Reader],
    seeds: Iterable[int],
    encoder: Encoder,
    tell: Told,
) -> dict[str, Any]:
    """Figures by reader over one feed per seed: means, and where nine of ten runs lie."""
    told: dict[str, list[Figures]] = {reader.name: [] for reader in readers}
    for seed in seeds:
        feed = plant(scenario, seed)
        for reader in readers:
            with tempfile.TemporaryDirectory() as folder:
                found = figures(matching_of(feed, read(feed, reader), Path(folder), encoder))
            told[reader.name].append(found)
            tell(f"{scenario.name}, seed {seed}, {reader.name} reader: recall {found.recall:.2f}")
    return {name: summary(rows) for name, rows in told.items()}


def summary(told: Sequence[Figures]) -> dict[str, Any]:
    """Each figure's mean, 5th and 95th percentile over runs."""
    rows = [asdict(found) for found in told]
    summed: dict[str, Any] = {"runs": len(rows)}
    for name in rows[0]:
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            low, high = np.percentile(values, (5, 95))
            summed[name] = [round(float(value), 3) for value in (mean(values), low, high)]
    return summed


def stabilities(
    scenario: Scenario, reader: Reader, seeds: Iterable[int], encoder: Encoder, tell: Told
) -> dict[str, Any]:
    """Shares of ids kept from month to month, over one feed per seed."""
    runs = []
    for seed in seeds:
        feed = plant(scenario, seed)
        with tempfile.TemporaryDirectory() as folder:
            runs.append(stability(feed, read(feed, reader), Path(folder), encoder))
        tell(f"{scenario.name}, seed {seed}: {runs[-1].kept} of {runs[-1].signals} ids kept")
    return {
        "runs": len(runs),
        "kept": round(sum(r.kept for r in runs) / sum(r.signals for r in runs), 3),
        "kept_by_people": round(sum(r.kept_people for r in runs) / sum(r.people for r in runs), 3),
        "kept_of_top_20": round(sum(r.top_kept for r in runs) / sum(r.top for r in runs), 3),
    }


def false_alarms(
    scenario: Scenario, reader: Reader, seeds: Iterable[int], encoder: Encoder, tell: Told
) -> dict[str, Any]:
    """False alarms per monthly report, over one feed per seed."""
    runs = []
    for seed in seeds:
        feed = plant(scenario, seed)
        with tempfile.TemporaryDirectory() as folder:
            runs.append(alarms(feed, read(feed, reader), Path(folder), encoder))
        tell(f"{scenario.name}, seed {seed}: {runs[-1].trends} alarms in {runs[-1].months} months")
    months = sum(run.months for run in runs)
    return {
        "runs": len(runs),
        "months": months,
        "signals_a_month": round(sum(run.tested for run in runs) / months, 1),
        "trends_a_month": round(sum(run.trends for run in runs) / months, 3),
        "established_a_month": round(sum(run.established for run in runs) / months, 3),
        "examples": [line for run in runs for line in run.told][:10],
    }


def detection(
    scenario: Scenario, reader: Reader, seeds: Sequence[int], encoder: Encoder, tell: Told
) -> list[dict[str, Any]]:
    """Weeks until growth is noticed, by factor and item; median over the runs that noticed it."""
    rows = []
    for factor in FACTORS:
        noticed = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                noticed += delays(scenario, GROWN, factor, seed, reader, Path(folder), encoder)
            tell(f"growth {factor}, seed {seed}: {[d.weeks for d in noticed[-len(GROWN) :]]}")
        for item in GROWN:
            mine = [d for d in noticed if d.item == item and not d.before]
            weeks = [d.weeks for d in mine if d.weeks is not None]
            rows.append(
                {
                    "factor": factor,
                    "item": item,
                    "people_a_week_before": round(mean(d.weekly for d in mine), 2)
                    if mine
                    else None,
                    "runs": len(mine),
                    "noticed": len(weeks),
                    "median_weeks": median(weeks) if weeks else None,
                }
            )
    return rows
