"""The comment model: from texts to calibrated probabilities, as plain arrays.

Two layers of linear models. The first scores the whole comment and each of its clauses on word
and character TF-IDF. The second, a logistic regression per label fitted on scores of held-out
comments (stacked generalisation, Wolpert 1992), reads the comment's scores, the highest, lowest and
mean score of its clauses and a few marks of its surface, and so calibrates as it decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.categories import shipped_categories
from classify.clauses import Clause, clauses
from classify.labels import CATEGORIES, SENTIMENTS
from classify.ngrams import READ_LIMIT, NgramSpace
from classify.wishes import EXPLICIT

Floats = npt.NDArray[np.float32]

SURFACE = (
    "log_length",
    "question_marks",
    "exclamation_marks",
    "share_of_capitals",
    "has_address",
    "ends_in_question_mark",
    "tagged_as_idea",
    "starts_with_handle",
    "has_line_break",
)


_PART = 300_000
PATTERNS_READ = 4000  # characters of a text in which patterns are sought


def surface(text: str) -> list[float]:
    """What a text looks like: a figure per name of ``SURFACE``, then whether the patterns of each
    of the codebook's categories are found."""
    letters = sum(map(str.isalpha, text[:2000])) + 1
    capitals = sum(map(str.isupper, text[:2000]))
    low = text[:PATTERNS_READ].lower()
    return [
        float(np.log1p(len(text))),
        float(min(text.count("?"), 4)),
        float(min(text.count("!"), 5)),
        capitals / letters,
        float("http" in low or "www." in low),
        float(text.rstrip().endswith("?")),
        float(low.startswith(("[request", "[suggestion", "[idea", "suggestion:", "request:"))),
        float(text.startswith("@")),
        float("\n" in text),
        *(float(category.found_in(low)) for category in shipped_categories()),
    ]


@dataclass(frozen=True, eq=False)
class ClauseScores:
    """What the model reads in n comments.

    ``categories`` (n, 9) and ``sentiments`` (n, 4) are probabilities; ``clauses`` lists each
    comment's clauses. ``whole`` and ``pieces`` are the first layer's scores of comments and of all
    clauses in order.
    """

    categories: Floats
    sentiments: Floats
    clauses: list[list[Clause]]
    whole: Floats
    pieces: Floats


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """Linear scores on n-grams: ``weights`` (columns of the space, heads), ``bias`` (heads,).

    The heads are the categories, the sentiments, the clause head, then any further ones.
    """

    space: NgramSpace
    weights: Floats
    bias: Floats

    def scores(self, texts: Sequence[str]) -> Floats:
        """Decision values, (len(texts), heads)."""
        scores = np.empty((len(texts), self.bias.size), np.float32)
        begin = 0
        # in parts, so that a batch of very long texts takes no more memory than one of short ones
        for end in _part_ends(texts):
            scores[begin:end] = self.space.matrix(texts[begin:end]) @ self.weights + self.bias
            begin = end
        return scores


def _part_ends(texts: Sequence[str]) -> list[int]:
    """Where to cut ``texts`` into parts of about ``_PART`` characters that are read."""
    ends: list[int] = []
    taken = 0
    for at, text in enumerate(texts, 1):
        taken += min(len(text), READ_LIMIT)
        if taken >= _PART or at == len(texts):
            ends.append(at)
            taken = 0
    return ends


CLAUSE_HEAD = len(CATEGORIES) + len(SENTIMENTS)


def pooled(
    whole: Floats, pieces: Floats, counts: npt.NDArray[np.int64], texts: Sequence[str]
) -> Floats:
    """The second layer's input: comment scores, clause scores pooled, surface marks.

    ``pieces`` holds the clause scores of all comments in order, ``counts`` how many each has; a
    comment without clauses takes its own scores for them.
    """
    n, heads = whole.shape
    pool = np.tile(whole, 3).reshape(n, 3, heads)
    filled = np.flatnonzero(counts)
    if filled.size:
        begins = np.concatenate([[0], np.cumsum(counts[filled])[:-1]])
        pool[filled, 0] = np.maximum.reduceat(pieces, begins, axis=0)
        pool[filled, 1] = np.minimum.reduceat(pieces, begins, axis=0)
        pool[filled, 2] = np.add.reduceat(pieces, begins, axis=0) / counts[filled, None]
    marks = np.array([surface(text) for text in texts], dtype=np.float32)
    return np.hstack([whole, pool.reshape(n, 3 * heads), marks.reshape(n, -1)])


