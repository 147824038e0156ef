"""What was read already, as stretches of time: the arithmetic behind the connectors' cursors.

Seconds are whole seconds since 1970. Many comments may share one second, so the edge of what was
read is a second *and* the ids that were read in it; only seconds wholly inside a stretch count as
read without looking at ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

Span = tuple[int, int]
"""Seconds from the first (included) to the second (excluded), all of them read."""


def cover(spans: Iterable[Span], since: int, until: int) -> tuple[Span, ...]:
    """``spans`` with ``[since, until)`` added; touching spans become one, oldest first."""
    merged: list[Span] = []
    for start, end in sorted((*spans, (since, until))):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def uncover(spans: Iterable[Span], since: int) -> tuple[Span, ...]:
    """``spans`` without anything from ``since`` on."""
    return tuple((start, min(end, since)) for start, end in spans if start < since)


def uncovered(spans: Iterable[Span], since: int, until: int) -> tuple[Span, ...]:
    """What of ``[since, until)`` is in none of ``spans``, oldest first."""
    gaps: list[Span] = []
    for start, end in sorted(spans):
        if since < min(start, until):
            gaps.append((since, min(start, until)))
        since = max(since, end)
    if since < until:
        gaps.append((since, until))
    return tuple(gaps)


def _covers(spans: Iterable[Span], second: int) -> bool:
    return any(start <= second < end for start, end in spans)


@dataclass(frozen=True, slots=True)
class OldestFirst:
    """Where a walk upwards through time stands.

    ``read`` was walked through; of second ``edge`` only ``edge_ids`` were yielded. ``floor`` is
    the oldest second ever asked for: a walk that is given no start begins there. ``horizon`` is
    set while a walk is under way, which goes up to it. From ``settled`` on the platform may show
    more than it did, so that stretch is walked again by the next pull, without the ids in
    ``late`` (id -> second), which were yielded though their second is to be walked.
    """

    floor: int
    read: tuple[Span, ...] = ()
    edge: int | None = None
    edge_ids: tuple[str, ...] = ()
    horizon: int | None = None
    settled: int | None = None
    late: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The state that ``to_json`` made."""
        read = tuple((start, end) for start, end in stored["read"])
        return cls(**{**stored, "read": read, "edge_ids": tuple(stored["edge_ids"])})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "floor": self.floor,
            "read": [list(span) for span in self.read],
            "edge": self.edge,
            "edge_ids": list(self.edge_ids),
            "horizon": self.horizon,
            "settled": self.settled,
            "late": self.late,
        }

    def gaps(self, since: int | None, until: int) -> tuple[Span, ...]:
        """What is still to be walked, from ``since`` (None: from the floor) up to ``until``."""
        return uncovered(self.read, self.floor if since is None else since, until)

    def begun(self, since: int | None, horizon: int, settled: int) -> Self:
        """A new walk up to ``horizon``; what was not settled by the last one is open again."""
        read = self.read if self.settled is None else uncover(self.read, self.settled)
        floor = self.floor if since is None else min(self.floor, since)
        return replace(self, floor=floor, read=read, horizon=horizon, settled=settled)

    def ended(self) -> Self:
        """The walk has come to its horizon."""
        settled = self.settled or 0
        late = {
            item_id: second
            for item_id, second in self.late.items()
            if second >= settled or not _covers(self.read, second)
        }
        return replace(self, horizon=None, late=late)

    def knows(self, second: int, item_id: str) -> bool:
        """Whether this comment was yielded, though its second is to be walked."""
        return (second == self.edge and item_id in self.edge_ids) or item_id in self.late

    def after(self, start: int, second: int, item_id: str) -> Self:
        """The walk, which began its gap at ``start``, yields this comment."""
        ids = (*self.edge_ids, item_id) if second == self.edge else (item_id,)
        moved = self._read_through(start, second)
        late = moved.late
        if self.settled is not None and second >= self.settled:
            late = {**late, item_id: second}
        return replace(moved, edge=second, edge_ids=ids, late=late)

    def through(self, start: int, end: int) -> Self:
        """The walk has come to ``end``, whether anything was there or not."""
        return replace(self._read_through(start, end), edge=None, edge_ids=())

    def _read_through(self, start: int, end: int) -> Self:
        read = cover(self.read, start, end)
        if self.edge is None or self.edge == end or _covers(read, self.edge):
            return replace(self, read=read)
        # A walk that began elsewhere leaves a half-read second behind.
        left = dict.fromkeys(self.edge_ids, self.edge)
        return replace(self, read=read, late={**self.late, **left})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a newest-first listing that was read from ``top`` down to ``bottom``.

    Every second between the two, both excluded, was read whole; of the seconds ``top`` and
    ``bottom`` themselves only the comments with the ids kept beside them.
    """

    top: int
    top_ids: frozenset[str]
    bottom: int
    bottom_ids: frozenset[str]

    def holds(self, second: int, item_id: str) -> bool:
        """Whether this comment was read as part of the stretch."""
        return (
            self.bottom < second < self.top
            or (second == self.top and item_id in self.top_ids)
            or (second == self.bottom and item_id in self.bottom_ids)
        )

    def down_to(self, second: int, item_id: str) -> Stretch:
        """This stretch after the next comment of the listing was read."""
        grown = self
        if second == self.top:
            grown = replace(grown, top_ids=self.top_ids | {item_id})
        if second == self.bottom:
            return replace(grown, bottom_ids=self.bottom_ids | {item_id})
        if second < self.bottom:
            return replace(grown, bottom=second, bottom_ids=frozenset({item_id}))
        return grown

    def overlaps(self, other: Stretch) -> bool:
        """Whether a second read whole by one of the two is touched by the other."""
        return other.top > self.bottom and other.bottom < self.top

    def joined(self, other: Stretch) -> Stretch:
        """Two stretches that overlap, as one."""
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        return Stretch(
            top,
            frozenset().union(*(s.top_ids for s in (self, other) if s.top == top)),
            bottom,
            frozenset().union(*(s.bottom_ids for s in (self, other) if s.bottom == bottom)),
        )


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """Where the reading of one newest-first listing stands.

    ``stretches`` go from the newest to the oldest; an unread gap lies below each but the last,
    left there by a walk that was stopped. ``floor`` is the oldest second ever asked for: a walk
    that is given no start goes down to it. ``walk`` is the stretch of the walk that is under way.
    """

    stretches: tuple[Stretch, ...] = ()
    floor: int | None = None
    walk: Stretch | None = None

    @classmethod
    def from_json(cls, stored: dict[str, Any] | None) -> Self:
        """The state that ``to_json`` made, with no walk under way."""
        if not stored:
            return cls()
        return cls(
            tuple(
                Stretch(top, frozenset(top_ids), bottom, frozenset(bottom_ids))
                for top, top_ids, bottom, bottom_ids in stored["stretches"]
            ),
            stored["floor"],
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; the walk under way becomes the newest stretch."""
        every = self.stretches if self.walk is None else _sorted((self.walk, *self.stretches))
        return {
            "floor": self.floor,
            "stretches": [
                [s.top, sorted(s.top_ids), s.bottom, sorted(s.bottom_ids)] for s in every
            ],
        }

    def begin(self, since: int | None) -> Self:
        """Begin a walk from the newest comment down to ``since`` (None: to the floor)."""
        floor = self.floor
        if since is not None:
            floor = since if floor is None else min(floor, since)
        elif floor is None:
            floor = 0
        every = self.stretches if self.walk is None else _sorted((self.walk, *self.stretches))
        return replace(self, stretches=every, floor=floor, walk=None)

    def holds(self, second: int, item_id: str) -> bool:
        """Whether an earlier walk read this comment."""
        return any(stretch.holds(second, item_id) for stretch in self.stretches)

    def opened(self, since: int) -> Self:
        """Without anything from second ``since`` on, so that it is walked again."""
        every = self.stretches if self.walk is None else _sorted((self.walk, *self.stretches))
        kept = [
            s if s.top < since else replace(s, top=since, top_ids=frozenset())
            for s in every
            if s.bottom < since
        ]
        return replace(self, stretches=tuple(kept), walk=None)

    def read_whole(self, second: int) -> bool:
        """Whether every comment of this second was read."""
        every = self.stretches if self.walk is None else (self.walk, *self.stretches)
        return any(stretch.bottom < second < stretch.top for stretch in every)

    def ends_at(self, second: int, since: int) -> bool:
        """Whether everything from ``second`` down to ``since`` was read by earlier walks."""
        return any(s.bottom < min(since, second) and second < s.top for s in self.stretches)

    def pass_by(self, second: int, item_id: str) -> Self:
        """The walk has come to this comment, new or known; gaps above it are closed."""
        if self.walk is None:
            ids = frozenset({item_id})
            walk = Stretch(second, ids, second, ids)
        else:
            walk = self.walk.down_to(second, item_id)
        return self._absorb(walk)

    def reach(self, since: int) -> Self:
        """The walk has come to its end: everything from ``since`` up to its top was read."""
        if self.walk is None:
            return self
        if since > self.walk.bottom:
            return self
        return self._absorb(replace(self.walk, bottom=since - 1, bottom_ids=frozenset()))

    def _absorb(self, walk: Stretch) -> Self:
        rest: list[Stretch] = []
        for stretch in self.stretches:
            if walk.overlaps(stretch):
                walk = walk.joined(stretch)
            else:
                rest.append(stretch)
        return replace(self, stretches=tuple(rest), walk=walk)


def _sorted(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    return tuple(sorted(stretches, key=lambda stretch: stretch.top, reverse=True))
