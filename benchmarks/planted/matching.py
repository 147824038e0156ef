"""Which signal is which item: the truth laid beside what was found.

An item's signal is the one that holds most of the people who ask for it. The item is *found* where
that signal holds the majority of them and is pure: at least ``PURE`` of the signal's own people
ask for the item. Particulars count under their theme.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.planted.feed import ORDINARY, SINCERE, Feed, Row
from benchmarks.planted.found import Found

PURE = 0.8
FEWEST = 3
"""Items for which fewer people ask in truth are no trend, and are not looked for."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an item: its signal if any, the share of its people there, and how pure."""

    label: str
    people: int
    signal: Found | None
    held: float
    purity: float

    @property
    def found(self) -> bool:
        """Whether one pure signal holds the majority of its people."""
        return self.held > 0.5 and self.purity >= PURE

    @property
    def error(self) -> float:
        """How far the signal's people are from the truth, as a share of the truth."""
        told = self.signal.people if self.signal else 0
        return abs(told - self.people) / self.people


@dataclass(frozen=True, slots=True)
class Laid:
    """One ask laid to a signal. ``label`` is None where nobody asked, ``signal`` where none holds
    it."""

    row: Row
    label: str | None
    signal: Found | None


@dataclass(frozen=True, eq=False)
class Matching:
    """A feed and the signals found in it, in the report's order."""

    feed: Feed
    signals: tuple[Found, ...]

    @property
    def shared(self) -> tuple[Found, ...]:
        """Signals of two people or more that are no purchase intent."""
        return tuple(s for s in self.signals if s.people > 1 and s.type != "wants")

    @cached_property
    def persons(self) -> dict[str, dict[str, set[str]]]:
        """Signal id -> label -> who, of the signal's comments, asks for it; "" is everybody."""
        persons: dict[str, dict[str, set[str]]] = {}
        for signal in self.signals:
            by_label: dict[str, set[str]] = defaultdict(set)
            for row in self._rows(signal):
                by_label[""].add(row.person)
                for label in self._labels(row):
                    by_label[label].add(row.person)
            persons[signal.id] = by_label
        return persons

    def mainly(self, signal: Found) -> str | None:
        """The label that most of a signal's people ask for; None where it is no item at all."""
        counts = {label: len(who) for label, who in self.persons[signal.id].items() if label}
        return min(counts, key=lambda label: (-counts[label], label), default=None)

    def purity(self, signal: Found, label: str) -> float:
        """The share of a signal's people who ask for ``label``."""
        persons = self.persons[signal.id]
        return len(persons.get(label, ())) / len(persons[""]) if persons[""] else 0.0

    @cached_property
    def fates(self) -> tuple[Fate, ...]:
        """One per item, most wanted first."""
        labels = {item.label for item in self.feed.items.values()}
        people = {label: len(self.feed.people.get(label, ())) for label in labels}
        ranked = sorted(labels, key=lambda label: (-people[label], label))
        return tuple(self._fate(label) for label in ranked if people[label] >= FEWEST)

    def _fate(self, label: str) -> Fate:
        who = self.feed.people[label]
        best, held = None, 0
        for signal in self.signals:
            inside = len(self.persons[signal.id].get(label, ()))
            if inside > held:
                best, held = signal, inside
        purity = self.purity(best, label) if best else 0.0
        return Fate(label, len(who), best, held / len(who), purity)

    @cached_property
    def asks(self) -> tuple[Laid, ...]:
        """Every ask that grouping is judged by, with the signal that it is laid to.

        Those of ordinary rows, and what signals hold without anybody having asked for it.
        """
        holding: dict[str, list[Found]] = defaultdict(list)
        for signal in self.signals:
            for uid in signal.uids:
                holding[uid].append(signal)
        asks: list[Laid] = []
        for row in self.feed.rows:
            there = list(holding.get(row.uid, ()))
            if row.story == ORDINARY and row.asks:
                asks += self._laid(row, [self.feed.label(one.item) for one in row.asks], there)
            elif not row.asks:
                asks += [Laid(row, None, signal) for signal in there]
        return tuple(asks)

    def _laid(self, row: Row, asked: Sequence[str], holding: list[Found]) -> Iterator[Laid]:
        """Each ask with the signal that is mainly about it, else with one that is left."""
        rest: list[str] = []
        for label in asked:
            right = next((s for s in holding if self.mainly(s) == label), None)
            if right is None:
                rest.append(label)
            else:
                holding.remove(right)
                yield Laid(row, label, right)
        for label in rest:
            yield Laid(row, label, holding.pop(0) if holding else None)

    def _rows(self, signal: Found) -> Iterable[Row]:
        # A feed beside real background knows its own rows only.
        return (self.feed.by_uid[uid] for uid in signal.uids if uid in self.feed.by_uid)

    def _labels(self, row: Row) -> set[str]:
        if row.story not in SINCERE:
            return set()
        return {self.feed.label(asked.item) for asked in row.asks}

    def own(self, signal: Found) -> bool:
        """Whether most of a signal's comments are of the feed, not of real background."""
        return 2 * sum(1 for _ in self._rows(signal)) > len(signal.uids)

    def story_people(self, story: str) -> int:
        """The most people that rows of a story bring into one signal."""
        counts = Counter(
            {
                signal.id: len({row.person for row in self._rows(signal) if row.story == story})
                for signal in self.signals
            }
        )
        return max(counts.values(), default=0)
