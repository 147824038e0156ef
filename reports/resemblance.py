"""Signals that may be one: what grouping leaves apart and a person can join.

Two signals are the likelier one the closer they are as wholes, and the less close either is to
those around it: where everything is alike, likeness says little (cross-domain similarity local
scaling, Conneau et al. 2018). Near misses are among the likeliest pairs, so a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from reports.grouping import NO_GROUP
from reports.likeness import shared_by
from reports.neighbours import unit

Floats = npt.NDArray[np.float32]

AROUND = 10
"""Signals whose likeness tells how close to others a signal is anyway."""
CLOSENESS, SURROUNDINGS, BIAS = 10.0, 8.2, -3.8
"""The chance is the logistic function of closeness times the first, less surroundings times the
second, plus the third: fitted on 8,800 pairs of signals of the planted demand, scenario standard,
as a perfect and an imperfect reader give them. Of real comments, whose items are vaguer, fewer
pairs are one: it orders them, and is no share of right ones."""
GONE = -1.0
"""The likeness of a signal to itself, and to one that was joined to another."""
WORTH_ASKING = 0.05
"""The chance from which a pair is proposed."""
MOST_SIGNALS = 3_000
"""The most asked are compared: a table of all pairs of them is small."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Two signals, as places in what was given; ``one`` has more people than ``other``."""

    one: int
    other: int
    chance: float


class Resemblances:
    """Pairs of signals that may be one, the most worth asking about first.

    ``sums`` (n, dim) are the sums of the vectors of the signals' asks, ``people`` who asks for
    each. ``wants`` tells purchase intent, which is never one with a request. Signals go by their
    position in these, or by the number that they have in ``places``.
    """

    def __init__(
        self,
        sums: Floats,
        people: Sequence[Set[str]],
        wants: npt.NDArray[np.bool_],
        places: Sequence[int] | None = None,
    ) -> None:
        order = sorted(range(len(people)), key=lambda at: (-len(people[at]), at))[:MOST_SIGNALS]
        self._places = [at if places is None else places[at] for at in order]
        self._row = {place: row for row, place in enumerate(self._places)}
        self._people = [set(people[at]) for at in order]
        self._counts = np.array([len(one) for one in self._people])
        # what all of them share, being of one project, tells nothing
        lengths = np.linalg.norm(sums[order], axis=1, keepdims=True)
        shared = shared_by(unit(sums[order]), len(order))
        self._sums = sums[order] - lengths * shared
        self._directions = unit(self._sums)
        self._like = self._directions @ self._directions.T
        np.fill_diagonal(self._like, GONE)
        self._around = _mean_of_nearest(self._like)
        kinds = wants[order]
        self._barred = (kinds[:, None] != kinds[None, :]) | np.eye(len(kinds), dtype=bool)
        self._worth = self._worths(np.arange(len(order)))

    @classmethod
    def between(
        cls, asks: pd.DataFrame, home: npt.NDArray[np.int64], wants: npt.NDArray[np.bool_]
    ) -> Resemblances:
        """Pairs of the signals that ``home`` names for every row of ``asks``, ``NO_GROUP`` for rows
        without part in it, which have no vector that can be compared perhaps. ``wants`` is told
        by these numbers, and so are the pairs."""
        rows = home != NO_GROUP
        places, own = np.unique(home[rows], return_inverse=True)
        vectors = asks["vector"].to_numpy()[rows]
        sums = np.zeros((len(places), len(vectors[0]) if len(vectors) else 0), np.float32)
        people: list[set[str]] = [set() for _ in places]
        for at, vector, person in zip(own.tolist(), vectors, asks["person"][rows], strict=True):
            sums[at] += vector
            people[at].add(person)
        return cls(sums, people, wants[places], places.tolist())

    def best(self) -> Resemblance | None:
        """The pair most worth asking about: by its chance, and by the people that would move."""
        if not self._worth.size:
            return None
        row, column = divmod(int(self._worth.argmax()), len(self._worth))
        if not self._worth[row, column]:
            return None
        one, other = sorted((row, column), key=lambda at: (-self._counts[at], at))
        chance = round(float(self._chances(np.array([one]))[0, other]), 3)
        return Resemblance(self._places[one], self._places[other], chance)

    def people(self, one: int) -> int:
        """How many people ask for a signal and for what has become a part of it."""
        return int(self._counts[self._row[one]])

    def join(self, one: int, other: int) -> None:
        """``other`` is a part of ``one`` from now on."""
        kept, gone = self._row[one], self._row[other]
        self._people[kept] |= self._people[gone]
        self._counts[kept] = len(self._people[kept])
        self._sums[kept] += self._sums[gone]
        self._directions[kept] = unit(self._sums[kept : kept + 1])[0]
        self._barred[kept] |= self._barred[gone]
        self._barred[:, kept] |= self._barred[:, gone]
        self._barred[gone] = self._barred[:, gone] = True
        self._like[gone] = self._like[:, gone] = GONE
        like = self._directions @ self._directions[kept]
        like[self._like[kept] == GONE] = GONE
        self._like[kept] = self._like[:, kept] = like
        self._around[kept] = _mean_of_nearest(like[None, :])[0]
        self._worth[gone] = self._worth[:, gone] = 0.0
        self._worth[kept] = self._worth[:, kept] = self._worths(np.array([kept]))[0]

    def bar(self, one: int, other: int) -> None:
        """The two are not proposed again."""
        if one in self._row and other in self._row:
            row, column = self._row[one], self._row[other]
            self._barred[row, column] = self._barred[column, row] = True
            self._worth[row, column] = self._worth[column, row] = 0.0

    def _chances(self, rows: npt.NDArray[np.int64]) -> Floats:
        """How likely each of r rows is one with each signal, (r, n)."""
        around = (self._around[rows, None] + self._around) / 2
        logits = CLOSENESS * self._like[rows] - SURROUNDINGS * around + BIAS
        return np.asarray(expit(logits), dtype=np.float32)

    def _worths(self, rows: npt.NDArray[np.int64]) -> Floats:
        """What it is worth to ask about each of r rows and each signal, (r, n)."""
        chances, counts = self._chances(rows), self._counts[rows, None]
        worth: Floats = chances * np.log1p(np.minimum(counts, self._counts), dtype=np.float32)
        # two coincidences are left alone
        alone = np.maximum(counts, self._counts) < 2
        worth[self._barred[rows] | alone | (chances < WORTH_ASKING)] = 0.0
        return worth


def _mean_of_nearest(like: Floats) -> Floats:
    """For each row of likenesses the mean of its ``AROUND`` highest."""
    if not like.size:
        return np.zeros(len(like), np.float32)
    most = min(AROUND, max(like.shape[1] - 1, 1))
    nearest = -np.partition(-like, most - 1, axis=1)[:, :most]
    there = nearest > GONE
    sums = np.where(there, nearest, 0.0).sum(axis=1)
    return np.asarray(sums / np.maximum(there.sum(axis=1), 1), dtype=np.float32)
