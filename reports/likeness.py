"""Vectors that are closer than chance, found without comparing all with all.

Whatever encoder made them, its vectors lie in a narrow cone; so they are centred, and what counts
as close is read from the data: closer than all but one in ten thousand pairs drawn by chance, and
than chance would bring about in so many.
Candidates come from blocks around pivots (as in an inverted file, Sivic and Zisserman 2003), so
the work grows with n to the power of 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float32]

FEWEST = 300
"""With fewer vectors chance cannot be told, and no pair is given."""
CHANCE_PAIRS = 100_000
CHANCE_PIECES = 50
CHANCE_LEVEL = 0.9999
NEAREST = 5
BLOCKS_EACH = 2
LARGEST_BLOCK = 2_000


def likeliest_pairs(
    vectors: Floats, allowed: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Pairs (i, j), i < j, each the other's nearest among the ``allowed``, and close beyond chance.

    ``vectors`` is (n, dim), of any length, most important first; the result depends on nothing but
    the rows and their order. A row is in one pair at most.
    """
    count = len(vectors)
    if count < FEWEST:
        return
    centred = _unit(_unit(vectors) - _unit(vectors).mean(axis=0))
    level = _chance(centred)
    nearest = _nearest(centred, level, allowed)
    for row, other in nearest.items():
        if row < other and nearest.get(other) == row:
            yield row, other


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _chance(centred: Floats) -> float:
    draw = np.random.default_rng(0)
    first, second = draw.integers(0, len(centred), (2, CHANCE_PAIRS))
    apart = first != second
    # In pieces, because the drawn rows together are larger than the vectors themselves.
    cosines = np.concatenate(
        [
            np.einsum("ij,ij->i", centred[some], centred[others])
            for some, others in zip(
                np.array_split(first[apart], CHANCE_PIECES),
                np.array_split(second[apart], CHANCE_PIECES),
                strict=True,
            )
        ]
    )
    # Among very many pairs some are close by chance; were cosines normal, fewer than one would
    # pass the second bound.
    bound = stats.norm.isf(1 / len(centred) ** 2) * cosines.std() + cosines.mean()
    return float(max(np.quantile(cosines, CHANCE_LEVEL), bound))


def _nearest(centred: Floats, level: float, allowed: Callable[[int, int], bool]) -> dict[int, int]:
    """The nearest allowed neighbour of each row that has one above ``level``."""
    pivots = centred[:: max(1, int(len(centred) ** 0.5))]
    to_pivot = centred @ pivots.T
    blocks = np.argsort(-to_pivot, axis=1, kind="stable")[:, :BLOCKS_EACH]
    best: dict[int, tuple[float, int]] = {}
    for pivot in range(len(pivots)):
        rows = np.flatnonzero((blocks == pivot).any(axis=1))[:LARGEST_BLOCK]
        cosines = centred[rows] @ centred[rows].T
        np.fill_diagonal(cosines, -1.0)
        for place in np.flatnonzero(cosines.max(axis=1, initial=-1.0) >= level):
            row = int(rows[place])
            for other_place in np.argsort(-cosines[place], kind="stable")[:NEAREST]:
                cosine, other = float(cosines[place, other_place]), int(rows[other_place])
                if cosine < level:
                    break
                if allowed(row, other):
                    best[row] = max(best.get(row, (cosine, -other)), (cosine, -other))
                    break
    return {row: -other for row, (_, other) in best.items()}
