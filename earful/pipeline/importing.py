"""Files into the ledger; what cannot be read is set aside with a reason."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from earful.pipeline.batches import Progress, in_batches, no_progress
from earful.pipeline.retention import apply_retention
from earful.project import Project
from earful.records import Admitted, Comment, Coverage
from earful.store import Ledger, UpsertCount
from earful.workers import over_batches

if TYPE_CHECKING:
    from ingest.door import Refused
    from ingest.files import FileReading, Reject


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of one file: ``rows`` were read, ``rejected`` of them set aside.

    ``passed_over`` entries were stored by an earlier import of the same file that was stopped.
    """

    rows: int
    counted: UpsertCount
    rejected: int
    rejects_file: Path | None
    notes: tuple[str, ...]
    passed_over: int = 0


def import_file(
    project: Project,
    reading: FileReading,
    *,
    path: Path,
    source: str,
    on_progress: Progress = no_progress,
) -> ImportResult:
    """Bring one file's comments into the ledger; what cannot be read is set aside with a reason.

    The file of rows that were set aside is written along the way, redacted like the comments;
    one of an earlier import of the same file is replaced. An import that was stopped goes on
    behind what it stored, as long as the file and the way it is read are the same.
    """
    from ingest.files import write_rejects

    rejects_file = project.settings.root / "rejects" / f"{source}-{path.name}.csv"
    rejects_file.parent.mkdir(exist_ok=True)
    with project.ledger(create=True) as ledger:
        importing = _Import(ledger, project, reading, on_progress)
        if not importing.passed_over:
            rejects_file.unlink(missing_ok=True)
        rejected = write_rejects(
            rejects_file, importing.rejects(), append=importing.passed_over > 0
        )
        with ledger.transaction():
            ledger.drop_meta(importing.place)
            ledger.add_coverage(
                Coverage(source, importing.first, importing.last, "imported", path.name)
            )
        apply_retention(project, ledger)
    if not rejected:
        with suppress(OSError):  # other files' rejects may lie there
            rejects_file.parent.rmdir()
    return ImportResult(
        importing.rows,
        importing.counted,
        rejected,
        rejects_file if rejects_file.exists() else None,
        tuple(reading.notes),
        importing.passed_over,
    )


def load_admitting(project: Project) -> Callable[[list[Comment]], list[Admitted | Refused]]:
    """What a worker process lets comments in with: a door of its own."""
    return project.door().admit


class _Import:
    """One file on its way into the ledger, batch by batch, and what was counted.

    ``place`` is where the ledger keeps how far an import of this file has come: a reading gives
    the same entries in the same order each time, so their number is enough.
    """

    def __init__(
        self, ledger: Ledger, project: Project, reading: FileReading, on_progress: Progress
    ) -> None:
        self._ledger = ledger
        self._project = project
        self._reading = reading
        self._on_progress = on_progress
        self.place = f"import {reading.mark()}"
        stopped = json.loads(ledger.get_meta(self.place) or "{}")
        self.passed_over: int = stopped.get("entries", 0)
        self.rows = 0
        self.counted = UpsertCount()
        self.first, self.last = (
            datetime.fromisoformat(told) if (told := stopped.get(edge)) else None
            for edge in ("first", "last")
        )

    def rejects(self) -> Iterator[Reject]:
        """Store the comments; yield what could not be stored, before the rest of its batch is."""
        from ingest.files import Reject

        entries = islice(self._reading, self.passed_over, None)
        door = self._project.door()
        unreadable: deque[list[Reject]] = deque()

        def readable() -> Iterator[list[Comment]]:
            for batch in in_batches(entries):
                unreadable.append([entry for entry in batch if isinstance(entry, Reject)])
                yield [entry for entry in batch if isinstance(entry, Comment)]

        for answers in over_batches(partial(load_admitting, self._project), readable()):
            apart = unreadable.popleft()
            words = door.redacted([reject.raw for reject in apart])
            for reject, raw in zip(apart, words, strict=True):
                yield replace(reject, raw=raw)
            admitted, refused = _sort(answers)
            for refusal in refused:
                yield Reject(0, refusal.reason, refusal.comment_uid)
            self._widen([row.comment.created_at for row in admitted])
            self.rows += len(answers) + len(apart)
            with self._ledger.transaction():
                self.counted += self._ledger.upsert(
                    admitted, datetime.now(UTC), recounted=self._reading.recounts
                )
                self._ledger.set_meta(self.place, self._come_to())
            self._on_progress(len(answers) + len(apart))

    def _come_to(self) -> str:
        told: dict[str, object] = {"entries": self.passed_over + self.rows}
        told |= {
            edge: when.isoformat()
            for edge, when in (("first", self.first), ("last", self.last))
            if when is not None
        }
        return json.dumps(told)

    def _widen(self, dates: Iterable[datetime | None]) -> None:
        known = [date for date in (*dates, self.first, self.last) if date is not None]
        if known:
            self.first, self.last = min(known), max(known)


def _sort(entries: Iterable[Admitted | Refused]) -> tuple[list[Admitted], list[Refused]]:
    admitted: list[Admitted] = []
    refused: list[Refused] = []
    for entry in entries:
        if isinstance(entry, Admitted):
            admitted.append(entry)
        else:
            refused.append(entry)
    return admitted, refused
