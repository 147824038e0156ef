"""Whether the 95 % intervals of growth hold the growth that was planted, whatever groups asks.

Asks are counted under the item that they are for in truth, so that nothing but the counting is
judged. Two intervals: the last 13 weeks over the 13 before (``reports.trends``), and over all the
past (``reports.established``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmarks.planted.feed import ORDINARY, Feed
from benchmarks.planted.planting import plant
from benchmarks.planted.scenario import Growth as Planted
from benchmarks.planted.scenario import Scenario
from reports.askers import count_askers
from reports.established import beats_its_past
from reports.exposure import STRETCH, exposure_of
from reports.growth import Growth
from reports.trends import grown, halves_listened


@dataclass(slots=True)
class Coverage:
    """How many of the ``intervals`` hold the truth; ``above`` and ``below`` missed it."""

    intervals: int = 0
    held: int = 0
    above: int = 0
    below: int = 0

    def judge(self, told: Growth, truth: float) -> None:
        """Count one interval."""
        self.intervals += 1
        self.above += told.low > truth
        self.below += told.high is not None and told.high < truth
        self.held = self.intervals - self.above - self.below


@dataclass(slots=True)
class Covered:
    """Over runs: both intervals, and what was called ``established`` of the signals ``tested``."""

    quarters: Coverage = field(default_factory=Coverage)
    past: Coverage = field(default_factory=Coverage)
    tested: int = 0
    established: int = 0


def covered(
    scenario: Scenario, seeds: Iterable[int], item: str | None = None, factor: float = 1.0
) -> Covered:
    """Judge every item of calm feeds, or the one that grows by ``factor`` in the last 13 weeks.

    What an item that grows adds to the volume of the whole is neglected: its growth per comment is
    a little less than the factor, so it must be a small part of all that is written.
    """
    if item is not None:
        growth = Planted(item=item, week=scenario.weeks - STRETCH, factor=factor)
        scenario = scenario.model_copy(update={"growth": (growth,)})
    told = Covered()
    for seed in seeds:
        _judge(plant(scenario, seed), item, factor, told)
    return told


def _judge(feed: Feed, item: str | None, factor: float, told: Covered) -> None:
    monday = feed.tides.start_of
    rows = pd.DataFrame(
        [
            (row.source, monday(feed.tides.week_of(row.created_at)).replace(tzinfo=None))
            for row in feed.rows
        ],
        columns=["source", "start"],
    )
    heard = exposure_of(rows.groupby(["source", "start"]).size().rename("comments").reset_index())
    asked = pd.DataFrame(
        [
            (feed.label(one.item), row.person, row.source, row.created_at.replace(tzinfo=None))
            for row in feed.rows
            if row.story == ORDINARY
            for one in row.asks
        ],
        columns=["signal", "person", "source", "day"],
    ).assign(to_the_day=True)
    labels = sorted(asked["signal"].unique())
    askers = count_askers(asked, labels, heard)
    findings = beats_its_past(askers, heard)
    told.tested += findings.tested
    told.established += findings.established
    compared = halves_listened(heard)
    half = np.array(
        [
            compared.half_of(monday(feed.tides.week_of(day)).date(), source)
            for day, source in zip(
                asked["day"].dt.tz_localize("UTC").dt.to_pydatetime(), asked["source"], strict=True
            )
        ],
        dtype=float,
    )
    people = (
        asked.assign(half=half).groupby(["signal", "source", "half"])["person"].nunique().to_dict()
    )
    for label in [item] if item is not None else labels:
        by_source = {
            source: (people.get((label, source, 0.0), 0), people.get((label, source, 1.0), 0))
            for source in heard.sources
        }
        quarters = grown(by_source, compared, findings.own.get(label, findings.dispersion))
        if quarters is not None:
            told.quarters.judge(quarters, factor)
        past = findings.evidence[label].growth if label in findings.evidence else None
        if past is not None:
            told.past.judge(past, factor)
