"""The thing asked for: candidate phrases of an English window, and the model that ranks them."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy import sparse
from spacy.tokens import Doc, Span
from spacy.tokens import Token as Word

from classify.ngrams import Matrix
from classify.reader import Floats

FEATURES = 2**15
_LONGEST = 7  # words of an item
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that may name the item, with the features by which it is ranked."""

    phrase: str
    features: tuple[str, ...]


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
    return " ".join(words[: _LONGEST + 3])


def candidates(doc: Doc, first: int, last: int) -> list[Candidate]:
    """Phrases of a parsed window that may be the item of the quote ``doc[first : last + 1]``."""
    found: dict[str, Candidate] = {}
    if not doc.has_annotation("DEP"):
        return []
    chunks = [chunk for chunk in doc.noun_chunks if chunk.root.pos_ != "PRON"]
    inside = [chunk for chunk in chunks if first <= chunk.root.i <= last]
    for chunk in inside or chunks:
        order = inside.index(chunk) if chunk in inside else 9
        for kind, span in _variants(chunk):
            phrase = tidy(" ".join(word.text for word in span))
            if not phrase or phrase in _EMPTY or phrase in found:
                continue
            features = _features(kind, chunk, span, first, last, order, len(inside))
            found[phrase] = Candidate(phrase, features)
    return list(found.values())


def _variants(chunk: Span) -> Iterator[tuple[str, list[Word]]]:
    """The noun chunk, with what hangs behind it, and with the verb before it."""
    words = list(chunk)
    yield "chunk", words
    root = chunk.root
    if len(words) > 1 and root.i == words[-1].i:
        compounds = [word for word in words if word.dep_ in {"compound", "nmod"} or word is root]
        if len(compounds) < len(words):
            yield "core", compounds
    for child in root.rights:
        if child.dep_ in {"prep", "acl", "relcl", "appos", "advcl"}:
            tail = [word for word in child.subtree if word.i > root.i]
            if tail and len(words) + len(tail) <= _LONGEST + 1 and child.dep_ != "relcl":
                yield f"with_{child.dep_}", [*words, *tail]
    verb = root.head
    if root.dep_ in {"dobj", "obj"} and verb.pos_ == "VERB" and verb.i < words[0].i:
        particles = [child for child in verb.rights if child.dep_ == "prt"]
        yield "verb", [verb, *particles, *words]
        tails = [child for child in verb.rights if child.dep_ == "prep" and child.i > root.i]
        for child in tails[:1]:
            tail = list(child.subtree)
            if len(words) + len(tail) <= _LONGEST:
                yield "across", [*words, *tail]
    if root.dep_ == "pobj" and verb.dep_ == "prep" and verb.head.pos_ == "VERB":
        yield "verb_prep", [verb.head, verb, *words]


def _features(
    kind: str, chunk: Span, span: Sequence[Word], first: int, last: int, order: int, count: int
) -> tuple[str, ...]:
    root = chunk.root
    head = root.head
    doc = chunk.doc
    before = doc[chunk.start - 1].lower_ if chunk.start else "|"
    after = doc[chunk.end].lower_ if chunk.end < len(doc) else "|"
    start_share = min(4, 5 * (root.i - first) // max(1, last - first + 1))
    base = (
        f"k={kind}",
        f"dep={root.dep_}",
        f"tag={root.tag_}",
        f"root={root.lemma_.lower()}",
        f"head={head.lemma_.lower()}",
        f"before={before}",
        f"after={after}",
        f"place={start_share}",
        f"order={min(order, 4)}/{min(count, 4)}",
        f"last={order == count - 1}",
        f"size={len(span)}",
        f"in={first <= root.i <= last}",
        f"headdep={head.dep_}:{head.pos_}",
        f"up={head.head.lemma_.lower()}",
        f"name={root.pos_ == 'PROPN'}",
        f"det={chunk[0].lower_ if chunk[0].pos_ in {'DET', 'PRON'} else ''}",
    )
    crossed = (
        f"{base[0]} {base[1]}",
        f"{base[0]} {base[8]}",
        f"{base[0]} {base[10]}",
        f"{base[1]} {base[4]}",
        f"{base[0]} {base[3]}",
        f"{base[1]} {base[8]}",
        f"{base[0]} {base[4]}",
    )
    return ("1", *base, *crossed)


def candidate_matrix(found: Sequence[Candidate]) -> Matrix:
    """Hashed features, (len(found), FEATURES)."""
    sizes = [0]
    columns: list[int] = []
    for candidate in found:
        columns += [
            zlib.crc32(name.encode("utf-8", "surrogatepass")) % FEATURES
            for name in candidate.features
        ]
        sizes.append(len(columns))
    return sparse.csr_matrix(
        (np.ones(len(columns), np.float32), np.array(columns, np.int32), np.array(sizes)),
        shape=(len(found), FEATURES),
    )


@dataclass(frozen=True, eq=False)
class ItemRanker:
    """``weights`` (FEATURES,): the expected share of words that a candidate has in common with
    the item, by ridge regression."""

    weights: Floats

    def best(self, found: Sequence[Candidate]) -> str:
        """The highest ranked phrase; empty where there is no candidate."""
        if not found:
            return ""
        scores = candidate_matrix(found) @ self.weights
        return found[int(np.argmax(scores))].phrase


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
