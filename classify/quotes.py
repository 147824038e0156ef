"""Where a quote begins and ends inside a window of text.

Two linear models, one for the first token and one for the last, read each token with its
neighbours; the pair of tokens with the highest joint score is the quote.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.clause_reader import Floats
from classify.ngrams import Matrix

FEATURES = 2**15
LONGEST = 40
"""Tokens of the longest quote."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or mark of a window. ``start`` and ``end`` count in the comment; ``marks`` say what
    is known of it (part of speech, wish words found there), each a short string."""

    text: str
    start: int
    end: int
    marks: tuple[str, ...] = ()

    @property
    def is_word(self) -> bool:
        """Whether it holds a letter or digit."""
        return any(character.isalnum() for character in self.text)


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens among which a quote is sought, and the clause (start, end) that asked for it."""

    tokens: tuple[Token, ...]
    start: int
    end: int


def window_matrix(windows: Sequence[Window]) -> Matrix:
    """Hashed features of all tokens of all windows in order, (tokens, FEATURES)."""
    columns: list[int] = []
    sizes = [0]
    for window in windows:
        described = [_described(token) for token in window.tokens]
        for place in range(len(window.tokens)):
            columns += _features(window, described, place)
            sizes.append(len(columns))
    return sparse.csr_matrix(
        (np.ones(len(columns), np.float32), np.array(columns, np.int32), np.array(sizes)),
        shape=(len(sizes) - 1, FEATURES),
    )


def _described(token: Token) -> list[str]:
    low = token.text.lower()
    return [low, f"~{low[-3:]}", *token.marks]


_BORDER = ["|"]


def _features(window: Window, described: list[list[str]], place: int) -> list[int]:
    last = len(described) - 1
    named = ["1"]
    for offset in (-3, -2, -1, 0, 1, 2, 3):
        at = place + offset
        around = described[at] if 0 <= at <= last else _BORDER
        if abs(offset) == 3:
            around = around[:1]
        named += [f"{offset}={part}" for part in around]
    here = described[place][0]
    before = described[place - 1][0] if place else "|"
    after = described[place + 1][0] if place < last else "|"
    token = window.tokens[place]
    first = token.start - window.start
    rest = window.end - token.end
    named += [
        f"b={before} {here}",
        f"a={here} {after}",
        f"from={_bucket(first)}",
        f"to={_bucket(rest)}",
        f"from={_bucket(first)} {before}",
        f"to={_bucket(rest)} {after}",
        f"edge={min(place, 3)}",
        f"end={min(last - place, 3)}",
    ]
    return [zlib.crc32(name.encode("utf-8", "surrogatepass")) % FEATURES for name in named]


def _bucket(distance: int) -> int:
    """Signed, coarse distance in characters from the border of the clause."""
    if distance == 0:
        return 0
    return (1 if distance > 0 else -1) * (1 + min(int(np.log2(abs(distance))), 7))


@dataclass(frozen=True, eq=False)
class QuoteBorders:
    """``weights`` (FEATURES + 1, 2), the intercept last: scores of first and last tokens.

    ``lengths`` (LONGEST,) is the log share of quotes of 1, 2, ... tokens.
    """

    weights: Floats
    lengths: Floats

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {
            f"{name}_borders": self.weights.astype(np.float16),
            f"{name}_lengths": self.lengths,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], name: str) -> QuoteBorders:
        """The borders that ``arrays`` of the same name described."""
        weights = np.ascontiguousarray(arrays[f"{name}_borders"], dtype=np.float32)
        return cls(weights, np.asarray(arrays[f"{name}_lengths"], dtype=np.float32))

    def quotes(self, windows: Sequence[Window]) -> list[tuple[int, int]]:
        """The best (first, last) token of each window; every window needs a token."""
        if not windows:
            return []
        scores = window_matrix(windows) @ self.weights[:-1] + self.weights[-1]
        borders = np.cumsum([0] + [len(window.tokens) for window in windows])
        return [
            self._best(window, scores[begin:end])
            for window, begin, end in zip(windows, borders[:-1], borders[1:], strict=True)
        ]

    def _best(self, window: Window, scores: npt.NDArray[np.float32]) -> tuple[int, int]:
        count = len(window.tokens)
        joint = scores[:, 0][:, None] + scores[:, 1][None, :]
        length = np.arange(count)[None, :] - np.arange(count)[:, None]
        allowed = (length >= 0) & (length < LONGEST)
        joint = joint + self.lengths[np.clip(length, 0, LONGEST - 1)]
        starts = np.array([token.start for token in window.tokens])
        ends = np.array([token.end for token in window.tokens])
        allowed &= (starts[:, None] < window.end) & (ends[None, :] > window.start)
        words = np.array([token.is_word for token in window.tokens])
        allowed &= words[:, None]
        if not allowed.any():
            return 0, count - 1
        joint = np.where(allowed, joint, -np.inf)
        first, last = np.unravel_index(int(np.argmax(joint)), joint.shape)
        return int(first), int(last)
