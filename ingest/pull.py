"""The loop that brings a source up to date: batch, admit, store rows and cursor together.

It may be killed at any moment. Rows and the cursor that covers them are one transaction, so the
next pull goes on with nothing lost and nothing doubled. Readers are never kept waiting: the ledger
is written in short transactions, while nothing is fetched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from earful.errors import TransientError
from earful.locking import alone
from earful.records import Admitted, Comment, Coverage
from earful.store import Ledger, UpsertCount
from ingest.connector import Connector, Listens, Rechecks

BATCH_SECONDS = 30.0
"""What trickles in is stored after so long, lest much of it be lost to a stop."""
Refusal = TypeVar("Refusal")
"""What the door answers for a comment it turns away: the comment's place and the reason."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Told after every batch: comments read so far, what became of them, and where it stands."""

    read: int
    count: UpsertCount
    refused: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PullResult(Generic[Refusal]):
    """What one pull brought. The counts are comments, with those that were looked up again.

    ``refused`` are the door's refusals, for the rejects file. ``forgotten`` are comments of
    people who were erased and stay so.
    """

    added: int
    revised: int
    unchanged: int
    deleted: int
    forgotten: int
    refused: tuple[Refusal, ...]
    coverage: Coverage


def pull_source(
    ledger: Ledger,
    connector: Connector,
    admit: Callable[[Sequence[Comment]], Sequence[Admitted | Refusal]],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    batch_size: int = 500,
    on_progress: Callable[[Progress], None] | None = None,
    recheck_limit: int = 1000,
    stopping: Callable[[], bool] = lambda: False,
    cursor_name: str | None = None,
) -> PullResult[Refusal]:
    """Pull ``connector.source`` into ``ledger``, from the connector's cursor on.

    The connector was made with ``ledger.cursor(source)``. Each batch passes ``admit`` and is
    stored with the cursor in one transaction; it ends with ``batch_size`` comments, or with the
    first one after ``BATCH_SECONDS``. Afterwards the ``recheck_limit`` newest comments
    that were there before are looked up again, where the connector follows edits or deletions.
    ``cursor_name`` keeps the cursor under another name than the source's: a pull of its own, which
    may go on beside the live one.

    The window that was really seen is recorded as ``Coverage`` at the end; where the connector
    fails, what it yielded is stored, the coverage says "failed", and its error is raised.
    ``stopping`` is asked after every comment: where it says so, the pull ends as it would at a
    limit, and the next one goes on from there.
    Raises ``TransientError`` at once where another process is pulling the same source, or has
    pulled it since the connector was made.
    """
    name = cursor_name or connector.source
    with _alone(ledger.path, name):
        if connector.cursor != (ledger.cursor(name) or {}):
            raise TransientError(
                "another process has pulled this source in the meantime",
                where=f"source {connector.source!r}",
                next_step="Start the pull again; it goes on where the other one stopped.",
            )
        known = ledger.recent_native_ids(connector.source, connector.instance, recheck_limit)
        pull = _Pull(ledger, connector, admit, batch_size, on_progress, known, stopping, name)
        if isinstance(connector, Listens):
            connector.stopping = stopping
        error = pull.take(connector.pull(since, until, limit))
        coverage = connector.coverage
        if error is not None:
            coverage = replace(coverage, state="failed", detail=_in_one_line(error))
        with ledger.transaction():
            ledger.save_cursor(name, connector.cursor)
            ledger.add_coverage(coverage)
        if error is None and isinstance(connector, Rechecks):
            error = pull.take(connector.recheck(list(pull.not_seen_again)))
        if error is not None:
            raise error
        return pull.result(coverage)


class _Pull(Generic[Refusal]):
    """The batch in hand and the counts of one pull."""

    def __init__(
        self,
        ledger: Ledger,
        connector: Connector,
        admit: Callable[[Sequence[Comment]], Sequence[Admitted | Refusal]],
        batch_size: int,
        on_progress: Callable[[Progress], None] | None,
        known: Sequence[str],
        stopping: Callable[[], bool],
        cursor_name: str,
    ) -> None:
        self.ledger = ledger
        self.connector = connector
        self.admit = admit
        self.batch_size = batch_size
        self.on_progress = on_progress
        self.batch: list[Comment] = []
        self.begun = 0.0
        self.cursor_name = cursor_name
        self.not_seen_again = dict.fromkeys(known)
        self.stopping = stopping
        self.read = 0
        self.count = UpsertCount()
        self.refused: list[Refusal] = []

    def take(self, comments: Iterator[Comment]) -> BaseException | None:
        """Store everything; answers the error that stopped the connector, where one did.

        Also an interrupt ends here, so that Ctrl-C keeps what was read.
        """
        while True:
            try:
                comment = None if self.stopping() else next(comments, None)
            except BaseException as error:
                self.store()
                return error
            if comment is None:
                self.store()
                return None
            now = time.monotonic()
            if not self.batch:
                self.begun = now
            self.batch.append(comment)
            if len(self.batch) >= self.batch_size or now - self.begun >= BATCH_SECONDS:
                self.store()

    def store(self) -> None:
        """The batch and the cursor that covers it, in one transaction."""
        if not self.batch:
            return
        answers = self.admit(self.batch)
        rows = [answer for answer in answers if isinstance(answer, Admitted)]
        with self.ledger.transaction():
            count = self.ledger.upsert(rows, datetime.now(UTC))
            self.ledger.save_cursor(self.cursor_name, self.connector.cursor)
        self.count += count
        self.refused += [answer for answer in answers if not isinstance(answer, Admitted)]
        self.read += len(self.batch)
        for comment in self.batch:
            self.not_seen_again.pop(comment.native_id, None)
        at = self.batch[-1].created_at
        self.batch = []
        if self.on_progress is not None:
            self.on_progress(Progress(self.read, self.count, len(self.refused), at))

    def result(self, coverage: Coverage) -> PullResult[Refusal]:
        """The counts so far, as a record."""
        return PullResult(
            self.count.added,
            self.count.revised,
            self.count.unchanged,
            self.count.deleted,
            self.count.forgotten,
            tuple(self.refused),
            coverage,
        )


def _alone(ledger_path: Path, source: str) -> AbstractContextManager[None]:
    """Let one process at a time pull a source."""
    path = ledger_path.with_name(f"{ledger_path.name}.pull-{quote(source, safe='')}.lock")
    return alone(path, "pulling this source", f"source {source!r}")


def _in_one_line(error: BaseException) -> str:
    told = str(error).splitlines()
    return told[0] if told else type(error).__name__
