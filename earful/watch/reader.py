"""Tags what came in, with a tagger that is loaded once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from earful.project import Project
from earful.store import Ledger
from earful.watch.logs import Secrets
from earful.watch.status import Board

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


class Reads(Protocol):
    """What is needed of a tagger: a batch of ``READ_SCHEMA`` in, one of ``TAGS_SCHEMA`` out."""

    model_version: str

    def tag(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The tags of a batch."""
        ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A comment that the tagger stumbles over."""

    uid: str
    error: Exception


def read_apart(tagger: Reads, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch | Unreadable]:
    """The tags of a batch; where it cannot be read, those of its halves, down to the comments
    that are to blame."""
    try:
        yield tagger.tag(batch)
    except Exception as error:  # whatever a comment provokes, the others are read
        if batch.num_rows == 1:
            yield Unreadable(batch.column("uid")[0].as_py(), error)
            return
        half = batch.num_rows // 2
        yield from read_apart(tagger, batch.slice(0, half))
        yield from read_apart(tagger, batch.slice(half))


class Reader:
    """Reads what is untagged, oldest first, until the watch is stopped. ``run`` is a thread's.

    ``wake`` is set when a pull has stored something. Comments that cannot be read are passed over
    until the next start, each told once.
    """

    def __init__(
        self,
        project: Project,
        load: Callable[[], Tagger],
        board: Board,
        secrets: Secrets,
        stop: Event,
        wake: Event,
    ) -> None:
        self._project = project
        self._load = load
        self._board = board
        self._secrets = secrets
        self._stop = stop
        self._wake = wake
        self._tagger: Tagger | None = None
        self._current: str | None = None
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

    def look_at_all(self) -> None:
        """Look once more at all there is, not only at what was seen lately: a clock that was set
        back may have hidden something."""
        self._complete = None

    def catch_up(self, ledger: Ledger) -> None:
        """Read what waits, batch by batch, each in one transaction; ends early on a stop."""
        tagger = self._tagger_of(ledger)
        since = None if self._complete is None else self._complete - LATE
        begun = datetime.now(UTC)
        counted: Counter[str] = Counter()
        self._count_waiting(ledger, tagger, since)
        for batch in ledger.untagged(tagger.model_version, since, BATCH):
            if self._stop.is_set():
                return
            asked = datetime.now(UTC)
            self._read(ledger, tagger, self._readable(batch), counted)
            begun = asked
            if batch.num_rows < BATCH:
                break  # what came in meanwhile is read in the next turn
        # A batch that is not full was all there was when it was asked for.
        self._complete = begun
        self._board.tags(complete_until=begun, reason="")
        self._count_waiting(ledger, tagger, begun - LATE)
        if counted:
            log.info(
                "tagged %s comments",
                f"{counted['tagged']:,}",
                extra={"fields": {"event": "tagged", **counted}},
            )

    def _count_waiting(self, ledger: Ledger, tagger: Tagger, since: datetime | None) -> None:
        waiting = ledger.count_untagged(tagger.model_version, since)
        self._board.tags(untagged=max(0, waiting - len(self._unreadable)))

    def _readable(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self._unreadable:
            return batch
        keep = [uid not in self._unreadable for uid in batch.column("uid").to_pylist()]
        return batch.filter(pa.array(keep))

    def _read(
        self, ledger: Ledger, tagger: Tagger, batch: pa.RecordBatch, counted: Counter[str]
    ) -> None:
        if not batch.num_rows:
            return
        for read in read_apart(tagger, batch):
            if isinstance(read, Unreadable):
                self._pass_over(read)
                counted["skipped"] += 1
                continue
            with ledger.transaction():
                ledger.save_tags(read)
            self._board.tagged(read.num_rows)
            counted["tagged"] += read.num_rows

    def _pass_over(self, unreadable: Unreadable) -> None:
        reason = f"{unreadable.uid}: {self._secrets.reason(unreadable.error)}"
        self._unreadable.add(unreadable.uid)
        self._board.tagged(0, skipped=1)
        self._board.tags(skip_reason=reason)
        log.error(
            "cannot read %s",
            reason,
            exc_info=unreadable.error,
            extra={"fields": {"event": "skipped", "uid": unreadable.uid}},
        )

    def _tagger_of(self, ledger: Ledger) -> Tagger:
        """The tagger; loaded anew where somebody has trained another or gone back to one."""
        from earful.pipeline import CURRENT, WAITING, encode_corrections, make_current

        current = ledger.get_meta(CURRENT)
        if self._tagger is not None and current == self._current:
            return self._tagger
        tagger = self._load()
        version = tagger.model_version
        if current != version and ledger.get_meta(WAITING) != version:
            make_current(ledger, version)
            current = version
        encode_corrections(ledger, tagger)
        self._tagger, self._current, self._complete = tagger, current, None
        self._board.tags(model_version=version)
        log.info("reads with %s", version, extra={"fields": {"event": "loaded", "model": version}})
        return tagger
