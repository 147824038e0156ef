"""Measures the grouping on labels of others: intents said many ways, and bugs reported twice.

Run from the checkout, with the data beside it: ``python -m benchmarks.grouping``; prints and writes
``benchmarks/grouping.json``. The grouping is told neither the labels nor how many there are. An
utterance is taken as an ask that was quoted whole; its item is what the product makes of a quote
without its network (the words but for filler), its vector that of the shipped encoder.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from benchmarks.grouper import Grouper, asks_frame, product
from benchmarks.planted.measures import pair_counting
from classify.tagger import Tagger
from earful.errors import DataError

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data" / "grouping"
RESULT = HERE / "grouping.json"
INTENTS = {
    "banking77": ("banking77_train.csv", "category"),
    "clinc150": ("clinc150_train.csv", "intent"),
}
OUT_OF_SCOPE = "oos"
BUGS = ("seamonkey", "hadoop")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How groups agree with labels. ``groups`` hold two asks or more, ``alone`` asks stand alone.

    ``nmi_alone`` is the NMI of putting nothing together at all, which NMI is kind to.
    """

    asks: int
    labels: int
    groups: int
    alone: int
    nmi: float
    nmi_alone: float
    ari: float
    pair_f1: float
    pair_precision: float
    pair_recall: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Bug reports that are known to be the same: how many of the ``pairs`` are ``together``.

    ``chance`` is the share of all pairs of reports that are together: what a pair that has nothing
    to do with one another has. ``largest`` is the size of the largest group.
    """

    reports: int
    pairs: int
    together: int
    chance: float
    groups: int
    largest: int


def agreement(labels: Sequence[str], groups: Sequence[int]) -> Agreement:
    """Compare the group of every ask with its label."""
    sizes = Counter(groups)
    pairs = pair_counting(labels, groups)
    return Agreement(
        asks=len(labels),
        labels=len(set(labels)),
        groups=sum(size > 1 for size in sizes.values()),
        alone=sum(size == 1 for size in sizes.values()),
        nmi=round(float(normalized_mutual_info_score(labels, groups)), 4),
        nmi_alone=round(float(normalized_mutual_info_score(labels, range(len(labels)))), 4),
        ari=round(float(adjusted_rand_score(labels, groups)), 4),
        pair_f1=round(pairs.f1, 4),
        pair_precision=round(pairs.precision, 4),
        pair_recall=round(pairs.recall, 4),
    )


def duplicates(ids: Sequence[str], pairs: set[frozenset[str]], groups: Sequence[int]) -> Duplicates:
    """Which of the known ``pairs`` of reports are in one group."""
    group_of = dict(zip(ids, groups, strict=True))
    sizes = Counter(groups)
    together = sum(comb(size, 2) for size in sizes.values())
    return Duplicates(
        reports=len(ids),
        pairs=len(pairs),
        together=sum(len({group_of[one] for one in pair}) == 1 for pair in pairs),
        chance=round(together / comb(len(ids), 2), 6),
        groups=sum(size > 1 for size in sizes.values()),
        largest=max(sizes.values()),
    )


def as_asks(texts: Sequence[str], tagger: Tagger) -> pd.DataFrame:
    """Every text as an ask that is quoted whole, and in which no item is told apart."""
    return asks_frame(texts, texts, tagger.ask_vectors(texts, texts), tagger.vector_version)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a set; raises ``DataError`` where it is not there."""
    if not path.is_file():
        raise DataError(
            "the labelled set is not there", where=str(path), next_step="Give --data FOLDER."
        )
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        return list(csv.DictReader(lines))


def known_pairs(path: Path, ids: set[str]) -> set[frozenset[str]]:
    """Pairs of reports that are the same, both of which are among ``ids``; each pair once."""
    rows = (frozenset((row["Issue id"], row["Duplicate id"])) for row in read_rows(path))
    return {pair for pair in rows if len(pair) == 2 and pair <= ids}


def measure(data: Path, tagger: Tagger, grouper: Grouper = product) -> dict[str, Any]:
    """All sets, with the CPU seconds that the grouping took."""
    told: dict[str, Any] = {"encoder": tagger.vector_version}

    def grouped(texts: Sequence[str]) -> tuple[list[int], float]:
        asks = as_asks(texts, tagger)
        started = time.process_time()
        groups = np.asarray(grouper(asks)).tolist()
        return groups, round(time.process_time() - started, 1)

    for name, (file, column) in INTENTS.items():
        rows = [row for row in read_rows(data / file) if row[column] != OUT_OF_SCOPE]
        groups, seconds = grouped([row["text"] for row in rows])
        found = agreement([row[column] for row in rows], groups)
        told[name] = {**asdict(found), "cpu_seconds": seconds}
    for name in BUGS:
        rows = read_rows(data / f"{name}_bugs.csv")
        ids = [row["Issue id"] for row in rows]
        groups, seconds = grouped([row["Summary"] for row in rows])
        pairs = known_pairs(data / f"{name}_duplicate_pairs.csv", set(ids))
        told[name] = {**asdict(duplicates(ids, pairs, groups)), "cpu_seconds": seconds}
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    told = measure(arguments.data, Tagger.load())
    told["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
