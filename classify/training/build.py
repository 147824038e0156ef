"""The whole build: every model fitted, written as an artifact."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify.clause_asks import LinearReader
from classify.english import DEFAULT_PIPELINE, pipeline_version
from classify.language import SERVED_OTHERS
from classify.network_reader import Calibration
from classify.shipped import write_artifact
from classify.tagger import ENCODER, ENGLISH_PART, GRAPH, OTHERS_PART, TOKENIZER
from classify.training.corpus import (
    LabelledComment,
    Opinion,
    Reported,
    read_further,
    read_labelled,
    read_opinions,
    read_reported,
    read_tweets,
    unlike,
)
from classify.training.fit_asks import fit_asks, fit_encoder
from classify.training.fit_reader import fit_reader
from classify.vectors import AskEncoder

SEED = 20260
OPINIONS_PER_LANG = 8_000
ENCODER_VERSION = "lsa-96-2"


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that is trained on: labelled comments and outside sets, English and other.

    ``english`` and ``others`` are the shared labelled sets, on which cross-validation measures;
    ``further`` and ``other_further`` only train, and hold no near-copy of a measured comment.
    """

    english: list[LabelledComment]
    further: list[LabelledComment]
    tweets: list[Opinion]
    reported: list[Reported]
    others: list[LabelledComment]
    other_further: list[LabelledComment]
    opinions: list[Opinion]


@dataclass(frozen=True, eq=False)
class English:
    """The network of English as it is shipped."""

    graph: bytes
    tokenizer: str
    calibration: Calibration
    names: tuple[str, ...]


def read_corpus(data: Path) -> Corpus:
    """The training sets under ``data``. Raises ``DataError`` where one is missing."""
    english = read_labelled(data / "labelled" / "train.jsonl")
    others = read_labelled(data / "labelled" / "multilingual.jsonl")
    further = read_further(data)
    return Corpus(
        english,
        unlike([comment for comment in further if comment.lang == "en"], english),
        read_tweets(data),
        read_reported(data),
        others,
        unlike([comment for comment in further if comment.lang in SERVED_OTHERS], others),
        read_opinions(data, SERVED_OTHERS, OPINIONS_PER_LANG),
    )


def fit_others(comments: Sequence[LabelledComment], opinions: Sequence[Opinion]) -> LinearReader:
    """The models that the languages besides English share."""
    return LinearReader(fit_reader(comments, opinions, seed=SEED), fit_asks(comments))


def fit_ask_encoder(corpus: Corpus) -> AskEncoder:
    """The encoder of asks, from all languages."""
    every = [*corpus.english, *corpus.further, *corpus.others, *corpus.other_further]
    return fit_encoder(every, ENCODER_VERSION)


def write_models(english: English, others: LinearReader, encoder: AskEncoder, folder: Path) -> str:
    """Write the artifact; returns its version. Equal models give equal versions."""
    parts = {
        OTHERS_PART: {**others.model.arrays("reader"), **others.asks.arrays()},
        ENCODER: encoder.arrays(),
    }
    files = {
        GRAPH: english.graph,
        TOKENIZER: english.tokenizer.encode("utf-8"),
    }
    settings: dict[str, Any] = {
        ENCODER: encoder.version,
        "trained_with": pipeline_version(DEFAULT_PIPELINE),
        ENGLISH_PART: {
            "calibration": english.calibration.settings(),
            "shared_names": list(english.names),
        },
    }
    return write_artifact(folder, parts, files, settings)


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
