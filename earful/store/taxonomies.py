"""Taxonomies that were applied: the newest one holds.

Of the ones before only who and when is kept: their words are under version control with the file,
and may be words that somebody wants to be rid of.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from earful.store.comments import to_ms


@dataclass(frozen=True, slots=True)
class StoredTaxonomy:
    """What was applied, when and by whom; ``content`` is JSON (see ``earful.taxonomy``)."""

    at: datetime
    by: str
    content: str


def add(connection: sqlite3.Connection, taxonomy: StoredTaxonomy) -> None:
    """Let a taxonomy hold from now on, inside the caller's transaction."""
    connection.execute("UPDATE taxonomies SET content = ''")
    connection.execute(
        "INSERT INTO taxonomies (applied_at, applied_by, content) VALUES (?, ?, ?)",
        (to_ms(taxonomy.at), taxonomy.by, taxonomy.content),
    )


def in_force(connection: sqlite3.Connection) -> StoredTaxonomy | None:
    """The taxonomy that was applied last; None where none ever was."""
    row = connection.execute(
        "SELECT applied_at, applied_by, content FROM taxonomies ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    at, by, content = row
    return StoredTaxonomy(datetime.fromtimestamp(at / 1000, UTC), by, content)
