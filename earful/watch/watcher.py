"""The watch as a whole: starts the threads, looks after them, and ends them in order."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import FrameType
from typing import Any

from earful.errors import ConfigurationError, did_you_mean
from earful.locking import alone
from earful.project import Project
from earful.store import Ledger
from earful.watch.alerts import AlertBook
from earful.watch.daily import Daily
from earful.watch.delivery import Delivery
from earful.watch.health import health
from earful.watch.logs import Secrets
from earful.watch.metrics import CONTENT_TYPE, exposition
from earful.watch.puller import Puller, SharedDoor
from earful.watch.reader import Reader
from earful.watch.sentinel import Sentinel
from earful.watch.server import PagesServer, as_json
from earful.watch.status import Board, Snapshot

TURN_SECONDS = 1.0
LISTEN_SECONDS = 300.0
"""Between two comparisons of a source with its own history."""
GRACE_SECONDS = 25.0
"""Threads that have not ended so long after a stop are left: what they held is rolled back."""
REPORTED = "watch_reported_at"
"""Of the ledger's notes: when the watch last had a report made."""
ALERTS_FILE = "alerts.jsonl"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """What the caller wants beside the settings: an address for pages, and one for alerts."""

    listen: tuple[str, int] | None = None
    alert_url: str | None = None


