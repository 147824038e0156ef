"""Reading with a network: its answers, calibrated and decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classify.answers import Answers, Floats
from classify.clauses import Clause
from classify.evaluation import item_words
from classify.heads import Heads
from classify.items import canonical, canonical_names
from classify.labels import ASK_GATES, CATEGORIES, SENTIMENTS
from classify.network import Reads
from classify.ngrams import READ_LIMIT
from classify.phrasing import Asking, Phrasing
from classify.quoting import Quote, marked, quotes
from classify.reading import FoundAsk, Reading
from classify.windows import window_of
from classify.wishes import NO_WISH

SURE_NAME = 0.5
"""The probability from which an item takes the shared name."""
_REQUEST, _WANTS = (CATEGORIES.index(name) for name in ASK_GATES)
_NEUTRAL = SENTIMENTS.index("neutral")
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How the network's scores are read, learned on comments that it did not train on.

    A category's probability is the logistic function of ``scale`` times its logit plus ``shift``
    (Platt 1999), and it holds from ``thresholds`` (9,) on. Sentiments are sharpened or flattened by
    the power ``sharpness`` (temperature scaling, Guo et al. 2017), and the neutral one, which is
    learned from far more texts than the others, weighs ``neutral``. A token lies in a quote from
    ``quote`` on.
    """

    scale: Floats
    shift: Floats
    thresholds: Floats
    sharpness: float
    neutral: float
    quote: float

    def categories(self, logits: Floats) -> Floats:
        """Probabilities, of the shape of ``logits`` (n, 9)."""
        values = np.clip(logits * self.scale + self.shift, -30, 30)
        return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float32)

    def sentiments(self, likely: Floats) -> Floats:
        """Probabilities (n, 4) that sum to one."""
        powers = np.maximum(likely, _SMALLEST) ** self.sharpness
        powers[:, _NEUTRAL] *= self.neutral
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def settings(self) -> dict[str, Any]:
        """As plain numbers, for the manifest."""
        return {
            "scale": [round(float(value), 4) for value in self.scale],
            "shift": [round(float(value), 4) for value in self.shift],
            "thresholds": [round(float(value), 4) for value in self.thresholds],
            "sharpness": round(self.sharpness, 4),
            "neutral": round(self.neutral, 4),
            "quote": round(self.quote, 4),
        }

    @classmethod
    def from_settings(cls, stored: Mapping[str, Any]) -> Calibration:
        """The calibration that ``settings`` described."""
        scale, shift, thresholds = (
            np.array(stored[name], np.float32) for name in ("scale", "shift", "thresholds")
        )
        sharpness, neutral, quote = (
            float(stored[name]) for name in ("sharpness", "neutral", "quote")
        )
        return cls(scale, shift, thresholds, sharpness, neutral, quote)


def _vectors(answers: Sequence[Answers]) -> Floats | None:
    """The vectors of comments that were all read in full, else nothing."""
    if not all(one.vector.size for one in answers):
        return None
    return np.stack([one.vector for one in answers])


class NetworkReader:
    """Reads the comments of the languages that ``network`` knows.

    ``names`` are the items that many asks share; ``phrasing`` words all others. ``heads`` are what
    a project's people taught; they need a network that answers with vectors.
    """

    def __init__(
        self,
        network: Reads,
        calibration: Calibration,
        names: Sequence[str],
        phrasing: Phrasing,
        heads: Heads | None = None,
    ) -> None:
        self._network = network
        self._calibration = calibration
        self._names = tuple(names)
        self._phrasing = phrasing
        self._heads = heads

    def read(self, texts: Sequence[str]) -> Reading:
        """Tags of ``texts``, which may be empty or hold anything."""
        answers = self._network.read([text[:READ_LIMIT] for text in texts])
        return self.decided(texts, answers)

    def decided(self, texts: Sequence[str], answers: Sequence[Answers]) -> Reading:
        """Tags of ``texts`` from the network's answers to them."""
        categories = self._calibration.categories(np.stack([one.categories for one in answers]))
        sentiments = self._calibration.sentiments(np.stack([one.sentiments for one in answers]))
        vectors = _vectors(answers)
        if self._heads is not None and vectors is not None:
            categories = self._heads.category_scores(CATEGORIES, categories, vectors)
            sentiments = self._heads.sentiment_scores(sentiments, vectors)
        chosen = categories >= self._calibration.thresholds
        asks = self._asks(texts, answers, chosen)
        for at, found in enumerate(asks):
            if not found:
                # what asks must say for what; good wishes and the like are no request
                chosen[at, [_REQUEST, _WANTS]] = False
        return Reading(categories, sentiments, chosen, asks, vectors)

    def _asks(
        self, texts: Sequence[str], answers: Sequence[Answers], chosen: np.ndarray[Any, Any]
    ) -> list[list[FoundAsk]]:
        asking: list[Asking] = []
        for at in np.flatnonzero(chosen[:, _REQUEST] | chosen[:, _WANTS]).tolist():
            found = quotes(
                texts[at],
                answers[at].tokens,
                self._calibration.quote,
                requests=bool(chosen[at, _REQUEST]),
                wants=bool(chosen[at, _WANTS]),
            )
            for quote in found:
                around = window_of(texts[at], Clause(quote.start, quote.end))
                if not NO_WISH.search(texts[at], around.start, around.end):
                    asking.append((at, quote, around))
        asks: list[list[FoundAsk]] = [[] for _ in texts]
        for (at, _, _), ask in zip(asking, self._worded(texts, answers, asking), strict=True):
            asks[at].append(ask)
        return asks

    def asked(self, text: str, start: int, end: int) -> FoundAsk | None:
        """The ask in ``text[start:end]``, of which a person says that it is one.

        None where the network read nothing there.
        """
        answer = self._network.read([text[:READ_LIMIT]])[0]
        quote = marked(text, answer.tokens, start, end)
        if quote is None:
            return None
        around = window_of(text, Clause(start, end))
        return self._worded([text], [answer], [(0, quote, around)])[0]

    def _worded(
        self, texts: Sequence[str], answers: Sequence[Answers], asking: Sequence[Asking]
    ) -> list[FoundAsk]:
        """Each quote with its item."""
        return [
            FoundAsk(
                quote.start,
                quote.end,
                around,
                item,
                named,
                quote.type,
                quote.strength,
                self._phrasing.explicit(texts[at][quote.start : quote.end]),
                quote.score,
            )
            for (at, quote, around), (item, named) in zip(
                asking, self._items(texts, answers, asking), strict=True
            )
        ]

    def _items(
        self,
        texts: Sequence[str],
        answers: Sequence[Answers],
        asking: Sequence[Asking],
    ) -> list[tuple[str, bool]]:
        """The item of each quote, and whether it is a shared name."""
        named = [
            canonical(words) or self._shared(quote, words)
            for quote, words in (
                (quote, texts[at][quote.start : quote.end]) for at, quote, _ in asking
            )
        ]
        unnamed = [one for one, name in zip(asking, named, strict=True) if not name]
        phrases = iter(self._phrasing.items(texts, answers, unnamed))
        return [(name or next(phrases), bool(name)) for name in named]

    def _shared(self, quote: Quote, words: str) -> str:
        """The shared name that the network reads in a quote, where it may stand for its words.

        The names of the codebook stand for many wordings; any other must have a word in common
        with the quote, or it would be a guess from another trade.
        """
        if quote.name == 0 or quote.name_likely < SURE_NAME:
            return ""
        name = self._names[quote.name - 1]
        of_the_codebook = any(name == shared for shared, _ in canonical_names())
        return name if of_the_codebook or item_words(name) & item_words(words) else ""
