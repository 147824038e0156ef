"""Measures vectors and grouping on wants that were written in many wordings.

Run from the checkout: ``python -m benchmarks.wants``; prints and writes ``benchmarks/wants.json``.
Each trade is one project: its asks are told apart from one another only. Items and quotes are given
as a perfect reader would, so that nothing but vectors and grouping is judged.
"""

from __future__ import annotations

import json
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.grouper import Grouper, asks_frame, product
from benchmarks.planted.matching import PURE
from benchmarks.planted.measures import pair_counting
from classify.tagger import Tagger
from classify.training.wants import read_rows

HERE = Path(__file__).resolve().parent
WORDINGS = HERE / "wordings.tsv"
RESULT = HERE.parent / "wants.json"
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to ask for ``item`` of a ``trade``; ``near`` are its near misses."""

    trade: str
    item: str
    near: frozenset[str]
    lang: str
    said: str
    quote: str


@dataclass(frozen=True, slots=True)
class Told:
    """``average_precision`` of all pairs of a trade by their cosine; ``near_auc``: how often two
    wordings of one want are closer than two of near misses; ``nearest_centre``: asks whose own want
    is the closest of the trade's, by the mean of its other wordings. Then the product's groups:
    pairs put together, wants of which one group holds the majority and is pure (``found``), and
    groups of two and more that are pure. ``lone_joined`` is of projects in which no two ask for the
    same: the asks that are put together with another.
    """

    trades: int
    wants: int
    wordings: int
    average_precision: float
    near_auc: float
    nearest_centre: float
    pair_precision: float
    pair_recall: float
    found: float
    pure: float
    lone_joined: float


def read_wordings(path: Path = WORDINGS) -> dict[str, list[Wording]]:
    """All wordings by trade."""
    by_trade: dict[str, list[Wording]] = defaultdict(list)
    for row in read_rows(path):
        near = frozenset(filter(None, row.pop("near").split(",")))
        by_trade[row["trade"]].append(Wording(near=near, **row))
    return dict(by_trade)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of one trade: cosine, whether they are one want, and whether they are near misses."""

    cosine: Floats
    same: npt.NDArray[np.bool_]
    near: npt.NDArray[np.bool_]


def _pairs(wordings: Sequence[Wording], vectors: Floats) -> _Pairs:
    items = np.array([one.item for one in wordings])
    upper = np.triu_indices(len(items), 1)
    near = np.array([[other.item in one.near for other in wordings] for one in wordings])
    return _Pairs(
        (vectors @ vectors.T)[upper],
        (items[:, None] == items[None, :])[upper],
        (near | near.T)[upper],
    )


def _nearest_centre(items: Sequence[str], vectors: Floats) -> list[bool]:
    """For every ask whether its own want's other wordings are closest on average."""
    names, own = np.unique(items, return_inverse=True)
    centres = np.stack([vectors[own == n].sum(axis=0) for n in range(len(names))])
    right = []
    for vector, n in zip(vectors, own.tolist(), strict=True):
        others = centres.copy()
        others[n] -= vector
        others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-9)
        right.append(int((others @ vector).argmax()) == n)
    return right


def _found(items: Sequence[str], groups: Sequence[int]) -> tuple[list[bool], list[bool]]:
    """Whether each want is found, and whether each group of two and more is pure."""
    held: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for item, group in zip(items, groups, strict=True):
        held[group][item] += 1
    found = []
    for item in sorted(set(items)):
        best = max(held.values(), key=lambda inside: inside.get(item, 0))
        majority = best[item] > items.count(item) / 2
        found.append(majority and best[item] >= PURE * sum(best.values()))
    shared = [inside for inside in held.values() if sum(inside.values()) > 1]
    return found, [max(inside.values()) >= PURE * sum(inside.values()) for inside in shared]


def _joined(groups: Sequence[int]) -> list[bool]:
    """Whether each ask shares its group with another."""
    sizes = Counter(groups)
    return [sizes[group] > 1 for group in groups]


def _lone(by_trade: dict[str, list[Wording]]) -> list[list[Wording]]:
    """Projects that hold one wording of every want of all trades."""
    wordings: dict[tuple[str, str], list[Wording]] = defaultdict(list)
    for one in chain.from_iterable(by_trade.values()):
        wordings[one.trade, one.item].append(one)
    return [list(project) for project in zip(*wordings.values(), strict=True)]


def _grouped(
    wordings: Sequence[Wording], tagger: Tagger, grouper: Grouper
) -> tuple[Floats, list[int]]:
    """The vectors of one project's asks, (n, dim), and the group of each."""
    said, quotes = [one.said for one in wordings], [one.quote for one in wordings]
    vectors = tagger.ask_vectors(said, quotes)
    langs = [one.lang for one in wordings]
    asks = asks_frame(said, quotes, vectors, tagger.vector_version, langs)
    return vectors, np.asarray(grouper(asks)).tolist()


def measure(by_trade: dict[str, list[Wording]], tagger: Tagger, grouper: Grouper = product) -> Told:
    """Figures over all trades; pairs of different trades count nowhere."""
    pairs: list[_Pairs] = []
    centre: list[bool] = []
    found: list[bool] = []
    pure: list[bool] = []
    labels: list[str] = []
    numbers: list[str] = []
    for trade, wordings in by_trade.items():
        items = [one.item for one in wordings]
        vectors, groups = _grouped(wordings, tagger, grouper)
        pairs.append(_pairs(wordings, vectors))
        centre += _nearest_centre(items, vectors)
        of_trade, of_groups = _found(items, groups)
        found += of_trade
        pure += of_groups
        labels += [f"{trade}/{item}" for item in items]
        numbers += [f"{trade}/{group}" for group in groups]
    lone = [_joined(_grouped(project, tagger, grouper)[1]) for project in _lone(by_trade)]
    counted = pair_counting(labels, numbers)
    cosine, same, near = (
        np.concatenate([getattr(one, name) for one in pairs]) for name in ("cosine", "same", "near")
    )
    either = same | near
    return Told(
        trades=len(by_trade),
        wants=len(set(labels)),
        wordings=len(labels),
        average_precision=_round(average_precision_score(same, cosine)),
        near_auc=_round(roc_auc_score(same[either], cosine[either])),
        nearest_centre=_share(centre),
        pair_precision=_round(counted.precision),
        pair_recall=_round(counted.recall),
        found=_share(found),
        pure=_share(pure),
        lone_joined=_share(chain.from_iterable(lone)),
    )


def _share(true: Iterable[bool]) -> float:
    return _round(float(np.mean(list(true))))


def _round(number: float) -> float:
    return round(float(number), 3)


def main() -> None:
    tagger = Tagger.load()
    told = {
        "encoder": tagger.vector_version,
        **asdict(measure(read_wordings(), tagger)),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
