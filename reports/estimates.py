"""The people behind a signal, corrected for asks that were read wrongly and for asks missed.

Whether an ask that was read stands in the comment is known by its score, as measured on labelled
comments (precision by band); the asks that were not read, by the share of the true ones that were
found (recall). A person who asked in n comments that were read, with probabilities p, counts as
``1 - (1 - p1/r) ... (1 - pn/r)``: for one comment this is precision over recall, the adjusted count
of Forman (2008), and summed over people it is free of bias under independent misses, a person being
found once or often (Goodman 1949 has the case of certain finds).

Who asked and who was missed is drawn anew many times, from the posterior of precision and recall,
so that the interval is of the people among those heard, not of another crowd like them; resampling
the people as well would count the same chance twice.

What is not in it: asks of the right kind that were put into the wrong signal, which nothing
measures; people who never wrote; and one person under two names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from earful.records import Estimate
from earful.validation import ASK_EDGES, ReadingCounts, bands
from reports.reading_rates import (
    BANDS,
    FEWEST_LABELS,
    SEED,
    Cell,
    MeasuredRates,
    RatesHere,
    labelled_here,
    rates_here,
    sums,
)
from reports.shifts import DRAWS, Floats, normal_scores

LEAST_RECALL = 0.5
"""Below it, misses are not carried from one comment to another of the same person: their weights
would swing without bound."""
MOST_COMMENTS = 6
"""Comments of one person that are looked at, the surest first: who is in six of them asks."""
UNKNOWN_MODELS = "not measured: how well these models read"

Place = tuple[Cell, int]
"""Where a comment was said, and the band of its best ask."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people of one signal by how they were read.

    ``certain`` people are so because a person read their comment, of the ``left_out`` nothing was
    measured; the others are counted by the places of their comments. Crowds that are made up alike
    have the same estimate.
    """

    certain: int
    left_out: int
    read: tuple[tuple[tuple[Place, ...], int], ...]


@dataclass(frozen=True, slots=True)
class Prevalence:
    """The people who ask for anything, of one source and language: as counted and as estimated.

    ``labels`` are the asks and comments of this source and language that people checked after a
    random draw; without any, the estimate rests on other streams.
    """

    source: str
    lang: str
    counted: int
    labels: int
    estimate: Estimate


@dataclass(frozen=True, eq=False)
class Estimator:
    """Estimates people of a project whose asks are read as ``here`` tells, by source and language.

    ``missing`` says of sources and languages why they have no estimate: what was not measured of
    them; ``labels`` how many asks and comments of theirs people checked after a random draw.
    """

    rates: MeasuredRates
    here: Mapping[Cell, RatesHere]
    missing: Mapping[Cell, str]
    labels: Mapping[Cell, int]
    _known: dict[Any, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, asks: pd.DataFrame, counts: ReadingCounts, draws: int = DRAWS) -> Estimator:
        """For ``asks`` that count, one row each: uid, person, source, lang, score, solicited and
        ``checked`` (a person read the comment and the ask stands)."""
        random = np.random.default_rng(SEED)
        rates = MeasuredRates.of(counts.shipped, random, draws)
        here: dict[Cell, RatesHere] = {}
        missing: dict[Cell, str] = {}
        labels: dict[Cell, int] = {}
        frame = asks.assign(lang=asks["lang"].fillna("und"))
        for (source, lang), rows in frame.groupby(["source", "lang"], sort=True):
            cell = str(source), str(lang)
            labels[cell] = labelled_here(counts, cell)
            if cell[1] not in rates.precision:
                missing[cell] = f"how well asks are read in the language {cell[1]!r}"
                continue
            if rows["solicited"].all() and labels[cell] < FEWEST_LABELS:
                missing[cell] = f"how well answers like those of the survey {cell[0]!r} are read"
            unchecked = rows.loc[~rows["checked"].astype(bool), "score"]
            read = sums(bands(unchecked, ASK_EDGES), np.ones(len(unchecked)), BANDS)
            here[cell] = rates_here(rates, cell, read, counts, random)
        return cls(rates, here, missing, labels)

    def estimates(
        self, asks: pd.DataFrame, groups: Iterable[Hashable], *, one_thing: bool = True
    ) -> dict[Hashable, Estimate]:
        """The people of every group, ``groups`` naming that of each ask; rows as ``of`` takes them.

        Of ``one_thing`` that is asked for, asks may be read worse or better than of most; where a
        group is of all things, not.
        """
        return {
            group: self._estimate(crowd, reasons, one_thing)
            for group, (crowd, reasons) in self._crowds(asks, groups).items()
        }

    def prevalence(self, asks: pd.DataFrame) -> tuple[Prevalence, ...]:
        """Who asks for anything, by source and language."""
        cells = list(zip(asks["source"], asks["lang"].fillna("und"), strict=True))
        found = self.estimates(asks, cells, one_thing=False)
        people: dict[Cell, set[str]] = defaultdict(set)
        for cell, person in zip(cells, asks["person"], strict=True):
            people[cell].add(person)
        return tuple(
            Prevalence(*cell, len(people[cell]), self.labels[cell], found[cell])
            for cell in sorted(people)
        )

    def _crowds(
        self, asks: pd.DataFrame, groups: Iterable[Hashable]
    ) -> dict[Hashable, tuple[Crowd, list[str]]]:
        """By group its people, as they were read, and what was not measured of some of them."""
        said: dict[Hashable, dict[str, dict[str, Place]]] = defaultdict(dict)
        certain: dict[Hashable, set[str]] = defaultdict(set)
        reasons: dict[Hashable, dict[str, None]] = defaultdict(dict)
        columns = [asks[name].tolist() for name in ("person", "uid", "source", "checked")]
        langs, in_band = asks["lang"].fillna("und").tolist(), bands(asks["score"], ASK_EDGES)
        for group, person, uid, source, checked, lang, band in zip(
            groups, *columns, langs, in_band.tolist(), strict=True
        ):
            cell = source, lang
            comments = said[group].setdefault(person, {})
            if checked:
                certain[group].add(person)
            elif cell not in self.missing:
                # Two quotes for one thing are right or wrong together: the best one counts.
                comments[uid] = max(comments.get(uid, (cell, 0)), (cell, band))
            else:
                reasons[group][self.missing[cell]] = None
        return {
            group: (_crowd(people, certain[group]), sorted(reasons[group]))
            for group, people in said.items()
        }

    def _estimate(self, crowd: Crowd, reasons: Sequence[str], one_thing: bool) -> Estimate:
        why = f"not measured: {'; '.join(reasons)}" if crowd.left_out else ""
        if not crowd.certain and not crowd.read:
            return unmeasured(crowd.left_out, why)
        key = crowd.certain, crowd.read, one_thing
        if key not in self._known:
            low, middle, high = np.percentile(self._drawn(crowd, one_thing), (2.5, 50.0, 97.5))
            self._known[key] = round(float(middle)), round(float(low)), round(float(high))
        return Estimate(*self._known[key], True, crowd.left_out, why)

    def _drawn(self, crowd: Crowd, one_thing: bool) -> Floats:
        """Draws of the people who ask, (draws,): the same for the same crowd."""
        random = np.random.default_rng(SEED)
        draws = len(self.rates.stream_recall)
        surer = heard = np.zeros(draws)
        if one_thing:
            shifts = normal_scores(random, 2, draws)
            surer, heard = shifts[0] * self.rates.item_precision, shifts[1] * self.rates.item_recall
        total = np.full(draws, float(crowd.certain))
        for places, people in crowd.read:
            right = np.stack(
                [expit(self.here[cell].precision[band] + surer) for cell, band in places]
            )
            found = np.stack([expit(self.here[cell].recall + heard) for cell, _ in places])
            asks = 1 - np.prod(1 - right, axis=0)
            asked = random.binomial(people, asks)
            if len(places) == 1:
                # Given those who were found, the missed are negative binomial.
                missed = random.negative_binomial(np.maximum(asked, 1), np.maximum(found[0], 1e-3))
                total += np.where(asked > 0, asked + missed, 0)
            else:
                weight = 1 - np.prod(1 - right / np.maximum(found, LEAST_RECALL), axis=0)
                total += asked + people * (weight - asks)
        return np.asarray(np.maximum(total, 0.0))


def unmeasured(people: int, why_not: str = UNKNOWN_MODELS) -> Estimate:
    """Stands for the estimate of people of whom nothing was measured."""
    return Estimate(people, people, people, left_out=people, why_not=why_not)


def _crowd(people: Mapping[str, Mapping[str, Place]], certain: Set[str]) -> Crowd:
    read = Counter(
        tuple(sorted(comments.values(), key=lambda place: (-place[1], place))[:MOST_COMMENTS])
        for person, comments in people.items()
        if comments and person not in certain
    )
    return Crowd(
        len(certain), len(people) - len(certain) - read.total(), tuple(sorted(read.items()))
    )
