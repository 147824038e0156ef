"""The thing asked for: phrases of an English window, chosen by what the network points at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.tokens import Token as Word

from classify.answers import Floats

_LONGEST = 7  # words of an item
_POINTED = 0.5  # the probability from which a word counts as pointed at
_TELLING = frozenset(["back", "more", "less", "no", "without", "off", "all", "together"])
"""Words that spaCy takes for stop words and that tell one item from another."""
_CANONICAL = Path(__file__).parent / "items.toml"
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
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
_EMPTY = frozenset(
    [
        "thing",
        "things",
        "stuff",
        "something",
        "anything",
        "everything",
        "nothing",
        "someone",
        "anyone",
        "everyone",
        "people",
        "guys",
        "way",
        "lot",
        "bit",
        "kind",
        "sort",
        "it",
        "this",
        "that",
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
    return " ".join(words[: _LONGEST + 3])


def best_phrase(doc: Doc, first: int, last: int, likely: Floats) -> str:
    """The phrase of ``doc[first : last + 1]`` that best covers the words pointed at.

    ``likely`` (len(doc),) is the probability of each word to belong to the item. Of the noun chunks
    with what hangs on them, and of the words pointed at alone, the phrase with the highest expected
    F1 with the item's words is taken. Empty where there is no word to take.
    """
    within = range(first, last + 1)
    wanted = float(sum(likely[at] for at in within if _tells(doc[at])))
    pointed = [doc[at] for at in within if likely[at] >= _POINTED and not doc[at].is_punct]
    best, best_score = "", 0.0
    for words in [*_phrases(doc, first, last), pointed]:
        phrase = tidy(" ".join(word.text for word in words))
        if not phrase or phrase in _EMPTY or len(words) > _LONGEST:
            continue
        telling = [word for word in words if _tells(word)]
        score = 2 * float(sum(likely[word.i] for word in telling)) / (len(telling) + wanted + 0.1)
        if score > best_score:
            best, best_score = phrase, score
    return best


_VAGUE = _EMPTY | frozenset(
    [
        *("problem", "problems", "issue", "issues", "bug", "bugs", "glitch", "glitches", "error"),
        *("fix", "solution", "change", "changes", "update", "improvement", "app", "setting"),
        *("hope", "sort", "out", "please", "asap", "happen", "work", "feature", "idea", "again"),
    ]
)


def is_vague(phrase: str) -> bool:
    """Whether a phrase names nothing by itself ("this problem"): its item stands elsewhere."""
    return all(word in _VAGUE or word in _DROPPED for word in phrase.split())


def _tells(word: Word) -> bool:
    return not (word.is_stop or word.is_punct or word.is_space) or word.lower_ in _TELLING


def _phrases(doc: Doc, first: int, last: int) -> Iterator[list[Word]]:
    """Phrases of a parsed window that may name the item of the quote ``doc[first : last + 1]``."""
    if not doc.has_annotation("DEP"):
        return
    chunks = [chunk for chunk in doc.noun_chunks if chunk.root.pos_ != "PRON"]
    inside = [chunk for chunk in chunks if first <= chunk.root.i <= last]
    for chunk in inside or chunks:
        for words in _variants(chunk):
            yield [word for word in words if first <= word.i <= last or not inside]


def _variants(chunk: Span) -> Iterator[list[Word]]:
    """The noun chunk, with what hangs behind it, and with the verb before it."""
    words = list(chunk)
    yield words
    root = chunk.root
    if len(words) > 1 and root.i == words[-1].i:
        compounds = [word for word in words if word.dep_ in {"compound", "nmod"} or word is root]
        if len(compounds) < len(words):
            yield compounds
    for child in root.rights:
        if child.dep_ in {"prep", "acl", "relcl", "appos", "advcl"}:
            tail = [word for word in child.subtree if word.i > root.i]
            if tail and len(words) + len(tail) <= _LONGEST + 1 and child.dep_ != "relcl":
                yield [*words, *tail]
    verb = root.head
    if root.dep_ in {"dobj", "obj"} and verb.pos_ == "VERB" and verb.i < words[0].i:
        particles = [child for child in verb.rights if child.dep_ == "prt"]
        yield [verb, *particles, *words]
        tails = [child for child in verb.rights if child.dep_ == "prep" and child.i > root.i]
        for child in tails[:1]:
            tail = list(child.subtree)
            if len(words) + len(tail) <= _LONGEST:
                yield [*words, *tail]
    if root.dep_ == "pobj" and verb.dep_ == "prep" and verb.head.pos_ == "VERB":
        yield [verb.head, verb, *words]


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
