"""What answers about signals that may be one bring: from a person who knows the truth.

Proposals are those of ``earful taxonomy suggest``; "one and the same" is answered where most people
of both signals ask for the same item. Merges then hold as an applied taxonomy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.planted.feed import Feed
from benchmarks.planted.found import found_in
from benchmarks.planted.given import Encoder, settings_of, write_facts
from benchmarks.planted.matching import Matching
from benchmarks.planted.measures import figures
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import Reader, read
from benchmarks.planted.scenario import Scenario
from earful.facts import Facts
from earful.ruling import KnownSignal, Ruling
from earful.taxonomy import Entry, Taxonomy
from reports.fact_tables import Window, open_tables
from reports.grouping import NO_GROUP, comparable
from reports.placement import place_asks
from reports.resemblance import Resemblances
from reports.signals import demand_signals

ANSWERS = (0, 20, 40, 60, 80, 100)
"""After so many answers the report is judged."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A report after ``answers``, of which ``merges`` were yes and ``expected`` would have been by
    the chances told. The rest are figures of ``benchmarks.planted.measures.Figures``."""

    answers: int
    merges: float
    expected: float
    recall: float
    pair_f1: float
    people_error: float
    near_merged: float


class _Report:
    """The report on one feed as read, under whatever has been merged."""

    def __init__(self, feed: Feed, facts: Facts) -> None:
        self._feed, self._facts = feed, facts
        self._settings = settings_of(feed)

    def matching(self, merged: dict[str, list[str]]) -> Matching:
        entries = tuple(Entry(id=kept, merge=tuple(gone)) for kept, gone in merged.items())
        named = {one for kept, gone in merged.items() for one in (kept, *gone)}
        ruling = Ruling(Taxonomy(signal=entries), {i: KnownSignal(i, (i,), False) for i in named})
        demand = demand_signals(
            self._facts, Window(), self._settings, now=self._feed.tides.end, ruling=ruling
        )
        return Matching(self._feed, tuple(found_in(demand.signals)))

    def resemblances(self) -> tuple[list[str], Resemblances]:
        """The ids of the groups, and pairs of them."""
        placed = place_asks(open_tables(self._facts), self._settings, vectors=True)
        counted = placed.asks["counted"].to_numpy(dtype=bool)
        home = np.where(comparable(placed.asks, counted), placed.grouping.group_of, NO_GROUP)
        wants = np.array([group.wants for group in placed.grouping.groups], dtype=bool)
        ids = [identity.id for identity in placed.found.of]
        return ids, Resemblances.between(placed.asks, home, wants)


def _pass(report: _Report) -> Iterator[Answered]:
    before = report.matching({})
    item = {signal.id: before.mainly(signal) for signal in before.signals}
    ids, pairs = report.resemblances()
    merged: dict[str, list[str]] = {}
    merges, expected = 0, 0.0
    for answers in range(max(ANSWERS) + 1):
        if answers in ANSWERS:
            told = figures(report.matching(merged) if merges else before)
            yield Answered(
                answers,
                merges,
                expected,
                told.recall,
                told.pair_f1,
                told.people_error,
                told.near_merged,
            )
        pair = pairs.best()
        if pair is None:
            continue
        expected += pair.chance
        one, other = ids[pair.one], ids[pair.other]
        if item.get(one) is not None and item[one] == item.get(other):
            merges += 1
            merged[one] = [*merged.get(one, ()), other, *merged.pop(other, ())]
            pairs.join(pair.one, pair.other)
        else:
            pairs.bar(pair.one, pair.other)


def answered(
    scenario: Scenario,
    readers: Sequence[Reader],
    seeds: Iterable[int],
    encoder: Encoder,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """By reader, the means over one feed per seed after each number of answers."""
    passes: dict[str, list[list[Answered]]] = {reader.name: [] for reader in readers}
    for seed in seeds:
        feed = plant(scenario, seed)
        for reader in readers:
            with tempfile.TemporaryDirectory() as folder:
                facts = write_facts(feed, read(feed, reader), Path(folder), encoder)
                passes[reader.name].append(list(_pass(_Report(feed, facts))))
            tell(f"{scenario.name}, seed {seed}, {reader.name} reader: answered")
    return {
        name: {
            "runs": len(runs),
            "after": [
                {
                    key: round(mean(float(value) for value in values), 3)
                    for key, values in _columns([asdict(run[at]) for run in runs])
                }
                for at in range(len(ANSWERS))
            ],
        }
        for name, runs in passes.items()
    }


def _columns(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    for key in rows[0]:
        yield key, [row[key] for row in rows]
