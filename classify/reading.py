"""What every reader answers: the tags of comments before they are dressed for the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classify.clauses import Clause

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FoundAsk:
    """An ask that was read: ``text[start:end]`` is its quote, ``around`` the sentence it stands in.

    ``item`` is what the reader takes for the thing asked for, before a project's products and the
    codebook's names have their say; ``named`` says that it is one of those names already.
    """

    start: int
    end: int
    around: Clause
    item: str
    named: bool
    type: str
    strength: int
    explicit: bool
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """n comments read: ``categories`` (n, 9) and ``sentiments`` (n, 4) are probabilities,
    ``chosen`` (n, 9) says which categories hold, ``asks`` lists each comment's in text order.
    ``vectors`` (n, dim) are what heads read, where every comment was read in full."""

    categories: Floats
    sentiments: Floats
    chosen: npt.NDArray[np.bool_]
    asks: list[list[FoundAsk]]
    vectors: Floats | None = None


class Reader(Protocol):
    """Reads comments of one language or several."""

    def read(self, texts: Sequence[str]) -> Reading:
        """What stands in ``texts``; at least one, each may be empty or hold anything."""
        ...
