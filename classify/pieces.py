"""Comments cut into windows for a network, and the answers to the windows joined again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from classify.answers import Answers, Tokens

WINDOW = 192
"""Tokens that are read at once; a longer comment is read window by window."""
MOST_WINDOWS = 24
"""Windows of one comment that are read, some 15,000 characters; the rest is left."""
FRAME = 2
"""Tokens that begin and end a window."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one comment's tokens that fits a window; ``comment`` is the comment's place
    among those read."""

    comment: int
    ids: list[int]
    offsets: list[tuple[int, int]]


def pieces_of(comment: int, ids: list[int], offsets: list[tuple[int, int]]) -> list[Piece]:
    """The windows of one comment, at least one, of one length, so that the last is no scrap without
    its sentence."""
    size = WINDOW - FRAME
    count = min(MOST_WINDOWS, max(1, -(-len(ids) // size)))
    cut = -(-min(len(ids), count * size) // count)
    return [
        Piece(comment, ids[at : at + cut], offsets[at : at + cut])
        for at in range(0, max(1, cut * count), max(1, cut))
    ][:count]


def batches(sizes: Sequence[int], most: int) -> Iterator[list[int]]:
    """The places of what has ``sizes`` in batches of like size, each of ``most`` tokens or fewer
    with its padding (or of one); a stable sort keeps equal sizes in order."""
    batch: list[int] = []
    for at in sorted(range(len(sizes)), key=sizes.__getitem__):
        if batch and (len(batch) + 1) * sizes[at] > most:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def joined(pieces: Sequence[Piece], answers: Sequence[Answers]) -> list[Answers]:
    """One answer a comment from those to its pieces, which stand in order.

    A category holds where one window says so; the sentiment is the mean over the text.
    """
    own = groupby(zip(pieces, answers, strict=True), key=lambda one: one[0].comment)
    return [_one(list(pairs)) for _, pairs in own]


def _one(pairs: Sequence[tuple[Piece, Answers]]) -> Answers:
    if len(pairs) == 1:
        return pairs[0][1]
    sizes = np.array([max(1, len(piece.ids)) for piece, _ in pairs], np.float32)
    weights = (sizes / sizes.sum())[:, None]
    read = [answers for _, answers in pairs]
    return Answers(
        (weights * np.stack([one.sentiments for one in read])).sum(axis=0),
        np.max([one.categories for one in read], axis=0),
        (weights * np.stack([one.vector for one in read])).sum(axis=0),
        Tokens(
            *(
                np.concatenate([getattr(one.tokens, name) for one in read])
                for name in ("offsets", "spans", "types", "strengths", "names")
            )
        ),
    )


def read_once(
    texts: Sequence[str], read: Callable[[Sequence[str]], Sequence[Answers]]
) -> list[Answers]:
    """What ``read`` answers to each of ``texts``, each different one read once: streams are full of
    equal ones."""
    distinct = list(dict.fromkeys(texts))
    answers = dict(zip(distinct, read(distinct), strict=True))
    return [answers[text] for text in texts]
