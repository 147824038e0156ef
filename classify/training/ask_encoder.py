"""The encoder of asks: multilingual-e5-small as it is, and a linear map fitted behind it.

The map makes the directions small in which wordings of one want differ: an item and the words that
ask for it, an item and its name in English, two questions with one intent (CLINC150, Larson et al.
2019, CC BY 3.0). Covariances within such pairs, each to the same trace, are shrunk towards the
identity and whitened; of the whitened space the directions are kept in which texts differ most
(linear discriminant analysis, Fisher 1936).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classify.tagger import ASKS_GRAPH, ENCODER
from classify.training.build import Contribution
from classify.training.corpus import LABELS
from classify.training.e5 import E5
from classify.training.export import int8_mean_graph
from classify.training.pruned import pruned_encoder
from classify.training.vocabulary import Vocabulary
from classify.vectors import Floats, FrozenNetwork, VectorEncoder, WantSpace

ENCODER_VERSION = "e5-small-asks-1"
DIMENSIONS = 192
SHRINKAGE = 0.2
MOST_PER_INTENT = 30
_LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Wording:
    """One labelled ask: ``item`` in the comment's language and in English, and the quote."""

    item: str
    item_in_english: str
    quote: str

    @property
    def foreign(self) -> bool:
        """Whether it was said in another language than English."""
        return self.item != self.item_in_english


def read_wordings(data: Path) -> list[Wording]:
    """The asks of the labelled English comments and of those written for the purpose; the shared
    set in other languages is left to measure on."""
    files = (
        data / "labelled" / "train.jsonl",
        LABELS / "written.jsonl",
        LABELS / "written_other_languages.jsonl",
    )
    found: list[Wording] = []
    for path in files:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                for ask in json.loads(line)["asks"]:
                    item, quote = ask["item"], ask["quote"][:_LONGEST_QUOTE]
                    found.append(Wording(item, ask.get("item_en") or item, quote))
    return found


def read_intents(data: Path) -> list[list[str]]:
    """Questions by intent, the first ``MOST_PER_INTENT`` of each; out of scope is no intent."""
    by_intent: dict[str, list[str]] = {}
    path = data / "grouping" / "clinc150_train.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == "train":
                by_intent.setdefault(row["intent"], []).append(row["text"])
    return [texts[:MOST_PER_INTENT] for texts in by_intent.values()]


def frozen_network(base: E5, words: Vocabulary) -> FrozenNetwork:
    """The base model's encoder in int8, with the table of pieces as it is shipped."""
    graph = int8_mean_graph(pruned_encoder(base, words).eval())
    return FrozenNetwork(graph, words.tokenizer.to_str(), words.specials, words.lookup)


def fit_ask_encoder(
    network: FrozenNetwork, wordings: Sequence[Wording], intents: Sequence[Sequence[str]]
) -> VectorEncoder:
    """The encoder whose map brings together what ``wordings`` and ``intents`` say is one want."""
    items = network.read([one.item for one in wordings])
    english = network.read([one.item_in_english for one in wordings])
    quotes = network.read([one.quote for one in wordings])
    foreign = np.array([one.foreign for one in wordings], dtype=bool)
    asked = [network.read(texts) for texts in intents]
    within = [
        np.concatenate([own - own.mean(axis=0) for own in asked]),
        np.concatenate([items - english, quotes - english])[np.tile(foreign, 2)],
        (quotes - english)[~foreign],
    ]
    total = [np.concatenate(asked), english[~foreign], quotes[~foreign]]
    mean = np.concatenate([english, items, quotes]).mean(axis=0)
    return VectorEncoder(
        ENCODER_VERSION, network, WantSpace(mean, discriminant(within, total, DIMENSIONS))
    )


def discriminant(within: Iterable[Floats], total: Iterable[Floats], dim: int) -> Floats:
    """A map (width, dim): differences ``within`` one want made white, then the directions in which
    the sets ``total``, each around its own mean, differ most."""
    spread = [rows.T.astype(np.float64) @ rows for rows in within]
    own = np.mean([one / np.trace(one) for one in spread], axis=0)
    width = len(own)
    own = (1 - SHRINKAGE) * own + SHRINKAGE * np.eye(width) / width
    values, vectors = np.linalg.eigh(own)
    white = vectors / np.sqrt(values)
    rows = np.concatenate([own - own.mean(axis=0) for own in total]) @ white
    spans, axes = np.linalg.eigh(rows.T @ rows)
    chosen = axes[:, np.argsort(-spans, kind="stable")[:dim]]
    projection = white @ chosen
    return np.asarray(projection / np.abs(projection).max(), dtype=np.float32)


def ask_encoder_contribution(encoder: VectorEncoder) -> Contribution:
    """The graph, the map and the version of the encoder; the tokenizer and the table of pieces are
    those of the network of the other languages."""
    return Contribution(
        {ASKS_GRAPH: encoder.network.graph},
        {ENCODER: encoder.version},
        {ENCODER: encoder.space.arrays()},
    )
