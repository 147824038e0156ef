"""Word and character n-grams of many texts at once, as a sparse TF-IDF matrix.

An n-gram is known by a 64-bit polynomial hash of its code points, of which the upper 32 bits
serve as key, so the whole work is array arithmetic: no string is built per n-gram and no
vocabulary of text is stored. Character n-grams stay inside word borders, as in scikit-learn's
"char_wb".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

READ_LIMIT = 20_000
"""Characters of one text that are read; what stands behind them is not seen by any model."""

_CHAR_SIZES = (2, 3, 4, 5)
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2**64
_BASE_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SPACE = 32

_URL = re.compile(r"(?:https?://|www\.)\S+")
_MENTION = re.compile(r"(?<!\w)@\w+")
_TOKEN = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]")
_DIGIT = re.compile(r"\d")
_REPEAT = re.compile(r"(.)\1{3,}")

Keys = npt.NDArray[np.uint32]
Matrix = Any  # a scipy.sparse.csr_matrix of float32; scipy ships no types


def normalise(text: str) -> str:
    """Lower case, tokens parted by one space; addresses, handles and digits made alike."""
    text = text[:READ_LIMIT].lower().replace("’", "'")
    if "/" in text or "www." in text:
        text = _URL.sub(" zurl ", text)
    if "@" in text:
        text = _MENTION.sub(" zuser ", text)
    text = _DIGIT.sub("0", text)
    text = _REPEAT.sub(r"\1\1\1", text)
    return " ".join(_TOKEN.findall(text))


def _mixed(values: npt.NDArray[np.uint64], salt: int) -> Keys:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014), upper half kept."""
    mixed = values + np.uint64(salt * 0x632BE59BD9B4E019 % 2**64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX_2
    return (mixed >> np.uint64(32)).astype(np.uint32)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Normalised texts as one array of code points, each text between two spaces.

    ``codes``, ``space`` (is it a space) and ``row_of`` (the text it is of) run in parallel.
    """

    codes: npt.NDArray[np.uint64]
    space: npt.NDArray[np.bool_]
    row_of: npt.NDArray[np.int64]
    count: int


def encode(texts: Sequence[str]) -> Encoded:
    """``texts`` made ready for finding their n-grams."""
    padded = [f" {normalise(text)} " for text in texts]
    lengths = np.fromiter((len(text) for text in padded), dtype=np.int64, count=len(padded))
    joined = "".join(padded).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype=np.uint32).astype(np.uint64)
    row_of = np.repeat(np.arange(len(padded), dtype=np.int64), lengths)
    return Encoded(codes, codes == _SPACE, row_of, len(padded))


def occurrences(encoded: Encoded, *, words: bool) -> tuple[npt.NDArray[np.int64], Keys]:
    """The text's row and the key of every word n-gram (1-2) or character n-gram (2-5) there is."""
    find = _word_keys if words else _character_keys
    with np.errstate(over="ignore"):
        found = find(encoded.codes, encoded.space, encoded.row_of)
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.uint32)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([keys for _, keys in found])


def _word_keys(
    codes: npt.NDArray[np.uint64],
    space: npt.NDArray[np.bool_],
    row_of: npt.NDArray[np.int64],
) -> list[tuple[npt.NDArray[np.int64], Keys]]:
    if not codes.size:
        return []
    powers = np.full(codes.size, _BASE, dtype=np.uint64)
    powers[0] = 1
    np.cumprod(powers, out=powers)
    inverse = np.full(codes.size, _BASE_INVERSE, dtype=np.uint64)
    inverse[0] = 1
    np.cumprod(inverse, out=inverse)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * powers, dtype=np.uint64)])
    begins = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    ends = np.flatnonzero(~space[:-1] & space[1:]) + 1
    hashes = (sums[ends] - sums[begins]) * inverse[begins]
    rows = row_of[begins]
    same = rows[:-1] == rows[1:]
    pairs = hashes[:-1][same] * _MIX + hashes[1:][same] * _MIX_2
    return [(rows, _mixed(hashes, 11)), (rows[:-1][same], _mixed(pairs, 12))]


