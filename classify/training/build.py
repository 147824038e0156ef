"""What the build is made of: the corpus, what each reader contributes, the artifact."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classify.english import DEFAULT_PIPELINE, pipeline_version
from classify.item_model import ItemModel
from classify.language import SERVED_OTHERS
from classify.network_reader import Calibration
from classify.ngrams import NgramSpace
from classify.shipped import Arrays, write_artifact
from classify.tagger import ENGLISH_PART, GRAPH, ITEMS, TOKENIZER, WORDS
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
from classify.training.fit_words import fit_words

SEED = 20260
TRAINED_WITH = "trained_with"
"""The setting that names the pipeline whose sentences and words were learned from."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that is trained on: labelled comments and outside sets, English and other.

    ``english`` and ``others`` are the shared labelled sets, on which cross-validation measures;
    ``further`` and ``other_further`` only train, and hold no near-copy of a measured comment.
    ``tweets`` and ``opinions`` have nothing but a sentiment; those held out are not learned from.
    """

    english: list[LabelledComment]
    further: list[LabelledComment]
    tweets: list[Opinion]
    reported: list[Reported]
    others: list[LabelledComment]
    other_further: list[LabelledComment]
    opinions: list[Opinion]


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one reader contributes to the artifact, as ``write_artifact`` takes it."""

    files: Mapping[str, bytes]
    settings: Mapping[str, Any]
    parts: Mapping[str, Arrays] = field(default_factory=dict)


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
        read_opinions(data, SERVED_OTHERS),
    )


def fit_word_space(corpus: Corpus) -> NgramSpace:
    """The n-grams of the asks of all languages."""
    return fit_words([*corpus.english, *corpus.further, *corpus.others, *corpus.other_further])


def english_contribution(
    graph: bytes,
    tokenizer: str,
    calibration: Calibration,
    names: Sequence[str],
    items: ItemModel,
) -> Contribution:
    """The network of English, its tokenizer, the names that many asks share, and what weighs the
    words of items."""
    return Contribution(
        {GRAPH: graph, TOKENIZER: tokenizer.encode("utf-8")},
        {ENGLISH_PART: {"calibration": calibration.settings(), "shared_names": list(names)}},
        {ITEMS: items.arrays()},
    )


def write_models(readers: Sequence[Contribution], words: NgramSpace, folder: Path) -> str:
    """Write the artifact; returns its version. Equal models give equal versions."""
    parts: dict[str, Arrays] = {WORDS: words.arrays(WORDS)}
    files: dict[str, bytes] = {}
    settings: dict[str, Any] = {TRAINED_WITH: pipeline_version(DEFAULT_PIPELINE)}
    for reader in readers:
        parts |= reader.parts
        files |= reader.files
        settings |= reader.settings
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
