"""Tags what came in, in processes that load the tagger once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from earful.project import Project
from earful.store import Ledger
from earful.watch.logs import Secrets
from earful.watch.status import Board
from earful.workers import Hands, Load, Workers

if TYPE_CHECKING:
    from classify.tagger import Tagger

BATCH = 128
"""Comments of one transaction: about a second of one core."""
POLL_SECONDS = 2.0
"""How often is looked for what other processes have brought in (``earful import``)."""
LATE = timedelta(minutes=2)
"""A batch may be stored so long after the moment that it bears as the one it was seen at."""
PAUSE_SECONDS = 30.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A comment that the tagger stumbles over, and the error in one line."""

    uid: str
    error: str


Answers = list[pa.RecordBatch | Unreadable]
Tagging = Hands[pa.RecordBatch, Answers]


class Reads(Protocol):
    """What is needed of a tagger: a batch of ``READ_SCHEMA`` in, one of ``TAGS_SCHEMA`` out."""

    def tag(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The tags of a batch."""
        ...


def load_reading_apart(load: Callable[[], Reads]) -> Callable[[pa.RecordBatch], Answers]:
    """What a worker process reads with: ``read_apart`` with a tagger of its own."""
    tagger = load()
    return lambda batch: list(read_apart(tagger, batch))


def read_apart(tagger: Reads, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch | Unreadable]:
    """The tags of a batch; where it cannot be read, those of its halves, down to the comments
    that are to blame."""
    try:
        yield tagger.tag(batch)
    except Exception as error:  # whatever a comment provokes, the others are read
        if batch.num_rows == 1:
            # in one line and as text: not every error can be carried to another process
            told = " ".join(f"{type(error).__name__}: {error}".split())
            yield Unreadable(batch.column("uid")[0].as_py(), told)
            return
        half = batch.num_rows // 2
        yield from read_apart(tagger, batch.slice(0, half))
        yield from read_apart(tagger, batch.slice(half))


def workers(load: Load[pa.RecordBatch, Answers]) -> Tagging:
    """Processes of their own: reading leaves the threads of the watch their time, and where one
    does not keep up others are started, up to one a core."""
    return Workers(load, deaf=True)


class Reader:
    """Reads what is untagged, oldest first, until the watch is stopped. ``run`` is a thread's.

    ``wake`` is set when a pull has stored something. Comments that cannot be read are passed over
    until the next start, each told once. ``loading`` tells what loads the tagger that is in use
    now, which has to be picklable for ``hands`` that are other processes.
    """

    def __init__(
        self,
        project: Project,
        loading: Callable[[], Callable[[], Tagger]],
        board: Board,
        secrets: Secrets,
        stop: Event,
        wake: Event,
        hands: Callable[[Load[pa.RecordBatch, Answers]], Tagging] = workers,
    ) -> None:
        self._project = project
        self._loading = loading
        self._hands = hands
        self._board = board
        self._secrets = secrets
        self._stop = stop
        self._wake = wake
        self._tagging: Tagging | None = None
        self._version = ""
        self._current: str | None = None
        self._asked = datetime.now(UTC)
        self._complete: datetime | None = None
        self._unreadable: set[str] = set()

    def run(self) -> None:
        """Read until the watch is stopped; after an error, wait a little and go on."""
        while not self._stop.is_set():
            try:
                with self._project.ledger(create=True) as ledger:
                    while not self._stop.is_set():
                        self._wake.clear()
                        self.catch_up(ledger)
                        self._wake.wait(POLL_SECONDS)
            except Exception as error:
                self.close()  # a worker process that died takes the others with it
                reason = self._secrets.reason(error)
                self._board.tags(reason=reason)
                log.error(
                    "tagging failed, again in %.0f s: %s",
                    PAUSE_SECONDS,
                    reason,
                    exc_info=error,
                    extra={"fields": {"event": "tagging_failed", "reason": reason}},
                )
                self._stop.wait(PAUSE_SECONDS)
        self.close()

    def close(self) -> None:
        """End what reads; the next turn begins anew."""
        if self._tagging is not None:
            self._tagging.close()
        self._tagging = None

    def look_at_all(self) -> None:
        """Look once more at all there is, not only at what was seen lately: a clock that was set
        back may have hidden something."""
        self._complete = None

    def catch_up(self, ledger: Ledger) -> None:
        """Read what waits, batch by batch, each in one transaction; ends early on a stop."""
        tagging = self._tagging_of(ledger)
        since = None if self._complete is None else self._complete - LATE
        counted: Counter[str] = Counter()
        self._count_waiting(ledger, since)
        for answers in tagging.map(self._batches(ledger, since)):
            self._store(ledger, answers, counted)
            if self._stop.is_set():
                break
        if self._stop.is_set():
            return  # not all was asked for
        # A batch that is not full was all there was when it was asked for.
        begun = self._complete = self._asked
        self._board.tags(complete_until=begun, reason="")
        self._count_waiting(ledger, begun - LATE)
        if counted:
            log.info(
                "tagged %s comments",
                f"{counted['tagged']:,}",
                extra={"fields": {"event": "tagged", **counted}},
            )

    def _batches(self, ledger: Ledger, since: datetime | None) -> Iterator[pa.RecordBatch]:
        """What waits, without the comments that cannot be read."""
        batches = ledger.untagged(self._version, since, BATCH)
        while not self._stop.is_set():
            self._asked = datetime.now(UTC)
            batch = next(batches, None)
            if batch is None:
                return
            readable = self._readable(batch)
            if readable.num_rows:
                yield readable
            if batch.num_rows < BATCH:
                return  # what came in meanwhile is read in the next turn

    def _count_waiting(self, ledger: Ledger, since: datetime | None) -> None:
        waiting = ledger.count_untagged(self._version, since)
        self._board.tags(untagged=max(0, waiting - len(self._unreadable)))

    def _readable(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self._unreadable:
            return batch
        keep = [uid not in self._unreadable for uid in batch.column("uid").to_pylist()]
        return batch.filter(pa.array(keep))

    def _store(self, ledger: Ledger, answers: Answers, counted: Counter[str]) -> None:
        for read in answers:
            if isinstance(read, Unreadable):
                self._pass_over(read)
                counted["skipped"] += 1
                continue
            with ledger.transaction():
                ledger.save_tags(read)
            self._board.tagged(read.num_rows)
            counted["tagged"] += read.num_rows

    def _pass_over(self, unreadable: Unreadable) -> None:
        reason = self._secrets.hide(f"{unreadable.uid}: {unreadable.error}")
        self._unreadable.add(unreadable.uid)
        self._board.tagged(0, skipped=1)
        self._board.tags(skip_reason=reason)
        log.error(
            "cannot read %s",
            reason,
            extra={"fields": {"event": "skipped", "uid": unreadable.uid}},
        )

    def _tagging_of(self, ledger: Ledger) -> Tagging:
        """What reads; made anew where somebody has trained another tagger or gone back to one."""
        from earful.pipeline import CURRENT, WAITING, encode_corrections, make_current

        current = ledger.get_meta(CURRENT)
        if self._tagging is not None and current == self._current:
            return self._tagging
        self.close()
        load = self._loading()
        # Here too, and let go again: for its version and the vectors of corrections, and because
        # what is wrong with it has a reason here, while a worker that cannot begin gives none.
        tagger = load()
        version = tagger.model_version
        if current != version and ledger.get_meta(WAITING) != version:
            make_current(ledger, version)
            current = version
        encode_corrections(ledger, tagger)
        tagging = self._hands(partial(load_reading_apart, load))
        self._tagging, self._version = tagging, version
        self._current, self._complete = current, None
        self._board.tags(model_version=version)
        log.info("reads with %s", version, extra={"fields": {"event": "loaded", "model": version}})
        return tagging
