"""Average linkage of vectors, in time near linear: what is asked for in like words and places.

Two clusters are as like as their members are on average (UPGMA, Sokal and Michener 1958), which for
unit vectors is the product of the clusters' means: no table of all pairs is kept. Clusters merge
best first. The average cannot rise by merging (the linkage is reducible, Bruynooghe 1977), so that
only those ever meet of which some members are close: they are found once, all with all where there
are few, else in blocks around pivots (an inverted file, Sivic and Zisserman 2003), in time that
grows with n to the power of 1.5.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

EXACT = 12_000
"""With more vectors neighbours are looked for in blocks."""
NEIGHBOURS = 48
BLOCKS_EACH = 3
BLOCK_SIZE = 200
"""About as many vectors are nearest to one pivot."""
LARGEST_BLOCK = 4_000
_ROWS = 512


def linked(
    vectors: Floats,
    weights: Sequence[float],
    level: float,
    demanded: Callable[[int, int], float],
) -> Places:
    """Clusters of ``vectors`` (n, dim), of length one: the row that leads each row's cluster, (n,).

    Clusters merge while they are as like as ``level`` and as what is ``demanded`` of their leaders,
    which is those of their rows with the greatest weight, the first where two are level. The result
    depends on nothing but the rows and their order.
    """
    return _Linkage(vectors, weights, level, demanded).leaders()


class _Linkage:
    """The state of one run; a cluster is known by the row that leads it."""

    def __init__(
        self,
        vectors: Floats,
        weights: Sequence[float],
        level: float,
        demanded: Callable[[int, int], float],
    ) -> None:
        self.level = level
        self.demanded = demanded
        self.means = np.array(vectors, dtype=np.float32)
        self.lead = [float(weight) for weight in weights]
        self.mass = list(self.lead)
        self.near = _mutual(vectors, level)
        self.into = list(range(len(self.lead)))
        self.age = [0] * len(self.lead)
        self.next = [level] * len(self.lead)
        """How like a cluster was to the one next to that which it waits for."""
        self.waiting: list[tuple[float, int, int, int, int]] = []

    def leaders(self) -> Places:
        for row in range(len(self.into)):
            self._wait(row)
        while self.waiting:
            _, row, other, age, other_age = heapq.heappop(self.waiting)
            if self.into[row] != row or self.age[row] != age:
                continue
            if self.into[other] != other or self.age[other] != other_age:
                self._wait_on(row, self._leader(other))
                continue
            self._merge(row, other)
        return np.array([self._leader(row) for row in range(len(self.into))], dtype=np.int64)

    def _wait(self, row: int) -> None:
        """Let a cluster wait for the likest with which it may merge."""
        near = sorted(self.near[row])
        if not near:
            return
        likeness = self.means[near] @ self.means[row]
        order = np.argsort(-likeness, kind="stable").tolist()
        for rank, place in enumerate(order, 1):
            like, other = float(likeness[place]), near[place]
            if like < self.level:
                return
            if like >= self.demanded(*self._ordered(row, other)):
                self.next[row] = float(likeness[order[rank]]) if rank < len(order) else self.level
                self._push(like, row, other)
                return

    def _wait_on(self, row: int, other: int) -> None:
        """The same where what it waited for has grown: that is seldom overtaken, for the others
        have come no closer since (the linkage is reducible)."""
        like = float(self.means[other] @ self.means[row])
        least = max(self.level, self.next[row])
        if like >= least and like >= self.demanded(*self._ordered(row, other)):
            self._push(like, row, other)
        else:
            self._wait(row)

    def _push(self, like: float, row: int, other: int) -> None:
        heapq.heappush(self.waiting, (-like, row, other, self.age[row], self.age[other]))

    def _ordered(self, row: int, other: int) -> tuple[int, int]:
        one, two = self.lead[row], self.lead[other]
        return (row, other) if one > two or (one == two and row < other) else (other, row)

    def _merge(self, row: int, other: int) -> None:
        kept, gone = self._ordered(row, other)
        mass = self.mass[kept] + self.mass[gone]
        self.means[kept] *= self.mass[kept] / mass
        self.means[kept] += self.means[gone] * (self.mass[gone] / mass)
        self.mass[kept] = mass
        self.into[gone] = kept
        self.age[kept] += 1
        for third in self.near[gone]:
            self.near[third].discard(gone)
            if third != kept:
                self.near[third].add(kept)
                self.near[kept].add(third)
        self.near[gone] = set()
        self._wait(kept)

    def _leader(self, row: int) -> int:
        while self.into[row] != row:
            row = self.into[row]
        return row


def _mutual(vectors: Floats, level: float) -> list[set[int]]:
    """For each row those of which it is a neighbour or that are neighbours of it."""
    near: list[set[int]] = [set() for _ in vectors]
    for one, other in neighbours(vectors, level):
        for rows, others in ((one, other), (other, one)):
            order = np.argsort(rows, kind="stable")
            found, begins = np.unique(rows[order], return_index=True)
            together = others[order].tolist()
            borders = [*begins.tolist(), len(together)]
            for row, (begin, end) in zip(found.tolist(), pairwise(borders), strict=True):
                near[row].update(together[begin:end])
    return near


def neighbours(vectors: Floats, level: float) -> Iterator[tuple[Places, Places]]:
    """Rows, and beside each one of its nearest others, at most ``NEIGHBOURS`` for a row in a block,
    that are as like as ``level``."""
    every = np.arange(len(vectors))
    for members in [every] if len(vectors) <= EXACT else _blocks(vectors):
        for begin in range(0, len(members), _ROWS):
            yield _nearest(vectors, members[begin : begin + _ROWS], members, level)


def _blocks(vectors: Floats) -> list[Places]:
    """Rows by pivot: each row is in the blocks of the pivots nearest to it."""
    pivots = vectors[:: max(1, min(BLOCK_SIZE, int(len(vectors) ** 0.5)))]
    nearest = np.empty((len(vectors), BLOCKS_EACH), dtype=np.int64)
    for begin in range(0, len(vectors), _ROWS):
        likeness = vectors[begin : begin + _ROWS] @ pivots.T
        found = np.argpartition(-likeness, BLOCKS_EACH, axis=1)[:, :BLOCKS_EACH]
        nearest[begin : begin + _ROWS] = found
    order = np.argsort(nearest.ravel(), kind="stable")
    borders = np.searchsorted(nearest.ravel()[order], np.arange(len(pivots) + 1))
    rows = order // BLOCKS_EACH
    return [
        rows[begin:end][:LARGEST_BLOCK]
        for begin, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
    ]


def _nearest(vectors: Floats, rows: Places, among: Places, level: float) -> tuple[Places, Places]:
    likeness = vectors[rows] @ vectors[among].T
    likeness[rows[:, None] == among[None, :]] = -1.0
    if len(among) > NEIGHBOURS:
        places = np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        likeness = np.take_along_axis(likeness, places, axis=1)
    else:
        places = np.broadcast_to(np.arange(len(among)), likeness.shape)
    close = likeness >= level
    return np.repeat(rows, close.sum(axis=1)), among[places[close]]
