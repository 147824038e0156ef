"""Item phrases brought to a common form, so that the same thing said in other words meets.

A phrase becomes an unordered set of folded words: lower case, plural and -ing folded, fillers and
the brand's own names out, a few interchangeable modifiers on one form, and every way to say "at
more hours than now" on one mark. The form is a key to compare with, never shown to anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LONGER = "@longer"
"""Stands for any wish for more hours: "all day", "after 10:30", "past noon", "at any time"."""

_HOUR = (
    r"(?:\d{1,2}(?:[:.]\d{2})?\s*(?:[ap]\.?m\b\.?|o'?clock)?"
    r"|(?:half|quarter)\s+(?:past\s+)?\w+|noon|midday|midnight|(?:the\s+)?cut\s?off"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_LONGER = re.compile(
    rf"\b(?:all\s+day(?:\s+long)?|all\s+the\s+time|at\s+all\s+hours|all\s+hours"
    rf"|(?:at\s+)?any\s?time(?:\s+of\s+(?:the\s+)?day)?|(?:at\s+)?any\s+hour"
    rf"|(?:a)?round\s+the\s+clock|(?:longer|later|extended)\s+hours"
    rf"|(?:after|past|beyond|later\s+than)\s+{_HOUR})(?!\w)"
)
_SPELLINGS = (
    (re.compile(r"\be[\s-]mail"), "email"),
    (re.compile(r"\bwi[\s-]fi\b"), "wifi"),
    (re.compile(r"\bdrive[\s-]?(?:thru|through)"), "drivethru"),
    (re.compile(r"['’](?:s\b)?"), ""),
    (re.compile(r"[‐-―/_-]+"), " "),
)
_RETURN = re.compile(r"^(?:bring(?:ing)?\s+back|(?:the\s+)?return\s+of)\s+(?=\w)")
_COMES_BACK = re.compile(r"(?<!\bcash)(?<!\bmoney)(?<!\bcall)(?<!\bfeed)\s+back(?:\s+again)?$")
_CONTEXT = re.compile(r"\s+(?:in|on|at|for|near|inside|during|when|while)\s+")
_WORD = re.compile(r"@?\w+")

_FILLERS = frozenset(
    "a an the some any my your our their its this that these those please pls of to in on at for"
    " by from with be being is are was have has having get getting it again too also just really"
    " and or i we you they".split()
)
_EMPTY_NOUNS = frozenset("option feature function functionality ability possibility way".split())
_SAME_MODIFIER = {
    word: words[0]
    for words in (
        ("lower", "cheaper", "reduced", "cheap"),
        ("more", "additional", "extra", "increased"),
        ("better", "improved", "nicer"),
        ("faster", "quicker", "speedier"),
        ("bigger", "larger"),
        ("longer", "later", "extended"),
        ("friendlier", "politer", "nice"),
    )
    for word in words
}
MODIFIERS = frozenset(
    "more less fewer better lower higher faster slower bigger smaller longer shorter friendlier"
    " cleaner new newer no not without free".split()
)
"""Words that turn one wish into another one; phrases that differ in them stay apart."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One item phrase in its common form.

    ``words`` are all its folded words, ``key`` those of its head (what stands before "in the app",
    "at night"), where the head says enough by itself, else all. ``squashed`` is the head in its own
    order without spaces ("glutenfreebun").
    """

    words: frozenset[str]
    key: frozenset[str]
    squashed: str

    @property
    def content(self) -> frozenset[str]:
        """The words of the key that name a thing."""
        return self.key - MODIFIERS - {LONGER}


def phrase(item: str, brand_words: frozenset[str] = frozenset()) -> Phrase:
    """The common form of an item; ``brand_words`` are folded words to leave out.

    A phrase made of nothing but fillers and brand words keeps them all.
    """
    text = _plain(item)
    head = _CONTEXT.split(text, maxsplit=1)[0]
    words = _folded(text, brand_words)
    first = _folded(head, brand_words)
    if len(set(first)) < 2 or not set(first) - MODIFIERS - {LONGER}:
        first = words
    elif LONGER in words and LONGER not in first:
        first = [*first, LONGER]
    return Phrase(frozenset(words), frozenset(first), "".join(first))


def bare(item: str) -> str:
    """The item without its words for more hours: "egg stack after 10:30" -> "egg stack".

    The item itself where nothing else would be left.
    """
    if LONGER not in _plain(item):
        return item
    return " ".join(_LONGER.sub(" ", item.replace("-", " ")).split()) or item


def fold_words(names: Iterable[str]) -> frozenset[str]:
    """Folded words of names such as a brand's, for ``phrase``."""
    return frozenset(fold(word) for name in names for word in _WORD.findall(_plain(name)))


def _plain(item: str) -> str:
    text = unicodedata.normalize("NFKC", item).casefold().strip(" .!?,;:\"'")
    for pattern, replacement in _SPELLINGS:
        text = pattern.sub(replacement, text)
    text = _LONGER.sub(f" {LONGER} ", text)
    text = _RETURN.sub("", " ".join(text.split()))
    return _COMES_BACK.sub("", text)


def _folded(text: str, brand_words: frozenset[str]) -> list[str]:
    found = _WORD.findall(text)
    words = [fold(word) for word in found if word not in _FILLERS]
    kept = [w for w in words if w not in brand_words and w not in _EMPTY_NOUNS]
    return kept or words or found


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without plural and -ing: "berries" -> "berry", "ordering" -> "order".

    Good enough to compare with; the result need not be a word.
    """
    if word in _SAME_MODIFIER:
        return _SAME_MODIFIER[word]
    if word in MODIFIERS or word.startswith("@") or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    if len(word) > 6 and word.endswith("ing") and word not in ("evening", "morning"):
        word = word[:-3]
        if word[-1] == word[-2] and word[-1] not in "lsfz":
            word = word[:-1]
    if len(word) > 4:
        word = re.sub("our$", "or", word)
        word = re.sub("ie$", "y", word)
        word = re.sub("e$", "", word)
    return word


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1]
