"""Where listening stands: what was listened to, and how much was heard in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from earful.records import Coverage
from earful.store.comments import from_ms, to_ms


def add_coverage(connection: sqlite3.Connection, coverage: Coverage) -> None:
    """Record a window; one that goes on where the source's last one ended, in the same state,
    makes that one longer, so that years of pulls every minute are a few rows."""
    since, until = to_ms(coverage.since), to_ms(coverage.until)
    now = to_ms(datetime.now(UTC))
    last = connection.execute(
        "SELECT id, since, until, state, detail FROM coverage WHERE source = ?"
        " ORDER BY id DESC LIMIT 1",
        (coverage.source,),
    ).fetchone()
    number, known_since, known_until, *told = last or (0, None, None)
    # A window without a beginning reaches back to the first comment there is.
    if (
        told == [coverage.state, coverage.detail]
        and coverage.state != "imported"
        and until is not None
        and known_until is not None
        and (since or 0) <= known_until <= until
    ):
        first = None if since is None or known_since is None else min(since, known_since)
        connection.execute(
            "UPDATE coverage SET since = ?, until = ?, recorded_at = ? WHERE id = ?",
            (first, until, now, number),
        )
        return
    connection.execute(
        "INSERT INTO coverage (source, since, until, state, detail, recorded_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (coverage.source, since, until, coverage.state, coverage.detail, now),
    )


def coverage(connection: sqlite3.Connection, source: str | None = None) -> list[Coverage]:
    """The windows of one source or of all, oldest record first."""
    rows = connection.execute(
        "SELECT source, since, until, state, detail FROM coverage"
        " WHERE source = coalesce(?, source) ORDER BY id",
        (source,),
    )
    return [
        Coverage(name, from_ms(since), from_ms(until), state, detail)
        for name, since, until, state, detail in rows
    ]


def first_written(connection: sqlite3.Connection, source: str) -> datetime | None:
    """When the oldest dated comment of a source was written."""
    (ms,) = connection.execute(
        "SELECT min(created_at) FROM comments WHERE source = ?", (source,)
    ).fetchone()
    return from_ms(ms)


def count_written(
    connection: sqlite3.Connection, source: str, windows: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    """How many comments of a source were written in each window, its beginning included."""
    return [
        connection.execute(
            "SELECT count(*) FROM comments WHERE source = ? AND created_at >= ? AND created_at < ?",
            (source, to_ms(since), to_ms(until)),
        ).fetchone()[0]
        for since, until in windows
    ]
