"""The shipped network: whole comments in, the answers of every head out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from classify.lookup import Lookup

Floats = npt.NDArray[np.float32]

INPUTS = ("ids", "mask")
EMBEDDED_INPUTS = ("embeddings", "mask")
"""Those of a graph whose table of pieces is kept apart from it."""
COMMENT_OUTPUTS = ("sentiments", "categories", "vectors")
TOKEN_OUTPUTS = ("spans", "types", "strengths", "names")
OUTPUTS = (*COMMENT_OUTPUTS, *TOKEN_OUTPUTS)
WINDOW = 192
"""Tokens that are read at once; a longer comment is read window by window."""
MOST_WINDOWS = 24
"""Windows of one comment that are read, some 15,000 characters; the rest is left."""
WORD_MARK = "▁"
"""The piece that some tokenizers put before a word and that stands for no character."""
_BATCH_TOKENS = 2048


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


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """What was read of each of n tokens of a comment.

    ``offsets`` (n, 2) count characters of the comment. ``spans`` (n, 3) are the probabilities to
    lie in a quote, to begin one, and to belong to the item; ``types`` (n, 9), ``strengths`` (n, 3)
    and ``names`` (n, shared names + 1) those of the ask around the token.
    """

    offsets: npt.NDArray[np.int32]
    spans: Floats
    types: Floats
    strengths: Floats
    names: Floats


NO_TOKENS = Tokens(
    np.zeros((0, 2), np.int32), *(np.zeros((0, width), np.float32) for width in (3, 9, 3, 1))
)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One comment read: ``sentiments`` (4,) probabilities, ``categories`` (9,) logits, ``vector``
    (384,) what further heads can be learned on, and its tokens."""

    sentiments: Floats
    categories: Floats
    vector: Floats
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of one comment's tokens that fits a window."""

    comment: int
    ids: list[int]
    offsets: list[tuple[int, int]]


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
        graph: bytes,
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
        return Tokenizer.from_str(self._tokenizer)

    @cached_property
    def _mark(self) -> int | None:
        return word_mark(self._words)

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """The answers for each text, in order; a text may be empty or hold anything.

        Equal texts are read once: streams are full of them.
        """
        distinct = list(dict.fromkeys(texts))
        answers = dict(zip(distinct, self._read(distinct), strict=True))
        return [answers[text] for text in texts]

    def _read(self, texts: Sequence[str]) -> list[Answers]:
        encodings = self._words.encode_batch(list(texts), add_special_tokens=False)
        pieces = [
            piece
            for at, encoding in enumerate(encodings)
            for piece in _pieces(at, encoding.ids, offsets_of(encoding, self._mark))
        ]
        read: list[list[tuple[_Piece, list[Floats]]]] = [[] for _ in texts]
        for batch in _batches(pieces):
            for piece, heads in zip(batch, self._run(batch), strict=True):
                read[piece.comment].append((piece, heads))
        return [_joined(own) for own in read]

    def _run(self, batch: Sequence[_Piece]) -> list[list[Floats]]:
        width = max(len(piece.ids) for piece in batch) + 2
        ids: npt.NDArray[Any] = np.full((len(batch), width), self._specials.pad, np.int64)
        mask = np.zeros((len(batch), width), np.int64)
        for row, piece in enumerate(batch):
            n = len(piece.ids) + 2
            ids[row, :n] = [self._specials.start, *piece.ids, self._specials.end]
            mask[row, :n] = 1
        whole = len(COMMENT_OUTPUTS)
        names, read = (INPUTS, ids)
        if self._lookup is not None:
            names, read = (EMBEDDED_INPUTS, self._lookup.rows(ids))
        heads = self._session.run(list(OUTPUTS), dict(zip(names, (read, mask), strict=True)))
        return [
            [head[row] for head in heads[:whole]]
            + [head[row, 1 : len(piece.ids) + 1] for head in heads[whole:]]
            for row, piece in enumerate(batch)
        ]


def one_thread(graph: bytes) -> onnxruntime.InferenceSession:
    """A session of one thread: the pool of processes uses the cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


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


def _pieces(comment: int, ids: list[int], offsets: list[tuple[int, int]]) -> list[_Piece]:
    size = WINDOW - 2
    count = min(MOST_WINDOWS, max(1, -(-len(ids) // size)))
    # windows of one length, so that the last one is no scrap without its sentence
    cut = -(-min(len(ids), count * size) // count)
    return [
        _Piece(comment, ids[at : at + cut], offsets[at : at + cut])
        for at in range(0, max(1, cut * count), max(1, cut))
    ][:count]


def _batches(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces of like length together; the comment's order is kept by a stable sort."""
    batches: list[list[_Piece]] = []
    widest = 0
    for piece in sorted(pieces, key=lambda piece: len(piece.ids)):
        widest = len(piece.ids) + 2
        if not batches or (len(batches[-1]) + 1) * widest > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(piece)
    return batches


def _joined(read: Sequence[tuple[_Piece, list[Floats]]]) -> Answers:
    """A comment of one window, or of several: a category holds where one window says so, the
    sentiment is the mean over the text."""
    read = sorted(read, key=lambda one: one[0].offsets[0][0] if one[0].offsets else 0)
    sizes = np.array([max(1, len(piece.ids)) for piece, _ in read], np.float32)
    heads = [list(parts) for parts in zip(*(own for _, own in read), strict=True)]
    offsets = [pair for piece, _ in read for pair in piece.offsets]
    return Answers(
        np.average(heads[0], axis=0, weights=sizes).astype(np.float32),
        np.max(heads[1], axis=0),
        np.average(heads[2], axis=0, weights=sizes).astype(np.float32),
        Tokens(
            np.array(offsets, np.int32).reshape(-1, 2),
            *(np.concatenate(parts) for parts in heads[3:]),
        ),
    )
