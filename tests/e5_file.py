"""A small model in the format of the base model's file, with weights drawn at random."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np

from classify.training.e5 import E5, MASK, read_e5

WIDTH, INNER, HEADS, PLACES = 32, 64, 2, 256


def small_e5(path: Path, words: list[str], layers: int = 2) -> E5:
    """Write and read a model whose pieces are the special ones and ``words``, likeliest first."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *words, MASK]
    scores = [0.0] * 4 + [-2.0 - 0.01 * at for at in range(len(words))] + [0.0]
    chance = np.random.default_rng(1)
    tensors: dict[str, bytes] = {}

    def plain(name: str, *shape: int, around: float = 0.0) -> None:
        tensors[name] = (around + chance.normal(0, 0.05, shape)).astype("<f4").tobytes()

    def packed(name: str, *shape: int) -> None:
        blocks = np.zeros(int(np.prod(shape)) // 32, np.dtype([("d", "<f2"), ("q", "u1", 16)]))
        blocks["d"] = 0.05
        blocks["q"] = chance.integers(0, 256, blocks["q"].shape)
        tensors[name] = blocks.tobytes()

    packed("emb.word", len(pieces), WIDTH)
    plain("emb.pos", PLACES, WIDTH)
    plain("emb.type", 2, WIDTH)
    plain("emb.ln.w", WIDTH, around=1)
    plain("emb.ln.b", WIDTH)
    for layer in range(layers):
        for name, rows, columns in (
            *((name, WIDTH, WIDTH) for name in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            packed(f"l{layer}.{name}.w", rows, columns)
            plain(f"l{layer}.{name}.b", rows)
        for name in ("aln", "oln"):
            plain(f"l{layer}.{name}.w", WIDTH, around=1)
            plain(f"l{layer}.{name}.b", WIDTH)
    encoded = [piece.encode() for piece in pieces]
    borders = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", WIDTH, layers, HEADS, INNER, len(pieces), PLACES, 2)
    head += struct.pack("<fi", 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(borders[-1]))
    head += borders.tobytes() + np.array(scores, "<f4").tobytes() + b"".join(encoded)
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    begins = len(head) + sum(2 + len(name) + 21 for name in tensors)
    for name, content in tensors.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", 0, 0, begins, len(content))
        begins += len(content)
    stored = head + b"".join(tensors.values())
    path.write_bytes(stored)
    return read_e5(path, hashlib.sha256(stored).hexdigest())
