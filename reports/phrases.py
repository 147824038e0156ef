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

from reports.synonyms import SAME_PHRASES, SAME_WORDS

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
    *((re.compile(rf"\b(?:{'|'.join(others)})\b"), one) for one, others in SAME_PHRASES),
)
_RETURN = re.compile(r"^(?:bring(?:ing)?\s+back|(?:the\s+)?return\s+of)\s+(?=\w)")
_COMES_BACK = re.compile(r"(?<!\bcash)(?<!\bmoney)(?<!\bcall)(?<!\bfeed)\s+back(?:\s+again)?$")
_CONTEXT = re.compile(r"\s+(?:in|on|at|for|near|inside|during|when|while)\s+")
_TIME = re.compile(
    r"\s+(?:in|on|at|during|for|every)\s+(?:the\s+|an?\s+)?(?:early\s+|late\s+)?"
    r"(?:mornings?|afternoons?|evenings?|nights?|lunch(?:\s?time)?|dinner(?:\s?time)?|noon|midday"
    r"|midnight|weekends?|weekdays?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|\d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?)$"
)
"""When a thing is wanted: kept as the ask's moment, and no part of what is wanted."""
_WORD = re.compile(r"@?\w+")

_FILLERS = frozenset(
    (
        *("a", "an", "the", "some", "any", "my", "your", "our", "their", "its", "this", "that"),
        *("these", "those", "please", "pls", "of", "to", "in", "on", "at", "for", "by", "from"),
        *("with", "be", "being", "is", "are", "was", "have", "has", "having", "get", "getting"),
        *("it", "again", "too", "also", "just", "really", "and", "or", "i", "we", "you", "they"),
    )
)
_EMPTY_NOUNS = frozenset(
    (
        *("option", "feature", "function", "functionality", "ability", "possibility", "way"),
        *("fix", "fixed", "working"),
    )
)
_POINTING = frozenset(
    (
        *("back", "bring", "put", "one", "thing", "something", "anything", "stuff"),
        # Korean, Japanese, Polish, Spanish, German, French: pronouns, particles, intensifiers.
        *(
            "이",
            "그",
            "저",
            "이런",
            "그런",
            "정말",
            "진짜",
            "너무",
            "그냥",
            "아",
            "내",
            "내가",
            "나",
            "우리",
        ),
        *(
            "역시",
            "하지만",
            "그리고",
            "더",
            "좀",
            "잘",
            "왜",
            "다",
            "또",
            "이거",
            "이건",
            "그래도",
            "근데",
        ),
        *(
            "これ",
            "それ",
            "もっと",
            "とても",
            "ください",
            "to",
            "je",
            "się",
            "nie",
            "jest",
            "bardzo",
        ),
        *("lo", "la", "el", "que", "muy", "más", "esto", "es", "sie", "das", "ist", "mehr", "sehr"),
        *("bitte", "ça", "le", "les", "très", "plus"),
    )
)
_ONE_FOR_ALL = {
    word: words[0]
    for words in (
        *SAME_WORDS,
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
    (
        *("more", "less", "fewer", "better", "lower", "higher", "faster", "slower", "bigger"),
        *("smaller", "longer", "shorter", "friendlier", "cleaner", "new", "newer", "no", "not"),
        *("without", "free"),
    )
)
"""Words that turn one wish into another one; phrases that differ in them stay apart."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One item phrase in its common form.

    ``key`` holds its folded words, ``head`` those that stand before "in the app" or "at night",
    where they say enough by themselves, else None. ``squashed`` is the phrase in its own order
    without fillers and spaces ("glutenfreebun").
    """

    key: frozenset[str]
    head: frozenset[str] | None
    squashed: str


def phrase(item: str, brand: re.Pattern[str] | None = None) -> Phrase:
    """The common form of an item; names that ``brand`` finds (see ``brand_names``) are left out.

    A phrase made of nothing but fillers and names keeps them all.
    """
    text = _plain(item)
    if _WORD.search(untimed := _TIME.sub("", text)):
        text = untimed
    if brand is not None and _WORD.search(unnamed := brand.sub(" ", text)):
        text = unnamed
    words = _folded(text)
    before = _folded(_CONTEXT.split(text, maxsplit=1)[0])
    if LONGER in words and LONGER not in before:
        before.append(LONGER)
    key, head = frozenset(words), frozenset(before)
    enough = len(head) > 1 and bool(content(head)) and head < key
    return Phrase(key, head if enough else None, _squashed(text))


def names_nothing(key: frozenset[str]) -> bool:
    """Whether the words of a key name no thing ("it back", "fix")."""
    return not content(key) - _FILLERS - _EMPTY_NOUNS - _POINTING


def content(key: frozenset[str]) -> frozenset[str]:
    """The words of a key that name a thing."""
    return key - MODIFIERS - {LONGER}


def bare(item: str) -> str:
    """The item without its words for more hours: "egg stack after 10:30" -> "egg stack".

    The item itself where nothing else would be left.
    """
    if LONGER not in _plain(item):
        return item
    return " ".join(_LONGER.sub(" ", item.replace("-", " ")).split()) or item


def words_of(text: str) -> frozenset[str]:
    """The folded words of any text, to see whether it names a thing."""
    return frozenset(_folded(_plain(text)))


def brand_names(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds a brand's names, whole and as they stand, in texts that ``phrase`` compares.

    "Acorn Burger" leaves the burger of "vegan burger" alone.
    """
    plain = sorted({_plain(name) for name in names if name.strip()}, key=lambda n: (-len(n), n))
    if not plain:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, plain))})(?!\w)")


def _plain(item: str) -> str:
    text = unicodedata.normalize("NFKC", item).casefold().strip(" .!?,;:\"'")
    for pattern, replacement in _SPELLINGS:
        text = pattern.sub(replacement, text)
    text = _LONGER.sub(f" {LONGER} ", text)
    text = _RETURN.sub("", " ".join(text.split()))
    return _COMES_BACK.sub("", text)


def _folded(text: str) -> list[str]:
    found = _WORD.findall(text)
    words = [fold(word) for word in found if word not in _FILLERS]
    return [word for word in words if word not in _EMPTY_NOUNS] or words or found


def _squashed(text: str) -> str:
    words = [word for word in _WORD.findall(text) if word not in _FILLERS]
    return fold("".join(word for word in words if word not in _EMPTY_NOUNS) or text)


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without plural and -ing: "berries" -> "berry", "ordering" -> "order".

    Good enough to compare with; the result need not be a word.
    """
    one = _ONE_FOR_ALL.get(word) or _ONE_FOR_ALL.get(_singular(word))
    if one is not None:
        word = one
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
