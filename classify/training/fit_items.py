"""Learning which words make an item, from the items that readers wrote for their quotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from classify import english
from classify.answers import Answers, Floats
from classify.ask_words import Far, Near, far_words, near_words
from classify.clauses import Clause
from classify.evaluation import item_words
from classify.item_model import Flags, ItemModel, far_features, near_features, stem
from classify.training.corpus import LabelledComment
from classify.windows import window_of

SEEN = 2
"""Quotes that a word must stand in before its odds count."""
_DOUBT = 3.0
"""Quotes of the average word that are added to those of each word."""
_PENALTY = 0.1  # scikit-learn's C
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class AskedWords:
    """One labelled ask: its words as the network sees them, and which are the reader's item's."""

    near: Near
    near_held: Flags
    far: Far | None
    far_held: Flags


@dataclass(frozen=True, slots=True, eq=False)
class ItemFold:
    """A fold of labelled comments with the words of their asks."""

    comments: Sequence[LabelledComment]
    asks: Sequence[AskedWords]


def item_fold(
    comments: Sequence[LabelledComment], answers: Mapping[str, Answers], pipeline: str
) -> ItemFold:
    """The asks of ``comments`` with the answers (by uid) of a network that did not learn from them;
    ``pipeline`` tells the parts of speech."""
    asking = [(comment, ask) for comment in comments for ask in comment.asks]
    windows = [window_of(comment.text, Clause(ask.start, ask.end)) for comment, ask in asking]
    texts = [
        comment.text[around.start : around.end]
        for (comment, _), around in zip(asking, windows, strict=True)
    ]
    asks: list[AskedWords] = []
    docs = english.tagged(pipeline, texts)
    for (comment, ask), around, doc in zip(asking, windows, docs, strict=True):
        tokens = answers[comment.uid].tokens
        near = near_words(comment.text, doc, around, (ask.start, ask.end), tokens)
        if near is None:
            continue
        far = far_words(comment.text, around, tokens)
        wanted = item_words(ask.item)
        asks.append(
            AskedWords(
                near,
                _held(near.sentence.words, wanted),
                far,
                _held(far.elsewhere.words if far else (), wanted),
            )
        )
    return ItemFold(comments, asks)


def _held(words: Sequence[str], wanted: set[str]) -> Flags:
    return np.array([bool(_stems(word) & wanted) for word in words], np.bool_)


def _stems(words: str) -> set[str]:
    return {word.rstrip("s") for word in _WORD.findall(words.lower())}


def fit_items(folds: Sequence[ItemFold], further: Sequence[LabelledComment]) -> ItemModel:
    """The model learned from ``folds``, at least two; ``further`` comments only count for the odds.

    What the model learns of a fold's words it learns with the odds of the other folds, as it will
    meet words whose asks were not counted.
    """
    near: list[tuple[Floats, Flags]] = []
    far: list[tuple[Floats, Flags]] = []
    for own in folds:
        others = [comment for fold in folds if fold is not own for comment in fold.comments]
        odds = word_odds([*others, *further])
        for ask in own.asks:
            near.append((near_features(ask.near.sentence, odds), ask.near_held))
            if ask.far is not None:
                far.append((far_features(ask.far.elsewhere, odds), ask.far_held))
    every = [comment for fold in folds for comment in fold.comments]
    return ItemModel(word_odds([*every, *further]), _weights(near), _weights(far))


def word_odds(comments: Iterable[LabelledComment]) -> dict[str, float]:
    """The log odds of each word of a quote to be in the item, against those of any word.

    Words of few quotes are drawn toward the average (additive smoothing), those of fewer than
    ``SEEN`` left out.
    """
    quoted: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for comment in comments:
        for ask in comment.asks:
            wanted = item_words(ask.item)
            words = {stem(word) for word in comment.text[ask.start : ask.end].split()} - {""}
            quoted.update(words)
            held.update(words & wanted)
    share = sum(held.values()) / max(1, sum(quoted.values()))
    usual = share / (1 - share)
    return {
        word: float(
            np.log((held[word] + _DOUBT * share) / (count - held[word] + _DOUBT * (1 - share)))
            - np.log(usual)
        )
        for word, count in quoted.items()
        if count >= SEEN
    }


def _weights(rows: Sequence[tuple[Floats, Flags]]) -> Floats:
    """A weight for each feature as it comes, and the constant behind them."""
    features = np.concatenate([row for row, _ in rows])
    held = np.concatenate([own for _, own in rows])
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=_PENALTY, max_iter=500).fit((features - mean) / spread, held)
    weights = model.coef_[0] / spread
    constant = float(model.intercept_[0] - weights @ mean)
    return np.append(weights, constant).astype(np.float32)
