"""The people of a feed: a handle that nobody has, a brand, a source, a language, habits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.planted.sentences import Brand, Source
from benchmarks.planted.voice import Habit, habit

_BIRDS = ("wren", "heron", "linnet", "plover", "curlew", "dunlin", "siskin", "pipit", "teal")
_THINGS = ("kettle", "lantern", "button", "gravel", "pepper", "marble", "anvil", "teacup", "turnip")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes. The handle is unique in a feed."""

    handle: str
    brand: Brand
    source: Source
    lang: str
    habit: Habit


class People:
    """Makes people, and remembers them by handle."""

    def __init__(self, languages: dict[str, float], rng: Random) -> None:
        self._languages = languages
        self._rng = rng
        self._by_handle: dict[str, Person] = {}

    def __getitem__(self, handle: str) -> Person:
        return self._by_handle[handle]

    def new(self, brand: Brand, langs: Sequence[str]) -> Person:
        """Somebody who writes about ``brand`` in one of ``langs``, English among them."""
        weights = [self._languages.get(lang, 0.0) for lang in langs]
        lang = self._rng.choices(langs, weights)[0]
        handle = f"{self._rng.choice(_BIRDS)}_{self._rng.choice(_THINGS)}{len(self._by_handle)}"
        person = Person(
            handle, brand, self._rng.choice(brand.sources), lang, habit(lang, self._rng)
        )
        self._by_handle[handle] = person
        return person
