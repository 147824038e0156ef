"""The shipped network: whole comments in, the answers of every head out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from classify.answers import Answers, Tokens
from classify.lookup import Lookup
from classify.pieces import FRAME, Piece, batches, joined, pieces_of, read_once

Ids = npt.NDArray[np.int64]
Head = npt.NDArray[np.float32]
Graph = bytes | Path
"""An ONNX graph, or the file that it is in."""
INPUTS = ("ids", "mask")
EMBEDDED_INPUTS = ("embeddings", "mask")
"""Those of a graph whose table of pieces is kept apart from it."""
COMMENT_OUTPUTS = ("sentiments", "categories", "vectors")
TOKEN_OUTPUTS = ("spans", "types", "strengths", "names")
OUTPUTS = (*COMMENT_OUTPUTS, *TOKEN_OUTPUTS)
WORD_MARK = "▁"
"""The piece that some tokenizers put before a word and that stands for no character."""
_SLOWER = ["SkipLayerNormFusion"]
"""What onnxruntime does to make a graph faster and does not: a sum and its norm in one step take
eight times as long as the norm alone, a sixth of the whole."""
_BATCH_TOKENS = 512
"""Four times as many take 120 MB more and are read a fifth slower: they leave the caches."""


@dataclass(frozen=True, slots=True)
class Specials:
    """The numbers of the tokens that begin, end and pad what is read; BERT's unless told."""

    start: int = 101
    end: int = 102
    pad: int = 0

    def settings(self) -> dict[str, int]:
        """As plain numbers, for the manifest."""
        return asdict(self)

    @classmethod
    def from_settings(cls, stored: Mapping[str, Any]) -> Specials:
        """The numbers that ``settings`` described."""
        return cls(int(stored["start"]), int(stored["end"]), int(stored["pad"]))


class Reads(Protocol):
    """What answers for every head: the shipped network, or a recording of it."""

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """The answers for each text, in order."""
        ...


class Network:
    """Reads with one thread; the session is made at the first comment, so it can be pickled.

    ``lookup`` is the table of pieces where the graph takes rows of it (``EMBEDDED_INPUTS``) instead
    of token numbers.
    """

    def __init__(
        self,
        graph: Graph,
        tokenizer: str,
        specials: Specials | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._graph = graph
        self._tokenizer = tokenizer
        self._specials = specials or Specials()
        self._lookup = lookup

    def __getstate__(self) -> dict[str, object]:
        return {
            "_graph": self._graph,
            "_tokenizer": self._tokenizer,
            "_specials": self._specials,
            "_lookup": self._lookup,
        }

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return one_thread(self._graph)

    @cached_property
    def _words(self) -> Tokenizer:
        return tokenizer_of(self._tokenizer)

    @cached_property
    def _mark(self) -> int | None:
        return word_mark(self._words)

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """The answers for each text, in order; a text may be empty or hold anything.

        Equal texts are read once: streams are full of them.
        """
        return read_once(texts, self._read)

    def cut(self, texts: Sequence[str]) -> list[Piece]:
        """The windows of each text, in order; a text has at least one."""
        encodings = self._words.encode_batch(list(texts), add_special_tokens=False)
        return [
            piece
            for at, encoding in enumerate(encodings)
            for piece in pieces_of(at, encoding.ids, offsets_of(encoding, self._mark))
        ]

    def read_pieces(self, pieces: Sequence[Piece]) -> list[Answers]:
        """The answers for each piece, in order, as if it were a comment."""
        answers: list[Answers | None] = [None] * len(pieces)
        for places in batches([len(piece.ids) + FRAME for piece in pieces], _BATCH_TOKENS):
            read = self._run([pieces[at] for at in places])
            for at, own in zip(places, read, strict=True):
                answers[at] = own
        return [one for one in answers if one is not None]

    def _read(self, texts: Sequence[str]) -> list[Answers]:
        pieces = self.cut(texts)
        return joined(pieces, self.read_pieces(pieces))

    def _run(self, batch: Sequence[Piece]) -> list[Answers]:
        return answered(batch, self._heads(*padded(batch, self._specials)))

    def _heads(self, ids: Ids, mask: Ids) -> Sequence[Head]:
        """What the graph answers to the tokens ``ids`` (n, width), in the order of ``OUTPUTS``."""
        table = self._lookup
        fed = (
            zip(INPUTS, (ids, mask), strict=True)
            if table is None
            else zip(EMBEDDED_INPUTS, (table.rows(ids), mask), strict=True)
        )
        heads: Sequence[Head] = self._session.run(list(OUTPUTS), dict(fed))
        return heads


def padded(batch: Sequence[Piece], specials: Specials) -> tuple[Ids, Ids]:
    """The pieces of a batch as token numbers (n, width), and which of these are read."""
    width = max(len(piece.ids) for piece in batch) + FRAME
    ids = np.full((len(batch), width), specials.pad, np.int64)
    mask = np.zeros((len(batch), width), np.int64)
    for row, piece in enumerate(batch):
        n = len(piece.ids) + FRAME
        ids[row, :n] = [specials.start, *piece.ids, specials.end]
        mask[row, :n] = 1
    return ids, mask


def answered(batch: Sequence[Piece], heads: Sequence[Head]) -> list[Answers]:
    """What the ``heads``, in the order of ``OUTPUTS``, say of each piece of a batch."""
    sentiments, categories, vectors, *by_token = heads
    return [
        Answers(
            sentiments[row],
            categories[row],
            vectors[row],
            Tokens(
                np.array(piece.offsets, np.int32).reshape(-1, 2),
                *(head[row, 1 : len(piece.ids) + 1] for head in by_token),
            ),
        )
        for row, piece in enumerate(batch)
    ]


def one_thread(graph: Graph) -> onnxruntime.InferenceSession:
    """A session of one thread: the pool of processes uses the cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    read = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(
        read, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
    )


@lru_cache(maxsize=4)
def tokenizer_of(stored: str) -> Tokenizer:
    """A tokenizer from its JSON; two networks with the same words share one."""
    return Tokenizer.from_str(stored)


def word_mark(tokenizer: Tokenizer) -> int | None:
    """The number of the piece that is nothing but the mark of a word, if there is one."""
    number: int | None = tokenizer.token_to_id(WORD_MARK)
    return number


def offsets_of(encoding: Encoding, mark: int | None) -> list[tuple[int, int]]:
    """Where each token stands, in characters; the mark of a word takes no room.

    The tokenizer lays it over the first character of the word, which the next token has too.
    """
    offsets: list[tuple[int, int]] = encoding.offsets
    if mark is None:
        return offsets
    return [
        (start, start) if number == mark else (start, end)
        for number, (start, end) in zip(encoding.ids, offsets, strict=True)
    ]
