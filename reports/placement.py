"""Every ask of the project in its group, and the remembered signal that each group is.

A signal is the same whatever the window of a report: asks are grouped over all that was ever
heard, and only then counted in the window.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from earful.ruling import Ruling
from earful.settings import Settings
from earful.store.memory import Memory
from reports.arrangement import Arrangement, arrange
from reports.asks import read_asks
from reports.fact_tables import FactTables, Window
from reports.grouping import Grouping, group_asks
from reports.phrases import brand_names
from reports.recollection import Recollection, recollect


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """``asks`` are all relevant asks (see ``reports.asks.read_asks``), grouped by ``grouping``;
    ``found`` tells who the groups are."""

    asks: pd.DataFrame
    grouping: Grouping
    found: Recollection
    brand: re.Pattern[str] | None

    def arranged(self, ruling: Ruling | None) -> Arrangement:
        """The asks in the signals that a report lists under a taxonomy."""
        return arrange(self.asks, self.grouping, self.found.of, ruling, self.brand)

    def rows_in(self, window: Window) -> npt.NDArray[np.bool_]:
        """Which asks belong to a window; without a date only to one that is open."""
        inside = pd.Series(True, index=self.asks.index)
        if window.sources is not None:
            inside &= self.asks["source"].isin(window.sources)
        if window.since is not None:
            inside &= self.asks["created_at"] >= pd.Timestamp(window.since)
        if window.until is not None:
            inside &= self.asks["created_at"] < pd.Timestamp(window.until)
        return inside.to_numpy(dtype=bool)


def place_asks(
    tables: FactTables, settings: Settings, memory: Memory | None = None, *, vectors: bool = False
) -> Placement:
    """Group all asks, and give the groups the ids and names of the signals in ``memory``.

    The asks keep their column ``vector`` where ``vectors`` are wanted; it is most of their memory.
    """
    brand = brand_names(
        name for brand in settings.brand for name in (brand.name, *brand.names, *brand.misspellings)
    )
    asks = read_asks(tables, Window())
    grouping = group_asks(asks, brand)
    found = recollect(asks, grouping, memory, brand)
    return Placement(asks if vectors else asks.drop(columns="vector"), grouping, found, brand)