class Watcher:
    """``earful watch`` over one project. ``run`` returns when it was stopped."""

    def __init__(self, project: Project, secrets: Secrets, outside: Outside) -> None:
        self._project = project
        self._settings = project.settings.watch
        self._secrets = secrets
        self._outside = outside
        # What a signal's handler may put into at any moment, other than an event.
        self._requests: SimpleQueue[None] = SimpleQueue()
        self._stop = Event()
        self._wake = Event()
        names = [source.name for source in project.settings.source]
        self._board = Board(datetime.now(UTC), names)
        self._daily = Daily(project.settings.root)
        self._reported: datetime | None = None
        self._listened = 0.0
        check_names(project)

    def stop(self) -> None:
        """Ask the watch to end; returns at once."""
        self._requests.put(None)

    def _stop_asked(self, seconds: float) -> bool:
        try:
            self._requests.get(timeout=seconds)
        except Empty:
            return False
        return True

    def snapshot(self) -> Snapshot:
        """How everything is now."""
        return self._board.snapshot(datetime.now(UTC))

    def run(self) -> None:
        """Listen until stopped. Raises ``TransientError`` where the project is watched already."""
        path = self._project.settings.ledger_path
        lock = path.with_name(f"{path.name}.watch.lock")
        with ExitStack() as held:
            held.enter_context(alone(lock, "watching this project", str(path.parent)))
            ledger = held.enter_context(self._project.ledger(create=True))
            held.enter_context(self._signals())
            if self._outside.listen is not None:
                pages = {"/healthz": self._health_page, "/metrics": self._metrics_page}
                server = held.enter_context(PagesServer(self._outside.listen, pages))
                _tell("listening on %s", server.address, event="listening")
            delivery = self._delivery()
            book = AlertBook(
                self._project.settings.root / ALERTS_FILE, delivery.put if delivery else None
            )
            self._reported = _moment(ledger.get_meta(REPORTED))
            self._board.reported("", self._reported)
            self._watch(ledger, Sentinel(self._settings, book), book)
            if delivery is not None:
                delivery.close(GRACE_SECONDS / 5)

    def _watch(self, ledger: Ledger, sentinel: Sentinel, book: AlertBook) -> None:
        threads, reader = self._threads()
        for thread in threads:
            thread.start()
        _tell("watching %d sources", len(threads) - 1, event="started")
        try:
            while not self._stop_asked(TURN_SECONDS):
                try:
                    self._turn(ledger, sentinel, book, reader)
                except Exception as error:  # a full disk, say: the threads go on, and so do we
                    reason = self._secrets.reason(error)
                    log.error("%s", reason, exc_info=error, extra={"fields": {"event": "error"}})
        finally:
            self._end(threads)

    def _threads(self) -> tuple[list[Thread], Reader]:
        from earful.pipeline import connectors_of, tagger_loading

        project, board, secrets = self._project, self._board, self._secrets
        registry = connectors_of(project)
        door = SharedDoor(project.door(), board, self._settings.most_untagged, self._stop)
        reader = Reader(
            project, partial(tagger_loading, project), board, secrets, self._stop, self._wake
        )
        threads = [Thread(target=reader.run, name="reader", daemon=True)]
        for source in project.settings.source:
            puller = Puller(
                project, source, registry, door, board, secrets, self._stop, self._wake.set
            )
            threads.append(Thread(target=puller.run, name=source.name, daemon=True))
        return threads, reader

    def _turn(self, ledger: Ledger, sentinel: Sentinel, book: AlertBook, reader: Reader) -> None:
        seen = self.snapshot()
        sentinel.look(seen)
        if time.monotonic() - self._listened >= LISTEN_SECONDS or not self._listened:
            self._listened = time.monotonic()
            for source in seen.sources:
                if source.last_success is not None:
                    sentinel.listen(ledger, source.name, seen.now)
        self._look_at_report(ledger, book, reader, seen)
        self._board.alerts(book.open)

    def _look_at_report(
        self, ledger: Ledger, book: AlertBook, reader: Reader, seen: Snapshot
    ) -> None:
        if self._daily.running:
            if (end := self._daily.ended()) is not None:
                self._close_report(ledger, book, seen.now, *end)
            return
        every = timedelta(hours=self._settings.report_every)
        if self._reported is not None and seen.now - self._reported < every:
            return
        # The first waits for the first tags: there is nothing to report before.
        if seen.tags.complete_until is None or not ledger.sources():
            return
        self._reported = seen.now
        reader.look_at_all()
        self._daily.start()
        _tell("making the reports", event="reporting")

    def _close_report(
        self, ledger: Ledger, book: AlertBook, now: datetime, code: int, told: str
    ) -> None:
        if code:
            self._board.reported("failed", _moment(ledger.get_meta(REPORTED)))
            why = self._secrets.hide(told) or f"its process ended with {code}"
            book.raise_(now, "report", "", f"no report was made: {why}")
            return
        with ledger.transaction(of_facts=False):
            ledger.set_meta(REPORTED, now.isoformat())
        self._board.reported("succeeded", now)
        book.recover(now, "report", "", "a report was made")
        _tell("reports are made", event="reported")

    def _end(self, threads: list[Thread]) -> None:
        _tell("stopping: what is in hand is finished or rolled back", event="stopping")
        self._stop.set()
        self._wake.set()
        self._daily.stop()
        latest = time.monotonic() + GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, latest - time.monotonic()))
        left = [thread.name for thread in threads if thread.is_alive()]
        _tell("stopped%s", f", without waiting for {', '.join(left)}" * bool(left), event="stopped")

    def _delivery(self) -> Delivery | None:
        if not self._outside.alert_url:
            return None
        return Delivery(self._outside.alert_url, allow_private=self._settings.alert_allow_private)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop the watch; a second one ends the process as it always does."""
        before: dict[int, Any] = {}

        def heard(number: int, _: FrameType | None) -> None:
            signal.signal(number, before[number])
            self.stop()

        for number in (int(signal.SIGTERM), int(signal.SIGINT)):
            before[number] = signal.signal(number, heard)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _health_page(self) -> tuple[int, str, str]:
        told = health(self.snapshot(), self._settings)
        return as_json(503 if told["reasons"] else 200, told)

    def _metrics_page(self) -> tuple[int, str, str]:
        return 200, CONTENT_TYPE, exposition(self.snapshot())


def check_names(project: Project) -> None:
    """Raise ``ConfigurationError`` where there is no source, or a pace is given to none of them."""
    names = {source.name for source in project.settings.source}
    where = str(project.settings.root / "earful.toml")
    if not names:
        raise ConfigurationError(
            "no source to watch",
            where=where,
            next_step="Add a [[source]], as the comments in the file show.",
        )
    for name in project.settings.watch.sources:
        if name not in names:
            raise ConfigurationError(
                f"watch.sources: there is no source {name!r}",
                where=where,
                next_step=did_you_mean(name, names),
            )


def _tell(message: str, *values: object, event: str) -> None:
    log.info(message, *values, extra={"fields": {"event": event}})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
