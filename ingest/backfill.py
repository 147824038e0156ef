"""The past of a source, read backwards in windows of time, with a cursor of its own.

What was listened to stands in the ledger as coverage; a backfill fills what lies between and
before. It takes the newest gap first, since what people asked for lately counts most, and goes
down window by window. Each window that was read whole becomes coverage itself, so a backfill that
was stopped goes on where it was, and one that is done has nothing left to do. The live pull may
run meanwhile: its cursor is not touched, and the ledger keeps one of what both bring.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from earful.records import Admitted, Comment, Coverage
from earful.store import Ledger
from ingest.connector import Connector
from ingest.pull import Progress, PullResult, pull_source
from ingest.stretches import Span, cover, uncovered
from ingest.walks import moment_of

DAY = 86_400
FIRST_WINDOW = 30 * DAY
WIDEST, NARROWEST = 366 * DAY, DAY
FEW, MANY = 1_000, 20_000
"""Comments of a window below which the next one is twice as wide, above which half as wide."""

LEAST_GAP = 60
"""Seconds; a shorter gap is the seam of two pulls."""

Refusal = TypeVar("Refusal")


def backfill_source(
    ledger: Ledger,
    make: Callable[[dict[str, Any] | None], Connector],
    admit: Callable[[Sequence[Comment]], Sequence[Admitted | Refusal]],
    *,
    since: datetime,
    until: datetime | None = None,
    limit: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> PullResult[Refusal]:
    """Read what was not listened to between ``since`` and ``until`` (None: now), newest first.

    ``make`` makes the source's connector with a cursor. ``limit`` is the most comments of this
    call. Where the platform cuts or a budget is spent, the backfill ends there and its coverage
    says "capped"; the next one begins with that window. Raises what the connector raises; what
    was read is stored, and the next backfill goes on behind it. The pace, the waiting on the
    platform's limits and the budget are those of the connector.

    A connector that cannot be asked for a window (``windows`` is not true) walks from the newest
    down in one go.
    """
    source, in_windows = _kind(make(None))
    name = f"{source}#backfill"
    bottom = math.floor(since.timestamp())
    top = math.ceil((until or datetime.now(UTC)).timestamp())
    if spans := _listened(ledger.coverage(), source):
        top = min(top, max(end for _, end in spans))  # what is newer is the live pull's
    total: PullResult[Refusal] = PullResult(
        0, 0, 0, 0, 0, (), Coverage(source, moment_of(bottom), moment_of(top), "complete")
    )
    read, width = 0, FIRST_WINDOW
    while window := _next_window(ledger, source, (bottom, top), width if in_windows else None):
        with ledger.transaction(of_facts=False):
            ledger.set_meta(name, json.dumps(window))
        start, end = map(moment_of, window)
        before = read

        def advance(progress: Progress, before: int = before) -> None:
            nonlocal read
            if on_progress is not None:
                on_progress(before + progress.read - read)
            read = before + progress.read

        result = pull_source(
            ledger,
            make(ledger.cursor(name)),
            admit,
            since=start,
            until=end,
            limit=None if limit is None else limit - read,
            on_progress=advance,
            recheck_limit=0,
            cursor_name=name,
        )
        total = _added(total, result)
        if result.coverage.state != "complete" or (limit is not None and read >= limit):
            return replace(total, coverage=replace(result.coverage, until=moment_of(top)))
        with ledger.transaction(of_facts=False):
            ledger.drop_cursor(name)
            ledger.drop_meta(name)
            if uncovered(_listened(ledger.coverage(), source), *window):
                ledger.add_coverage(Coverage(source, start, end, "complete"))
        if read - before < FEW:
            width = min(WIDEST, width * 2)
        elif read - before > MANY:
            width = max(NARROWEST, width // 2)
    return total


def _kind(connector: Connector) -> tuple[str, bool]:
    return connector.source, bool(getattr(connector, "windows", False))


def _next_window(ledger: Ledger, source: str, asked: Span, width: int | None) -> Span | None:
    """The window that was stopped, else the newest piece of the newest gap; None: all is read."""
    bottom, top = asked
    if stopped := ledger.get_meta(f"{source}#backfill"):
        start, end = json.loads(stopped)
        if bottom <= start < end <= top:
            return start, end
        # It belongs to a backfill of another time, which begins anew when it comes to it.
        with ledger.transaction(of_facts=False):
            ledger.drop_cursor(f"{source}#backfill")
    gaps = uncovered(_listened(ledger.coverage(), source), bottom, top)
    gaps = tuple((start, end) for start, end in gaps if end - start >= LEAST_GAP)
    if not gaps:
        return None
    start, end = gaps[-1]
    return (start if width is None else max(start, end - width)), end


def _listened(coverage: Iterable[Coverage], source: str) -> tuple[Span, ...]:
    """What pulls of a source read whole, as seconds."""
    spans: tuple[Span, ...] = ()
    for window in coverage:
        if window.source == source and window.state == "complete" and window.until is not None:
            start = 0 if window.since is None else math.ceil(window.since.timestamp())
            spans = cover(spans, start, math.floor(window.until.timestamp()))
    return spans


def _added(one: PullResult[Refusal], other: PullResult[Refusal]) -> PullResult[Refusal]:
    return PullResult(
        one.added + other.added,
        one.revised + other.revised,
        one.unchanged + other.unchanged,
        one.deleted + other.deleted,
        one.forgotten + other.forgotten,
        (*one.refused, *other.refused),
        one.coverage,
    )
