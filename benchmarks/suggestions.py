"""Measures the network on the public task of telling suggestions (SemEval-2019 task 9).

Run from the checkout: ``python -m benchmarks.suggestions --work out/training [--epochs 3]
[--seeds 3]``; prints and writes ``benchmarks/suggestions.json``. The trained network of a build (in
the work folder) gets one more head, learns the task's training part of sub-task A (software forum)
once per seed, the answers being averaged, and is measured on the development parts of A and,
without any hotel review to learn from, of B. The texts are licensed for research only: the weights
are thrown away. A forum has no advice for other guests ("bring earplugs"), which B takes for a
suggestion: what that is, the head learns from sentences written for it (``tips.tsv``), none of
which is about a place to sleep.

What is called a suggestion is decided in two ways: by the threshold that was best on what was held
back from learning (a part of the training set for A, the tips of every fourth subject for B), and
as the likelier half of the part. Both are told that half of a development part are suggestions, as
they were made, and no label of it: what was held back is weighed to be balanced. The second shows
how well the sentences are ordered.
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
TIPS = HERE / "tips.tsv"
RESULT = HERE / "suggestions.json"
SEED = 11
CUTS = np.arange(0.02, 0.8, 0.02)
"""The thresholds that are tried."""
TIPS_TIMES, HELD_SUBJECT = 4, 4
"""How often each of the sentences written for it is learned in an epoch, for they are few; one
subject in so many is held back."""


def read_sentences(name: str) -> tuple[list[str], np.ndarray]:  # type: ignore[type-arg]
    """The sentences of one part and whether each is a suggestion."""
    with (DATA / "requests" / f"suggestions_{name}.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        rows = list(csv.DictReader(lines))
    return [row["sentence"] for row in rows], np.array([row["label"] == "1" for row in rows])


def read_tips(*, held: bool) -> tuple[list[str], np.ndarray]:  # type: ignore[type-arg]
    """Sentences of reviews written for this and whether each is advice: those of every
    ``HELD_SUBJECT``th subject, or the others."""
    with TIPS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    subjects = list(dict.fromkeys(row["about"] for row in rows))
    rows = [row for row in rows if (subjects.index(row["about"]) % HELD_SUBJECT == 0) == held]
    return [row["sentence"] for row in rows], np.array([row["tip"] == "1" for row in rows])


def f1(held: np.ndarray, called: np.ndarray, rest: float = 1.0) -> float:  # type: ignore[type-arg]
    """F1 of the suggestions, where each of the other sentences counts as ``rest``."""
    told = (held & called).sum() + rest * (~held & called).sum()
    return 2 * float((held & called).sum()) / max(1.0, float(held.sum() + told))


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
    learned = examples(texts[cut:], labels[cut:])
    learned += examples(*read_tips(held=False)) * TIPS_TIMES
    plan = Plan(epochs=chosen.epochs, rate=1e-4)

    def epoch(chance: random.Random) -> Sequence[Example]:
        return learned

    def on_step(step: int, of: int, loss: float) -> None:
        if step % 100 == 0:
            print(f"step {step} of {of}, loss {loss:.3f}", flush=True)

    # the cuts are chosen on what was held back, never on a development part
    parts = {
        "A_held": (texts[:cut], labels[:cut]),
        "B_held": read_tips(held=True),
        **{name: read_sentences(name) for name in ("A_dev", "B_dev")},
    }
    read = {name: examples(*part) for name, part in parts.items()}
    found = {name: np.zeros(len(part)) for name, part in read.items()}
    for seed in range(SEED, SEED + chosen.seeds):
        network = way.untrained()
        network.load_state_dict(weights)
        mask = mask_of(material.tokenizer)
        trained = fine_tune(network, epoch, plan, seed, mask, on_step)
        for name, part in read.items():
            found[name] += likely(trained, part) / chosen.seeds
    result: dict[str, object] = {"epochs": chosen.epochs, "seeds": chosen.seeds}
    for name in ("A", "B"):
        held, scores = parts[f"{name}_held"][1], found[f"{name}_held"]
        rest = held.sum() / (~held).sum()
        reached = np.array([f1(held, scores >= one, rest) for one in CUTS])
        # the middle one, where several are best
        threshold = np.median(CUTS[reached >= reached.max() - 1e-9])
        true, told = parts[f"{name}_dev"][1], found[f"{name}_dev"]
        result[f"{name}_dev"] = {
            "threshold": round(float(threshold), 2),
            "f1": round(f1(true, told >= threshold), 4),
            "f1_of_the_likelier_half": round(f1(true, told >= np.median(told)), 4),
            "auc": round(float(roc_auc_score(true, told)), 4),
            "sentences": len(true),
            "suggestions": int(true.sum()),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
