"""Fitting what is learned about asks: quote borders, item ranker, kinds, vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression, Ridge
from spacy.tokens import Doc

from classify import english
from classify.asks import AskModels
from classify.clauses import Clause, clauses
from classify.evaluation import item_words
from classify.items import Candidate, ItemRanker, candidate_matrix, candidates
from classify.kinds import AskKinds, kind_matrix
from classify.labels import STRENGTHS, TYPES
from classify.ngrams import Block, NgramSpace, fit_block, fit_space
from classify.quotes import LONGEST, QuoteBorders, Window, window_matrix
from classify.reader import Floats
from classify.training.corpus import LabelledAsk, LabelledComment
from classify.vectors import AskEncoder
from classify.windows import split_tokens, window_of

DIMENSIONS = 96
SHARED_BY = 5
"""Asks that must share an item before it counts as a shared name."""

RENAMED = {
    "dine-in": "indoor dining",
    "better staff training": "staff training",
    "24-hour service": "24-hour opening",
    "accurate opening hours": "correct opening hours",
    "human support": "human customer support",
    "human cashiers": "ordering with a cashier",
    "staffed counter ordering": "ordering with a cashier",
    "reachable customer service": "reachable customer support",
    "customer support contact": "reachable customer support",
    "customer service contact": "reachable customer support",
    "new management": "better management",
    "new managers": "better management",
    "new staff": "better staff",
    "previous app version": "previous version",
}
"""Wordings of the labelled items -> the one name of the codebook."""


def fit_asks(comments: Sequence[LabelledComment], pipeline: str | None) -> AskModels:
    """The ask models of one language group; ``pipeline`` None trains without spaCy."""
    pairs = [(comment, ask) for comment in comments for ask in comment.asks]
    spans = [_clause_of(comment.text, ask) for comment, ask in pairs]
    around = [
        window_of(comment.text, span) for (comment, _), span in zip(pairs, spans, strict=True)
    ]
    texts = [comment.text[w.start : w.end] for (comment, _), w in zip(pairs, around, strict=True)]
    windows: list[Window] = []
    asks = [ask for _, ask in pairs]
    kinds = _fit_kinds(pairs, texts)
    if pipeline is None:
        for (comment, _), span, window in zip(pairs, spans, around, strict=True):
            windows.append(Window(split_tokens(comment.text, window), span.start, span.end))
        return AskModels(_fit_borders(windows, asks), kinds, item_borders=_fit_item_borders(pairs))
    docs = english.parsed(pipeline, texts)
    for doc, span, window in zip(docs, spans, around, strict=True):
        windows.append(Window(english.tokens(pipeline, doc, window.start), span.start, span.end))
    return AskModels(_fit_borders(windows, asks), kinds, ranker=_fit_ranker(pairs, docs, around))


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


def _fit_ranker(
    pairs: Sequence[tuple[LabelledComment, LabelledAsk]],
    docs: Sequence[Doc],
    around: Sequence[Clause],
) -> ItemRanker:
    found: list[Candidate] = []
    shares: list[float] = []
    for (_, ask), doc, window in zip(pairs, docs, around, strict=True):
        within = [
            word.i
            for word in doc
            if window.start + word.idx < ask.end
            and window.start + word.idx + len(word.text) > ask.start
        ]
        if not within:
            continue
        gold = item_words(ask.item)
        for candidate in candidates(doc, within[0], within[-1]):
            words = item_words(candidate.phrase)
            found.append(candidate)
            shares.append(2 * len(gold & words) / (len(gold) + len(words)))
    if not found:
        return ItemRanker(np.zeros(0, np.float32))
    model = Ridge(alpha=8.0, solver="sparse_cg", fit_intercept=False, random_state=0)
    model.fit(candidate_matrix(found), np.array(shares))
    return ItemRanker(model.coef_.astype(np.float16).astype(np.float32))


def _fit_kinds(
    pairs: Sequence[tuple[LabelledComment, LabelledAsk]], windows: Sequence[str]
) -> AskKinds:
    quotes = [comment.text[ask.start : ask.end] for comment, ask in pairs]
    space = fit_space([*quotes, *windows], min_rows=4, most=15_000)
    rows = kind_matrix(space, quotes, windows)
    types = np.array([TYPES.index(ask.type) for _, ask in pairs])
    strengths = np.array([ask.strength for _, ask in pairs])
    items = [RENAMED.get(ask.item, ask.item) for _, ask in pairs]
    counted = Counter(items)
    names = sorted(name for name, count in counted.items() if count >= SHARED_BY)
    held = [types == k for k in range(len(TYPES))]
    held += [strengths == k for k in STRENGTHS]
    held += [np.array([item == name for item in items]) for name in names]
    columns = []
    for number, holds in enumerate(held):
        if holds.all() or not holds.any():
            constant = np.zeros(rows.shape[1] + 1)
            constant[-1] = 9.0 if holds.any() else -9.0
            columns.append(constant)
            continue
        c = 3.0 if number < len(TYPES) + len(STRENGTHS) else 20.0
        model = LogisticRegression(C=c, solver="liblinear", dual=True, random_state=0)
        model.fit(rows, holds)
        columns.append(np.append(model.coef_[0], model.intercept_[0]))
    return AskKinds(
        space, np.column_stack(columns).astype(np.float16).astype(np.float32), tuple(names)
    )


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
