"""Fitting the linear models of asks: quote borders, items, kinds, vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression

from classify.clause_asks import AskModels
from classify.clause_reader import Floats
from classify.clauses import Clause, clauses
from classify.kinds import AskKinds, kind_matrix
from classify.labels import STRENGTHS, TYPES
from classify.ngrams import Block, NgramSpace, fit_block, fit_space
from classify.quotes import LONGEST, QuoteBorders, Window, window_matrix
from classify.training.corpus import LabelledAsk, LabelledComment
from classify.vectors import AskEncoder
from classify.windows import split_tokens, window_of

DIMENSIONS = 96


def fit_asks(comments: Sequence[LabelledComment]) -> AskModels:
    """The ask models of a group of languages."""
    pairs = [(comment, ask) for comment in comments for ask in comment.asks]
    spans = [_clause_of(comment.text, ask) for comment, ask in pairs]
    around = [
        window_of(comment.text, span) for (comment, _), span in zip(pairs, spans, strict=True)
    ]
    texts = [comment.text[w.start : w.end] for (comment, _), w in zip(pairs, around, strict=True)]
    windows = [
        Window(split_tokens(comment.text, window), span.start, span.end)
        for (comment, _), span, window in zip(pairs, spans, around, strict=True)
    ]
    return AskModels(
        _fit_borders(windows, [ask for _, ask in pairs]),
        _fit_kinds(pairs, texts),
        _fit_item_borders(pairs),
    )


def _fit_item_borders(pairs: Sequence[tuple[LabelledComment, LabelledAsk]]) -> QuoteBorders:
    """Where the item stands in the quote: from its first to its last word, by their beginnings."""
    windows: list[Window] = []
    places: list[LabelledAsk] = []
    for comment, ask in pairs:
        tokens = split_tokens(comment.text, Clause(ask.start, ask.end))
        stems = {_stem(word) for word in ask.item.lower().split()}
        named = [token for token in tokens if token.is_word and _stem(token.text.lower()) in stems]
        if named:
            windows.append(Window(tokens, ask.start, ask.end))
            places.append(replace(ask, start=named[0].start, end=named[-1].end))
    return _fit_borders(windows, places)


def _stem(word: str) -> str:
    """Enough of a word to know it inflected: four letters, two of Korean or Japanese."""
    return word[:4] if word < "\u3000" else word[:2]


def _clause_of(text: str, ask: LabelledAsk) -> Clause:
    """The clause that shares most with the quote, where it begins for a quote of several."""
    found = clauses(text) or [Clause(ask.start, ask.end)]
    return max(found, key=lambda c: min(c.end, ask.end) - max(c.start, ask.start))


def _fit_borders(windows: Sequence[Window], asks: Sequence[LabelledAsk]) -> QuoteBorders:
    rows = window_matrix(windows)
    target = np.zeros((rows.shape[0], 2), dtype=bool)
    lengths = np.ones(LONGEST)
    begin = 0
    for window, ask in zip(windows, asks, strict=True):
        within = [
            place
            for place, token in enumerate(window.tokens)
            if token.start < ask.end and token.end > ask.start
        ]
        if within:
            target[begin + within[0], 0] = True
            target[begin + within[-1], 1] = True
            lengths[min(within[-1] - within[0], LONGEST - 1)] += 1
        begin += len(window.tokens)
    columns = []
    for side in range(2):
        if not target[:, side].any():
            columns.append(np.zeros(rows.shape[1] + 1))
            continue
        model = LogisticRegression(C=0.5, solver="liblinear", dual=False, random_state=0)
        model.fit(rows, target[:, side])
        columns.append(np.append(model.coef_[0], model.intercept_[0]))
    smooth = np.convolve(np.pad(lengths, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return QuoteBorders(
        np.column_stack(columns).astype(np.float16).astype(np.float32),
        np.log(smooth / smooth.sum()).astype(np.float32),
    )


def _fit_kinds(
    pairs: Sequence[tuple[LabelledComment, LabelledAsk]], windows: Sequence[str]
) -> AskKinds:
    quotes = [comment.text[ask.start : ask.end] for comment, ask in pairs]
    space = fit_space([*quotes, *windows], min_rows=4, most=15_000)
    rows = kind_matrix(space, quotes, windows)
    types = np.array([TYPES.index(ask.type) for _, ask in pairs])
    strengths = np.array([ask.strength for _, ask in pairs])
    held = [types == k for k in range(len(TYPES))]
    held += [strengths == k for k in STRENGTHS]
    columns = []
    for holds in held:
        if holds.all() or not holds.any():
            constant = np.zeros(rows.shape[1] + 1)
            constant[-1] = 9.0 if holds.any() else -9.0
            columns.append(constant)
            continue
        model = LogisticRegression(C=3.0, solver="liblinear", dual=True, random_state=0)
        model.fit(rows, holds)
        columns.append(np.append(model.coef_[0], model.intercept_[0]))
    return AskKinds(space, np.column_stack(columns).astype(np.float16).astype(np.float32))


def fit_encoder(comments: Sequence[LabelledComment], version: str) -> AskEncoder:
    """An encoder of asks from the items and quotes of all languages.

    Texts without asks lend their words too, so that more words than the asked-for have a place.
    """
    asks = [(comment, ask) for comment in comments for ask in comment.asks]
    texts = [ask.item for _, ask in asks]
    texts += [comment.text[ask.start : ask.end] for comment, ask in asks]
    word = fit_block(texts, words=True, min_rows=2, most=12_000)
    character = fit_block(texts, words=False, min_rows=3, most=18_000)
    space = NgramSpace(
        Block(word.keys, word.idf, True), Block(character.keys, character.idf, False)
    )
    rows = sparse.vstack(
        [
            space.matrix([ask.item for _, ask in asks]) * np.float32(2.0)
            + space.matrix([comment.text[ask.start : ask.end] for comment, ask in asks]),
            space.matrix([comment.text for comment in comments]),
        ]
    )
    size = min(DIMENSIONS, min(rows.shape) - 1)
    svd = TruncatedSVD(size, random_state=0, n_iter=4).fit(rows)
    projection: Floats = np.zeros((space.size, DIMENSIONS), np.float32)
    projection[:, :size] = svd.components_.T
    return AskEncoder(version, space, projection.astype(np.float16).astype(np.float32))
