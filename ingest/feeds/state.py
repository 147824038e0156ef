"""Where the reading of one feed stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from ingest.feeds.reading import Feed, second_of

MARKS_KEPT = 1000
"""Marks of entries no longer shown that are remembered, for a feed that shows them again."""


@dataclass(frozen=True, slots=True)
class State:
    """What was read of one feed. All times are whole seconds since 1970.

    Its documents were read without a gap from ``walked_from`` on; the last one was fetched at
    ``fetched_at`` and gone through for entries from ``asked_from`` on.
    ``floor`` is the oldest second ever asked for. ``seen`` are the marks of entries that were
    yielded, ``follow`` the posts with a comment feed: id -> (its address, how many there are).
    """

    floor: int | None = None
    walked_from: int | None = None
    asked_from: int | None = None
    fetched_at: int | None = None
    etag: str | None = None
    modified: str | None = None
    title: str | None = None
    seen: tuple[str, ...] = ()
    follow: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Self:
        """The state that ``to_json`` made."""
        return cls(**{**stored, "seen": tuple(stored["seen"])}) if stored else cls()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "seen": list(self.seen)}

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the document only if it has changed."""
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in told.items() if value}

    def start(self, since: int | None) -> int:
        """Where a walk begins that is asked for ``since``; undated entries stand at 0."""
        return since if since is not None else self.floor or 0

    def covers(self, start: int) -> bool:
        """Whether the last document was gone through from ``start`` on."""
        return self.asked_from is not None and start >= self.asked_from

    def overlaps(self, feed: Feed) -> bool:
        """Whether nothing can have come and gone between the last document and this one."""
        if self.fetched_at is None or not {e.mark for e in feed.entries}.isdisjoint(self.seen):
            return True
        dated = [second_of(entry) for entry in feed.entries if entry.created is not None]
        return not self.seen and bool(dated) and min(dated) <= self.fetched_at

    def yielding(self, start: int, mark: str) -> Self:
        """The walk from ``start`` on yields this entry."""
        floor = start if self.floor is None else min(self.floor, start)
        return replace(self, floor=floor, seen=(*self.seen, mark))

    def met(self, feed: Feed, now: int) -> Self:
        """The document is in hand, of which nothing is yielded yet."""
        dated = [second_of(entry) for entry in feed.entries if entry.created is not None]
        oldest = min(dated, default=now)
        if self.walked_from is not None and self.overlaps(feed):
            oldest = min(oldest, self.walked_from)
        return replace(self, walked_from=oldest)

    def walked(self, start: int, now: int, feed: Feed, headers: Mapping[str, str]) -> Self:
        """The document was gone through from ``start`` on; ``headers`` are its validators."""
        shown = {entry.mark for entry in feed.entries}
        older = [mark for mark in self.seen if mark not in shown][-MARKS_KEPT:]
        return replace(
            self,
            floor=start if self.floor is None else min(self.floor, start),
            asked_from=start,
            fetched_at=now,
            etag=headers.get("etag"),
            modified=headers.get("last-modified"),
            title=feed.title,
            seen=(*older, *(mark for mark in self.seen if mark in shown)),
        )
