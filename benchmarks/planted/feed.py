"""A feed: what a scenario and a seed bring about, and the truth about every row of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from benchmarks.planted.scenario import Scenario
from benchmarks.planted.sentences import Brand, Item, brands
from benchmarks.planted.tides import Tides

ORDINARY, COPY, LOUD, BRIGADE, BACKGROUND = "ordinary", "copy", "loud", "brigade", "background"
"""The stories of rows. Who only copied, or marched in a brigade, asked for nothing of their own."""
SINCERE = (ORDINARY, LOUD)


@dataclass(frozen=True, slots=True)
class Asked:
    """One ask of a row, in truth.

    ``start`` and ``end`` count characters of the row's text. ``said`` is the item and ``plain``
    the words that carry it as the sentence has them, before a person's habits.
    """

    item: str
    said: str
    plain: str
    start: int
    end: int
    strength: int
    moment: str


@dataclass(frozen=True, slots=True)
class Row:
    """One comment. ``created_at`` is when it was written, ``arrives`` when it becomes known.

    ``kind`` is the source's kind of comment, ``remark`` the kind of background (else empty).
    """

    id: str
    brand: str
    source: str
    kind: str
    person: str
    created_at: datetime
    arrives: datetime
    text: str
    lang: str
    story: str
    remark: str = ""
    asks: tuple[Asked, ...] = ()
    place: str | None = None
    version: str | None = None
    rating: int | None = None
    likes: int = 0

    @property
    def uid(self) -> str:
        """The uid that the row has after ``earful import``."""
        return f"{self.source}:import:{self.id}"


@dataclass(frozen=True, eq=False)
class Feed:
    """All rows by ``created_at``, with the scenario that they come from."""

    scenario: Scenario
    seed: int
    rows: tuple[Row, ...]

    @property
    def brands(self) -> tuple[Brand, ...]:
        """The brands of the scenario."""
        return tuple(brands()[key] for key in self.scenario.brands)

    @property
    def tides(self) -> Tides:
        """The scenario's weeks."""
        return Tides(self.scenario)

    @cached_property
    def items(self) -> dict[str, Item]:
        """The items by key; what campaigns ask for is not among them."""
        return {item.key: item for brand in self.brands for item in brand.items}

    @cached_property
    def by_uid(self) -> dict[str, Row]:
        """The rows by uid."""
        return {row.uid: row for row in self.rows}

    @cached_property
    def people(self) -> dict[str, frozenset[str]]:
        """Label (an item with its particulars, or a cause) -> who asks for it in truth."""
        people: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            if row.story in SINCERE:
                for asked in row.asks:
                    people[self.label(asked.item)].add(row.person)
        return {label: frozenset(persons) for label, persons in people.items()}

    @cached_property
    def near(self) -> frozenset[frozenset[str]]:
        """The near misses, as pairs of labels."""
        return frozenset(
            frozenset({self.label(first), self.label(second)})
            for brand in self.brands
            for first, second in brand.near
        )

    def label(self, item: str) -> str:
        """What an ask for ``item`` should be counted under."""
        return self.items[item].label if item in self.items else item

    def known_at(self, moment: datetime) -> Feed:
        """The feed as it was known then."""
        rows = tuple(row for row in self.rows if row.arrives < moment)
        return Feed(self.scenario, self.seed, rows)
