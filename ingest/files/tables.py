"""A table of comments, read row by row, with its columns guessed, known or told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from earful.errors import ConfigurationError, DataError
from earful.records import Comment
from ingest.files.columns import ColumnGuess, guess_columns
from ingest.files.dates import UTC
from ingest.files.exports.known import known_table
from ingest.files.formats import Table, open_tables
from ingest.files.identity import NativeIds
from ingest.files.mapping import apply_map
from ingest.files.reading import FileReading
from ingest.files.rejects import Reject
from ingest.files.rows import RowReader


@dataclass(frozen=True, slots=True)
class _Plan:
    """A table, what its columns are, and what it was recognised as, where it was."""

    table: Table
    guess: ColumnGuess
    solicited: bool
    recognised: tuple[str, ...] = ()


class TableReading(FileReading):
    """The comments of one table, or of every table in an archive.

    ``guess`` is known at once (that of the first table, where an archive holds several).
    ``shape`` names the known table that it is (see ``ingest.files.exports.known``); without it
    each table is asked, unless ``guessing`` is false, which takes none for known.
    """

    def __init__(
        self,
        path: Path,
        *,
        source: str,
        mapping: Mapping[str, str] | None = None,
        as_of: datetime | None = None,
        solicited: bool = False,
        limit: int | None = None,
        sheet: str | None = None,
        secret: bytes = b"",
        shape: str | None = None,
        guessing: bool = True,
    ) -> None:
        super().__init__(path, source=source, limit=limit)
        self.mapping = dict(mapping or {})
        self.as_of = as_of
        self.solicited = solicited
        self.sheet = sheet
        self._shape = shape
        self._guessing = guessing
        self._secret = secret
        first = next(self._plans())
        self.guess: ColumnGuess = first.guess
        self._recognised = first.recognised

    def describe(self) -> list[str]:
        """What the table and every column was taken for."""
        return [*self._recognised, *self.guess.describe()]

    def __iter__(self) -> Iterator[Comment | Reject]:
        self.rows = self.comments = self.rejected = 0
        self.notes = []
        now = datetime.now(UTC)
        as_of = self._counted_from()
        ids = NativeIds(self._secret)
        for plan in self._plans():
            if self.is_full:
                break
            reader = RowReader(
                plan.table,
                plan.guess,
                source=self.source,
                ids=ids,
                as_of=as_of,
                now=now,
                solicited=plan.solicited,
            )
            yield from self._read(plan.table, reader)
            self.notes += [
                *plan.table.notes, *plan.guess.describe(), *plan.guess.notes, *reader.notes()
            ]  # fmt: skip
            if self.as_of is None and reader.met_relative_dates:
                self.notes.append(
                    f"They count from {as_of:%Y-%m-%d} because the file was last changed then; "
                    "--as-of sets another day."
                )
        self.notes.extend(self._closing(ids))

    def _plans(self) -> Iterator[_Plan]:
        """The tables, each with what its columns are taken for.

        In an archive a table without words is passed over: others stand beside it.
        """
        refused: DataError | None = None
        planned = 0
        for table in open_tables(self.path, sheet=self.sheet):
            try:
                plan = self._plan(table)
            except DataError as error:
                if "::" not in table.name:
                    raise
                refused = error
                self.notes.append(f"{table.name} {error.message}; it was passed over.")
                continue
            planned += 1
            yield plan
        if refused is not None and not planned:
            raise refused

    def _read(self, table: Table, reader: RowReader) -> Iterator[Comment | Reject]:
        for record in table.records():
            if self.is_full:
                return
            self.rows += 1
            found = record if isinstance(record, Reject) else reader.read(record)
            if isinstance(found, Reject):
                self.rejected += 1
                yield found
            else:
                self.comments += len(found)
                yield from found

    def _plan(self, table: Table) -> _Plan:
        known = known_table(table, self._shape) if self._guessing else None
        if known is None:
            plan = _Plan(table, guess_columns(table, solicited=self.solicited), self.solicited)
        else:
            shaped, shape = known
            plan = _Plan(
                shaped.table,
                shaped.guess,
                shaped.solicited or self.solicited,
                (f"recognised: {shape.title}",),
            )
        guess = plan.guess
        if self.mapping and plan.table.columns:
            guess = apply_map(guess, self.mapping, plan.table.columns, table.name)
        if not guess.columns("text") and plan.table.sample:
            raise ConfigurationError(
                "no column holds the comments' text",
                where=table.name,
                next_step=f"Name it with --map text=COLUMN. The columns are: "
                f"{', '.join(plan.table.columns)}.",
            )
        return replace(plan, guess=guess)

    def _counted_from(self) -> datetime:
        if self.as_of is not None:
            return self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC)

    def _closing(self, ids: NativeIds) -> list[str]:
        told = []
        if ids.repeated_rows:
            told.append(
                f"{ids.repeated_rows} rows repeat an id with the same content; each is one comment."
            )
        if ids.repeated_ids:
            told.append(
                f"{ids.repeated_ids} rows bear the id of an earlier row and say something else; "
                "a mark of their content was put behind the id to keep them apart."
            )
        if ids.hashed:
            told.append(
                "There is no id column: a comment's name is made from its author, date, text, "
                "place and title, so a row that changes is a new comment."
            )
        told.append(f"{self.rows} rows: {self.comments} comments, {self.rejected} rows set aside.")
        return told
