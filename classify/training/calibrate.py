"""Learning the calibration from what the network answers to comments it has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from classify.answers import Answers, Floats
from classify.labels import CATEGORIES, SENTIMENTS
from classify.network_reader import Calibration
from classify.quoting import quotes
from classify.training.corpus import LabelledComment, category_matrix, sentiment_codes
from classify.training.thresholds import best_threshold

_SHARPNESS = np.geomspace(0.4, 2.5, 40)
_NEUTRAL = np.arange(0.5, 1.3, 0.1)
_QUOTES = np.arange(0.4, 0.9, 0.05)
_EVEN = 0.01
_AS_GOOD = 0.001
"""F1s of quotes, and of sentiments, no farther apart count as equal."""
_SMALLEST = 1e-6
_PLAIN = [SENTIMENTS.index(name) for name in ("negative", "neutral", "positive")]


def calibrated(comments: Sequence[LabelledComment], answers: Sequence[Answers]) -> Calibration:
    """The calibration for answers to ``comments`` that the network did not learn from."""
    logits = np.stack([one.categories for one in answers])
    held = category_matrix(comments)
    scale, shift = np.ones(len(CATEGORIES), np.float32), np.zeros(len(CATEGORIES), np.float32)
    thresholds = np.full(len(CATEGORIES), 0.5, np.float32)
    for at in range(len(CATEGORIES)):
        if not 0 < held[:, at].sum() < len(held):
            continue
        # next to no penalty: two parameters on hundreds of comments
        model = LogisticRegression(C=100.0).fit(logits[:, at : at + 1], held[:, at])
        scale[at], shift[at] = model.coef_[0, 0], model.intercept_[0]
        likely = 1 / (1 + np.exp(-(logits[:, at] * scale[at] + shift[at])))
        thresholds[at] = best_threshold(held[:, at], likely)
    likely, codes = np.stack([one.sentiments for one in answers]), sentiment_codes(comments)
    sharpness = _best_sharpness(likely, codes)
    return Calibration(
        scale,
        shift,
        thresholds,
        sharpness,
        _best_neutral(np.asarray(likely**sharpness, np.float32), codes),
        _best_quote_threshold(comments, answers),
    )


def _best_sharpness(likely: Floats, codes: npt.NDArray[np.int64]) -> float:
    """The power of the probabilities under which the true sentiments are likeliest."""
    logs = np.log(np.maximum(likely, _SMALLEST))

    def surprise(power: float) -> float:
        scaled = power * logs
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-scaled[np.arange(len(codes)), codes].mean())

    return float(min(_SHARPNESS, key=surprise))


def _best_neutral(likely: Floats, codes: npt.NDArray[np.int64]) -> float:
    """The lowest weight of the neutral sentiment at which the mean F1 of the three plain ones is as
    good as at its best: between equals, the one that hears more feeling."""

    def mean_f1(weight: float) -> float:
        weights = np.where(np.arange(len(SENTIMENTS)) == _PLAIN[1], weight, 1.0)
        called = (likely * weights).argmax(axis=1)
        return float(f1_score(codes, called, labels=_PLAIN, average="macro", zero_division=0.0))

    scores = [mean_f1(weight) for weight in _NEUTRAL]
    least = max(scores) - _AS_GOOD
    return float(_NEUTRAL[next(at for at, own in enumerate(scores) if own >= least)])


def _best_quote_threshold(comments: Sequence[LabelledComment], answers: Sequence[Answers]) -> float:
    """The lowest probability of a token at which the F1 of quoted characters, over the comments
    that ask, is as good as at its best: between equals, the one that misses fewer asks."""
    asking = [
        (comment, answer.tokens)
        for comment, answer in zip(comments, answers, strict=True)
        if comment.asks
    ]

    def f1(threshold: float) -> float:
        both = called = held = 0
        for comment, tokens in asking:
            read = quotes(comment.text, tokens, threshold, requests=True, wants=True)
            found = {at for quote in read for at in range(quote.start, quote.end)}
            gold = {at for ask in comment.asks for at in range(ask.start, ask.end)}
            both, called, held = both + len(found & gold), called + len(found), held + len(gold)
        return 2 * both / max(1, called + held)

    scores = [f1(threshold) for threshold in _QUOTES]
    return float(_QUOTES[next(at for at, own in enumerate(scores) if own >= max(scores) - _EVEN)])
