"""The things that a project's settings name: what an item is called where the words name one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_NAMES_NOTHING = frozenset(
    (
        *("it", "that", "this", "them", "these", "those", "one", "ones", "thing", "things"),
        *("something", "anything", "everything", "stuff", "way", "fix", "please", "team"),
        *("offer", "menu", "option", "back", "bring", "put", "get", "make", "let", "do", "be"),
        *("serve", "sell", "add", "keep", "have", "the", "a", "an", "my", "your", "our", "their"),
        *("some", "any", "again", "now", "right", "then", "here", "there", "all", "day"),
        *("today", "tonight", "true", "sort", "out", "undo", "happen", "guys", "yall", "y'all"),
    )
)


class Products:
    """Product names to look for in asks; ``names`` in any case, singular or plural.

    ``brands`` are names that tell nothing about what is asked for.
    """

    def __init__(self, names: Iterable[str] = (), brands: Iterable[str] = ()) -> None:
        self._brands = frozenset(word for brand in brands for word in brand.lower().split())
        self.names = tuple(sorted({" ".join(name.lower().split()) for name in names if name}))
        longest_first = sorted(self.names, key=len, reverse=True)
        alternatives = "|".join(_pattern(name) for name in longest_first)
        self._pattern = (
            re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE) if self.names else None
        )
        self._by_key = {_key(name): name for name in self.names}

    @property
    def version(self) -> str:
        """A short digest of the names, since tags depend on them; empty without names."""
        if not self.names:
            return ""
        return hashlib.blake2b("\n".join(self.names).encode(), digest_size=5).hexdigest()

    def first(self, text: str) -> str:
        """The product named first in a text, as the settings write it, or an empty string."""
        match = self._pattern.search(text) if self._pattern else None
        return "" if match is None else self._by_key[_key(match.group())]

    def places(self, text: str) -> list[tuple[str, int, int]]:
        """Each product that a text names, as the settings write it, with start and end."""
        matches = self._pattern.finditer(text) if self._pattern else ()
        return [(self._by_key[_key(one.group())], one.start(), one.end()) for one in matches]

    def item(self, item: str, quote: str, comment: str) -> str:
        """What is asked for, in the words of the settings where the ask names a product.

        An item that names a product, or that stands in a quote without one, is kept; an item of
        words that name nothing ("it back") takes the first product of the comment.
        """
        if self._pattern is None or self._pattern.search(item):
            return item
        return self.first(quote) or (self.first(comment) if self._nothing(item) else "") or item

    def _nothing(self, item: str) -> bool:
        """Whether an item is made of words that name no thing ("it", "bring that back")."""
        words = re.findall(r"[\w']+", item.lower())
        return all(word in _NAMES_NOTHING or word in self._brands for word in words)


def _key(name: str) -> str:
    """Singular, blanks for hyphens: what all spellings of one product have in common."""
    return re.sub(r"[\s-]+", " ", name.lower()).removesuffix("s")


def _pattern(name: str) -> str:
    return r"[\s-]+".join(map(re.escape, _key(name).split())) + "s?"