def _character_keys(
    codes: npt.NDArray[np.uint64],
    space: npt.NDArray[np.bool_],
    row_of: npt.NDArray[np.int64],
) -> list[tuple[npt.NDArray[np.int64], Keys]]:
    found = []
    inner = np.ones(codes.size, dtype=np.bool_)  # no space strictly inside the window so far
    hashes = codes.copy()
    power = np.uint64(1)
    for size in range(2, max(_CHAR_SIZES) + 1):
        width = codes.size - size + 1
        if width <= 0:
            break
        power = power * _BASE
        hashes = hashes[:width] + codes[size - 1 :] * power
        if size > 2:
            inner = inner[:width] & ~space[size - 2 : size - 2 + width]
        else:
            inner = inner[:width] & ~(space[:width] & space[1 : 1 + width])
        if size not in _CHAR_SIZES:
            continue
        at = np.flatnonzero(inner)
        found.append((row_of[at], _mixed(hashes[at], size)))
    return found


@dataclass(frozen=True, eq=False)
class Block:
    """The known n-grams of one sort: ``keys``, ascending, and their inverse frequencies, (n,)."""

    keys: Keys
    idf: npt.NDArray[np.float32]
    words: bool

    def matrix(self, encoded: Encoded) -> Matrix:
        """TF-IDF rows of unit length, (texts, n): 1 + ln(count), times the idf."""
        rows, keys = occurrences(encoded, words=self.words)
        columns = self._columns(keys)
        known = columns >= 0
        counts = sparse.coo_matrix(
            (np.ones(int(known.sum()), np.float32), (rows[known], columns[known])),
            shape=(encoded.count, self.keys.size),
        ).tocsr()
        counts.data = (1.0 + np.log(counts.data)) * self.idf[counts.indices]
        norms = np.sqrt(counts.multiply(counts).sum(axis=1)).A1
        norms[norms == 0] = 1.0
        counts.data /= np.repeat(norms, np.diff(counts.indptr)).astype(np.float32)
        return counts

    def _columns(self, keys: Keys) -> npt.NDArray[np.int64]:
        """The column of each key, -1 for one not known. ``self.keys`` is in ascending order."""
        if not self.keys.size:
            return np.full(keys.size, -1)
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[places] == keys, places, -1)


@dataclass(frozen=True, eq=False)
class NgramSpace:
    """Words and characters side by side, each block of unit length."""

    word: Block
    character: Block

    @property
    def size(self) -> int:
        """Columns of a matrix made here."""
        return int(self.word.keys.size + self.character.keys.size)

    def matrix(self, texts: Sequence[str]) -> Matrix:
        """TF-IDF of ``texts``, float32, (len(texts), size)."""
        encoded = encode(texts)
        return sparse.hstack(
            [self.word.matrix(encoded), self.character.matrix(encoded)], format="csr"
        )

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {
            f"{name}_word_keys": self.word.keys,
            f"{name}_word_idf": self.word.idf.astype(np.float16),
            f"{name}_character_keys": self.character.keys,
            f"{name}_character_idf": self.character.idf.astype(np.float16),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], name: str) -> NgramSpace:
        """The space that ``arrays`` of the same name described."""
        blocks = [
            Block(
                keys=np.asarray(arrays[f"{name}_{sort}_keys"], dtype=np.uint32),
                idf=np.asarray(arrays[f"{name}_{sort}_idf"], dtype=np.float32),
                words=sort == "word",
            )
            for sort in ("word", "character")
        ]
        return cls(*blocks)


def fit_block(texts: Sequence[str], *, words: bool, min_rows: int, most: int) -> Block:
    """The n-grams of at least ``min_rows`` texts, at most ``most``, the commonest."""
    pairs = []
    for begin in range(0, len(texts), 2000):
        rows, found = occurrences(encode(texts[begin : begin + 2000]), words=words)
        merged, _ = _counted((rows.astype(np.uint64) << np.uint64(32)) | found)
        pairs.append(merged & np.uint64(0xFFFFFFFF))
    counted, frequency = _counted(np.concatenate(pairs) if pairs else np.zeros(0, np.uint64))
    keys = counted.astype(np.uint32)
    enough = frequency >= min_rows
    keys, frequency = keys[enough], frequency[enough]
    chosen = np.sort(np.lexsort((keys, -frequency))[:most])
    keys, frequency = keys[chosen], frequency[chosen]
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1.0
    # stored as float16, so trained on what will be read back
    return Block(keys, idf.astype(np.float16).astype(np.float32), words)


def _counted(
    values: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The distinct values in order, and how often each occurs, by sorting (``np.unique`` hashes,
    which is some ten times slower on these)."""
    values = np.sort(values)
    first = np.flatnonzero(
        np.concatenate([np.ones(min(1, values.size), bool), np.diff(values) > 0])
    )
    return values[first], np.diff(np.append(first, values.size))
