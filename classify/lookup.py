"""The table of a network's pieces of words, kept apart from its graph: int8, a scale per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_LARGEST = 127


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Rows of v pieces by their number: ``values`` (v, d) int8 times ``scales`` (v,).

    It stands outside the graph because several networks may read the same table, and because a
    graph would hold each row anew.
    """

    values: npt.NDArray[np.int8]
    scales: Floats

    def rows(self, ids: npt.NDArray[np.int64]) -> Floats:
        """The rows of ``ids`` (any shape), of the shape of ``ids`` and d."""
        found: Floats = self.values[ids].astype(np.float32)
        found *= self.scales[ids][..., None]
        return found

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {"values": self.values, "scales": self.scales}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Lookup:
        """The table that ``arrays`` described."""
        values, scales = arrays["values"], arrays["scales"]
        return cls(values.astype(np.int8, copy=False), scales.astype(np.float32, copy=False))

    @classmethod
    def of(cls, rows: Floats) -> Lookup:
        """A table as near to ``rows`` (v, d) as int8 allows: within 1/254 of a row's largest."""
        scales = np.abs(rows).max(axis=1) / _LARGEST
        divisors = np.where(scales > 0, scales, 1.0)[:, None]
        values = np.rint(rows / divisors).astype(np.int8)
        return cls(values, scales.astype(np.float32))
