"""Items in replies, and the paths that lead to their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


class _Absent:
    """Stands for a value that is not there, since null is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a listing, and the item around it where the listing is nested."""

    value: Any
    around: Item | None = None

    def at(self, path: str) -> Any:
        """The value at ``path``; ``ABSENT`` where it is not there."""
        if path == "^" or path.startswith("^."):
            return ABSENT if self.around is None else self.around.at(path[2:])
        return value_at(self.value, path)

    def first(self, paths: tuple[str, ...]) -> Any:
        """The first value that is there and not null; ``ABSENT`` where none is."""
        for path in paths:
            value = self.at(path)
            if value is not ABSENT and value is not None:
                return value
        return ABSENT


def value_at(value: Any, path: str) -> Any:
    """The value at ``path`` in parsed JSON; ``ABSENT`` where it is not there."""
    for name in path.split(".") if path else ():
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ABSENT
    return value


def is_true(value: Any) -> bool:
    """Whether a value is there and neither null, false, empty nor zero."""
    return value is not ABSENT and value not in (None, False, "", 0, "0", "false")


def items_at(reply: Any, path: str) -> list[Item] | None:
    """The items at ``path``; None where no list is there.

    ``*`` goes through every element of a list, and what is left of it becomes the item around.
    A single object in place of a list is a list of one, as converters from XML write it.
    """
    first, *deeper = [part.strip(".") for part in path.split("*")]
    found = _listed(value_at(reply, first))
    if found is None:
        return None
    items = [Item(value) for value in found]
    for part in deeper:
        items = list(_inside(items, part))
    return items


def _inside(items: list[Item], path: str) -> Iterator[Item]:
    for item in items:
        if not path:
            yield item
            continue
        for value in _listed(item.at(path)) or ():
            yield Item(value, item)


def _listed(value: Any) -> list[Any] | None:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, Mapping) else None
