"""Ask vectors: asks for the same thing lie close, whatever their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.ngrams import NgramSpace

Floats = npt.NDArray[np.float32]
ITEM_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class AskEncoder:
    """N-grams of item and quote, projected by a truncated SVD (latent semantic analysis,
    Deerwester et al. 1990). ``projection`` is (n-grams, dim).

    ``version`` names the encoder: vectors of two versions cannot be compared.
    """

    version: str
    space: NgramSpace
    projection: Floats

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.projection.shape[1])

    def encode(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """Unit vectors (n, dim) of n asks, the item counting ``ITEM_WEIGHT`` times the quote.

        An ask of which no n-gram is known gets a fixed unit vector.
        """
        if not items:
            return np.zeros((0, self.dim), np.float32)
        rows = self.space.matrix(items) * np.float32(ITEM_WEIGHT) + self.space.matrix(quotes)
        vectors = np.asarray(rows @ self.projection, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1)
        unknown = lengths < 1e-6
        vectors[unknown, 0] = 1.0
        lengths[unknown] = 1.0
        return np.asarray(vectors / lengths[:, None], dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        scale = np.abs(self.projection).max(axis=0) / 127 + np.float32(1e-12)
        return {
            **self.space.arrays("ask"),
            "projection": np.round(self.projection / scale).astype(np.int8),
            "scale": scale.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], version: str) -> AskEncoder:
        """The encoder that ``arrays`` described."""
        scale = np.asarray(arrays["scale"], dtype=np.float32)
        projection = np.asarray(arrays["projection"], dtype=np.float32) * scale
        return cls(version, NgramSpace.from_arrays(arrays, "ask"), projection)