def clause_features(
    whole: Floats, pieces: Floats, counts: npt.NDArray[np.int64], texts: Sequence[str]
) -> Floats:
    """What the second layer reads of each of m clauses: its scores among its neighbours', and the
    marks of its surface. ``texts`` are the clauses, ``whole`` and ``counts`` are per comment."""
    owner = np.repeat(np.arange(len(whole)), counts)
    ask = pieces[:, CLAUSE_HEAD]
    begins = np.cumsum(counts) - counts
    place = np.arange(len(pieces)) - begins[owner]
    count = counts[owner]
    filled = counts > 0
    best = np.zeros(len(whole), np.float32)
    if filled.any():
        best[filled] = np.maximum.reduceat(ask, begins[filled])
    before = np.where(place > 0, np.roll(ask, 1), -2.0)
    after = np.where(place < count - 1, np.roll(ask, -1), -2.0)
    alone = np.column_stack(
        [
            ask - best[owner],
            ask >= best[owner],
            before,
            after,
            np.log1p(count),
            place / np.maximum(count, 1),
            place == 0,
        ]
    ).astype(np.float32)
    marks = np.array(
        [[*surface(text), EXPLICIT.search(text) is not None] for text in texts], np.float32
    )
    return np.hstack([pieces, whole[owner], alone, marks.reshape(len(texts), -1)])


@dataclass(frozen=True, eq=False)
class SecondLayer:
    """Logistic regressions over the standardised pooled scores (features f).

    ``mean`` and ``scale`` are (f,); ``categories`` (f + 1, 9) and ``sentiments`` (f + 1, 4) hold
    the intercept in their last row. ``clause`` (c + 1,) reads the features of one clause.
    """

    mean: Floats
    scale: Floats
    categories: Floats
    sentiments: Floats
    clause: Floats

    def probabilities(self, features: Floats) -> tuple[Floats, Floats]:
        """Categories (n, 9), each on its own, and sentiments (n, 4), which sum to one."""
        inputs = (features - self.mean) / self.scale
        inputs = np.hstack([inputs, np.ones((len(inputs), 1), np.float32)])
        logits = inputs @ self.sentiments
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return sigmoid(inputs @ self.categories), powers / powers.sum(axis=1, keepdims=True)

    def clause_probabilities(self, features: Floats) -> Floats:
        """The probability of each clause (m,) to carry an ask."""
        return sigmoid(features @ self.clause[:-1] + self.clause[-1])


def sigmoid(values: npt.NDArray[np.floating]) -> Floats:
    """The logistic function, safe at any size of value."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class ClauseModel:
    """A comment model for one language or several: both layers and the thresholds (9,)."""

    first: FirstLayer
    second: SecondLayer
    thresholds: Floats

    def read(self, texts: Sequence[str]) -> ClauseScores:
        """Probabilities for ``texts``; texts may be empty or hold anything."""
        if not texts:
            empty = np.zeros((0, 0), np.float32)
            return ClauseScores(empty, empty, [], empty, empty)
        cut = [clauses(text) for text in texts]
        counts = np.array([len(found) for found in cut], dtype=np.int64)
        pieces = [
            text[clause.start : clause.end]
            for text, found in zip(texts, cut, strict=True)
            for clause in found
        ]
        whole = self.first.scores(texts)
        piece_scores = self.first.scores(pieces)
        features = pooled(whole, piece_scores, counts, texts)
        categories, sentiments = self.second.probabilities(features)
        return ClauseScores(categories, sentiments, cut, whole, piece_scores)

    def carrying(
        self, reading: ClauseScores, texts: Sequence[str], places: Sequence[int]
    ) -> list[Floats]:
        """For the comments at ``places``: the probability of each clause to carry an ask."""
        counts = np.array([len(found) for found in reading.clauses], dtype=np.int64)
        begins = np.cumsum(counts) - counts
        rows = [np.arange(begins[at], begins[at] + counts[at]) for at in places]
        if not rows:
            return []
        pieces = [
            texts[at][clause.start : clause.end] for at in places for clause in reading.clauses[at]
        ]
        own = counts[list(places)]
        features = clause_features(
            reading.whole[list(places)], reading.pieces[np.concatenate(rows)], own, pieces
        )
        return np.split(self.second.clause_probabilities(features), np.cumsum(own)[:-1])

    def chosen(self, categories: Floats) -> npt.NDArray[np.bool_]:
        """Which categories hold, (n, 9)."""
        return np.asarray(categories >= self.thresholds)

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {
            **self.first.space.arrays(name),
            f"{name}_weights": self.first.weights.astype(np.float16),
            f"{name}_bias": self.first.bias,
            f"{name}_mean": self.second.mean,
            f"{name}_scale": self.second.scale,
            f"{name}_categories": self.second.categories,
            f"{name}_sentiments": self.second.sentiments,
            f"{name}_clause": self.second.clause,
            f"{name}_thresholds": self.thresholds,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], name: str) -> ClauseModel:
        """The reader that ``arrays`` of the same name described."""

        def stored(part: str) -> Floats:
            return np.ascontiguousarray(arrays[f"{name}_{part}"], dtype=np.float32)

        return cls(
            FirstLayer(NgramSpace.from_arrays(arrays, name), stored("weights"), stored("bias")),
            SecondLayer(
                stored("mean"),
                stored("scale"),
                stored("categories"),
                stored("sentiments"),
                stored("clause"),
            ),
            stored("thresholds"),
        )
