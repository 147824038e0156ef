"""The nearest neighbours of every vector, and how many of them two vectors share.

Two asks for one thing are near the same others, even where they are not near each other: what
neighbours they share tells more than their cosine, and means the same in a crowd as in the open
(shared nearest neighbours, Jarvis and Patrick 1973). Drawn toward their neighbours, asks for one
thing lose what each says beside the point (blurring mean shift, Fukunaga and Hostetler 1975).
Neighbours are found all among all where there are few vectors, else in blocks around pivots (an
inverted file, Sivic and Zisserman 2003), in time that grows with n to the power of 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

EXACT = 12_000
"""With more vectors neighbours are looked for in blocks."""
BLOCKS_EACH = 3
BLOCK_SIZE = 200
"""About as many vectors are nearest to one pivot."""
LARGEST_BLOCK = 4_000
CIRCLES = (4, 8, 16)
"""How many neighbours are compared: things asked for in few wordings and in many."""
CROWD = 10
"""A circle tells something where there are so many times as many wordings as it holds."""
DRAWN_BY, PULL, TIMES = 4, 2.5, 2
"""How many neighbours draw a vector, how strongly, and how often."""
APART = 0.45
"""The cosine below which none draws another: what is near nothing stays where it is."""
LEAST = 0.05
MOST = 48
"""Smaller shares count as none, and those behind so many greater ones: they change hardly a group,
and are most of a large table."""
NOBODY = -1
_ROWS = 512


def drawn_together(vectors: Floats, sizes: Places) -> Floats:
    """``vectors`` (n, dim), of length one, drawn toward those around them, the nearest most.

    ``sizes`` (n,) is how many wordings each stands for: one that stands for many is moved little.
    Where a circle is no ``CROWD`` none is moved, the nearest being often another thing; where it is
    twice one all are moved in full.
    """
    crowds = int(sizes.sum()) / (CROWD * (DRAWN_BY + 1))
    pull = PULL * min(crowds - 1, 1.0)
    for _ in range(TIMES if pull > 0 else 0):
        around = _circle(nearest(vectors, DRAWN_BY, APART), sizes, DRAWN_BY + 1).tocoo()
        cosines = np.einsum("nd,nd->n", vectors[around.row], vectors[around.col])
        kernel = np.maximum(cosines - APART, 0) / (1 - APART)
        weights = sparse.csr_matrix(
            (around.data**2 * kernel, (around.row, around.col)), around.shape
        )
        vectors = unit(vectors + pull * (weights @ vectors))
    return vectors


def shared_neighbours(near: Places, sizes: Places) -> sparse.csr_matrix:
    """(n, n): the share of their neighbours that two have in common beyond chance, as a mean over
    ``CIRCLES``; zero below ``LEAST``.

    ``near`` (n, m) is what ``nearest`` gives, ``sizes`` (n,) how many wordings each of the n stands
    for: they are neighbours of one another, and a circle that they fill has no room for others.
    """
    count, everybody = len(near), int(sizes.sum())
    circles = [
        (_circle(near, sizes, size + 1), (size + 1) / everybody)
        for size in CIRCLES
        if (size + 1) * CROWD <= everybody
    ]
    parts = [
        _most(
            sum(
                _beyond_chance(within[begin : begin + _ROWS] @ within.T, chance)
                for within, chance in circles
            )
            / len(CIRCLES),
            begin,
        )
        for begin in range(0, count, _ROWS)
        if circles
    ]
    if not parts:
        return sparse.csr_matrix((count, count), dtype=np.float32)
    shared = sparse.vstack(parts).tocsr()
    return shared.maximum(shared.T)


def _beyond_chance(shared: sparse.csr_matrix, chance: float) -> sparse.csr_matrix:
    """What is shared beyond what any two share on average, where all is 1 (as Cohen's kappa)."""
    shared.data = np.maximum(shared.data - chance, 0) / (1 - chance)
    return shared


def _most(shared: sparse.csr_matrix, begin: int) -> sparse.csr_matrix:
    """Of each row the ``MOST`` that it shares most with; its first row is row ``begin`` of all."""
    shared.setdiag(0, k=begin)
    rows = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    order = np.lexsort((shared.indices, -shared.data, rows))
    place = np.arange(len(order)) - shared.indptr[rows]
    kept = order[(place < MOST) & (shared.data[order] >= LEAST)]
    found = (shared.data[kept], (rows[kept], shared.indices[kept]))
    return sparse.csr_matrix(found, shape=shared.shape, dtype=np.float32)


def _circle(near: Places, sizes: Places, room: int) -> sparse.csr_matrix:
    """(n, n): the root of the share of each row's circle that a neighbour takes, itself among them,
    so that the product of two rows is 1 where they are alike (Bhattacharyya 1943)."""
    members = np.column_stack([np.arange(len(near)), near])
    wordings = np.where(members == NOBODY, 0, sizes[members])
    taken = np.cumsum(wordings, axis=1) - wordings
    shares = np.clip(room - taken, 0, wordings) / room
    within = shares > 0
    begins = np.concatenate([[0], np.cumsum(within.sum(axis=1))])
    values = np.sqrt(shares[within], dtype=np.float32)
    return sparse.csr_matrix((values, members[within], begins), shape=(len(near),) * 2)


def meeting(near: Places, shared: sparse.csr_matrix) -> tuple[Places, Places, Floats]:
    """Rows and others of which one is the other's neighbour or they share some, each pair once, the
    lower row first, and how much they share, (pairs,)."""
    rows = np.repeat(np.arange(len(near)), (near != NOBODY).sum(axis=1))
    ones = np.ones(len(rows), np.float32)
    close = sparse.csr_matrix((ones, (rows, near[near != NOBODY])), shape=shared.shape)
    met = sparse.triu(close + close.T + shared, k=1, format="coo")
    values = np.asarray(shared[met.row, met.col]).ravel() if met.nnz else np.zeros(0)
    return met.row, met.col, values.astype(np.float32)


def nearest(vectors: Floats, count: int, floor: float) -> Places:
    """(n, count): for each of ``vectors`` the others of the highest cosine, the nearest first, as
    far as it is ``floor`` or more; the rest is ``NOBODY``."""
    found = np.full((len(vectors), count), NOBODY)
    rows, others, likeness = map(np.concatenate, zip(*_close(vectors, count, floor), strict=True))
    order = np.lexsort((others, -likeness, rows))
    rows, others = rows[order], others[order]
    # a row and another may meet in several blocks, and have the same likeness in each
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]) | (others[1:] != others[:-1])
    rows, others = rows[new], others[new]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    kept = place < count
    found[rows[kept], place[kept]] = others[kept]
    return found


