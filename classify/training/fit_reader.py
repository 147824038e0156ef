"""Fitting the comment model: first layer, its held-out scores, second layer, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classify.clause_reader import (
    CLAUSE_HEAD,
    ClauseModel,
    FirstLayer,
    Floats,
    SecondLayer,
    clause_features,
    pooled,
)
from classify.clauses import Clause, clauses
from classify.labels import CATEGORIES, SENTIMENTS
from classify.ngrams import Block, Matrix, NgramSpace, fit_block
from classify.training.corpus import (
    LabelledComment,
    Opinion,
    category_matrix,
    folds,
    sentiment_codes,
)
from classify.training.thresholds import best_threshold

INNER_FOLDS = 5
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cut:
    """The clauses of many comments: their texts, the comment each is of, which carry an ask."""

    texts: list[str]
    owner: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    carries: Bools


def cut(comments: Sequence[LabelledComment]) -> Cut:
    """All clauses; one carries an ask where it shares half of itself or of a quote."""
    texts: list[str] = []
    carries: list[bool] = []
    counts: list[int] = []
    for comment in comments:
        found = clauses(comment.text)
        counts.append(len(found))
        for clause in found:
            texts.append(comment.text[clause.start : clause.end])
            carries.append(any(_shared(clause, ask.start, ask.end) > 0.5 for ask in comment.asks))
    sizes = np.array(counts, dtype=np.int64)
    return Cut(texts, np.repeat(np.arange(len(comments)), sizes), sizes, np.array(carries, bool))


def _shared(clause: Clause, start: int, end: int) -> float:
    overlap = min(clause.end, end) - max(clause.start, start)
    return overlap / min(clause.end - clause.start, end - start)


def fit_reader(
    comments: Sequence[LabelledComment], opinions: Sequence[Opinion], *, seed: int
) -> ClauseModel:
    """A reader learned from ``comments``; ``opinions`` add one more score per sentiment."""
    texts = [comment.text for comment in comments]
    pieces = cut(comments)
    space = _space(texts, [opinion.text for opinion in opinions])
    whole = space.matrix(texts)
    parts = space.matrix(pieces.texts)
    outside = _fit_opinions(space, opinions)
    categories, sentiments = category_matrix(comments), sentiment_codes(comments)

    def first(rows: npt.NDArray[np.int64], own: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        columns = [_svm(whole[rows], categories[rows, k]) for k in range(len(CATEGORIES))]
        columns += [_svm(whole[rows], sentiments[rows] == k) for k in range(len(SENTIMENTS))]
        columns.append(_logistic(parts[own], pieces.carries[own], 3.0))
        columns += outside
        return _stack(columns)

    fold = folds(texts, INNER_FOLDS, seed)
    heads = CLAUSE_HEAD + 1 + len(outside)
    held_whole = np.zeros((len(texts), heads), np.float32)
    held_parts = np.zeros((len(pieces.texts), heads), np.float32)
    for number in range(INNER_FOLDS):
        out, out_parts = fold == number, fold[pieces.owner] == number
        weights, bias = first(np.flatnonzero(~out), np.flatnonzero(~out_parts))
        held_whole[out] = whole[out] @ weights + bias
        held_parts[out_parts] = parts[out_parts] @ weights + bias
    features = pooled(held_whole, held_parts, pieces.counts, texts)
    second = _fit_second(
        features,
        categories,
        sentiments,
        clause_features(held_whole, held_parts, pieces.counts, pieces.texts),
        pieces.carries,
    )
    weights, bias = first(np.arange(len(texts)), np.arange(len(pieces.texts)))
    layer = FirstLayer(space, weights.astype(np.float16).astype(np.float32), bias)
    likely, _ = second.probabilities(features)
    cuts = [best_threshold(categories[:, k], likely[:, k]) for k in range(len(CATEGORIES))]
    return ClauseModel(layer, second, np.array(cuts, np.float32))


def _space(texts: Sequence[str], outside: Sequence[str]) -> NgramSpace:
    """N-grams of two labelled comments or of many outside texts; the idf is the comments'."""
    blocks = []
    for words, more in zip((True, False), _outside_blocks(tuple(outside)), strict=True):
        own = fit_block(texts, words=words, min_rows=2, most=60_000)
        rare = np.float32(np.float16(np.log(1 + len(texts)) + 1.0))
        new = more.keys[~np.isin(more.keys, own.keys)]
        keys = np.concatenate([own.keys, new])
        idf = np.concatenate([own.idf, np.full(new.size, rare, np.float32)])
        order = np.argsort(keys)
        blocks.append(Block(keys[order], idf[order], words))
    return NgramSpace(*blocks)


