"""Erasing people and comments so that no byte is left, and telling what was erased."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from earful.store.comments import drop_orphan_askers, forgotten_digest, to_ms


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased; ``words`` are the texts, kept in memory to prove that they are gone."""

    uids: tuple[str, ...]
    author_keys: tuple[str, ...]
    words: tuple[str, ...]


def erase_authors(connection: sqlite3.Connection, author_keys: list[str]) -> Erasure:
    """Delete everything of these pseudonyms and remember (as digests) never to take them again."""
    uids = [
        uid
        for key in author_keys
        for (uid,) in connection.execute("SELECT uid FROM comments WHERE author_key = ?", (key,))
    ]
    known = [key for key in author_keys if _is_known(connection, key)]
    _remember(connection, "author", known)
    words = _delete(connection, uids)
    connection.executemany("DELETE FROM askers WHERE author_key = ?", [(key,) for key in known])
    return Erasure(tuple(uids), tuple(known), words)


def erase_uids(connection: sqlite3.Connection, uids: list[str]) -> Erasure:
    """Delete these comments and remember (as digests) never to take them again."""
    known = [
        uid
        for uid in uids
        if connection.execute("SELECT 1 FROM comments WHERE uid = ?", (uid,)).fetchone()
    ]
    _remember(connection, "uid", known)
    words = _delete(connection, known)
    drop_orphan_askers(connection)
    return Erasure(tuple(known), (), words)


def erase_older(connection: sqlite3.Connection, source: str | None, before: datetime) -> Erasure:
    """Retention: delete what was last seen before a moment, of one source or of all."""
    uids = [
        uid
        for (uid,) in connection.execute(
            "SELECT uid FROM comments WHERE seen_at < ? AND source = coalesce(?, source)",
            (to_ms(before), source),
        )
    ]
    words = _delete(connection, uids)
    drop_orphan_askers(connection)
    return Erasure(tuple(uids), (), words)


def scrub(connection: sqlite3.Connection) -> None:
    """Make deletion physical: rewrite the indexes, empty the write-ahead log.

    SQLite overwrites deleted rows with zeros (``secure_delete``), but deleted words linger in
    older segments of a full-text index until they are merged, and in the log until it is
    truncated. Runs outside a transaction; readers are not disturbed.
    """
    for index in ("words_index", "trigrams_index"):
        connection.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _is_known(connection: sqlite3.Connection, author_key: str) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM comments WHERE author_key = ?1"
            " UNION ALL SELECT 1 FROM askers WHERE author_key = ?1",
            (author_key,),
        ).fetchone()
        is not None
    )


def _remember(connection: sqlite3.Connection, kind: str, keys: list[str]) -> None:
    now = to_ms(datetime.now(UTC))
    connection.executemany(
        "INSERT OR IGNORE INTO forgotten (digest, forgotten_at) VALUES (?, ?)",
        [(forgotten_digest(kind, key), now) for key in keys],
    )


def _delete(connection: sqlite3.Connection, uids: list[str]) -> tuple[str, ...]:
    words: list[str] = []
    for uid in uids:
        for (text,) in connection.execute(
            "SELECT text FROM comments WHERE uid = ?1"
            " UNION ALL SELECT text FROM revisions WHERE uid = ?1",
            (uid,),
        ):
            words.append(text)
        # What was a copy of an erased comment stands for itself again until copies are found anew.
        connection.execute(
            "UPDATE comments SET copy_of = NULL, copy_reason = NULL WHERE copy_of = ?", (uid,)
        )
        connection.execute("UPDATE comments SET parent_uid = NULL WHERE parent_uid = ?", (uid,))
        connection.execute("UPDATE comments SET thread_uid = NULL WHERE thread_uid = ?", (uid,))
        connection.execute("DELETE FROM comments WHERE uid = ?", (uid,))
    return tuple(words)
