"""Who counts: which comments are copies of another, by the rule of the design.

A copy is the same author again with the same or nearly the same text, or a long text (at least
``LONG_WORDS`` words) repeated at one place or in a burst. Short identical words of different
people are different people: sixty who write "all day breakfast please" are sixty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

LONG_WORDS: Final = 8
BURST_MS: Final = 7 * 24 * 60 * 60 * 1000
"""A burst goes on while the next of a family comes within seven days of the one before."""

CopyReason = Literal["same_author", "same_place", "burst"]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """What the rule needs of a comment. ``created_at`` is in milliseconds UTC.

    ``exact_print`` and ``near_prints`` are those of ``ingest.fingerprints``. ``author_key`` and
    ``place`` are ``None`` where the source tells none.
    """

    uid: str
    source: str
    author_key: str | None
    place: str | None
    created_at: int | None
    exact_print: int
    near_prints: tuple[int, ...]
    words: int


@dataclass(frozen=True, slots=True)
class Copy:
    """``uid`` copies ``copy_of``, which is itself no copy; ``reason`` is the first that held."""

    uid: str
    copy_of: str
    reason: CopyReason


@dataclass(slots=True)
class _Family:
    """Texts that are alike, and what is known of those seen so far (oldest first).

    Each mapping leads to the original that a further member would copy.
    """

    by_author: dict[tuple[str, str], str] = field(default_factory=dict)
    by_place: dict[tuple[str, str], str] = field(default_factory=dict)
    bare: dict[tuple[str, int], str] = field(default_factory=dict)  # no date, author, place
    burst: tuple[int, str] | None = None  # time of its latest member, its original
    merged_into: _Family | None = None

    @property
    def size(self) -> int:
        return len(self.by_author) + len(self.by_place) + len(self.bare)


def find_copies(rows: Iterable[CopyRow]) -> Iterator[Copy]:
    """Every copy among ``rows``, oldest first; the result does not depend on their order.

    The oldest of a family (by ``created_at``, then uid; undated rows last) is the original.
    Time grows as n log n with the rows, however large a family is. Memory holds the rows.
    """
    ordered = sorted(rows, key=_age)
    repeated = _repeated_prints(ordered)
    families: dict[int, _Family] = {}
    for row in ordered:
        prints = [each for each in (row.exact_print, *row.near_prints) if each in repeated]
        if not prints:  # like no other text
            continue
        family = _family_of(prints, families)
        copy = _judge(row, family)
        _remember(row, family, copy.copy_of if copy else row.uid)
        if copy:
            yield copy


def _age(row: CopyRow) -> tuple[bool, int, str]:
    return (row.created_at is None, row.created_at or 0, row.uid)


def _repeated_prints(rows: list[CopyRow]) -> set[int]:
    """The prints that occur twice or more. The others, nearly all, need not be looked up."""
    prints = np.fromiter(
        (each for row in rows for each in (row.exact_print, *row.near_prints)), dtype=np.int64
    )
    values, counts = np.unique(prints, return_counts=True)
    return set(values[counts > 1].tolist())


def _family_of(prints: list[int], families: dict[int, _Family]) -> _Family:
    """The one family of all texts that have one of the prints; they are joined by it.

    Exact prints and bands live in one mapping: both are 64-bit hashes, salted differently.
    """
    known: dict[int, _Family] = {}
    for each in prints:
        if each in families:
            family = _root(families[each])
            known[id(family)] = family
    if known:
        joined = max(known.values(), key=lambda family: family.size)
        for family in known.values():
            if family is not joined:
                _merge(family, joined)
    else:
        joined = _Family()
    for each in prints:
        families[each] = joined
    return joined


def _root(family: _Family) -> _Family:
    while family.merged_into is not None:
        if family.merged_into.merged_into is not None:
            family.merged_into = family.merged_into.merged_into
        family = family.merged_into
    return family


def _merge(smaller: _Family, larger: _Family) -> None:
    for key, original in smaller.by_author.items():
        larger.by_author.setdefault(key, original)
    for key, original in smaller.by_place.items():
        larger.by_place.setdefault(key, original)
    for bare, original in smaller.bare.items():
        larger.bare.setdefault(bare, original)
    if smaller.burst and (larger.burst is None or smaller.burst > larger.burst):
        larger.burst = smaller.burst
    smaller.merged_into = larger
    smaller.by_author, smaller.by_place, smaller.bare = {}, {}, {}


def _judge(row: CopyRow, family: _Family) -> Copy | None:
    if row.author_key is not None:
        original = family.by_author.get((row.source, row.author_key))
        if original is not None:
            return Copy(row.uid, original, "same_author")
    if row.words < LONG_WORDS:
        return None
    if row.place is not None:
        original = family.by_place.get((row.source, row.place))
        if original is not None:
            return Copy(row.uid, original, "same_place")
    if row.created_at is not None:
        if family.burst and row.created_at - family.burst[0] <= BURST_MS:
            return Copy(row.uid, family.burst[1], "burst")
    elif row.author_key is None and row.place is None:
        original = family.bare.get((row.source, row.exact_print))
        if original is not None:
            return Copy(row.uid, original, "burst")
    return None


def _remember(row: CopyRow, family: _Family, original: str) -> None:
    if row.author_key is not None:
        family.by_author.setdefault((row.source, row.author_key), original)
    if row.words < LONG_WORDS:
        return
    if row.place is not None:
        family.by_place.setdefault((row.source, row.place), original)
    if row.created_at is not None:
        family.burst = (row.created_at, original)
    elif row.author_key is None and row.place is None:
        family.bare.setdefault((row.source, row.exact_print), original)
