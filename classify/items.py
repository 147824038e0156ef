"""The thing asked for: the words of an English comment that make the best item."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from classify.answers import Floats

_LONGEST = 10  # words of an item
_LONGEST_LINK = 3
"""Words between two of an item among which a preposition joins them: "of all the"."""
_CAUTION = 1.0
"""Words of the reader's item that are expected beyond those in the text: longer items pay."""
_LEFT_OUT = frozenset(["the", "a", "an", "of", "for", "to", "in", "on", "and", "with"])
"""Words that tell nothing of an item by themselves."""
_LINKS = frozenset(
    [
        *("of", "for", "to", "in", "on", "with", "without", "at", "from", "by", "per", "and", "or"),
        *("after", "before", "as", "than", "about", "between", "into"),
    ]
)
"""Words that join two words of an item."""
_CANONICAL = Path(__file__).parent / "items.toml"
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_BETWEEN = re.compile(r"[\w']+")
_DROPPED = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "my",
        "your",
        "our",
        "their",
        "his",
        "her",
        "its",
        "some",
        "any",
        "every",
        "each",
        "such",
        "all",
        "please",
        "just",
        "really",
        "actually",
        "u",
        "i",
        "we",
        "you",
        "they",
        "he",
        "she",
        "it",
        "me",
        "us",
        "them",
        "one",
        "ones",
        "there",
        "here",
    ]
)
_VERBS = frozenset(["serve", "sell", "bring", "provide", "hire", "introduce", "reopen"])
"""Verbs of asking that a parser takes for the first part of a compound ("serve porridge")."""


@cache
def canonical_names() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Names that items of many wordings share, each with the wordings as a pattern."""
    rows = tomllib.loads(_CANONICAL.read_text(encoding="utf-8"))["item"]
    return tuple((row["name"], re.compile(row["pattern"], re.IGNORECASE)) for row in rows)


def canonical(quote: str) -> str:
    """The shared name that the words of a quote call for, or an empty string."""
    return next((name for name, words in canonical_names() if words.search(quote)), "")


def tidy(phrase: str) -> str:
    """Lower case, one line, no articles, pronouns or marks at the borders; may come out empty."""
    words = [_EDGE.sub("", word) for word in phrase.lower().replace("’", "'").split()]
    words = [word for word in words if word]
    while words and (words[0] in _DROPPED or words[0] in {"to", "of", "for", "and", "or"}):
        words.pop(0)
    while words and (
        words[-1] in _DROPPED or words[-1] in {"to", "of", "for", "and", "or", "with"}
    ):
        words.pop()
    while len(words) > 1 and words[0] in _VERBS:
        words.pop(0)
    return " ".join(words[:_LONGEST])


@dataclass(frozen=True, slots=True)
class Worded:
    """Words taken for an item, and their expected F1 with the words a reader would write."""

    phrase: str
    worth: float


def worded(text: str, places: Sequence[tuple[int, int]], likely: Floats, most: int) -> Worded:
    """The words of ``text`` at ``places`` that make the best item, ``most`` of them at the most.

    ``likely`` (len(places),) is the probability of each word to be one of the item's. The likeliest
    words are taken as long as the expected F1 with the item's words rises, and stand in the order
    of the text; a word said twice counts once. Empty where there is no word to take.
    """
    best: dict[str, int] = {}
    for at, (start, end) in enumerate(places):
        word = text[start:end].lower()
        if word in _LEFT_OUT or not any(map(str.isalnum, word)):
            continue
        same = word.rstrip("s")
        if same not in best or likely[at] > likely[best[same]]:
            best[same] = at
    if not best:
        return Worded("", 0.0)
    ranked = sorted(best.values(), key=lambda at: -float(likely[at]))
    gains = np.cumsum(likely[ranked])
    sizes = np.arange(1, len(ranked) + 1)
    expected = (2 * gains / (sizes + gains[-1] + _CAUTION))[:most]
    taken = sorted(ranked[: int(expected.argmax()) + 1])
    phrase = tidy(_joined(text, [places[at] for at in taken]))
    return Worded(phrase, float(expected.max()) if phrase else 0.0)


def _joined(text: str, places: Sequence[tuple[int, int]]) -> str:
    """Words put together, with the preposition or hyphen that joins two of them in the text."""
    parts = [text[slice(*places[0])]]
    for (_, before), (start, end) in pairwise(places):
        gap = text[before:start]
        if len(gap) > 1 or gap.isspace():
            between = _BETWEEN.findall(gap.lower())
            links = [word for word in between if word in _LINKS]
            plain = all(word in _LINKS or word in _DROPPED for word in between)
            if not plain or len(links) != 1 or len(between) > _LONGEST_LINK:
                gap = " "
            elif len(between) > 1:
                gap = f" {links[0]} "
        parts += [gap, text[start:end]]
    return "".join(parts)


_FILLER = re.compile(
    r"\b(?:please|pls|plz|just|i|we|you|they|it|would|could|should|can|cannot|can't|be|is|are|was|to"
    r"|the|a|an|wish|want|wants|need|needs|hope|really|love|like|there|if|do|does|don't|not|have|has"
    r"|add|bring|back|make|let|us|me|them|why|so|that|this|my|your|our|their|in|on|at|for|and|or"
    r"|get|give|of)\b",
    re.IGNORECASE,
)


def plain_item(quote: str) -> str:
    """What is left of a quote without wish and filler words; the quote itself where nothing is."""
    rest = tidy(" ".join(_FILLER.sub(" ", quote).split()))
    words = (rest or tidy(quote) or quote.strip().lower()).split()
    return " ".join(words[:5]) or "this"
