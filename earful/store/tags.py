"""Tags in the ledger: what is still to be read, and what a model version read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from earful.records import READ_SCHEMA, reading
from earful.store.comments import to_ms

_ASK_COLUMNS = (
    "quote",
    "start",
    "end",
    "item",
    "type",
    "strength",
    "moment",
    "place_words",
    "explicit",
    "score",
    "vector",
    "vector_version",
)
_ASPECT_COLUMNS = ("name", "start", "end", "sentiment", "score")


def untagged(
    connection: sqlite3.Connection,
    model_version: str,
    since: datetime | None,
    batch_size: int,
    revisions: dict[str, int],
) -> Iterator[pa.RecordBatch]:
    """Comments that this model version has not read yet, in batches of ``READ_SCHEMA``; which
    revision of each is given out is noted in ``revisions``, by uid.

    Walks from what was seen first to what was seen last, so that the caller may write the tags of
    one batch before it asks for the next, and so that little is walked where ``since`` is late.
    """
    last = (to_ms(since) or 0, 0)
    while True:
        rows = connection.execute(
            # The title of a survey answer is the question: not the words of who answers.
            "SELECT seen_at, id, uid, iif(kind = 'survey_answer', NULL, title), text, lang_hint,"
            " revision FROM comments c"
            " WHERE (seen_at, id) > (?, ?) AND deleted = 0 AND NOT EXISTS"
            " (SELECT 1 FROM tags t WHERE t.uid = c.uid AND t.model_version = ?)"
            " ORDER BY seen_at, id LIMIT ?",
            (*last, model_version, batch_size),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][:2]
        revisions.update((row[2], row[6]) for row in rows)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([row[2] for row in rows], pa.string()),
                pa.array([reading(row[3], row[4]) for row in rows], pa.string()),
                pa.array([row[5] for row in rows], pa.string()),
            ],
            schema=READ_SCHEMA,
        )


def count_untagged(
    connection: sqlite3.Connection, model_version: str, since: datetime | None
) -> int:
    """How many comments ``untagged`` would give."""
    (count,) = connection.execute(
        "SELECT count(*) FROM comments c WHERE deleted = 0 AND seen_at >= ? AND NOT EXISTS"
        " (SELECT 1 FROM tags t WHERE t.uid = c.uid AND t.model_version = ?)",
        (to_ms(since) or 0, model_version),
    ).fetchone()
    return int(count)


def save_tags(
    connection: sqlite3.Connection, batch: pa.RecordBatch, revisions: dict[str, int]
) -> None:
    """Write a batch of ``TAGS_SCHEMA``, replacing what the same model version said before.

    A comment that was erased or edited while it was being read is passed over: ``revisions`` tells
    which revision ``untagged`` gave out, and forgets it here. Runs inside the caller's transaction.
    """
    now = to_ms(datetime.now(UTC))
    rows = batch.to_pylist()
    as_read = {
        uid
        for uid, revision in connection.execute(
            "SELECT uid, revision FROM comments WHERE deleted = 0"
            " AND uid IN (SELECT value FROM json_each(?))",
            (json.dumps([row["uid"] for row in rows]),),
        )
        if revisions.get(uid, revision) == revision
    }
    for row in rows:
        revisions.pop(row["uid"], None)
    rows = [row for row in rows if row["uid"] in as_read]
    connection.executemany(
        "DELETE FROM tags WHERE uid = ? AND model_version = ?",
        [(row["uid"], row["model_version"]) for row in rows],
    )
    connection.executemany(
        "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row["uid"],
                row["model_version"],
                now,
                row["lang"],
                int(row["read"]),
                row["sentiment"],
                row["sentiment_score"],
                json.dumps(row["categories"]),
                json.dumps({name: float(f"{score:.4g}") for name, score in row["category_scores"]}),
                row["spam_score"],
            )
            for row in rows
        ],
    )
    connection.executemany(
        f"INSERT INTO asks VALUES (?, ?, ?, {', '.join('?' for _ in _ASK_COLUMNS)})",
        [
            (row["uid"], row["model_version"], n, *(_ask_value(ask, c) for c in _ASK_COLUMNS))
            for row in rows
            for n, ask in enumerate(row["asks"])
        ],
    )
    connection.executemany(
        f"INSERT INTO aspects VALUES (?, ?, ?, {', '.join('?' for _ in _ASPECT_COLUMNS)})",
        [
            (row["uid"], row["model_version"], n, *(aspect[c] for c in _ASPECT_COLUMNS))
            for row in rows
            # null where the batch was made before there were aspects
            for n, aspect in enumerate(row["aspects"] or ())
        ],
    )


def drop_tags(connection: sqlite3.Connection, model_version: str, since: datetime | None) -> None:
    """Forget what a model version read, so that it reads those comments anew."""
    connection.execute(
        "DELETE FROM tags WHERE model_version = ? AND uid IN"
        " (SELECT uid FROM comments WHERE seen_at >= ?)",
        (model_version, to_ms(since) or 0),
    )


def pack_vector(vector: list[float]) -> bytes:
    """A vector as little-endian half floats: enough for similarity, half the room."""
    return np.asarray(vector, dtype="<f2").tobytes()


def unpack_vector(blob: bytes) -> list[float]:
    """The inverse of ``pack_vector``."""
    return [float(value) for value in np.frombuffer(blob, dtype="<f2")]


def _ask_value(ask: dict[str, object], column: str) -> object:
    value = ask[column]
    if column == "vector":
        return pack_vector(value if isinstance(value, list) else [])
    return int(value) if isinstance(value, bool) else value
