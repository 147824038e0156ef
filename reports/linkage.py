"""Average linkage over a sparse table of likeness.

Two clusters are as like as their members are on average (UPGMA, Sokal and Michener 1958), pairs
that are not in the table counting as nothing alike. The likest merge first.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Places = npt.NDArray[np.int64]


def linked(
    likeness: sparse.csr_matrix,
    weights: npt.NDArray[Any],
    level: float,
) -> Places:
    """Clusters of the rows of ``likeness`` (n, n), symmetric: the row that leads each row's
    cluster, (n,).

    Clusters merge while they are as like as ``level``. The leader is the row with the greatest
    weight, the first where two are level. The result depends on nothing but the rows and their
    order.
    """
    return _Linkage(likeness, weights, level).leaders()


class _Linkage:
    """The state of one run; a cluster is known by the row that leads it."""

    def __init__(
        self,
        likeness: sparse.csr_matrix,
        weights: npt.NDArray[Any],
        level: float,
    ) -> None:
        self.level = level
        self.weight = weights.tolist()
        self.size = [1] * len(self.weight)
        self.age = [0] * len(self.weight)
        self.into = list(range(len(self.weight)))
        borders = likeness.indptr.tolist()
        others, values = likeness.indices.tolist(), likeness.data.tolist()
        self.sums: list[dict[int, float]] = [
            dict(zip(others[begin:end], values[begin:end], strict=True))
            for begin, end in pairwise(borders)
        ]
        """Cluster by cluster: the sum of the likenesses of its members to those of another."""
        self.waiting: list[tuple[float, int, int, int, int]] = []

    def leaders(self) -> Places:
        for row, sums in enumerate(self.sums):
            for other in sums:
                if other > row:
                    self._wait(row, other)
        while self.waiting:
            _, row, other, age, other_age = heapq.heappop(self.waiting)
            if self.age[row] == age and self.age[other] == other_age:
                self._merge(row, other)
        return np.array([self._leader(row) for row in range(len(self.into))], dtype=np.int64)

    def _wait(self, row: int, other: int) -> None:
        """Let two clusters wait for their turn, where they may merge."""
        like = self.sums[row][other] / (self.size[row] * self.size[other])
        if like >= self.level:
            one, two = min(row, other), max(row, other)
            heapq.heappush(self.waiting, (-like, one, two, self.age[one], self.age[two]))

    def _ordered(self, row: int, other: int) -> tuple[int, int]:
        one, two = self.weight[row], self.weight[other]
        return (row, other) if one > two or (one == two and row < other) else (other, row)

    def _merge(self, row: int, other: int) -> None:
        kept, gone = self._ordered(row, other)
        self.size[kept] += self.size[gone]
        self.into[gone] = kept
        self.age[kept] += 1
        self.age[gone] += 1
        sums = self.sums[kept]
        del sums[gone]
        for third, like in self.sums[gone].items():
            if third != kept:
                del self.sums[third][gone]
                sums[third] = self.sums[third][kept] = sums.get(third, 0.0) + like
        self.sums[gone] = {}
        for third in sums:
            self._wait(kept, third)

    def _leader(self, row: int) -> int:
        while self.into[row] != row:
            row = self.into[row]
        return row
