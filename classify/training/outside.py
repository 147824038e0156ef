"""Measuring sentiment on outside sets: texts that nobody labelled by the codebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.answers import Answers
from classify.labels import SENTIMENTS
from classify.network import Reads
from classify.network_reader import Calibration
from classify.ngrams import READ_LIMIT
from classify.training.behaviour import Judgement
from classify.training.corpus import Opinion

_NEGATIVE, _POSITIVE = (SENTIMENTS.index(name) for name in ("negative", "positive"))
MOST = 1_500
"""Held-out texts of a language that are read."""


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """How well the sentiment of ``rows`` outside texts of a language is read, among the
    ``classes`` that its set has."""

    rows: int
    classes: int
    accuracy: float
    macro_f1: float
    macro_recall: float


def measure_sentiment(
    network: Reads, opinions: Sequence[Opinion], most: int = MOST
) -> dict[str, SentimentScore]:
    """Scores by language on the first ``most`` texts held out of each."""
    scores: dict[str, SentimentScore] = {}
    for lang in sorted({opinion.lang for opinion in opinions if opinion.held_out}):
        held = [one for one in opinions if one.lang == lang and one.held_out][:most]
        truth = np.array([SENTIMENTS.index(one.sentiment) for one in held])
        classes = np.unique(truth)
        answers = network.read([one.text[:READ_LIMIT] for one in held])
        # a set of two classes asks which of the two it is
        likely = np.stack([one.sentiments for one in answers])[:, classes]
        called = classes[likely.argmax(axis=1)]
        scores[lang] = SentimentScore(
            len(held),
            len(classes),
            float((called == truth).mean()),
            float(np.mean([_f1(called == one, truth == one) for one in classes])),
            float(np.mean([(called == one)[truth == one].mean() for one in classes])),
        )
    return scores


def judgements(calibration: Calibration, answers: Sequence[Answers]) -> list[Judgement]:
    """The sentiment and score of each comment as the tagger tells them."""
    likely = calibration.sentiments(np.stack([one.sentiments for one in answers]))
    scores = likely[:, _POSITIVE] - likely[:, _NEGATIVE]
    return [
        Judgement(SENTIMENTS[best], float(score))
        for best, score in zip(likely.argmax(axis=1).tolist(), scores.tolist(), strict=True)
    ]


def _f1(called: npt.NDArray[np.bool_], holds: npt.NDArray[np.bool_]) -> float:
    return 2 * float((called & holds).sum()) / max(1.0, float(called.sum() + holds.sum()))
