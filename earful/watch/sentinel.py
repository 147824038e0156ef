"""Looks at what the threads tell and at the ledger, and raises alerts or ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from earful.settings import Watch
from earful.store import Ledger
from earful.watch.alerts import AlertBook
from earful.watch.status import Snapshot, SourceStatus
from earful.watch.usual import (
    FEWEST,
    WINDOWS,
    Comparison,
    Interval,
    compare,
    joined,
    windows_like,
)

BRIDGE = timedelta(minutes=2)
"""Between two pulls so little may be missing and it still counts as listened."""
_EVER = datetime(1, 1, 2, tzinfo=UTC)


class Sentinel:
    """Raises and ends the alerts of one watch."""

    def __init__(self, settings: Watch, book: AlertBook) -> None:
        self._settings = settings
        self._book = book

    def look(self, seen: Snapshot) -> None:
        """At what the threads tell: failing and capped sources, tagging that is behind."""
        for source in seen.sources:
            self._look_at_pulls(source, seen.now)
        behind = seen.tags.behind(seen.now)
        if behind > self._settings.lag_after:
            told = f"{seen.tags.untagged:,} comments wait; tags are {behind:,.0f} seconds behind"
            told += f": {seen.tags.reason}" if seen.tags.reason else ""
            self._book.raise_(
                seen.now, "lagging", "", told, untagged=seen.tags.untagged, seconds=round(behind)
            )
        elif behind < self._settings.lag_after / 2:
            self._book.recover(seen.now, "lagging", "", "tags have caught up")

    def _look_at_pulls(self, source: SourceStatus, now: datetime) -> None:
        if source.failures >= self._settings.failures:
            told = f"{source.failures} pulls in a row have failed: {source.reason}"
            self._book.raise_(now, "failing", source.name, told, failures=source.failures)
        elif not source.failures and source.last_success is not None:
            self._book.recover(now, "failing", source.name, "a pull has succeeded")
        if source.coverage == "capped":
            self._book.raise_(now, "capped", source.name, source.detail)
        elif source.coverage == "complete":
            self._book.recover(now, "capped", source.name, "a pull saw everything")

    def listen(self, ledger: Ledger, source: str, now: datetime) -> Comparison | None:
        """Compare what a source brought with what it usually brings; None where nothing can be
        said (little history, or too few comments for even a week of silence to be remarkable)."""
        found = usual_of(ledger, source, self._settings.false_alarm)
        if found is None:
            return None
        hours = found.window / timedelta(hours=1)
        span = "hour" if hours == 1 else f"{hours:g} hours"
        told = f"{found.heard:,} comments in {span}, where {found.usual:,.1f} are usual"
        facts = {"hours": hours, "heard": found.heard, "usual": round(found.usual, 2)}
        verdict = found.verdict(self._settings.false_alarm)
        if verdict == "silent":
            self._book.raise_(now, "silence", source, told, **facts, chance=found.fewer)
        elif found.ended("silent"):
            self._book.recover(now, "silence", source, told, **facts)
        if verdict == "burst":
            self._book.raise_(now, "burst", source, told, **facts, chance=found.more)
        elif found.ended("burst"):
            self._book.recover(now, "burst", source, told, **facts)
        return found


def usual_of(ledger: Ledger, source: str, false_alarm: float) -> Comparison | None:
    """The comparison over the shortest window that is long enough for silence to be remarkable.

    The window ends with the last pull that saw everything: what was not listened to is neither
    silent nor usual.
    """
    listened = _listened(ledger, source)
    first = ledger.first_written(source)
    if not listened or first is None:
        return None
    end = listened[-1][1]
    longest = None
    for length in WINDOWS:
        window = (end - length, end)
        if window[0] < listened[-1][0]:
            break
        earlier = windows_like(window, listened, first)
        if len(earlier) < FEWEST:
            continue
        heard, *counts = ledger.count_written(source, [window, *earlier])
        longest = compare(length, heard, counts)
        if longest.can_be_silent(false_alarm):
            return longest
    # Too slow to be silent remarkably, but a burst can be told of any source.
    return longest


def _listened(ledger: Ledger, source: str) -> list[Interval]:
    whole = [
        (window.since or _EVER, window.until)
        for window in ledger.coverage(source)
        if window.state in ("complete", "imported") and window.until is not None
    ]
    return joined(whole, BRIDGE)
