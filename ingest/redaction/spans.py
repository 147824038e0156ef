"""Ranges of characters, and the folding that lets one pattern see every way of writing a digit."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

import regex

Range = tuple[int, int]
Ranges = Iterator[Range]

_DASHES = "‐‑‒–—―−﹣"
_CUE_REACH = 48
"""How far before a number a word that explains it may stand, in characters."""


@cache
def _folding() -> dict[int, str]:
    """Digits of every script, full-width ASCII and dashes, each to one ASCII character."""
    table = {
        point: str(unicodedata.decimal(chr(point)))
        for point in range(128, sys.maxunicode + 1)
        if unicodedata.decimal(chr(point), None) is not None
    }
    table.update({point: chr(point - 0xFEE0) for point in range(0xFF01, 0xFF5F)})
    table.update({ord(dash): "-" for dash in _DASHES})
    table.update({ord(quote): "'" for quote in "’‘ʼ"})
    return table


def fold(text: str) -> str:
    """A text of the same length in which digits, dashes and apostrophes are ASCII."""
    return text if text.isascii() else text.translate(_folding())


def cued(text: str, start: int, cue: regex.Pattern[str]) -> bool:
    """Whether the words shortly before ``start`` end in a cue; cues are anchored with ``$``."""
    return cue.search(text[max(0, start - _CUE_REACH) : start]) is not None


def digits_of(text: str) -> str:
    """The digits alone."""
    return "".join(character for character in text if character.isdigit())
