"""Ask vectors: asks for the same thing lie close, whatever their words and their language.

Item and quote are read as one text by multilingual-e5-small (Wang et al. 2024), whose layers
learned once which wordings are one want. The network that reads comments may change with every
training, this one stays, so that vectors of years can be compared. The directions in which asks
differ most are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from classify.lookup import Lookup
from classify.network import EMBEDDED_INPUTS, Graph, Specials, one_thread, tokenizer_of
from classify.pieces import FRAME

Floats = npt.NDArray[np.float32]

MEAN = "means"
"""The output of the graph: the mean of a text's tokens, of length one."""
PREFIX = "query: "
"""What e5 was trained to see before a text that is compared with its like."""
MOST_TOKENS = 64
"""Tokens of an ask that are read."""


def ask_text(item: str, quote: str) -> str:
    """An ask as one text: what is asked for, then the words that ask."""
    return quote if item == quote else f"{item}: {quote}"


def tokens_of(texts: Sequence[str], words: Tokenizer, specials: Specials) -> list[list[int]]:
    """The numbers of the tokens that the network reads of each text, here as in its training."""
    encodings = words.encode_batch([PREFIX + text for text in texts], add_special_tokens=False)
    return [[specials.start, *one.ids[: MOST_TOKENS - FRAME], specials.end] for one in encodings]


@dataclass(frozen=True, slots=True, eq=False)
class WantSpace:
    """A linear map (384, dim) behind the frozen network, from which ``mean`` (384,) is taken."""

    mean: Floats
    projection: Floats

    def place(self, rows: Floats) -> Floats:
        """Unit vectors (n, dim) of what the network answered, (n, 384)."""
        return unit(np.asarray((rows - self.mean) @ self.projection, dtype=np.float32))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {"mean": self.mean, "projection": self.projection.astype(np.float16)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> WantSpace:
        """The map that ``arrays`` described."""
        mean, projection = (arrays[name].astype(np.float32) for name in ("mean", "projection"))
        return cls(mean, projection)


def unit(rows: Floats) -> Floats:
    """Rows brought to length one; a row of nothing but zeros gets a fixed direction."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found = np.where(lengths > 1e-6, rows, np.eye(1, rows.shape[1], dtype=np.float32))
    return np.asarray(found / np.where(lengths > 1e-6, lengths, 1.0), dtype=np.float32)


class FrozenNetwork:
    """The network of asks, with one thread; made at the first text, so that it can be pickled."""

    def __init__(self, graph: Graph, tokenizer: str, specials: Specials, lookup: Lookup) -> None:
        self.graph = graph
        self.tokenizer = tokenizer
        self.specials = specials
        self.lookup = lookup

    def __getstate__(self) -> dict[str, object]:
        made = ("_session", "_words")
        return {name: value for name, value in self.__dict__.items() if name not in made}

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return one_thread(self.graph)

    @cached_property
    def _words(self) -> Tokenizer:
        return tokenizer_of(self.tokenizer)

    def read(self, texts: Sequence[str]) -> Floats:
        """One row per text, (n, 384), of length one. Equal texts are read once."""
        distinct = list(dict.fromkeys(texts))
        width = self.lookup.values.shape[1]
        if not distinct:
            return np.zeros((0, width), np.float32)
        place = {text: row for row, text in enumerate(distinct)}
        # One text a time: in int8 the scale of a batch would let a text's vector depend on its
        # company, and for texts so short a batch is no faster.
        rows = np.stack([self._row(own) for own in tokens_of(distinct, self._words, self.specials)])
        return np.asarray(rows[[place[text] for text in texts]], dtype=np.float32)

    def _row(self, own: Sequence[int]) -> Floats:
        ids = np.array([own], np.int64)
        fed = dict(zip(EMBEDDED_INPUTS, (self.lookup.rows(ids), np.ones_like(ids)), strict=True))
        (rows,) = self._session.run([MEAN], fed)
        return np.asarray(rows[0], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class VectorEncoder:
    """The frozen network and the map behind it.

    ``version`` names the encoder: vectors of two versions cannot be compared.
    """

    version: str
    network: FrozenNetwork
    space: WantSpace

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.space.projection.shape[1])

    def encode(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """Unit vectors (n, dim) of n asks."""
        return self.space.place(self.network.read(list(map(ask_text, items, quotes))))
