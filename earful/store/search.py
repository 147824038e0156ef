"""Full-text search over the ledger."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from earful.errors import DataError
from earful.store.comments import from_ms, is_unspaced

_TRIGRAM = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A comment that was found; ``snippet`` has the words found between ``[`` and ``]``."""

    uid: str
    created_at: datetime | None
    source: str
    url: str | None
    snippet: str


def search(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    """Comments that hold all the words, best match first.

    Words are matched whole and without regard to case and accents; a phrase may stand in double
    quotes and ``word*`` matches beginnings. Scripts without spaces are matched by trigrams, and
    by a plain scan where fewer than three characters are asked for.
    """
    if is_unspaced(words):
        if any(len(word) < _TRIGRAM for word in words.split()):
            return _scan(connection, words, limit)
        return _match(connection, "trigrams_index", _quoted(words), limit)
    return _match(connection, "words_index", _quoted(words), limit)


def _quoted(words: str) -> str:
    """The words as FTS5 strings, so that punctuation in them is no query syntax."""
    phrases = []
    for number, part in enumerate(words.split('"')):
        if number % 2:
            phrases.append(f'"{part}"')
            continue
        for word in part.split():
            bare = word.rstrip("*")
            if bare:
                phrases.append(f'"{bare}"' + ("*" if word.endswith("*") else ""))
    if not phrases:
        raise DataError("no words to search for", next_step="Try: earful search breakfast")
    return " ".join(phrases)


def _match(connection: sqlite3.Connection, index: str, query: str, limit: int) -> list[Hit]:
    rows = connection.execute(
        f"SELECT c.uid, c.created_at, c.source, c.url, snippet({index}, -1, '[', ']', ' … ', 24)"
        f" FROM {index} JOIN comments c ON c.id = {index}.rowid"
        f" WHERE {index} MATCH ? ORDER BY rank LIMIT ?",
        (query, limit),
    )
    return [Hit(uid, from_ms(at), source, url, words) for uid, at, source, url, words in rows]


def _scan(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    terms = words.split()
    condition = " AND ".join("instr(text, ?)" for _ in terms)
    rows = connection.execute(
        "SELECT uid, created_at, source, url, text FROM comments"
        f" WHERE unspaced = 1 AND {condition} ORDER BY created_at DESC LIMIT ?",
        (*terms, limit),
    )
    return [Hit(uid, from_ms(at), source, url, text[:160]) for uid, at, source, url, text in rows]
