"""What a teacher answers to texts, which a smaller network learns to answer too.

Knowledge distillation (Hinton et al. 2015, "Distilling the knowledge in a neural network"): the
probabilities of a larger network say more of a text than its label does, and can be had for texts
that nobody has labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classify.labels import CATEGORIES, SENTIMENTS, STRENGTHS, TYPES

SPANS = 3
TOKEN_WIDTH = SPANS + len(TYPES) + len(STRENGTHS)
Halves = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """The teacher's probabilities for one text of n tokens, those of its frame among them.

    ``sentiment`` (4,), ``categories`` (9,), and by token ``tokens`` (n, 15): to lie in a quote, to
    begin one, to belong to the item, then the types and the strengths of the ask around it.
    """

    sentiment: Halves
    categories: Halves
    tokens: Halves


Lessons = Mapping[str, Taught]
"""What a teacher answers, by the text; of a text that is not there it was not asked."""


def save_taught(path: Path, taught: Sequence[Taught]) -> None:
    """Write what was taught, in order, as one file."""
    nothing = np.zeros((0, TOKEN_WIDTH), np.float16)
    np.savez(
        path,
        sizes=np.array([len(one.tokens) for one in taught], np.int64),
        sentiments=_stacked([one.sentiment for one in taught], len(SENTIMENTS)),
        categories=_stacked([one.categories for one in taught], len(CATEGORIES)),
        tokens=np.concatenate([nothing, *(one.tokens for one in taught)]),
    )


def load_taught(path: Path) -> list[Taught]:
    """What ``save_taught`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        kept = {name: stored[name] for name in stored.files}
    ends = np.cumsum(kept["sizes"]).tolist()
    return [
        Taught(sentiment, categories, kept["tokens"][end - size : end])
        for sentiment, categories, end, size in zip(
            kept["sentiments"], kept["categories"], ends, kept["sizes"].tolist(), strict=True
        )
    ]


def _stacked(rows: Sequence[Halves], width: int) -> Halves:
    return np.array(rows, np.float16).reshape(-1, width)
