"""Walking a listing upwards through time, where the state of a walk is kept, and what several
walks have seen in common. Time is whole seconds since 1970."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from earful.records import Comment
from ingest.connector import Connector
from ingest.stretches import OldestFirst, Span

Keep = Callable[[dict[str, Any]], None]
"""Puts the state of a walk into the connector's cursor."""
_FUTURE = 3600
"""Seconds of the future that are read, so that a clock of ours that is slow hides nothing."""


class Climb:
    """One listing that is walked from the oldest comment to the newest, gap by gap.

    ``stored`` is the state that an earlier walk kept, ``beginning`` the first second that the
    platform has. Every step is handed to ``keep`` before its comment is yielded, which is what
    the cursor rule asks for. Between ``low`` and ``high`` everything was seen.
    """

    def __init__(
        self,
        stored: Mapping[str, Any] | None,
        beginning: int,
        since: int | None,
        stop: int,
        keep: Keep,
    ) -> None:
        self._since = since
        self._keep = keep
        if stored is None:
            floor = beginning if since is None else max(since, beginning)
            self._state = OldestFirst(floor)
        else:
            self._state = OldestFirst.from_json(stored)
        opened = self._state
        if opened.horizon is None:
            opened = opened.begun(since, stop, stop)
        gaps = opened.gaps(since, stop)
        self.low = self.high = gaps[0][0] if gaps else stop

    def up_to(
        self, stop: int, settled: int, read: Callable[[int, int], Iterator[Comment]]
    ) -> Iterator[Comment]:
        """Yield what ``read`` finds in every gap before ``stop``.

        What lies behind ``settled`` is read again by the next walk. A walk that was stopped is
        finished before its newest stretch is looked through again: otherwise a small limit would
        go over the same ground for ever.
        """
        horizon = self._state.horizon
        if horizon is not None:
            yield from self._gaps(min(stop, horizon), read)
            if stop < horizon:
                return
            self._set(self._state.ended())
        self._set(self._state.begun(self._since, stop, settled))
        yield from self._gaps(stop, read)
        self._set(self._state.ended())

    def knows(self, second: int, mark: str) -> bool:
        """Whether this comment was yielded already, though its second is walked again."""
        return self._state.knows(second, mark)

    def passes(self, start: int, second: int, mark: str) -> None:
        """The next comment to be yielded, in the gap that begins at ``start``."""
        self._set(self._state.after(start, second, mark), second)

    def through(self, start: int, end: int) -> None:
        """Everything from ``start`` up to ``end`` was read, whether anything was there or not."""
        self._set(self._state.through(start, end), end)

    def _gaps(self, stop: int, read: Callable[[int, int], Iterator[Comment]]) -> Iterator[Comment]:
        for start, end in self._state.gaps(self._since, stop):
            yield from read(start, end)
        self._set(self._state, stop)

    def _set(self, state: OldestFirst, at: int | None = None) -> None:
        self._state = state
        if at is not None:
            self.high = max(self.high, at)
        self._keep(state.to_json())


def climb_in(
    connector: Connector, name: str, key: str, beginning: int, since: int | None, stop: int
) -> Climb:
    """A walk whose state is at ``cursor[name][key]``, and is kept there."""
    stored = connector.cursor.get(name, {}).get(key)
    return Climb(stored, beginning, since, stop, partial(keep_in, connector, name, key))


def keep_in(connector: Connector, name: str, key: str, state: Any) -> None:
    """Put a state at ``cursor[name][key]``: in new dicts, since the loop may hold the old ones."""
    cursor = connector.cursor
    connector.cursor = {**cursor, name: {**cursor.get(name, {}), key: state}}


def seen_in_common(
    spans: Iterable[Span], since: datetime | None, until: datetime
) -> tuple[datetime | None, datetime]:
    """The window that every walk of a source has seen; as asked for where none was begun."""
    every = list(spans)
    if not every:
        return since, until
    low = max(start for start, _ in every)
    high = min(until, moment_of(min(end for _, end in every)))
    if low <= 0:
        return None, high
    first = min(until, moment_of(low))
    return first, max(first, high)


def in_seconds(since: datetime | None, until: datetime) -> tuple[int | None, int]:
    """(start, stop): the first whole second not before each; no start where ``since`` is None."""
    return None if since is None else math.ceil(since.timestamp()), math.ceil(until.timestamp())


def in_seconds_and_ahead(
    since: datetime | None, until: datetime, now: datetime
) -> tuple[int | None, int]:
    """The same for a list that also shows what is dated a little ahead of our clock: where the end
    is ``now``, that belongs to it."""
    start, stop = in_seconds(since, until)
    return start, stop + (_FUTURE if until == now else 0)


def moment_of(second: int) -> datetime:
    """A second since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(second, UTC)
