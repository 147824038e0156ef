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
from scipy.special import expit

from reports.likeness import CENTRED_BY

Floats = npt.NDArray[np.float32]

AROUND = 10
"""Signals whose likeness tells how close to others a signal is anyway."""
CLOSENESS, SURROUNDINGS, BIAS = 13.6, 6.9, -3.8
"""The chance is the logistic function of closeness times the first, less surroundings times the
second, plus the third: fitted on 45,000 pairs of signals of the planted demand, scenario standard,
as a perfect and an imperfect reader give them. Of real comments, whose items are vaguer, fewer
pairs are one: it orders them, and is no share of right ones."""
GONE = -1.0
"""The likeness of a signal to itself, and to one that was joined to another."""
WORTH_ASKING = 0.2
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
    each. ``wants`` tells purchase intent, which is never one with a request.
    """

    def __init__(
        self, sums: Floats, people: Sequence[Set[str]], wants: npt.NDArray[np.bool_]
    ) -> None:
        order = sorted(range(len(people)), key=lambda place: (-len(people[place]), place))
        self._places = order[:MOST_SIGNALS]
        self._row = {place: row for row, place in enumerate(self._places)}
        self._people = [set(people[place]) for place in self._places]
        # what all of them share, being of one project, tells nothing
        count = len(self._places)
        shared = _unit(sums[self._places]).sum(axis=0) / (count + CENTRED_BY)
        lengths = np.linalg.norm(sums[self._places], axis=1, keepdims=True)
        self._sums = sums[self._places] - lengths * shared
        self._directions = _unit(self._sums)
        self._like = self._directions @ self._directions.T
        np.fill_diagonal(self._like, GONE)
        self._around = _mean_of_nearest(self._like)
        kinds = wants[self._places]
        self._barred = (kinds[:, None] != kinds[None, :]) | np.eye(len(kinds), dtype=bool)

    def best(self) -> Resemblance | None:
        """The pair most worth asking about: by its chance, and by the people that would move."""
        counts = np.array([len(people) for people in self._people])
        if not len(counts):
            return None
        around = (self._around[:, None] + self._around[None, :]) / 2
        chances = expit(CLOSENESS * self._like - SURROUNDINGS * around + BIAS)
        # two coincidences are left alone
        several = np.maximum(counts[:, None], counts[None, :]) > 1
        chances[self._barred | ~several] = 0.0
        worth = chances * np.log1p(np.minimum(counts[:, None], counts[None, :]))
        worth[chances < WORTH_ASKING] = 0.0
        row, column = divmod(int(worth.argmax()), len(worth))
        if not worth[row, column]:
            return None
        one, other = sorted((row, column), key=lambda at: (-counts[at], at))
        chance = round(float(chances[one, other]), 3)
        return Resemblance(self._places[one], self._places[other], chance)

    def join(self, one: int, other: int) -> None:
        """``other`` is a part of ``one`` from now on."""
        kept, gone = self._row[one], self._row[other]
        self._people[kept] |= self._people[gone]
        self._sums[kept] += self._sums[gone]
        self._directions[kept] = _unit(self._sums[kept : kept + 1])[0]
        self._barred[kept] |= self._barred[gone]
        self._barred[:, kept] |= self._barred[:, gone]
        self._barred[gone] = self._barred[:, gone] = True
        self._like[gone] = self._like[:, gone] = GONE
        like = self._directions @ self._directions[kept]
        like[self._like[kept] == GONE] = GONE
        self._like[kept] = self._like[:, kept] = like
        self._around[kept] = _mean_of_nearest(like[None, :])[0]

    def part(self, one: int, other: int) -> None:
        """The two are not proposed again."""
        if one in self._row and other in self._row:
            row, column = self._row[one], self._row[other]
            self._barred[row, column] = self._barred[column, row] = True


def _mean_of_nearest(like: Floats) -> Floats:
    """For each row of likenesses the mean of its ``AROUND`` highest."""
    if not like.size:
        return np.zeros(len(like), np.float32)
    most = min(AROUND, max(like.shape[1] - 1, 1))
    nearest = -np.partition(-like, most - 1, axis=1)[:, :most]
    there = nearest > GONE
    sums = np.where(there, nearest, 0.0).sum(axis=1)
    return np.asarray(sums / np.maximum(there.sum(axis=1), 1), dtype=np.float32)


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)
