"""The product's grouping as one function from asks to groups, and asks to call it with.

Benchmarks of grouping know nothing else of it: where the grouping is rebuilt, ``product`` is all
that has to follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from reports.grouping import NO_GROUP, group_asks

Groups = npt.NDArray[np.int64]
Grouper = Callable[[pd.DataFrame], Groups]
"""Asks, one a row, to the number of each one's group; an ask that stands alone has its own."""


def product(asks: pd.DataFrame) -> Groups:
    """The grouping that reports use."""
    groups = group_asks(asks).group_of.copy()
    alone = groups == NO_GROUP
    groups[alone] = groups.max(initial=NO_GROUP) + 1 + np.arange(alone.sum())
    return groups


def asks_frame(
    items: Sequence[str],
    quotes: Sequence[str],
    vectors: npt.NDArray[np.float32],
    version: str,
    langs: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Asks as ``reports.asks.read_asks`` gives them, each of another person and all of one day.

    ``vectors`` is (n, dim) and made by the encoder ``version``.
    """
    count = len(items)
    return pd.DataFrame(
        {
            "uid": [f"benchmark:import:{n:07d}" for n in range(count)],
            "n": 0,
            "quote": list(quotes),
            "passage": list(quotes),
            "item": list(items),
            "type": "new_offering",
            "strength": 2,
            "moment": None,
            "vector": list(vectors),
            "vector_version": version,
            "source": "benchmark",
            "person": [f"person {n}" for n in range(count)],
            "created_at": pd.Timestamp(datetime(2024, 1, 1)),
            "lang": "en" if langs is None else list(langs),
            "copy_of": None,
            "counted": True,
        }
    )
