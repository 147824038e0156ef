"""Texts cut into clauses with exact offsets, by punctuation and a few joining words.

This needs no language model, so it serves every comment and every language; the clauses are what
the clause model scores, for the gate of asks and for the place of a quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from classify.ngrams import READ_LIMIT

_BREAK = re.compile(
    r"[.!?…。！？]+[\"'”’)\]]*(?=\s|$|[^\x00-\x7f])"  # the end of a sentence
    r"|[。！？]+"
    r"|\n+|;|\s[-–—]+\s|[()\[\]]"
    r"|,(?=\s*(?:and|but|so|or|because|please|pls|if|then|which|also|yet)\b)"
    r"|(?<=\w)(?<!\bbut)(?<!\band)(?<!\bso)\s+"
    r"(?=(?:but|because|please|however|also|although|though|otherwise)\b)",
    re.IGNORECASE,
)
_MOST_CLAUSES = 400


@dataclass(frozen=True, slots=True)
class Clause:
    """``text[start:end]``, without white space at its borders."""

    start: int
    end: int


def clauses(text: str) -> list[Clause]:
    """The clauses of ``text`` in order; each holds a letter or digit. Empty text has none."""
    found: list[Clause] = []
    begin = 0
    limit = min(len(text), READ_LIMIT)
    for match in _BREAK.finditer(text, 0, limit):
        _add(found, text, begin, match.end())
        begin = match.end()
        if len(found) >= _MOST_CLAUSES:
            return found
    _add(found, text, begin, limit)
    return found


def _add(found: list[Clause], text: str, begin: int, end: int) -> None:
    piece = text[begin:end]
    start = begin + len(piece) - len(piece.lstrip())
    stop = begin + len(piece.rstrip())
    if any(character.isalnum() for character in text[start:stop]):
        found.append(Clause(start, stop))
