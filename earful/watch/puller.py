"""Pulls one source again and again, whatever becomes of the others."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING

from earful.errors import EarfulError, TransientError
from earful.project import Project
from earful.records import Admitted, Comment
from earful.settings import Source
from earful.watch.logs import Secrets
from earful.watch.pace import Schedule
from earful.watch.status import Board

if TYPE_CHECKING:
    from ingest.door import Door, Refused
    from ingest.pull import Progress, PullResult
    from ingest.registry import Registry

RECHECKED = 1000
"""Of the newest comments, looked up again at a time."""
HOLD_SECONDS = 0.2
log = logging.getLogger(__name__)


class SharedDoor:
    """The door of the project, one thread at a time, that lets nobody in while too much waits.

    A pull stands still at the door, between two batches: what it holds is not stored yet, and is
    pulled again where it never gets in.
    """

    def __init__(self, door: Door, board: Board, most_untagged: int, stop: Event) -> None:
        self._door = door
        self._board = board
        self._most = most_untagged
        self._stop = stop
        self._lock = Lock()

    def admit(self, source: str, comments: Sequence[Comment]) -> list[Admitted | Refused]:
        """What becomes of the comments; waits until tagging has caught up, or the watch ends."""
        self.wait(source)
        with self._lock:
            return self._door.admit(comments)

    def wait(self, source: str) -> None:
        """Stand still while more comments wait for the tagger than the settings allow."""
        if self._board.untagged <= self._most:
            return
        log.info(
            "waits: %s comments are not tagged yet",
            f"{self._board.untagged:,}",
            extra={"fields": {"event": "held_back", "source": source}},
        )
        self._board.source(source, state="held back")
        while self._board.untagged > self._most and not self._stop.wait(HOLD_SECONDS):
            pass
        self._board.source(source, state="pulling")


class Puller:
    """One source: pulls, tells the board, waits as its schedule says. ``run`` is a thread's."""

    def __init__(
        self,
        project: Project,
        source: Source,
        registry: Registry,
        door: SharedDoor,
        board: Board,
        secrets: Secrets,
        stop: Event,
        stored: Callable[[], None],
        chance: random.Random | None = None,
    ) -> None:
        self._project = project
        self._source = source
        self._registry = registry
        self._door = door
        self._board = board
        self._secrets = secrets
        self._stop = stop
        self._stored = stored
        self._chance = chance or random.Random()  # noqa: S311 - no secret hangs on it
        self._schedule = Schedule.of(project.settings.watch, source.name)
        self._last_start: float | None = None
        self._rechecked: float | None = None

    def run(self) -> None:
        """Pull until the watch is stopped."""
        while not self._stop.is_set():
            self.pull_once()
            seconds = self._schedule.wait(self._chance)
            due = datetime.now(UTC) + timedelta(seconds=seconds)
            self._board.source(self._source.name, state="waiting", next_pull=due)
            self._stop.wait(seconds)

    def pull_once(self) -> None:
        """One pull; whatever goes wrong is told, and answered by waiting longer."""
        name = self._source.name
        started = time.monotonic()
        self._board.source(name, state="pulling", next_pull=None)
        try:
            result = self._pull(started)
        except Exception as error:  # a stranger's connector may raise anything
            asked = error.retry_after if isinstance(error, TransientError) else None
            self._schedule = self._schedule.failed(asked)
            self._tell_failure(error, time.monotonic() - started)
            return
        capped = result.coverage.state == "capped"
        elapsed = None if self._last_start is None else started - self._last_start
        self._schedule = self._schedule.succeeded(result.added, elapsed, capped=capped)
        self._last_start = started
        seconds = time.monotonic() - started
        self._board.pulled(
            name,
            "succeeded",
            seconds,
            last_success=datetime.now(UTC),
            failures=0,
            reason="",
            coverage=result.coverage.state,
            detail=result.coverage.detail,
        )
        self._tell_success(result, seconds)

    def _pull(self, started: float) -> PullResult[Refused]:
        from earful.pipeline import make_connector, set_aside
        from ingest.connector import Listens
        from ingest.pull import pull_source

        name = self._source.name
        every = self._project.settings.watch.recheck_every
        again = self._rechecked is None or started - self._rechecked >= every
        with self._project.ledger(create=True) as ledger:
            self._door.wait(name)
            connector = make_connector(self._registry, self._source, ledger.cursor(name))
            result = pull_source(
                ledger,
                connector,
                lambda comments: self._door.admit(name, comments),
                on_progress=self._counting(),
                recheck_limit=RECHECKED if again else 0,
                stopping=self._stop.is_set,
            )
        if isinstance(connector, Listens) and connector.unbroken:
            self._schedule = self._schedule.unbroken()
        if again:
            self._rechecked = started
        month = f"{name}-{datetime.now(UTC):%Y-%m}"
        set_aside(self._project, result.refused, month, append=True)
        return result

    def _counting(self) -> Callable[[Progress], None]:
        """Tells the board what each batch added to the totals of the pull."""
        told: Counter[str] = Counter()

        def count(progress: Progress) -> None:
            totals = Counter(
                added=progress.count.added,
                revised=progress.count.revised,
                unchanged=progress.count.unchanged,
                deleted=progress.count.deleted,
                refused=progress.refused,
            )
            self._board.stored(self._source.name, totals - told)
            told.update(totals - told)
            self._stored()

        return count

    def _tell_success(self, result: PullResult[Refused], seconds: float) -> None:
        counts = {"new": result.added, "edited": result.revised, "deleted": result.deleted}
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        state = result.coverage.state
        log.info(
            "%s in %.1f s, %s; again in %.0f s",
            told or "nothing new",
            seconds,
            state,
            self._schedule.pause,
            extra={
                "fields": {
                    "event": "pulled",
                    "source": self._source.name,
                    **counts,
                    "unchanged": result.unchanged,
                    "refused": len(result.refused),
                    "coverage": state,
                    "seconds": round(seconds, 3),
                    "pause": round(self._schedule.pause, 1),
                }
            },
        )

    def _tell_failure(self, error: Exception, seconds: float) -> None:
        name = self._source.name
        reason = self._secrets.reason(error)
        failures = self._schedule.failures
        self._board.pulled(
            name, "failed", seconds, failures=failures, reason=reason, coverage="failed"
        )
        log.warning(
            "pull failed (%d in a row), again in %.0f s: %s",
            failures,
            self._schedule.pause,
            reason,
            # A mistake in code is to be found; an error of ours says all there is to say.
            exc_info=None if isinstance(error, EarfulError) else error,
            extra={
                "fields": {
                    "event": "pull_failed",
                    "source": name,
                    "failures": failures,
                    "pause": round(self._schedule.pause, 1),
                }
            },
        )
