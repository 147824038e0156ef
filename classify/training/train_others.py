"""How the network of the other languages is trained, on multilingual-e5-small.

The first stage learns from the comments written for these languages, from outside texts with a
sentiment, a like number of each language in every epoch, and from some of the labelled English
comments: what asking looks like carries over. The second goes on with the shared comments. The
lowest layers and the table of pieces stay as they are, so that languages with little text here keep
what the base model knows of them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classify.labels import SENTIMENTS
from classify.network import Network, Reads
from classify.network_reader import Calibration
from classify.ngrams import READ_LIMIT
from classify.tagger import OTHERS_GRAPH, OTHERS_PART, OTHERS_TOKENIZER, PIECES
from classify.training.corpus import (
    LabelledComment,
    Opinion,
    read_further,
    read_labelled,
    read_opinions,
    unlike,
)
from classify.training.e5 import E5, MASK, TABLE, installed_file, read_e5
from classify.training.examples import Example, ExampleMaker, other_marks
from classify.training.export import int8_embedded_graph
from classify.training.fine_tune import Plan, Progress, fine_tune
from classify.training.reader_network import ReaderNetwork, built_encoder
from classify.training.recipe import drawn, misspelling
from classify.training.vocabulary import Vocabulary, vocabulary

LANGUAGES = ("ko", "pl", "es", "de", "fr", "pt", "it", "ar", "hi", "ja", "th")
"""Served with all tags; of Portuguese, Italian, Arabic, Hindi and Thai only the sentiment has
labels, the other tags are carried over from the rest."""
FROZEN = 4
FIRST = Plan(epochs=2, frozen=FROZEN)
SECOND = Plan(epochs=2, rate=1.0e-4, frozen=FROZEN)
OPINIONS = 300
MORE_OPINIONS = {"ko": 700, "pl": 700}
"""Outside texts of a language drawn for each epoch of the first stage; more of those on which an
accuracy is asked for."""
ENGLISH = 700
"""English comments drawn for each epoch of the first stage."""
FURTHER = 0.15
"""The share of the comments written besides that is drawn for each epoch of the second stage."""
KEPT_PIECES = "pieces.npy"
"""The file of a build with the numbers of the pieces kept."""


@dataclass(frozen=True, slots=True, eq=False)
class OtherMaterial:
    """What both stages share.

    ``further`` are comments of these languages besides the shared set, ``english`` those from which
    is carried over, ``opinions`` outside texts of which those held out are not learned from.
    """

    base: E5
    vocabulary: Vocabulary
    further: Sequence[LabelledComment]
    english: Sequence[LabelledComment]
    opinions: Sequence[Opinion]
    first: Plan = FIRST
    second: Plan = SECOND

    @classmethod
    def gather(
        cls, data: Path, work: Path, shared: Sequence[LabelledComment], weights: Path | None = None
    ) -> OtherMaterial:
        """The material for the data under ``data``; pieces are counted once, into ``work``.

        ``weights`` is the base model's file, the installed one unless named. Raises ``DataError``
        where data are missing.
        """
        base = read_e5(weights or installed_file())
        further = read_further(data)
        return cls(
            base,
            vocabulary(base, data, work / KEPT_PIECES),
            unlike([one for one in further if one.lang in LANGUAGES], shared),
            [
                *read_labelled(data / "labelled" / "train.jsonl"),
                *(one for one in further if one.lang == "en"),
            ],
            read_opinions(data, LANGUAGES, per_lang=1_000_000),
        )

    def maker(self) -> ExampleMaker:
        """What makes examples of comments."""
        return ExampleMaker(self.vocabulary.tokenizer, (), other_marks)

    def untrained(self) -> ReaderNetwork:
        """The network before the first stage, with the table as it is shipped."""
        lookup = self.vocabulary.lookup
        table = lookup.rows(np.arange(len(lookup.scales)))
        weights = {**self.base.encoder_weights(), TABLE: table}
        shape = {**self.base.shape, "vocab_size": len(table)}
        encoder = built_encoder(shape, {name: torch.from_numpy(w) for name, w in weights.items()})
        return ReaderNetwork(encoder, names=0)

    def first_stage(self, seed: int, on_step: Progress) -> ReaderNetwork:
        """A network that has learned from everything but the shared set."""
        maker = self.maker()
        further = misspelling(self.further, maker)
        english, opinions = list(self.english), learned_opinions(self.opinions)

        def epoch(chance: random.Random) -> Sequence[Example]:
            found = list(further(chance))
            for lang, own in opinions.items():
                count = min(len(own), MORE_OPINIONS.get(lang, OPINIONS))
                found += [maker.opinion(one) for one in chance.sample(own, count)]
            few = chance.sample(english, min(len(english), ENGLISH))
            return [*found, *(maker.comment(one) for one in few)]

        return fine_tune(self.untrained(), epoch, self.first, seed, self._mask, on_step)

    def second_stage(
        self,
        network: ReaderNetwork,
        comments: Sequence[LabelledComment],
        seed: int,
        on_step: Progress,
    ) -> ReaderNetwork:
        """A copy of ``network`` that has gone on with ``comments`` of the shared set."""
        maker = self.maker()
        own, further = misspelling(comments, maker), misspelling(self.further, maker)

        def epoch(chance: random.Random) -> Sequence[Example]:
            others = further(chance)
            return [*own(chance), *drawn(others, int(FURTHER * len(others)), chance)]

        return fine_tune(copy.deepcopy(network), epoch, self.second, seed, self._mask, on_step)

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        words = self.vocabulary
        return Network(
            int8_embedded_graph(network), words.tokenizer.to_str(), words.specials, words.lookup
        )

    @property
    def _mask(self) -> int:
        number = self.vocabulary.tokenizer.token_to_id(MASK)
        assert number is not None, "the special pieces are kept"
        return int(number)


def learned_opinions(opinions: Sequence[Opinion]) -> dict[str, list[Opinion]]:
    """By language those that may be learned from: not held out, and no copy of one that is."""
    measured = {opinion.text for opinion in opinions if opinion.held_out}
    by_lang: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        if opinion.text not in measured:
            by_lang.setdefault(opinion.lang, []).append(opinion)
    return by_lang


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """How well the sentiment of ``rows`` outside texts of a language is read, among the classes
    that its set has."""

    rows: int
    accuracy: float
    macro_f1: float


def measure_sentiment(
    network: Reads, opinions: Sequence[Opinion], most: int = 1_000_000
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
            float((called == truth).mean()),
            float(np.mean([_f1(called == one, truth == one) for one in classes])),
        )
    return scores


def _f1(called: np.ndarray[Any, Any], holds: np.ndarray[Any, Any]) -> float:
    return 2 * float((called & holds).sum()) / max(1.0, float(called.sum() + holds.sum()))


@dataclass(frozen=True, eq=False)
class OthersArtifact:
    """What is shipped of the network of the other languages, as ``write_artifact`` takes it."""

    parts: Mapping[str, Mapping[str, np.ndarray[Any, Any]]]
    files: Mapping[str, bytes]
    settings: Mapping[str, Any]


def others_artifact(
    network: ReaderNetwork, words: Vocabulary, calibration: Calibration
) -> OthersArtifact:
    """The graph, the tokenizer, the table of pieces and the settings of a trained network."""
    return OthersArtifact(
        {PIECES: words.lookup.arrays()},
        {
            OTHERS_GRAPH: int8_embedded_graph(network),
            OTHERS_TOKENIZER: words.tokenizer.to_str().encode("utf-8"),
        },
        {
            OTHERS_PART: {
                "calibration": calibration.settings(),
                "languages": list(LANGUAGES),
                "specials": words.specials.settings(),
            }
        },
    )
