"""The ledger itself: opening, transactions, cursors, coverage, backup and the integrity check."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from earful.closing import Closing
from earful.errors import ConfigurationError, IntegrityError, TransientError
from earful.records import Admitted, Coverage
from earful.store import (
    comments,
    corrections,
    erase,
    listening,
    memory,
    search,
    tags,
    taxonomies,
)
from earful.store.comments import UpsertCount, to_ms
from earful.store.corrections import Correction, CorrectionCount
from earful.store.memory import Memory, MemoryUpdate
from earful.store.schema import migrate
from earful.store.taxonomies import StoredTaxonomy

BUSY_SECONDS = 30.0


class Ledger(Closing):
    """One SQLite file in write-ahead mode: many readers beside one writer at a time.

    Use as a context manager. Everything that writes runs inside ``with ledger.transaction():``,
    so that rows and the cursor that follows them are stored together or not at all.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._being_read: dict[str, int] = {}

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Open the ledger at ``path``, migrated to this version's schema.

        Raises ``ConfigurationError`` where there is none and ``create`` is false,
        ``IntegrityError`` where the file is no ledger.
        """
        if not create and not path.is_file():
            raise ConfigurationError(
                "there is no ledger yet",
                where=str(path),
                next_step="Bring comments in first: earful import FILE --source NAME",
            )
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            # Before WAL and the tables, so that the very first page is written this way.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection)
            corrections.prepare(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise _busy(path) from error
            raise IntegrityError(
                f"this file is not a ledger that can be read: {error}",
                where=str(path),
                next_step="Restore it from a backup ('earful backup' makes them), or move it away.",
            ) from error
        return cls(connection, path)

    def close(self) -> None:
        """Close the connection; the file stays consistent at any moment, also without this."""
        self.connection.close()

    @contextmanager
    def transaction(self, *, of_facts: bool = True) -> Iterator[None]:
        """All or nothing. Raises ``TransientError`` where another writer holds on too long.

        ``of_facts`` false says that nothing is written from which facts and copies are made, so
        that those there are still show the ledger as it is.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _busy(self.path) from error
        try:
            yield
            if of_facts:
                self.connection.execute(
                    "INSERT INTO meta VALUES ('changes', '1') ON CONFLICT (key)"
                    " DO UPDATE SET value = CAST(value AS INTEGER) + 1"
                )
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # Comments

    def upsert(
        self, rows: Sequence[Admitted], seen_at: datetime, *, recounted: bool = False
    ) -> UpsertCount:
        """Write a batch; see ``earful.store.comments.upsert``."""
        return comments.upsert(self.connection, rows, seen_at, recounted=recounted)

    def standing(self, uids: Sequence[str]) -> dict[str, comments.Standing]:
        """How comments stand; see ``earful.store.comments.standing``."""
        return comments.standing(self.connection, uids)

    def count_comments(self, source: str | None = None) -> int:
        """How many comments there are, of one source or of all, without tombstones."""
        (count,) = self.connection.execute(
            "SELECT count(*) FROM comments WHERE deleted = 0 AND source = coalesce(?, source)",
            (source,),
        ).fetchone()
        return int(count)

    def sources(self) -> dict[str, int]:
        """Comments per source, without tombstones."""
        rows = self.connection.execute(
            "SELECT source, count(*) FROM comments WHERE deleted = 0"
            " GROUP BY source ORDER BY source"
        )
        return dict(rows.fetchall())

    def recent_native_ids(self, source: str, instance: str, limit: int) -> list[str]:
        """Ids of the newest comments that are still there, for a second look at edits."""
        rows = self.connection.execute(
            "SELECT native_id FROM comments WHERE source = ? AND instance = ? AND deleted = 0"
            " ORDER BY created_at DESC LIMIT ?",
            (source, instance, limit),
        )
        return [row[0] for row in rows]

    def search(self, words: str, limit: int = 20) -> list[search.Hit]:
        """Full-text search; see ``earful.store.search.search``."""
        return search.search(self.connection, words, limit)

    def says(self, words: str) -> bool:
        """Whether some comment holds just these words, in itself or quoted from another."""
        row = self.connection.execute(
            "SELECT 1 FROM comments WHERE instr(text, ?) LIMIT 1", (words,)
        ).fetchone()
        return row is not None

    # Copies

    def copy_rows(self) -> Iterator[tuple[Any, ...]]:
        """What is needed to find copies, oldest first: (uid, source, author_key, place,
        created_at in ms, exact_print, near_prints, words)."""
        return comments.copy_rows(self.connection)

    def save_copies(self, copies: Iterable[tuple[str, str, str]]) -> int:
        """Replace all marks of copies by (uid, uid of the original, reason); tells how many."""
        self.connection.execute(
            "UPDATE comments SET copy_of = NULL, copy_reason = NULL WHERE copy_of IS NOT NULL"
        )
        cursor = self.connection.executemany(
            "UPDATE comments SET copy_of = ?2, copy_reason = ?3 WHERE uid = ?1", copies
        )
        return max(cursor.rowcount, 0)

    def brigade_rows(self) -> Iterator[tuple[Any, ...]]:
        """What is needed to find brigades, of comments with an author and a day: (uid, source,
        author_key, created_at in ms, exact_print, words, items asked for, whether a copy)."""
        return comments.brigade_rows(self.connection)

    def save_brigades(self, brigades: Iterable[tuple[str, str, str]]) -> int:
        """Replace all marks of brigades by (uid, uid of the voice, reason); tells how many."""
        self.connection.execute("DELETE FROM brigades")
        cursor = self.connection.executemany("INSERT INTO brigades VALUES (?, ?, ?)", brigades)
        return max(cursor.rowcount, 0)

    # Tags

    def untagged(
        self, model_version: str, since: datetime | None = None, batch_size: int = 1000
    ) -> Iterator[pa.RecordBatch]:
        """Comments to be read; see ``earful.store.tags.untagged``."""
        return tags.untagged(self.connection, model_version, since, batch_size, self._being_read)

    def count_untagged(self, model_version: str, since: datetime | None = None) -> int:
        """How many comments are to be read."""
        return tags.count_untagged(self.connection, model_version, since)

    def save_tags(self, batch: pa.RecordBatch) -> None:
        """Write what was read; see ``earful.store.tags.save_tags``."""
        tags.save_tags(self.connection, batch, self._being_read)

    def drop_tags(self, model_version: str, since: datetime | None = None) -> None:
        """Forget what a model version read; see ``earful.store.tags.drop_tags``."""
        tags.drop_tags(self.connection, model_version, since)

    # Corrections

    def add_correction(
        self, correction: Correction, vectors: Sequence[Sequence[float]], vector_version: str
    ) -> int:
        """Store what a person says; see ``earful.store.corrections.add``."""
        return corrections.add(self.connection, correction, vectors, vector_version)

    def corrections(self) -> list[Correction]:
        """What counts of people's corrections; see ``earful.store.corrections.in_force``."""
        return corrections.in_force(self.connection)

    def correction(self, uid: str) -> Correction | None:
        """What counts of people's corrections of one comment."""
        found = corrections.in_force(self.connection, uid)
        return found[0] if found else None

    def count_corrections(self) -> CorrectionCount:
        """How many comments were corrected, and by how many people."""
        return corrections.count(self.connection)

    def unencoded_corrections(self, vector_version: str) -> list[tuple[int, list[str], list[str]]]:
        """See ``earful.store.corrections.without_vectors``."""
        return corrections.without_vectors(self.connection, vector_version)

    def encode_correction(
        self, correction_id: int, vectors: Sequence[Sequence[float]], vector_version: str
    ) -> None:
        """Replace the vectors of a correction's asks."""
        corrections.save_vectors(self.connection, correction_id, vectors, vector_version)

    # Signals

    def signal_memory(self) -> Memory:
        """What is remembered of signals; see ``earful.store.memory``."""
        return memory.read(self.connection)

    def remember_signals(self, update: MemoryUpdate, at: datetime) -> bool:
        """Store what a report learned, in a transaction of its own.

        False where another report was quicker: then read the memory and count anew.
        """
        if update.nothing:
            return True
        with self.transaction(of_facts=False):
            return memory.save(self.connection, update, at)

    def apply_taxonomy(self, taxonomy: StoredTaxonomy) -> None:
        """Let a taxonomy hold from now on, in a transaction of its own."""
        with self.transaction(of_facts=False):
            taxonomies.add(self.connection, taxonomy)

    def taxonomy(self) -> StoredTaxonomy | None:
        """The taxonomy that was applied last; None where none ever was."""
        return taxonomies.in_force(self.connection)

    # Where listening stands

    def cursor(self, source: str) -> dict[str, Any] | None:
        """The cursor that was stored with the last rows of a source."""
        row = self.connection.execute(
            "SELECT cursor FROM cursors WHERE source = ?", (source,)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def save_cursor(self, source: str, cursor: dict[str, Any]) -> None:
        """Store a source's cursor, in the transaction of the rows that it follows."""
        self.connection.execute(
            "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (source)"
            " DO UPDATE SET cursor = excluded.cursor, updated_at = excluded.updated_at",
            (source, json.dumps(cursor), to_ms(datetime.now(UTC))),
        )

    def add_coverage(self, coverage: Coverage) -> None:
        """Record a window that was listened to; see ``earful.store.listening.add_coverage``."""
        listening.add_coverage(self.connection, coverage)

    def coverage(self, source: str | None = None) -> list[Coverage]:
        """Every window that was listened to, of one source or of all, oldest record first."""
        return listening.coverage(self.connection, source)

    def first_written(self, source: str) -> datetime | None:
        """When the oldest dated comment of a source was written."""
        return listening.first_written(self.connection, source)

    def count_written(self, source: str, windows: Sequence[tuple[datetime, datetime]]) -> list[int]:
        """How many comments of a source were written in each window."""
        return listening.count_written(self.connection, source, windows)

    # Erasing

    def forget_authors(self, author_keys: list[str]) -> erase.Erasure:
        """Erase people; call ``scrub`` after the transaction."""
        return erase.erase_authors(self.connection, author_keys)

    def forget_uids(self, uids: list[str]) -> erase.Erasure:
        """Erase comments; call ``scrub`` after the transaction."""
        return erase.erase_uids(self.connection, uids)

    def erase_older(self, source: str | None, before: datetime) -> erase.Erasure:
        """Retention; call ``scrub`` after the transaction."""
        return erase.erase_older(self.connection, source, before)

    def drop_raw(self, before: datetime) -> int:
        """Retention of the platforms' raw JSON; tells how many rows lost theirs."""
        return self.connection.execute(
            "UPDATE comments SET raw = NULL WHERE raw IS NOT NULL AND seen_at < ?",
            (to_ms(before),),
        ).rowcount

    def scrub(self) -> None:
        """Make deletion physical; see ``earful.store.erase.scrub``."""
        erase.scrub(self.connection)

    def author_scopes(self) -> list[tuple[str, str]]:
        """Every (source, instance) that has authors: where a handle may be somebody's."""
        return self.connection.execute(
            "SELECT DISTINCT source, instance FROM comments WHERE author_key IS NOT NULL"
        ).fetchall()

    # Care

    def changes(self) -> int:
        """A number that grows with every transaction; facts remember which one they show."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = 'changes'").fetchone()
        return 0 if row is None else int(row[0])

    def get_meta(self, key: str) -> str | None:
        """A value that the project remembers about itself."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def drop_meta(self, key: str) -> None:
        """Remember a value no longer, inside a transaction."""
        self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def drop_cursor(self, source: str) -> None:
        """Remember a cursor no longer, inside a transaction."""
        self.connection.execute("DELETE FROM cursors WHERE source = ?", (source,))

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value, inside a transaction."""
        self.connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def backup(self, target: Path) -> None:
        """Copy the ledger while others read and write it; the copy is one consistent moment."""
        if not target.parent.is_dir():
            raise ConfigurationError(
                "there is no folder of that name",
                where=str(target.parent),
                next_step="Make it, or name another one.",
            )
        if target.exists():
            raise ConfigurationError(
                "there is a file of that name", where=str(target), next_step="Name another one."
            )
        copy = sqlite3.connect(target)
        try:
            self.connection.backup(copy)
        finally:
            copy.close()

    def check(self) -> list[str]:
        """What is wrong with the file, in sentences; empty where all is well."""
        findings = [
            f"integrity: {row[0]}"
            for row in self.connection.execute("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        findings += [
            f"a row of {table} points to a missing row of {parent}"
            for table, _, parent, _ in self.connection.execute("PRAGMA foreign_key_check")
        ]
        for index in ("words_index", "trigrams_index"):
            try:
                # Rank 1 compares the index with the texts it was made from, not only with itself.
                self.connection.execute(
                    f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"
                )
            except sqlite3.DatabaseError as error:
                findings.append(f"full-text index {index} does not match the comments: {error}")
        return findings


def _busy(path: Path) -> TransientError:
    return TransientError(
        f"another process has been writing for more than {BUSY_SECONDS:.0f} seconds",
        where=str(path),
        next_step="Wait for it to finish, or find it with: earful doctor",
    )
