"""The whole build: every model fitted, written as an artifact with its card."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classify.asks import AskModels
from classify.english import DEFAULT_PIPELINE, pipeline_version
from classify.language import SERVED_OTHERS
from classify.reader import Reader
from classify.shipped import write_artifact
from classify.tagger import ENCODER_PART, ENGLISH_PART, OTHERS_PART, LanguageModels, Tagger
from classify.training.corpus import (
    LabelledComment,
    Opinion,
    read_further,
    read_labelled,
    read_opinions,
    read_tweets,
)
from classify.training.fit_asks import fit_asks, fit_encoder
from classify.training.fit_reader import fit_reader
from classify.vectors import AskEncoder

SEED = 20260
OPINIONS_PER_LANG = 8_000
ENCODER_VERSION = "lsa-96-1"


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that is trained on: labelled comments and outside opinions, English and other.

    ``english`` is the shared labelled set, on which cross-validation measures; ``further`` are
    English comments that only train.
    """

    english: list[LabelledComment]
    further: list[LabelledComment]
    tweets: list[Opinion]
    others: list[LabelledComment]
    opinions: list[Opinion]


@dataclass(frozen=True, eq=False)
class Built:
    """Every model of an artifact."""

    english: LanguageModels
    others: LanguageModels
    encoder: AskEncoder

    def tagger(self, version: str = "unreleased") -> Tagger:
        """A tagger of these models, without any file written."""
        return Tagger(version, self.english, self.others, self.encoder, ())


def read_corpus(data: Path) -> Corpus:
    """The training sets under ``data``. Raises ``DataError`` where one is missing."""
    return Corpus(
        read_labelled(data / "labelled" / "train.jsonl"),
        read_further(data),
        read_tweets(data),
        read_labelled(data / "labelled" / "multilingual.jsonl"),
        read_opinions(data, SERVED_OTHERS, OPINIONS_PER_LANG),
    )


def fit_english(comments: Sequence[LabelledComment], tweets: Sequence[Opinion]) -> LanguageModels:
    """The models of English."""
    reader: Reader = fit_reader(comments, tweets, seed=SEED)
    asks: AskModels = fit_asks(comments, DEFAULT_PIPELINE)
    return LanguageModels(reader, asks, DEFAULT_PIPELINE)


def fit_others(comments: Sequence[LabelledComment], opinions: Sequence[Opinion]) -> LanguageModels:
    """The models that the other languages share."""
    return LanguageModels(fit_reader(comments, opinions, seed=SEED), fit_asks(comments, None), None)


def fit_all(corpus: Corpus) -> Built:
    """All models on all data."""
    return Built(
        fit_english([*corpus.english, *corpus.further], corpus.tweets),
        fit_others(corpus.others, corpus.opinions),
        fit_encoder([*corpus.english, *corpus.further, *corpus.others], ENCODER_VERSION),
    )


def write_models(built: Built, folder: Path) -> str:
    """Write the artifact; returns its version. Equal models give equal versions."""
    parts = {
        ENGLISH_PART: {
            **built.english.reader.arrays("reader"),
            **built.english.asks.arrays(),
        },
        OTHERS_PART: {**built.others.reader.arrays("reader"), **built.others.asks.arrays()},
        ENCODER_PART: built.encoder.arrays(),
    }
    settings = {
        "encoder": built.encoder.version,
        "trained_with": pipeline_version(DEFAULT_PIPELINE),
        ENGLISH_PART: {"shared_names": list(built.english.asks.kinds.names)},
        OTHERS_PART: {"shared_names": list(built.others.asks.kinds.names)},
    }
    return write_artifact(folder, parts, settings)


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds since it was made, for progress lines."""

    begun: float

    @classmethod
    def now(cls) -> Timed:
        """A clock that starts here."""
        return cls(time.monotonic())

    def line(self, words: str) -> str:
        """``words`` behind the seconds that have passed."""
        return f"{time.monotonic() - self.begun:6.0f} s  {words}"
