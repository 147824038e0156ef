"""The taxonomy at work: asks move between signals before they are counted, signals get standing.

Applied in this order: signals that are merged go whole, then the items of a split leave, then
aliases bring their items, wherever these were. An alias or an item of a split means every wording
with the same common form (see ``reports.phrases``). A request stays a request: items move among
signals of the same kind, and only a merge joins purchase intent with a request.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from earful.errors import ConfigurationError
from earful.ruling import Ruling
from earful.taxonomy import Entry, normal
from reports.grouping import NO_GROUP, Grouping
from reports.identity import Identity, readable
from reports.phrases import phrase

Standing = Literal["ranked", "pinned", "ignored"]

_OWN_HASH_LENGTH = 8
"""Longer than the hash of what is found among the asks, so that the two do not meet."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A signal as reports list it. ``wording`` is how people say it, where ``name`` was decided."""

    id: str
    name: str
    wording: str
    wants: bool
    standing: Standing = "ranked"
    owner: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Where every ask is counted: by row, its position in ``listings``, or ``NO_GROUP``.

    ``unsaid`` are items that the taxonomy names and nobody asks for.
    """

    listings: tuple[Listing, ...]
    listing_of: npt.NDArray[np.int64]
    unsaid: tuple[str, ...] = ()


def own_id(name: str, parent: str = "") -> str:
    """The id of a signal that the taxonomy makes: new, or split from the signal ``parent``."""
    digest = hashlib.sha256(f"taxonomy\x1f{parent}\x1f{normal(name)}".encode()).hexdigest()
    return f"{readable(name)}-{digest[:_OWN_HASH_LENGTH]}"


def arrange(
    asks: pd.DataFrame,
    grouping: Grouping,
    identities: Sequence[Identity],
    ruling: Ruling | None = None,
    brand: re.Pattern[str] | None = None,
) -> Arrangement:
    """Put the asks of ``grouping`` into the signals that a report lists.

    ``asks`` is the frame that was grouped, its items as people said them. Without a ``ruling``
    every group is a signal under its own name.
    """
    listings = [
        Listing(identity.id, identity.name, group.name, group.wants)
        for identity, group in zip(identities, grouping.groups, strict=True)
    ]
    if ruling is None:
        return Arrangement(tuple(listings), grouping.group_of)
    return _Arranging(asks, grouping, listings, ruling, brand).result()


def require_one_place(ruling: Ruling, brand: re.Pattern[str] | None, where: str) -> None:
    """Raise ``ConfigurationError`` where wordings that mean the same are to go to two places."""
    places: dict[frozenset[str], tuple[str, str]] = {}
    for entry in ruling.taxonomy.signal:
        for place, items in (
            (entry.reference, entry.aliases),
            *((f"{entry.reference} / {part}", words) for part, words in entry.split.items()),
        ):
            for item in items:
                other, first = places.setdefault(phrase(item, brand).key, (item, place))
                if first != place:
                    raise ConfigurationError(
                        f"{item!r} means the same as {other!r}, and is to go to {place!r}, not to"
                        f" {first!r}",
                        where=where,
                        next_step="Decide for one of them.",
                    )


class _Arranging:
    """One taxonomy applied to one grouping."""

    def __init__(
        self,
        asks: pd.DataFrame,
        grouping: Grouping,
        listings: list[Listing],
        ruling: Ruling,
        brand: re.Pattern[str] | None,
    ) -> None:
        self.listings = listings
        self.entries, self.there = ruling.taxonomy.signal, ruling.signals
        self.brand = brand
        self.place = {listing.id: n for n, listing in enumerate(listings)}
        self.forms, self.form_of = self._forms(asks)
        self.wants = (asks["type"] == "wants").to_numpy(dtype=bool)
        self.listing_of = grouping.group_of.copy()
        self.made = self._make()

    def _forms(self, asks: pd.DataFrame) -> tuple[dict[frozenset[str], int], npt.NDArray[np.int64]]:
        """A number for every common form, and the number of each row's item."""
        forms: dict[frozenset[str], int] = {}
        by_item = {
            item: forms.setdefault(phrase(item, self.brand).key, len(forms))
            for item in asks["item"].unique()
        }
        return forms, asks["item"].map(by_item).to_numpy(dtype=np.int64)

    def _make(self) -> dict[str, int]:
        """Positions of the signals that the taxonomy makes itself, by name."""
        made: dict[str, int] = {}
        for entry in self.entries:
            if entry.new and entry.name is not None:
                made[normal(entry.name)] = self._add(own_id(entry.name), entry.name, wants=False)
            whole = self._target(entry, made)
            if whole is None:
                continue
            parent = self.listings[whole]
            for part in entry.split:
                made[normal(part)] = self._add(own_id(part, parent.id), part, wants=parent.wants)
        return made

    def _add(self, identity: str, name: str, *, wants: bool) -> int:
        position = self.place.setdefault(identity, len(self.listings))
        if position == len(self.listings):
            self.listings.append(Listing(identity, name, name, wants))
        return position

    def _target(self, entry: Entry, made: Mapping[str, int]) -> int | None:
        """The position of an entry's signal; None where it is not there now."""
        signal = self.there.get(entry.reference)
        if signal is not None:
            return self._add(signal.id, signal.names[0], wants=signal.wants)
        return made.get(normal(entry.name)) if entry.name is not None else None

    def result(self) -> Arrangement:
        placed = [
            (entry, target)
            for entry in self.entries
            if (target := self._target(entry, self.made)) is not None
        ]
        self._merge(placed)
        unsaid: list[str] = []
        for entry, target in placed:
            for part, items in entry.split.items():
                inside = self.listing_of == target
                unsaid += self._move(items, self.made[normal(part)], inside)
        for entry, target in placed:
            alike = self.wants == self.listings[target].wants
            unsaid += self._move(entry.aliases, target, alike & (self.listing_of != NO_GROUP))
        for entry, target in placed:
            self.listings[target] = _decided(self.listings[target], entry)
        return Arrangement(tuple(self.listings), self.listing_of, tuple(unsaid))

    def _merge(self, placed: Sequence[tuple[Entry, int]]) -> None:
        into = np.arange(len(self.listings))
        called = self._called() if any(entry.new for entry, _ in placed) else {}
        for entry, target in placed:
            for reference in entry.merge:
                signal = self.there.get(reference)
                if signal is not None and signal.id in self.place:
                    into[self.place[signal.id]] = target
            if entry.new and entry.name is not None:
                # What people ask for by the very name of a new signal is that signal.
                into[called.get(phrase(entry.name, self.brand).key, [])] = target
        there = self.listing_of != NO_GROUP
        self.listing_of[there] = into[self.listing_of[there]]

    def _called(self) -> dict[frozenset[str], list[int]]:
        """Positions of requests by the common form of what they are called."""
        called: dict[frozenset[str], list[int]] = defaultdict(list)
        for n, listing in enumerate(self.listings):
            for name in () if listing.wants else {listing.name, listing.wording}:
                called[phrase(name, self.brand).key].append(n)
        return called

    def _move(self, items: Sequence[str], target: int, rows: npt.NDArray[np.bool_]) -> list[str]:
        """Move the rows of these items; tells the items that no row has."""
        numbers = {item: self.forms.get(phrase(item, self.brand).key) for item in items}
        moving = rows & np.isin(self.form_of, [n for n in numbers.values() if n is not None])
        self.listing_of[moving] = target
        said = set(self.form_of[moving].tolist())
        return [item for item, number in numbers.items() if number not in said]


def _decided(listing: Listing, entry: Entry) -> Listing:
    standing: Standing = "pinned" if entry.pin else "ignored" if entry.ignore else "ranked"
    return replace(
        listing, name=entry.rename or listing.name, standing=standing, owner=entry.owner or ""
    )
