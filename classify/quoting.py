"""From the network's tokens to quotes: where each ask begins and ends, its type and strength."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import category

import numpy as np
import numpy.typing as npt

from classify.answers import Floats, Tokens
from classify.labels import STRENGTHS, TYPES

MOST_ASKS = 8
_IN_QUOTE, _BEGINS, _IN_ITEM = 0, 1, 2
_NEW_ASK = 0.5
"""The probability of a beginning that ends one quote and starts the next."""
_SHORTEST = 3
"""Tokens that a quote has before another may begin in it."""
_GAP = 2
"""Tokens out of the quote that it may bridge."""
_REACH = 0.5
"""The share of the threshold that suffices beside a token that passes it."""
_WEAK = 0.5
"""Where no token is sure: the share of the best one's probability that still belongs to it."""
_WANTS = TYPES.index("wants")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff]")
"""Thai and its neighbours, kana, Chinese characters: no space tells where a word ends."""
_SIGNS = re.compile(r"[\u064b-\u0652\u0900-\u0903\u093a-\u0963\u0e31\u0e34-\u0e4e]")
"""Vowel signs and the like of Arabic, Hindi and Thai, parts of words though no letters."""
_PUNCTUATION = "PZ"
"""Unicode's categories of punctuation and of spaces."""


@dataclass(frozen=True, slots=True)
class Quote:
    """``text[start:end]`` carries an ask; it is made of the tokens ``first`` to ``last``.

    ``score`` is the mean probability of its tokens. ``name`` is the place of the shared name among
    the network's, 0 for none, with its probability.
    """

    start: int
    end: int
    first: int
    last: int
    score: float
    type: str
    strength: int
    name: int
    name_likely: float


def quotes(
    text: str, tokens: Tokens, threshold: float, *, requests: bool, wants: bool
) -> list[Quote]:
    """The quotes of a comment that asks, in text order, at least one where there is a word.

    ``threshold`` is the probability from which a token lies in a quote; ``requests`` and ``wants``
    say which of the two sorts of ask the comment holds.
    """
    likely = tokens.spans[:, _IN_QUOTE]
    # a quote is found where a token is sure, and reaches as far as its neighbours are half sure
    runs = _runs(tokens, np.flatnonzero(likely >= _REACH * threshold))
    runs = [run for run in runs if likely[run[0] : run[1] + 1].max() >= threshold]
    runs = runs or _weak_run(likely)
    found: list[Quote] = []
    for first, last in runs:
        first, last = whole_words(text, tokens.offsets, first, last)
        first, last = _trimmed(text, tokens.offsets, first, last)
        if first > last or (found and first <= found[-1].last):
            continue
        found.append(_quote(text, tokens, first, last, requests=requests, wants=wants))
    if len(found) > MOST_ASKS:
        strongest = sorted(found, key=lambda quote: -quote.score)[:MOST_ASKS]
        found = [quote for quote in found if quote in strongest]
    return found


def _runs(tokens: Tokens, places: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    runs: list[list[int]] = []
    for at in places.tolist():
        if runs:
            begun, last = runs[-1]
            another = tokens.spans[at, _BEGINS] >= _NEW_ASK and last - begun + 1 >= _SHORTEST
            if at - last <= _GAP and not another:
                runs[-1][1] = at
                continue
        runs.append([at, at])
    return [(first, last) for first, last in runs if last > first or len(runs) == 1]


def _weak_run(likely: Floats) -> list[tuple[int, int]]:
    """The best stretch where no token is sure: the comment as a whole said that it asks."""
    if not likely.size:
        return []
    first = last = int(likely.argmax())
    least = likely[first] * _WEAK
    while first > 0 and likely[first - 1] >= least:
        first -= 1
    while last < likely.size - 1 and likely[last + 1] >= least:
        last += 1
    return [(first, last)]


def whole_words(
    text: str, offsets: npt.NDArray[np.int32], first: int, last: int
) -> tuple[int, int]:
    """The tokens ``first`` to ``last`` with the rest of the words that they cut.

    Where a script has no spaces, the tokens themselves pass for words: a whole sentence would be
    swallowed otherwise.
    """
    while first > 0 and _one_word(text, offsets[first - 1], offsets[first]):
        first -= 1
    while last < len(offsets) - 1 and _one_word(text, offsets[last], offsets[last + 1]):
        last += 1
    return first, last


def _one_word(text: str, left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]) -> bool:
    """Whether two tokens are pieces of one word."""
    end = int(left[1])
    if end != int(right[0]) or end == 0 or end >= len(text):
        return False
    before, behind = text[end - 1], text[end]
    if _UNSPACED.match(before) and _UNSPACED.match(behind):
        return False
    return _in_word(before) and _in_word(behind)


def _in_word(character: str) -> bool:
    return character.isalnum() or bool(_SIGNS.match(character))


def _trimmed(text: str, offsets: npt.NDArray[np.int32], first: int, last: int) -> tuple[int, int]:
    """Without marks at the end or the beginning."""

    def is_mark(at: int) -> bool:
        start, end = offsets[at]
        return not any(map(_in_word, text[start:end]))

    while last >= first and is_mark(last):
        last -= 1
    while first <= last and is_mark(first):
        first += 1
    return first, last


def _quote(
    text: str, tokens: Tokens, first: int, last: int, *, requests: bool, wants: bool
) -> Quote:
    within = slice(first, last + 1)
    likely = tokens.spans[within, _IN_QUOTE]
    weights = likely + 1e-3
    types = np.average(tokens.types[within], axis=0, weights=weights)
    if not wants:
        types[_WANTS] = 0
    elif not requests:
        types[:_WANTS] = 0
    strengths = np.average(tokens.strengths[within], axis=0, weights=weights)
    names = np.average(tokens.names[within], axis=0, weights=weights)
    name = int(names.argmax())
    start, end = int(tokens.offsets[first, 0]), int(tokens.offsets[last, 1])
    # some tokenizers have a word and its full stop in one piece
    while category(text[end - 1])[0] in _PUNCTUATION:
        end -= 1
    while category(text[start])[0] in _PUNCTUATION:
        start += 1
    return Quote(
        start,
        end,
        first,
        last,
        float(likely.mean()),
        TYPES[int(types.argmax())],
        STRENGTHS[int(strengths.argmax())],
        name,
        float(names[name]),
    )


def marked(text: str, tokens: Tokens, start: int, end: int) -> Quote | None:
    """The quote ``text[start:end]``, which a person marked, with what the network makes of its
    words; None where it read none of them."""
    within = np.flatnonzero((tokens.offsets[:, 0] < end) & (tokens.offsets[:, 1] > start))
    if not within.size:
        return None
    quote = _quote(text, tokens, int(within[0]), int(within[-1]), requests=True, wants=True)
    return replace(quote, start=start, end=end)


def pointed(tokens: Tokens, words: Sequence[tuple[int, int]]) -> Floats:
    """The probability of each word (start, end) to be one of an item's words, (len(words),)."""
    places = np.array(words, np.int64).reshape(-1, 2)
    first = np.searchsorted(tokens.offsets[:, 1], places[:, 0], side="right")
    last = np.searchsorted(tokens.offsets[:, 0], places[:, 1], side="left")
    likely = np.append(tokens.spans[:, _IN_ITEM], np.float32(0))
    read = last > first
    # the stretches between one word's first token and its last, the gaps between them left out
    borders = np.column_stack([first[read], last[read]]).ravel()
    found = np.zeros(len(words), np.float32)
    if borders.size:
        found[read] = np.maximum.reduceat(likely, borders)[::2]
    return found
