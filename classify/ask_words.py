"""The words around a quote and in the rest of its comment, with what is known of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.lang.en.stop_words import STOP_WORDS
from spacy.tokens import Doc

from classify.answers import Tokens
from classify.clauses import Clause
from classify.item_model import Elsewhere, Sentence
from classify.quoting import pointed
from classify.wishes import EXPLICIT

FAR = 2000
"""Characters before and behind a sentence in which the item may stand."""
_WORD = re.compile(r"\w+(?:['’]\w+)*")

Places = Sequence[tuple[int, int]]
"""Where words begin and end in a comment."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The words of a sentence with a quote, and where they stand in the comment."""

    sentence: Sentence
    places: Places


@dataclass(frozen=True, slots=True, eq=False)
class Far:
    """The words outside that sentence, and where they stand in the comment."""

    elsewhere: Elsewhere
    places: Places


def near_words(
    text: str, doc: Doc, around: Clause, quote: tuple[int, int], tokens: Tokens
) -> Near | None:
    """The words of ``doc``, which is ``around`` in ``text``; None where the quote holds none."""
    words = [word for word in doc if any(map(str.isalnum, word.text))]
    places = [(around.start + word.idx, around.start + word.idx + len(word)) for word in words]
    start, end = quote
    quoted = np.array([begin < end and stop > start for begin, stop in places], np.bool_)
    if not quoted.any():
        return None
    asking = EXPLICIT.search(text, start, around.end)
    wish = -1
    if asking is not None:
        later = (at for at, (begin, _) in enumerate(places) if begin >= asking.start())
        wish = next(later, -1)
    sentence = Sentence(
        [word.lower_ for word in words],
        [word.pos_ for word in words],
        np.array([word.is_stop for word in words], np.bool_),
        quoted,
        pointed(tokens, places),
        wish,
    )
    return Near(sentence, places)


def far_words(text: str, around: Clause, tokens: Tokens) -> Far | None:
    """The words of ``text`` outside ``around``; None where there are none."""
    before = _WORD.finditer(text, max(0, around.start - FAR), around.start)
    behind = _WORD.finditer(text, around.end, min(len(text), around.end + FAR))
    matches = [*before, *behind]
    if not matches:
        return None
    places = [match.span() for match in matches]
    words = [match.group().lower() for match in matches]
    distance = [
        end - around.start if end <= around.start else start - around.end for start, end in places
    ]
    elsewhere = Elsewhere(
        words,
        np.array([word in STOP_WORDS for word in words], np.bool_),
        pointed(tokens, places),
        np.array(distance, np.float32),
    )
    return Far(elsewhere, places)