@lru_cache(maxsize=2)
def _outside_blocks(texts: tuple[str, ...]) -> tuple[Block, Block]:
    """The n-grams of many outside texts; kept, as every fold asks for the same."""
    word, character = (
        fit_block(texts, words=words, min_rows=12, most=40_000) for words in (True, False)
    )
    return word, character


Column = tuple[npt.NDArray[np.float64], float]


def _svm(rows: Matrix, holds: Bools) -> Column:
    return _fitted(LinearSVC(C=0.3, dual=True, random_state=0), rows, holds)


def _logistic(rows: Matrix, holds: Bools, c: float) -> Column:
    model = LogisticRegression(C=c, solver="liblinear", dual=True, random_state=0)
    return _fitted(model, rows, holds)


def _fitted(model: LinearSVC | LogisticRegression, rows: Matrix, holds: Bools) -> Column:
    if holds.all() or not holds.any():
        # a small sample may lack a label altogether: then the head answers what was seen
        return np.zeros(rows.shape[1]), 1.0 if holds.any() else -1.0
    model.fit(rows, holds)
    return model.coef_[0], float(model.intercept_[0])


def _stack(columns: Sequence[Column]) -> tuple[Floats, Floats]:
    weights = np.column_stack([column for column, _ in columns]).astype(np.float32)
    return weights, np.array([bias for _, bias in columns], dtype=np.float32)


def _fit_opinions(space: NgramSpace, opinions: Sequence[Opinion]) -> list[Column]:
    if not opinions:
        return []
    rows = space.matrix([opinion.text for opinion in opinions])
    names = np.array([opinion.sentiment for opinion in opinions])
    return [_logistic(rows, names == name, 1.0) for name in SENTIMENTS[:3]]


def _fit_second(
    features: Floats,
    categories: Bools,
    sentiments: npt.NDArray[np.int64],
    of_clauses: Floats,
    carries: Bools,
) -> SecondLayer:
    mean = features.mean(axis=0)
    scale = features.std(axis=0) + np.float32(1e-6)
    inputs = (features - mean) / scale
    columns = []
    for k in range(len(CATEGORIES)):
        columns.append(_dense(inputs, categories[:, k]))
    polarity = np.zeros((features.shape[1] + 1, len(SENTIMENTS)), np.float32)
    polarity[-1] = -30.0
    present = np.unique(sentiments)
    if present.size == 1:
        polarity[-1, present] = 0.0
    else:
        model = LogisticRegression(C=0.3, max_iter=1000).fit(inputs, sentiments)
        coefficients, intercepts = model.coef_, model.intercept_
        if present.size == 2:
            coefficients = np.vstack([-coefficients / 2, coefficients / 2])
            intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
        polarity[:-1, present] = coefficients.T
        polarity[-1, present] = intercepts
    middle, spread = of_clauses.mean(axis=0), of_clauses.std(axis=0) + np.float32(1e-6)
    clause = _dense((of_clauses - middle) / spread, carries)
    clause[:-1] /= spread
    clause[-1] -= clause[:-1] @ middle
    return SecondLayer(mean, scale, np.column_stack(columns).astype(np.float32), polarity, clause)


def _dense(inputs: Floats, holds: Bools) -> Floats:
    """Coefficients, then the intercept, of a logistic regression."""
    if holds.all() or not holds.any():
        return np.array([*np.zeros(inputs.shape[1]), 4.0 if holds.any() else -4.0], np.float32)
    model = LogisticRegression(C=0.3, max_iter=1000).fit(inputs, holds)
    return np.array([*model.coef_[0], model.intercept_[0]], dtype=np.float32)
