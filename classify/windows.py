"""The stretch of text around a clause in which its quote is sought."""

from __future__ import annotations

import re
from dataclasses import dataclass

from classify.clauses import Clause

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+|\n")
_REACH = 220
"""Characters before and behind the clause that a window may take in."""

_WORD = re.compile(
    r"[\u3040-\u309f]+|[\u30a0-\u30ff]+|[\u4e00-\u9fff]+|[\uac00-\ud7a3]+"
    r"|[^\W\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]+(?:['’-]\w+)*|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark of a comment, ``comment[start:end]``."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether it holds a letter or a digit."""
        return any(character.isalnum() for character in self.text)


def window_of(text: str, clause: Clause) -> Clause:
    """The sentence of the clause, at most ``_REACH`` characters farther on either side."""
    lowest = max(0, clause.start - _REACH)
    begin = lowest
    for match in _SENTENCE_END.finditer(text, lowest, clause.start):
        begin = match.end()
    if begin == lowest and lowest > 0:
        begin = clause.start
    highest = min(len(text), clause.end + _REACH)
    # one character back, so that the clause's own full stop ends the window
    match_end = _SENTENCE_END.search(text, max(clause.start, clause.end - 1), highest)
    end = match_end.end() if match_end else (highest if highest == len(text) else clause.end)
    while begin < clause.start and text[begin].isspace():
        begin += 1
    return Clause(begin, max(end, clause.end))


def split_tokens(text: str, window: Clause) -> tuple[Token, ...]:
    """Words and marks of a window without a language model, scripts parted from one another."""
    return tuple(
        Token(match.group(), match.start(), match.end())
        for match in _WORD.finditer(text, window.start, window.end)
    )
