"""The encoder of asks: multilingual-e5-small, its layers taught which asks are for one thing, by
wants in many wordings and by a larger encoder that learned the same from those in English; and the
directions in which asks differ most (principal components, Pearson 1901).
"""

from __future__ import annotations

import copy
import csv
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from classify.clauses import clauses
from classify.language import ENGLISH
from classify.shipped import read_artifact
from classify.tagger import ASKS_GRAPH, ENCODER, ask_encoder
from classify.training.ask_fine_tune import PLAN, AskMaterial, AskPlan, fine_tune_asks
from classify.training.ask_lessons import Lessons
from classify.training.ask_reader import AskReader
from classify.training.build import SEED, Contribution
from classify.training.corpus import LABELS
from classify.training.e5 import E5
from classify.training.export import int8_mean_graph
from classify.training.fine_tune import Progress
from classify.training.pruned import pruned_encoder
from classify.training.reader_network import between
from classify.training.steps import kept
from classify.training.teacher import read_unlabelled
from classify.training.vocabulary import Vocabulary
from classify.training.wants import MORE_WANTS, Asked, read_wants
from classify.vectors import Floats, FrozenNetwork, VectorEncoder, WantSpace
from classify.wishes import EXPLICIT
from earful.errors import IntegrityError

ENCODER_VERSION = "e5-small-asks-5"
DIMENSIONS = 192
MOST_PER_INTENT = 30
TAUGHT = 0.85
"""How far the weights go from the base model's to the taught ones: what the wants do not speak of,
the base knows (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""
KEPT = "asks.pt"
"""The file of a build with the weights that were taught."""
_EVERY = 5
"""One in so many texts tells in which directions asks differ."""
_CENTRED = 0.5
"""The share of what all texts have in common that is taken from each. A project takes what its own
asks share (see ``reports.likeness``); with all of it taken before, too little is left to tell."""
_LONGEST_QUOTE = 300
UNLABELLED = 16_000
"""Wishes of the streams that the teacher is asked about."""
_WISH = range(20, 220)
"""Characters of such a wish."""


def gather_asks(data: Path) -> AskMaterial:
    """What the encoder learns from: wants written for it, the asks of the labelled English comments
    and of those written for the purpose (the shared set in other languages is left to measure on),
    and the questions of CLINC150 by intent (Larson et al. 2019, CC BY 3.0).

    Raises ``DataError`` where data are missing.
    """
    labelled = _labelled(data)
    return AskMaterial(
        [*read_wants(), *read_wants(MORE_WANTS)],
        [(ask, name) for ask, name in labelled if ask.lang == ENGLISH],
        [(ask, name) for ask, name in labelled if ask.lang != ENGLISH],
        _intents(data),
        _wishes(data),
    )


def _labelled(data: Path) -> list[tuple[Asked, str]]:
    """Asks with their item in English."""
    files = (
        data / "labelled" / "train.jsonl",
        LABELS / "written.jsonl",
        LABELS / "written_other_languages.jsonl",
    )
    found = []
    for path in files:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                for ask in row["asks"]:
                    asked = Asked(ask["item"], ask["quote"][:_LONGEST_QUOTE], row["lang"])
                    found.append((asked, ask.get("item_en") or ask["item"]))
    return found


def _wishes(data: Path) -> list[str]:
    """Clauses of the streams' comments with a word of asking."""
    found: dict[str, None] = {}
    for text in read_unlabelled(data, (), SEED):
        for part in clauses(text):
            clause = " ".join(text[part.start : part.end].split())
            if len(clause) in _WISH and EXPLICIT.search(clause):
                found[clause] = None
    chance = random.Random(SEED)  # noqa: S311  draws texts, guards no secret
    return chance.sample(list(found), min(UNLABELLED, len(found)))


def _intents(data: Path) -> list[list[str]]:
    """Questions by intent, the first ``MOST_PER_INTENT`` of each; out of scope is no intent."""
    by_intent: dict[str, list[str]] = {}
    path = data / "grouping" / "clinc150_train.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == "train":
                by_intent.setdefault(row["intent"], []).append(row["text"])
    return [texts[:MOST_PER_INTENT] for texts in by_intent.values()]


def _nobody() -> None:
    """No teacher."""


@dataclass(frozen=True, slots=True, eq=False)
class AskTraining:
    """How the encoder is made; its weights are kept in the folder ``work`` and not made twice.

    ``lessons`` gives what a teacher says, if there is one; it is asked only if there is to be
    learned.
    """

    work: Path
    base: E5
    words: Vocabulary
    material: AskMaterial
    seed: int
    plan: AskPlan = PLAN
    lessons: Callable[[], Lessons | None] = _nobody

    def encoder(self, on_step: Progress = lambda step, of, loss: None) -> VectorEncoder:
        """The encoder as it is shipped."""
        network = self._network(on_step)
        return VectorEncoder(
            ENCODER_VERSION, network, principal(network.read(self._texts()[::_EVERY]))
        )

    def _network(self, on_step: Progress) -> FrozenNetwork:
        words = self.words
        base = pruned_encoder(self.base, words)

        def teach() -> nn.Module:
            reader = AskReader.of(copy.deepcopy(base), words)
            return fine_tune_asks(
                reader, self.material, self.seed, self.plan, self.lessons(), on_step
            )

        taught = kept(self.work / KEPT, teach, partial(copy.deepcopy, base))
        graph = int8_mean_graph(between(base, taught, TAUGHT).eval())
        return FrozenNetwork(graph, words.tokenizer.to_str(), words.specials, words.lookup)

    def _texts(self) -> list[str]:
        material = self.material
        wordings = [asked for trade in material.trades for want in trade.values() for asked in want]
        labelled = [asked for asked, _ in (*material.labelled, *material.foreign)]
        return [asked.text for asked in (*wordings, *labelled)]


def principal(rows: Floats, dim: int = DIMENSIONS) -> WantSpace:
    """The space of the ``dim`` directions in which ``rows`` (n, width) differ most, which takes
    ``_CENTRED`` of their mean from what it places."""
    mean = rows.mean(axis=0)
    spread = (rows - mean).astype(np.float64)
    spans, axes = np.linalg.eigh(spread.T @ spread)
    chosen = axes[:, np.argsort(-spans, kind="stable")[:dim]]
    return WantSpace(_CENTRED * mean, np.asarray(chosen, dtype=np.float32))


def kept_ask_encoder(folder: Path, words: Vocabulary) -> VectorEncoder:
    """The encoder of the artifact in ``folder``, to be shipped with the table of ``words``. Raises
    ``IntegrityError`` where that is no whole artifact, or was made with other pieces."""
    shipped = read_artifact(folder)
    encoder = ask_encoder(shipped)
    if encoder.network.tokenizer != words.tokenizer.to_str():
        raise IntegrityError(
            "its vectors of asks were made with other pieces of words",
            where=str(folder),
            next_step="Train the encoder of asks anew: leave out --keep-asks.",
        )
    return encoder


def ask_encoder_contribution(encoder: VectorEncoder) -> Contribution:
    """The graph, the directions and the version of the encoder; the tokenizer and the table of
    pieces are those of the network of the other languages."""
    graph = encoder.network.graph
    return Contribution(
        {ASKS_GRAPH: graph if isinstance(graph, bytes) else graph.read_bytes()},
        {ENCODER: encoder.version},
        {ENCODER: encoder.space.arrays()},
    )
