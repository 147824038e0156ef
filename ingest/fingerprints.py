"""Fingerprints: what tells a copy of a comment, exact or near, without reading it again.

The exact print hashes the normalised words. Near copies are found by MinHash over pairs of
neighbouring words with locality-sensitive banding (Broder 1997; Indyk and Motwani 1998): two
texts share a band with probability ``1 - (1 - s**ROWS)**BANDS`` for a Jaccard similarity s of
their pairs, which is 0.84 at s = 0.8, 0.995 at 0.9 and 0.04 at 0.5. Pairs, not longer shingles:
changing one word of forty then leaves s = 0.9. The prints are stored, so the numbers below are
part of the ledger's format.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np
import regex
from numpy.typing import NDArray

BANDS: Final = 10
ROWS: Final = 8
MIN_WORDS: Final = 8
"""Texts shorter than this have no near prints: short identical words are different people."""

_TOKEN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|(?:[^\W_\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|\p{M})+"
)
_APOSTROPHE = regex.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_CHARACTERS_PER_WORD = 2  # of a script without spaces

_Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``exact`` is a signed 64-bit hash; ``near`` holds one per band, or nothing where too short.

    ``words`` counts words; in scripts without spaces two characters count as one.
    """

    exact: int
    near: tuple[int, ...]
    words: int


def tokens(text: str) -> list[str]:
    """The normalised words: compatibility forms unified, case folded, no punctuation, no emoji."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _TOKEN.findall(_APOSTROPHE.sub("", folded))


def normalise(text: str) -> str:
    """The normalised words, one space between them. Two texts with the same one are copies."""
    return " ".join(tokens(text))


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of a text as it is stored (title and text as a reader reads them)."""
    found = tokens(text)
    joined = " ".join(found)
    exact = int.from_bytes(blake2b(joined.encode(), digest_size=8).digest(), "big", signed=True)
    words = _count_words(joined, found)
    near = _bands(found) if words >= MIN_WORDS else ()
    return Fingerprint(exact, near, words)


def _count_words(joined: str, found: list[str]) -> int:
    if joined.isascii():
        return len(found)
    unspaced = sum(1 for token in found if len(token) == 1 and _UNSPACED.match(token))
    return len(found) - unspaced + -(-unspaced // _CHARACTERS_PER_WORD)


def _mix(values: _Hashes) -> _Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit reaches every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _sequence(start: int, count: int) -> _Hashes:
    steps = np.arange(1, count + 1, dtype=np.uint64)
    return _mix(np.uint64(start) + steps * np.uint64(0x9E3779B97F4A7C15))


_MULTIPLIERS: Final = (_sequence(1, BANDS * ROWS) | np.uint64(1))[:, None]
_ADDENDS: Final = _sequence(2, BANDS * ROWS)[:, None]
_ROW_WEIGHTS: Final = _sequence(3, ROWS) | np.uint64(1)
_BAND_SALTS: Final = _sequence(4, BANDS)


@lru_cache(maxsize=65_536)
def _word_hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")


def _bands(found: list[str]) -> tuple[int, ...]:
    hashes = np.fromiter(map(_word_hash, found), dtype=np.uint64, count=len(found))
    pairs = np.unique(_mix(hashes[:-1] * np.uint64(3) + hashes[1:]))
    # Multiply-shift (Dietzfelbinger et al. 1997): the high half of a*x + b is well spread.
    minima = ((_MULTIPLIERS * pairs + _ADDENDS) >> np.uint64(32)).min(axis=1)
    rows = minima.reshape(BANDS, ROWS)
    prints = _mix((rows * _ROW_WEIGHTS).sum(axis=1, dtype=np.uint64) ^ _BAND_SALTS)
    return tuple(prints.view(np.int64).tolist())
