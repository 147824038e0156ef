"""Reading a listing that shows the newest first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from earful.records import Comment
from ingest.rest.asking import Order
from ingest.rest.mapping import Mapped
from ingest.rest.memory import Memory
from ingest.rest.oldest_first import MOST_SLIDES
from ingest.rest.service import Board, timed
from ingest.walks import Keep

FUTURE = 3600
"""Seconds of the future that are read, so that a clock of ours that is slow hides nothing."""


class Descent:
    """A walk down to what was read before, to ``since``, or to the end of the listing.

    ``stop`` is the first second that is not wanted, ``now`` our clock. A comment's replies come
    before it, so that a walk that is stopped among them finds them again.
    """

    def __init__(
        self,
        stored: dict[str, Any] | None,
        since: int | None,
        stop: int,
        now: int,
        order: Order,
        keep: Keep,
    ) -> None:
        beginning = order.first_second
        self._memory = Memory.from_json(stored).begun(since, now - order.overlap)
        self._floor = max(self._memory.state.floor or 0, beginning) if since is None else since
        self._stop = stop + (FUTURE if stop >= now else 0)
        self._now = now
        self._oldest = 0 if order.window is None else now - order.window
        self._keep = keep
        self.span = (stop, stop)

    def comments(self, board: Board) -> Iterator[Comment]:
        """What is new, newest first."""
        known = self._memory.state
        floor = self._floor
        self._set(self._memory)
        seen: set[str] = set()
        bound = self._stop
        for _ in range(MOST_SLIDES):
            listing = board.between(None, bound if bound < self._now else None)
            lowest = bound
            for page in board.pages(listing):
                placed = _placed(page, bound)
                for entry, second, in_place in placed:
                    if not floor <= second < self._stop:
                        continue
                    read = known.holds(second, entry.mark)
                    if not read:
                        yield from self._replies(board, entry, second, seen)
                    fresh = not read and not self._yielded(entry.mark, seen)
                    seen.add(entry.mark)
                    passed = self._memory.passed(second, entry.mark, in_place=in_place)
                    self._set(passed, second if in_place else None)
                    if fresh and entry.wanted:
                        yield entry.comment
                lowest = min([lowest, *(second for _, second, in_place in placed if in_place)])
                if lowest < floor:
                    self._end(self._memory.reached(floor), floor)
                    return
                if known.ends_at(lowest, floor):
                    self._end(self._memory, floor)
                    return
            if not listing.capped:
                break
            if board.row.order.until is None or lowest + 1 >= bound:
                # What lies deeper cannot be had, so the cursor does not send later walks there.
                board.tell_capped()
                self._end(self._memory.reached(floor), self.span[0])
                return
            bound = lowest + 1
        if not board.tells_nothing():
            self._end(self._memory.reached(floor), floor)

    def _replies(
        self, board: Board, entry: Mapped, second: int, seen: set[str]
    ) -> Iterator[Comment]:
        """The answers to a comment. They belong to its second, whenever they were written."""
        for reply in board.replies(entry):
            if not self._yielded(reply.mark, seen):
                seen.add(reply.mark)
                self._set(self._memory.passed(second, reply.mark, in_place=False))
                yield reply.comment

    def _yielded(self, mark: str, seen: set[str]) -> bool:
        return mark in seen or mark in self._memory.late

    def _end(self, memory: Memory, reached: int) -> None:
        # What lies before the platform's window was never shown, whatever the list's end says.
        self._set(memory.ended(), max(reached, self._oldest))

    def _set(self, memory: Memory, reached: int | None = None) -> None:
        self._memory = memory
        if reached is not None:
            low, high = self.span
            self.span = (min(low, reached), high)
        self._keep(memory.to_json())


def _placed(page: Sequence[Mapped], before: int) -> list[tuple[Mapped, int, bool]]:
    """(comment, second, whether it stands in the order) of a page that goes down in time.

    What is older than something below it on the page was pinned, or came late: it says nothing
    about what was read.
    """
    newest_below = -math.inf
    placed: list[tuple[Mapped, int, bool]] = []
    for entry, second in reversed(timed(page, before)):
        placed.append((entry, second, second >= newest_below))
        newest_below = max(newest_below, second)
    return placed[::-1]
