"""The teacher: a larger network that has learned the same, asked about many texts."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from classify.pieces import batches
from classify.training.corpus import LABELS, LabelledComment, stream_texts, unlike_texts
from classify.training.examples import Example, ExampleMaker
from classify.training.fine_tune import padded
from classify.training.precision import half_precision
from classify.training.reader_network import ReaderNetwork
from classify.training.steps import StagedTraining
from classify.training.taught import Lessons, Taught, load_taught, save_taught

REDDIT = 40_000
"""Reddit posts drawn; of apps and of games there are fewer, and all are taken."""
_BATCH_TOKENS = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A larger network in training, and the ``texts`` that it is asked about."""

    training: StagedTraining
    maker: ExampleMaker
    texts: Sequence[str]

    def lessons(self, number: int) -> Lessons:
        """What the teacher that has learned from all folds but ``number`` says of each text."""
        path = self.training.work / f"taught_{number}.npz"
        if not path.exists():
            examples = [self.maker.bare(text) for text in self.texts]
            save_taught(path, answered(self.training.without(number), examples))
        return dict(zip(self.texts, load_taught(path), strict=True))


def answered(network: ReaderNetwork, examples: Sequence[Example]) -> list[Taught]:
    """What ``network`` answers to each example, in order."""
    found: list[Taught | None] = [None] * len(examples)
    network.eval()
    for places in batches([len(example.ids) for example in examples], _BATCH_TOKENS):
        batch = padded([examples[at] for at in places])
        with torch.no_grad(), half_precision():
            logits = network(batch.ids, batch.mask)
        sentiments = logits.sentiments.softmax(-1).numpy().astype(np.float16)
        categories = logits.categories.sigmoid().numpy().astype(np.float16)
        by_token = [logits.spans.sigmoid(), logits.types.softmax(-1), logits.strengths.softmax(-1)]
        tokens = torch.cat(by_token, -1).numpy().astype(np.float16)
        for row, at in enumerate(places):
            own = tokens[row, : len(examples[at].ids)].copy()
            found[at] = Taught(sentiments[row], categories[row], own)
    return [one for one in found if one is not None]


def read_unlabelled(
    data: Path, measured: Sequence[LabelledComment], seed: int, reddit: int = REDDIT
) -> list[str]:
    """Texts of the streams whose terms allow weights learned from them: Reddit posts, reviews of
    apps and of games; and comments written for it of trades whose streams' terms do not. None is a
    near-copy of a ``measured`` comment.

    Raises ``DataError`` where a stream is missing.
    """
    by_domain: dict[str, list[str]] = {"app": [], "reddit": []}
    for (uid, _), text in stream_texts(data).items():
        by_domain[uid.partition(":")[0]].append(text)
    posts = by_domain["reddit"]
    chance = random.Random(seed)  # noqa: S311  draws texts, guards no secret
    drawn = chance.sample(posts, min(reddit, len(posts)))
    with (data / "streams" / "steam_reviews.jsonl").open(encoding="utf-8") as lines:
        games = [json.loads(line)["review"].strip() for line in lines]
    with (LABELS / "unlabelled.jsonl").open(encoding="utf-8") as lines:
        written = [json.loads(line)["text"] for line in lines]
    texts = [text for text in dict.fromkeys([*drawn, *by_domain["app"], *games, *written]) if text]
    return unlike_texts(texts, [comment.text for comment in measured])
