"""A table of comments, read row by row, with its columns guessed, known or told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from earful.errors import ConfigurationError
from earful.records import Comment
from ingest.files.columns import ColumnGuess, guess_columns
from ingest.files.dates import UTC
from ingest.files.formats import Table, open_tables
from ingest.files.identity import NativeIds
from ingest.files.mapping import apply_map
from ingest.files.reading import FileReading
from ingest.files.rejects import Reject
from ingest.files.rows import RowReader


class TableReading(FileReading):
    """The comments of one table, or of every table in an archive.

    ``guess`` is known at once (that of the first table, where an archive holds several).
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
    ) -> None:
        super().__init__(path, source=source, limit=limit)
        self.mapping = dict(mapping or {})
        self.as_of = as_of
        self.solicited = solicited
        self.sheet = sheet
        self._secret = secret
        first = next(open_tables(path, sheet=sheet))
        self._first = first.name
        self.guess: ColumnGuess = self._plan(first)

    def describe(self) -> list[str]:
        """What every column was taken for."""
        return self.guess.describe()

    def __iter__(self) -> Iterator[Comment | Reject]:
        self.rows = self.comments = self.rejected = 0
        self.notes = []
        now = datetime.now(UTC)
        as_of = self._counted_from()
        ids = NativeIds(self._secret)
        for table in open_tables(self.path, sheet=self.sheet):
            if self.is_full:
                break
            guess = self.guess if table.name == self._first else self._plan(table)
            reader = RowReader(
                table,
                guess,
                source=self.source,
                ids=ids,
                as_of=as_of,
                now=now,
                solicited=self.solicited,
            )
            yield from self._read(table, reader)
            self.notes.extend([*table.notes, *guess.describe(), *guess.notes, *reader.notes()])
            if self.as_of is None and reader.met_relative_dates:
                self.notes.append(
                    f"They count from {as_of:%Y-%m-%d} because the file was last changed then; "
                    "--as-of sets another day."
                )
        self.notes.extend(self._closing(ids))

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

    def _plan(self, table: Table) -> ColumnGuess:
        guess = guess_columns(table, solicited=self.solicited)
        if self.mapping and table.columns:
            guess = apply_map(guess, self.mapping, table.columns, table.name)
        if not guess.columns("text") and table.sample:
            raise ConfigurationError(
                "no column holds the comments' text",
                where=table.name,
                next_step=f"Name it with --map text=COLUMN. The columns are: "
                f"{', '.join(table.columns)}.",
            )
        return guess

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

