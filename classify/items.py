"""The thing asked for: the words of an English comment that make the best item."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from classify.answers import Floats

_LONGEST = 10  # words of an item
_LONGEST_LINK = 3
"""Words between two of an item among which a preposition joins them: "of all the"."""
_LIKELY = 0.5
"""The probability from which a word is taken into an item away from its other words."""
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
_PARTING = re.compile(r"[.!?;:()\n…]|,|\s[-–—]\s")
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
"""Verbs of asking that may stand before the thing in a run of words ("serve porridge")."""


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
    """The words of ``text`` that make the best item, ``most`` of them at the most.

    ``places`` are the words of ``text`` in order, ``likely`` (len(places),) the probability of each
    to be one of the item's. A phrase is a run of words that nothing parts; only words that are
    ``_LIKELY`` may also stand apart from one another ("button ... accounts"). What has the highest
    expected F1 with the item's words is taken. Empty where there is no word to take.
    """
    telling = [at for at, place in enumerate(places) if _tells(text[slice(*place)].lower())]
    if not telling:
        return Worded("", 0.0)
    expected = float(likely[telling].sum()) + _CAUTION
    best, chosen = 0.0, telling[:1]
    for taken in (
        *_runs(text, places, telling, most),
        *_apart(text, places, telling, likely, most),
    ):
        worth = 2 * float(likely[taken].sum()) / (len(taken) + expected)
        if worth > best:
            best, chosen = worth, taken
    phrase = tidy(_joined(text, [places[at] for at in chosen]))
    return Worded(phrase, best if phrase else 0.0)


def _runs(
    text: str, places: Sequence[tuple[int, int]], telling: Sequence[int], most: int
) -> Iterator[list[int]]:
    """Runs of telling words that nothing parts."""
    for first in range(len(telling)):
        run: list[int] = []
        for at in telling[first : first + most]:
            if run and _parted(text, places, run[-1], at):
                break
            run.append(at)
            yield list(run)


def _apart(
    text: str,
    places: Sequence[tuple[int, int]],
    telling: Sequence[int],
    likely: Floats,
    most: int,
) -> Iterator[list[int]]:
    """The likeliest words, wherever they stand; a word said twice counts once."""
    best: dict[str, int] = {}
    for at in telling:
        same = text[slice(*places[at])].lower().rstrip("s")
        if likely[at] >= _LIKELY and (same not in best or likely[at] > likely[best[same]]):
            best[same] = at
    ranked = sorted(best.values(), key=lambda at: -float(likely[at]))[:most]
    for count in range(1, len(ranked) + 1):
        yield sorted(ranked[:count])


def _tells(word: str) -> bool:
    return word not in _LEFT_OUT and any(map(str.isalnum, word))


def _parted(text: str, places: Sequence[tuple[int, int]], before: int, at: int) -> bool:
    """Whether two words that tell something are too far from one another for one phrase."""
    gap = text[places[before][1] : places[at][0]]
    return at - before > _LONGEST_LINK or bool(_PARTING.search(gap))


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
