"""Notices when a platform's replies no longer look as they did; each change is told once.

Values are never quoted, since they may be somebody's words: an example is the item's id and what
kind of value stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOST_KNOWN = 400
"""Names that are remembered; replies whose names are data have no shape to keep."""
ENOUGH = 20
"""So many items must lack a field before it counts as gone: few comments have every field."""
_MOST_TOLD = 8
_MOST_NAMES = 12
_ALWAYS = frozenset({"id", "text"})
_RARE = frozenset({"edited", "deleted", "parent", "title", "lang", "place", "version"})


class Shape:
    """The names that items had so far, and the mapped fields that were found in them.

    ``known`` comes from the cursor: names, fields once found as "=field", and fields told to be
    missing as "?field". Empty at the first pull, which learns. ``mapped`` is where each field is
    looked for; ``needed`` are fields that every item should have.
    """

    def __init__(
        self,
        known: Iterable[str],
        mapped: Mapping[str, tuple[str, ...]],
        needed: Iterable[str] = (),
    ) -> None:
        self._known = set(known)
        self._learning = not self._known
        self._mapped = mapped
        self._needed = _ALWAYS | set(needed)
        self._found: set[str] = set()
        self._new: dict[str, str] = {}
        self._odd: dict[str, str] = {}
        self._lacking: dict[str, tuple[int, str]] = {}
        self._items = 0

    def look(self, value: Any, native_id: str, present: Iterable[str]) -> None:
        """Take note of one item: its names, and which mapped fields it has (``present``)."""
        self._items += 1
        found = set(present)
        self._found |= found
        for field in self._needed & set(self._mapped) - found:
            count, example = self._lacking.get(field, (0, f"item {native_id} is {kind_of(value)}"))
            self._lacking[field] = (count + 1, example)
        if not isinstance(value, Mapping):
            return
        for name, inner in value.items():
            if name not in self._known and len(self._known) < MOST_KNOWN:
                self._known.add(name)
                if not self._learning:
                    self._new[name] = f"new field {name!r} ({kind_of(inner)}, in item {native_id})"

    def set_aside(self, reason: str, native_id: str) -> None:
        """Take note of an item, or a value in it, that could not be used."""
        self._odd.setdefault(reason, f"{reason} (in item {native_id})")

    @property
    def known(self) -> list[str]:
        """What to remember in the cursor."""
        told = {f"?{field}" for field in (*self._lacking, *self._gone())}
        back = {f"?{field}" for field in self._found if field not in self._lacking}
        found = {f"={field}" for field in self._found}
        odd = {f"!{reason}" for reason in self._odd}
        return sorted((self._known | told | found | odd) - back)

    @property
    def notes(self) -> list[str]:
        """What changed since the last pull, each told once."""
        lacking = [
            f"{field} is missing in {count:,} of {self._items:,} items"
            f" (looked for at {', '.join(self._mapped[field])}; for example {example})"
            for field, (count, example) in self._lacking.items()
            if f"?{field}" not in self._known
        ]
        gone = [
            f"{field} was in none of {self._items:,} items, and was there before"
            f" (looked for at {', '.join(self._mapped[field])})"
            for field in self._gone()
            if f"?{field}" not in self._known
        ]
        odd = [told for reason, told in self._odd.items() if f"!{reason}" not in self._known]
        return [*lacking, *gone, *self._new.values(), *odd][:_MOST_TOLD]

    def _gone(self) -> list[str]:
        if self._items < ENOUGH:
            return []
        return [
            field
            for field in self._mapped
            if f"={field}" in self._known
            and field not in self._found
            and field not in _RARE
            and field not in self._lacking
        ]


def kind_of(value: Any) -> str:
    """What kind of value this is, without telling it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"an object of {', '.join(list(map(str, value))[:_MOST_NAMES]) or 'nothing'}"
