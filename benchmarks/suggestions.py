"""Measures the network on the public task of telling suggestions (SemEval-2019 task 9).

Run from the checkout: ``python -m benchmarks.suggestions --work out/training [--epochs 3]
[--seeds 3]``; prints and writes ``benchmarks/suggestions.json``. The trained network of a build (in
the work folder) gets one more head, learns the task's training part of sub-task A (software forum)
once per seed, the answers being averaged, and is measured on the development parts of A and,
without any hotel review to learn from, of B. The texts are licensed for research only: the weights
are thrown away.

What is called a suggestion is decided in two ways: by the threshold that was best on a part of the
training set, and as the likelier half of the part. The second needs to be told that a part is
balanced, as both development parts were made, and no label of it; it shows how well the sentences
are ordered where those of another domain are all less like a forum's suggestions.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from classify.training.__main__ import installed_base
from classify.training.build import read_corpus
from classify.training.examples import Example
from classify.training.fine_tune import Plan, fine_tune, padded
from classify.training.reader_network import ReaderNetwork
from classify.training.recipe import English, Material, mask_of

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULT = HERE / "suggestions.json"
SEED = 11


def read_sentences(name: str) -> tuple[list[str], np.ndarray]:  # type: ignore[type-arg]
    """The sentences of one part and whether each is a suggestion."""
    with (DATA / "requests" / f"suggestions_{name}.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        rows = list(csv.DictReader(lines))
    return [row["sentence"] for row in rows], np.array([row["label"] == "1" for row in rows])


def f1(held: np.ndarray, called: np.ndarray) -> float:  # type: ignore[type-arg]
    """F1 of the suggestions."""
    return 2 * float((held & called).sum()) / max(1.0, float(held.sum() + called.sum()))


def likely(network: ReaderNetwork, examples: Sequence[Example]) -> np.ndarray:  # type: ignore[type-arg]
    """The probability of each example to be a suggestion, (n,)."""
    found = np.zeros(len(examples))
    order = sorted(range(len(examples)), key=lambda at: len(examples[at].ids))
    with torch.no_grad():
        for begin in range(0, len(order), 32):
            places = order[begin : begin + 32]
            batch = padded([examples[at] for at in places])
            logits = network(batch.ids, batch.mask).origins[:, :2]
            found[places] = logits.softmax(-1)[:, 1].numpy()
    return found


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    corpus = read_corpus(DATA)
    material = Material.gather(
        installed_base(), corpus.english, corpus.further, corpus.tweets, corpus.reported
    )
    weights = torch.load(chosen.work / "final.pt", weights_only=True)
    way = English.student(material, installed_base())
    maker = material.maker()

    def examples(texts: Sequence[str], labels: Sequence[bool]) -> list[Example]:
        # the head of the first stage's auxiliary task learns this one instead
        return [
            replace(maker.bare(text), origin=int(label))
            for text, label in zip(texts, labels, strict=True)
        ]

    texts, labels = read_sentences("A_train")
    cut = len(texts) // 12
    held, learned = examples(texts[:cut], labels[:cut]), examples(texts[cut:], labels[cut:])
    plan = Plan(epochs=chosen.epochs, rate=1e-4)

    def epoch(chance: random.Random) -> Sequence[Example]:
        return learned

    def on_step(step: int, of: int, loss: float) -> None:
        if step % 100 == 0:
            print(f"step {step} of {of}, loss {loss:.3f}", flush=True)

    parts = {name: read_sentences(name) for name in ("A_dev", "B_dev")}
    read = {name: examples(*part) for name, part in parts.items()}
    scores, found = np.zeros(cut), {name: np.zeros(len(part)) for name, part in read.items()}
    for seed in range(SEED, SEED + chosen.seeds):
        network = way.untrained()
        network.load_state_dict(weights)
        mask = mask_of(material.tokenizer)
        trained = fine_tune(network, epoch, plan, seed, mask, on_step)
        scores += likely(trained, held) / chosen.seeds
        for name, part in read.items():
            found[name] += likely(trained, part) / chosen.seeds
    # the cut is chosen on a part of the training set, never on a development part
    threshold = max(np.arange(0.1, 0.8, 0.02), key=lambda one: f1(labels[:cut], scores >= one))
    result: dict[str, object] = {
        "threshold": round(float(threshold), 2),
        "epochs": chosen.epochs,
        "seeds": chosen.seeds,
    }
    for name, (_, true) in parts.items():
        result[name] = {
            "f1": round(f1(true, found[name] >= threshold), 4),
            "f1_of_the_likelier_half": round(f1(true, found[name] >= np.median(found[name])), 4),
            "auc": round(float(roc_auc_score(true, found[name])), 4),
            "sentences": len(true),
            "suggestions": int(true.sum()),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
