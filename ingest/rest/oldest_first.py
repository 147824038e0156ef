"""Reading a listing that shows the oldest first, or in an order that is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from earful.records import Comment
from ingest.rest.mapping import Mapped
from ingest.rest.service import Board, timed
from ingest.walks import Climb, Keep

MOST_SLIDES = 100_000
"""Windows of time that one stretch is read in at most, so that no row turns for ever."""


class Ascent:
    """A walk from what was read before up to ``stop``; ``now`` is our clock, all in seconds.

    A comment's replies come before it and belong to its second, whenever they were written, so
    that a walk that is stopped among them finds them again.
    """

    def __init__(
        self,
        stored: Mapping[str, Any] | None,
        beginning: int,
        since: int | None,
        stop: int,
        now: int,
        keep: Keep,
    ) -> None:
        self._climb = Climb(stored, beginning, since, stop, keep)
        self._stop = stop
        self._now = now

    @property
    def span(self) -> tuple[int, int]:
        """The seconds between which everything was seen."""
        return self._climb.low, self._climb.high

    def comments(self, board: Board) -> Iterator[Comment]:
        """What is new, oldest first."""
        order = board.row.order
        latest = self._now - order.lag

        def read(start: int, end: int) -> Iterator[Comment]:
            for low in range(start, end, order.step or end - start):
                yield from self._gap(board, low, min(end, low + (order.step or end - start)))

        yield from self._climb.up_to(min(self._stop, latest), latest - order.overlap, read)
        board.tells_nothing()

    def _gap(self, board: Board, start: int, end: int) -> Iterator[Comment]:
        # Counted pages shift when something is deleted or changed meanwhile: where the platform
        # can be asked from a moment on, the next page is asked for from the last one's end.
        counted = board.row.paging.kind in ("page", "offset", "link")
        slides = counted and board.row.order.since is not None
        low = start
        for _ in range(MOST_SLIDES):
            listing = board.between(low, end)
            last = low
            for page in board.pages(listing):
                ordered = sorted(timed(page, last), key=lambda pair: pair[1])
                for entry, second in ordered:
                    if start <= second < end:
                        yield from self._thread(board, entry, start, second)
                last = max([last, *(second for _, second in ordered)])
                if (ordered and ordered[0][1] >= end) or (slides and last > low):
                    break
            if slides and low < last < end and not listing.at_end:
                low = last
                continue
            if listing.capped and board.row.order.since is not None and last > low:
                low = last
                continue
            if listing.capped:
                board.tell_capped()
            self._climb.through(start, end)
            return

    def _thread(self, board: Board, entry: Mapped, start: int, second: int) -> Iterator[Comment]:
        """What is new of a comment's replies, then the comment itself if it is."""
        for one in chain(board.replies(entry), (entry,)):
            if not self._climb.knows(second, one.mark):
                self._climb.passes(start, second, one.mark)
                if one.wanted:
                    yield one.comment
