"""How likely each word is to be one of the item's: a linear model over what the network points at.

The network points at words by what it read; readers also follow habits that it does not see, as in
which words they keep ("breakfast") and which they leave out ("option", "app", "please"). The model
is a logistic regression learned on the labelled asks. One part weighs the words of the sentence
around a quote, another those of the rest of the comment, where the item of "please fix this" is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.answers import Floats

TAGS = ("NOUN", "PROPN", "VERB", "ADJ", "ADV", "NUM", "ADP", "AUX", "PRON", "DET", "PART")
"""The parts of speech that the model tells apart; any other is none of them."""
NEAR_FEATURES = 25 + len(TAGS)
FAR_FEATURES = 13

_SURE = 1e-3
"""Probabilities are kept this far from 0 and 1, so that their log odds stay finite."""
_NOTHING = float(np.log(_SURE / (1 - _SURE)))
_STEM = re.compile(r"[a-z0-9]+")
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """The words of a sentence around a quote: n words in lower case, their parts of speech.

    ``stop`` (n,) says which are stop words, ``quoted`` (n,) which stand in the quote, and
    ``pointed`` (n,) how likely the network takes each for the item. ``wish`` is the place of the
    first word of asking in the quote, -1 where it has none.
    """

    words: Sequence[str]
    tags: Sequence[str]
    stop: Flags
    quoted: Flags
    pointed: Floats
    wish: int


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """The n words of a comment outside a sentence, in lower case, with the same marks.

    ``distance`` (n,) counts characters to the sentence, negative in front of it.
    """

    words: Sequence[str]
    stop: Flags
    pointed: Floats
    distance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ItemModel:
    """``odds`` are the log odds of a word to be in an item rather than only in a quote, against
    those of any word; ``near`` (NEAR_FEATURES + 1,) and ``far`` (FAR_FEATURES + 1,) hold a weight
    for each feature and the constant."""

    odds: Mapping[str, float]
    near: Floats
    far: Floats

    def near_words(self, sentence: Sentence) -> Floats:
        """The probability of each word of a sentence to be one of the item's, (n,)."""
        return _logistic(near_features(sentence, self.odds), self.near)

    def far_words(self, elsewhere: Elsewhere) -> Floats:
        """The same for words outside the sentence, (n,)."""
        return _logistic(far_features(elsewhere, self.odds), self.far)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        words = sorted(self.odds)
        return {
            "words": np.array(words),
            "odds": np.array([self.odds[word] for word in words], np.float16),
            "near": self.near.astype(np.float32),
            "far": self.far.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> ItemModel:
        """The model that ``arrays`` described."""
        odds = dict(zip(arrays["words"].tolist(), arrays["odds"].tolist(), strict=True))
        near, far = (np.asarray(arrays[name], np.float32) for name in ("near", "far"))
        return cls(odds, near, far)


def stem(word: str) -> str:
    """A word as the odds know it: lower case, without marks and plural s."""
    low = word.lower()
    if not (low.isascii() and low.isalnum()):
        low = "".join(_STEM.findall(low))
    return low.rstrip("s")


def near_features(sentence: Sentence, odds: Mapping[str, float]) -> Floats:
    """What the model sees of each word of a sentence, (n, NEAR_FEATURES)."""
    n = len(sentence.words)
    pointed, quoted = _log_odds(sentence.pointed), sentence.quoted.astype(np.float32)
    habit, known = _habits(sentence.words, odds)
    places = np.flatnonzero(sentence.quoted)
    first, last = (int(places[0]), int(places[-1])) if places.size else (0, n - 1)
    top = max(float(sentence.pointed[first : last + 1].max(initial=0.0)), _SURE)
    at = np.arange(n)
    behind = at - sentence.wish if sentence.wish >= 0 else np.full(n, -1)
    tags = np.array([[tag == name for name in TAGS] for tag in sentence.tags], np.float32)
    tags = tags.reshape(n, len(TAGS))
    columns = (
        pointed,
        sentence.pointed / top,
        sentence.pointed >= top * 0.999,
        quoted,
        quoted * pointed,
        habit,
        known,
        quoted * habit,
        sentence.stop,
        at < sentence.wish,
        (behind >= 0) & (behind <= 3),
        (behind > 3) & (behind <= 8),
        quoted * (at - first) / max(1, last - first),
        np.full(n, (last - first) / 10),
        np.full(n, top),
        np.full(n, _log_odds(np.array([top], np.float32))[0]),
        [len(word) <= 2 for word in sentence.words],
        [len(word) >= 7 for word in sentence.words],
        [word.endswith("ing") for word in sentence.words],
        _before(pointed, _NOTHING),
        _behind(pointed, _NOTHING),
        _before(habit, 0.0),
        _behind(habit, 0.0),
        _before(quoted, 0.0),
        _behind(quoted, 0.0),
    )
    return np.column_stack([*columns, tags]).astype(np.float32).reshape(n, NEAR_FEATURES)


def far_features(elsewhere: Elsewhere, odds: Mapping[str, float]) -> Floats:
    """What the model sees of each word outside the sentence, (n, FAR_FEATURES)."""
    n = len(elsewhere.words)
    pointed, stop = _log_odds(elsewhere.pointed), elsewhere.stop.astype(np.float32)
    habit, known = _habits(elsewhere.words, odds)
    top = max(float(elsewhere.pointed.max(initial=0.0)), _SURE)
    columns = (
        pointed,
        elsewhere.pointed / top,
        np.full(n, top),
        _before(pointed, _NOTHING),
        _behind(pointed, _NOTHING),
        habit,
        known,
        stop,
        stop * pointed,
        elsewhere.distance < 0,
        np.log1p(np.abs(elsewhere.distance)),
        np.full(n, np.log(max(1, n))),
        [len(word) <= 2 for word in elsewhere.words],
    )
    return np.column_stack(columns).astype(np.float32).reshape(n, FAR_FEATURES)


def _habits(words: Sequence[str], odds: Mapping[str, float]) -> tuple[Floats, Flags]:
    stems = [stem(word) for word in words]
    habit = np.array([odds.get(one, 0.0) for one in stems], np.float32)
    return habit, np.array([one in odds for one in stems], np.bool_)


def _log_odds(likely: Floats) -> Floats:
    kept = np.clip(likely, _SURE, 1 - _SURE)
    return np.asarray(np.log(kept / (1 - kept)), np.float32)


def _before(values: Floats, border: float) -> Floats:
    """The value of the word before each."""
    shifted = np.full_like(values, border)
    shifted[1:] = values[:-1]
    return shifted


def _behind(values: Floats, border: float) -> Floats:
    """The value of the word behind each."""
    shifted = np.full_like(values, border)
    shifted[:-1] = values[1:]
    return shifted


def _logistic(features: Floats, weights: Floats) -> Floats:
    values = np.clip(features @ weights[:-1] + weights[-1], -30, 30)
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)
