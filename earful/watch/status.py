"""What the threads of the watch tell of themselves, for health, metrics and alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import active_children
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source does. ``pulls`` counts outcomes, ``comments`` what became of comments.

    ``failures`` are those since the last success and ``reason`` is why; ``state`` is "waiting",
    "pulling" or "held back" (until tagging has caught up). ``coverage`` is the state of the last
    window ("complete", "capped", "failed"), ``detail`` what it says.
    """

    name: str
    since: datetime
    state: str = "waiting"
    last_success: datetime | None = None
    next_pull: datetime | None = None
    failures: int = 0
    reason: str = ""
    coverage: str = ""
    detail: str = ""
    pull_seconds: float = 0.0
    pulls: Counter[str] = field(default_factory=Counter)
    comments: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class TagsStatus:
    """How tagging does. Everything that was stored before ``complete_until`` is tagged.

    ``untagged`` are comments that wait; ``skipped`` those that could not be read, with the
    reason of the last one in ``skip_reason``. ``reason`` says why nothing can be read at all.
    """

    since: datetime
    model_version: str = ""
    complete_until: datetime | None = None
    untagged: int = 0
    tagged: int = 0
    skipped: int = 0
    skip_reason: str = ""
    reason: str = ""

    def behind(self, now: datetime) -> float:
        """Seconds by which tagging is behind; 0 where nothing waits."""
        if not self.untagged and not self.reason:
            return 0.0
        return (now - (self.complete_until or self.since)).total_seconds()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment."""

    now: datetime
    since: datetime
    sources: tuple[SourceStatus, ...]
    tags: TagsStatus
    reports: Counter[str]
    last_report: datetime | None
    open_alerts: tuple[tuple[str, str], ...]
    memory_bytes: int | None
    """Of the watch itself."""
    readers_bytes: int | None
    """Of the processes that read comments for it."""


class Board:
    """Where the threads write and the others read; every reader sees whole states."""

    def __init__(self, now: datetime, sources: Iterable[str]) -> None:
        self._lock = Lock()
        self._since = now
        self._sources = {name: SourceStatus(name, now) for name in sources}
        self._tags = TagsStatus(now)
        self._reports: Counter[str] = Counter()
        self._last_report: datetime | None = None
        self._open: tuple[tuple[str, str], ...] = ()

    def source(self, name: str, **changed: Any) -> None:
        """Change what is known of a source."""
        with self._lock:
            self._sources[name] = replace(self._sources[name], **changed)

    def pulled(self, name: str, outcome: str, seconds: float, **changed: Any) -> None:
        """Count a pull that has ended."""
        with self._lock:
            before = self._sources[name]
            self._sources[name] = replace(
                before,
                pulls=before.pulls + Counter([outcome]),
                pull_seconds=before.pull_seconds + seconds,
                **changed,
            )

    def stored(self, name: str, counts: Counter[str]) -> None:
        """Count comments that were stored; the new and the edited ones are to be tagged."""
        with self._lock:
            before = self._sources[name]
            self._sources[name] = replace(before, comments=before.comments + counts)
            waiting = self._tags.untagged + counts["added"] + counts["revised"]
            self._tags = replace(self._tags, untagged=waiting)

    def tags(self, **changed: Any) -> None:
        """Change what is known of tagging."""
        with self._lock:
            self._tags = replace(self._tags, **changed)

    def tagged(self, comments: int, skipped: int = 0) -> None:
        """Count comments that were dealt with."""
        with self._lock:
            self._tags = replace(
                self._tags,
                tagged=self._tags.tagged + comments,
                skipped=self._tags.skipped + skipped,
                untagged=max(0, self._tags.untagged - comments - skipped),
            )

    def reported(self, outcome: str, at: datetime | None) -> None:
        """Count a report; ``at`` is when the last good one was made."""
        with self._lock:
            if outcome:
                self._reports[outcome] += 1
            self._last_report = at

    def alerts(self, open_: tuple[tuple[str, str], ...]) -> None:
        """Tell which alerts are open."""
        with self._lock:
            self._open = open_

    @property
    def untagged(self) -> int:
        """Comments that wait for the tagger."""
        return self._tags.untagged

    def snapshot(self, now: datetime) -> Snapshot:
        """Everything as it is now."""
        with self._lock:
            return Snapshot(
                now,
                self._since,
                tuple(self._sources.values()),
                self._tags,
                Counter(self._reports),
                self._last_report,
                self._open,
                resident_bytes(),
                readers_bytes(),
            )


def resident_bytes(process: int | str = "self") -> int | None:
    """Memory of a process that is in use; None where the system does not tell it so."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as statm:  # noqa: PTH123 - no file
            pages = int(statm.read().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    import resource

    return pages * resource.getpagesize()


def readers_bytes() -> int | None:
    """Memory of this process' workers together; None where the system does not tell it so."""
    each = [resident_bytes(worker.pid) for worker in active_children() if worker.pid is not None]
    told = [one for one in each if one is not None]
    return sum(told) if len(told) == len(each) else None