def _close(vectors: Floats, count: int, floor: float) -> Iterator[tuple[Places, Places, Floats]]:
    """Rows, a neighbour of each, and their cosine: in every block its ``count`` nearest."""
    every = np.arange(len(vectors))
    yield every[:0], every[:0], vectors[:0, 0]
    for members in [every] if len(vectors) <= EXACT else _blocks(vectors):
        for begin in range(0, len(members), _ROWS):
            yield _nearest(vectors, members[begin : begin + _ROWS], members, count, floor)


def _blocks(vectors: Floats) -> list[Places]:
    """Rows by pivot: each row is in the blocks of the pivots nearest to it."""
    pivots = vectors[:: max(1, min(BLOCK_SIZE, int(len(vectors) ** 0.5)))]
    nearest_pivots = np.empty((len(vectors), BLOCKS_EACH), dtype=np.int64)
    for begin in range(0, len(vectors), _ROWS):
        likeness = vectors[begin : begin + _ROWS] @ pivots.T
        found = np.argpartition(-likeness, BLOCKS_EACH, axis=1)[:, :BLOCKS_EACH]
        nearest_pivots[begin : begin + _ROWS] = found
    order = np.argsort(nearest_pivots.ravel(), kind="stable")
    borders = np.searchsorted(nearest_pivots.ravel()[order], np.arange(len(pivots) + 1))
    rows = order // BLOCKS_EACH
    return [
        rows[begin:end][:LARGEST_BLOCK]
        for begin, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
    ]


def _nearest(
    vectors: Floats, rows: Places, among: Places, count: int, floor: float
) -> tuple[Places, Places, Floats]:
    likeness = vectors[rows] @ vectors[among].T
    likeness[rows[:, None] == among[None, :]] = -2.0
    if len(among) > count:
        places = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        likeness = np.take_along_axis(likeness, places, axis=1)
    else:
        places = np.broadcast_to(np.arange(len(among)), likeness.shape)
    close = likeness >= floor
    return np.repeat(rows, close.sum(axis=1)), among[places[close]], likeness[close]


def unit(rows: Floats) -> Floats:
    """Rows brought to length one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)
