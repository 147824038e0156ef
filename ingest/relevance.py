"""Is a comment about what is listened for? The words of ``[[brand]]`` in the settings decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import regex

from earful.records import Comment
from earful.settings import Brand

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'"})
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SUFFIXING = regex.compile(r"\p{Hangul}")
_GAP = r"[\s\-_.]*"


def brand_words(brands: Iterable[Brand]) -> tuple[str, ...]:
    """Every name, product, misspelling and competitor of the brands, sorted, each once."""
    return tuple(sorted({word for brand in brands for word in _words_of(brand)}))


def any_of(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern that finds any of the phrases on word borders, case-folded text given.

    Spaces in a phrase match any run of spaces, hyphens, dots or nothing ("big mac", "big-mac",
    "bigmac"). Scripts without spaces have no word borders, and Korean glues particles to the
    end of a word; there the border is not asked for. ``None`` where there is no phrase.
    """
    folded = {fold(phrase) for phrase in phrases} - {""}
    if not folded:
        return None
    longest_first = sorted(folded, key=lambda phrase: (-len(phrase), phrase))
    return re.compile("|".join(_bordered(phrase) for phrase in longest_first))


def fold(text: str) -> str:
    """Case and the shape of apostrophes taken away; what ``any_of`` is matched against."""
    return text.translate(_APOSTROPHES).casefold().strip()


class Relevance:
    """Tells comments about the settings' brands from the rest.

    Without brands everything is relevant. A brand with ``sources`` puts only these to the test:
    what other sources bring in is relevant as it is. An exclusion takes the names inside it out
    of play, not the whole comment. Product words stand for the brand wherever they occur.
    """

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._tests = tuple(_BrandTest(brand) for brand in brands)

    def relevant(self, comment: Comment) -> bool:
        """Whether title, text or product of the comment name what is listened for."""
        if not self._tests:
            return True
        if any(test.exempts(comment.source) for test in self._tests):
            return True
        text = fold("\n".join(filter(None, (comment.title, comment.text, comment.product))))
        return any(test.names(text) for test in self._tests)


class _BrandTest:
    def __init__(self, brand: Brand) -> None:
        self._sources = None if brand.sources is None else frozenset(brand.sources)
        self._named = any_of(_words_of(brand))
        self._excluded = any_of(brand.exclusions)

    def exempts(self, source: str) -> bool:
        return self._sources is not None and source not in self._sources

    def names(self, folded: str) -> bool:
        if self._named is None or not self._named.search(folded):
            return False
        if self._excluded is None:
            return True
        return self._named.search(self._excluded.sub("\n", folded)) is not None


def _words_of(brand: Brand) -> tuple[str, ...]:
    words = (brand.name, *brand.names, *brand.products, *brand.misspellings, *brand.competitors)
    return tuple(word for word in words if word.strip())


def _bordered(phrase: str) -> str:
    body = _GAP.join(re.escape(part) for part in re.split(r"[\s\-_]+", phrase) if part)
    starts = r"(?<!\w)" if phrase[0].isalnum() and not _UNSPACED.match(phrase[0]) else ""
    open_end = _UNSPACED.match(phrase[-1]) or _SUFFIXING.match(phrase[-1])
    ends = r"(?!\w)" if phrase[-1].isalnum() and not open_end else ""
    return f"{starts}{body}{ends}"
