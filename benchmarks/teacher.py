"""What the teacher of the English network reads right, on the fold that it did not learn from.

It tells how far the network that ships stays behind a larger one with the same labels. Run from the
checkout after a build: ``python -m benchmarks.teacher --work out/training``; prints and writes
``benchmarks/teacher.json``. The teacher's weights are in the work folder and nowhere else. What
picks the words of items is the shipped model, which has seen the fold, so items are told a little
too good.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from classify.evaluation import Summary, evaluate
from classify.item_model import ItemModel
from classify.network import Head, Ids, Network
from classify.shipped import read_artifact
from classify.tagger import ITEMS, ask_encoder, others_reader
from classify.training.__main__ import installed_base
from classify.training.build import SEED, read_corpus
from classify.training.cross_validation import held_out_tags
from classify.training.export import probabilities
from classify.training.outside import measure_sentiment
from classify.training.precision import half_precision
from classify.training.reader_network import ReaderNetwork
from classify.training.recipe import English, Material
from classify.training.steps import StagedTraining
from classify.training.whole import TEACHER

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULT = HERE / "teacher.json"
TWEETS = 2_000
FIGURES = (
    "sentiment_macro_f1",
    "request_f1",
    "main_macro_f1",
    "ask_char_f1",
    "item_word_match",
    "type_accuracy",
    "strength_accuracy",
)


class TorchReads(Network):
    """A network that was not exported, read window by window like one that was."""

    def __init__(self, network: ReaderNetwork, tokenizer: str) -> None:
        super().__init__(b"", tokenizer)
        self._network = network.eval()

    def _heads(self, ids: Ids, mask: Ids) -> Sequence[Head]:
        with torch.no_grad(), half_precision():
            heads = probabilities(self._network(torch.from_numpy(ids), torch.from_numpy(mask)))
        return [head.numpy() for head in heads]


def main() -> None:
    """Read the fold, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    chosen = parser.parse_args()
    corpus = read_corpus(DATA)
    material = Material.gather(
        installed_base(), corpus.english, corpus.further, corpus.tweets, corpus.reported
    )
    work = chosen.work / TEACHER
    way = English.teacher(material, work / "base")
    training = StagedTraining(work, way, corpus.english, SEED)
    reads = TorchReads(training.without(0), material.tokenizer.to_str())
    held = training.parted(0)[1]
    answers = dict(
        zip(
            [comment.uid for comment in held],
            reads.read([comment.text for comment in held]),
            strict=True,
        )
    )
    shipped = read_artifact()
    items = [ItemModel.from_arrays(shipped.parts[ITEMS])]
    others, encoder = others_reader(shipped), ask_encoder(shipped)
    tags = held_out_tags(corpus.english, [answers], material.names, items, others, encoder)
    measured = evaluate([comment.record() for comment in held], tags)
    tweets = measure_sentiment(reads, corpus.tweets, TWEETS)["en"]
    result = {
        **_figures(measured.overall),
        "tweets_macro_recall": round(tweets.macro_recall, 4),
        "by_stream": {name: _figures(one) for name, one in measured.by_domain.items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def _figures(summary: Summary) -> dict[str, object]:
    found = {name: round(getattr(summary, name), 4) for name in FIGURES}
    return {"comments": summary.comments, "asks": summary.asks, **found}


if __name__ == "__main__":
    main()
