"""Facts: Parquet files made from the ledger, for analytics; rebuildable at any time.

One row per tagged comment and one per ask, with the columns of ``COMMENT_FACTS_SCHEMA`` and
``ASK_FACTS_SCHEMA``. A build writes a new folder and then swaps ``manifest.json``, so that a
reader sees one whole build or the other; older folders are removed, because an erased comment
must not live on in them.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from earful.errors import DataError
from earful.records import ASK_FACTS_SCHEMA, COMMENT_FACTS_SCHEMA
from earful.store import Ledger
from earful.store.corrections import ASK_VALUES, IN_FORCE, TAGS_THAT_COUNT
from earful.store.tags import unpack_vector

ROWS_PER_GROUP = 20_000
CORRECTED = "corrected"
"""Stands for the model version where a person's tags count."""

# What a person said of the comment's present words goes before any model's tags.
_TAGGED_COMMENTS = f"""
    FROM comments c {TAGS_THAT_COUNT} LEFT JOIN corrections k ON {IN_FORCE}
    LEFT JOIN brigades b ON b.uid = c.uid
"""
_IS_NOISE = """
    iif(k.id, EXISTS (SELECT 1 FROM json_each(k.categories) WHERE value = 'noise'), NULL)
"""
_SHARED_COLUMNS = f"""
    coalesce(c.author_key, c.uid) AS person, c.created_at, c.place, c.url, c.source, c.reach,
    c.solicited, c.relevant, c.copy_of,
    coalesce({_IS_NOISE}, b.uid IS NOT NULL OR t.spam_score >= :spam_threshold) AS spam,
    t.lang, coalesce(k.sentiment, t.sentiment) AS sentiment
"""
_COMMENTS = f"""
    SELECT {_SHARED_COLUMNS}, c.uid, c.instance, c.channel, c.kind,
        c.author_key IS NOT NULL AS has_author, c.created_precision, c.local_offset, c.rating,
        c.product, c.version, c.copy_reason, c.title, c.text, t.read,
        iif(k.id, '{CORRECTED}', t.model_version) AS model_version,
        CASE coalesce(nullif(k.sentiment, t.sentiment), 'as read') WHEN 'as read'
            THEN t.sentiment_score WHEN 'positive' THEN 1.0 WHEN 'negative' THEN -1.0 ELSE 0.0
            END AS sentiment_score,
        coalesce(k.categories, t.categories) AS categories,
        coalesce({_IS_NOISE}, t.spam_score) AS spam_score,
        CASE {_IS_NOISE} WHEN 1 THEN '{CORRECTED}' WHEN 0 THEN NULL
            ELSE iif(t.spam_score >= :spam_threshold, 'advert', b.reason) END AS spam_reason
    {_TAGGED_COMMENTS} WHERE c.deleted = 0 ORDER BY c.created_at, c.uid
"""
_OF_A_PERSON = ", ".join(f"json_extract(a.value, '$.{name}')" for name in ASK_VALUES)
_ASKS = f"""
    SELECT {_SHARED_COLUMNS}, c.uid AS uid, a.n AS n, a.quote, a.start, a."end", a.item, a.type,
        a.strength, a.moment, a.place_words, a.explicit, a.score, a.vector, a.vector_version
    {_TAGGED_COMMENTS} JOIN asks a ON a.uid = t.uid AND a.model_version = t.model_version
    WHERE c.deleted = 0 AND k.id IS NULL
    UNION ALL
    SELECT {_SHARED_COLUMNS}, c.uid, a.key, {_OF_A_PERSON}, 1.0,
        coalesce(v.vector, x''), coalesce(v.vector_version, '')
    FROM corrections k CROSS JOIN comments c ON c.uid = k.uid {TAGS_THAT_COUNT}
    JOIN json_each(k.asks) a
    LEFT JOIN brigades b ON b.uid = c.uid
    LEFT JOIN correction_vectors v ON v.correction = k.id AND v.n = a.key
    WHERE c.deleted = 0 AND {IN_FORCE}
    ORDER BY created_at, uid, n
"""
_DECODE: dict[str, Callable[[Any], Any]] = {
    "categories": json.loads,
    "vector": unpack_vector,
    **dict.fromkeys(("has_author", "solicited", "relevant", "spam", "read", "explicit"), bool),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which folder holds the facts, and of which state of the ledger they tell."""

    folder: str
    built_at: str
    ledger_changes: int
    spam_threshold: float
    model_version: str
    comments: int
    asks: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a project, ready to be read by any engine that reads Parquet."""

    root: Path
    manifest: Manifest

    @property
    def comments(self) -> Path:
        """The Parquet file with one row per tagged comment."""
        return self.root / self.manifest.folder / "comments.parquet"

    @property
    def asks(self) -> Path:
        """The Parquet file with one row per ask."""
        return self.root / self.manifest.folder / "asks.parquet"


def open_facts(root: Path) -> Facts:
    """The facts under ``root``; ``DataError`` where none were built."""
    path = root / "manifest.json"
    if not path.is_file():
        raise DataError(
            "there are no facts yet", where=str(root), next_step="Tag comments first: earful tag"
        )
    try:
        return Facts(root, Manifest(**json.loads(path.read_text(encoding="utf-8"))))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"the list of facts cannot be read: {error}",
            where=str(path),
            next_step="Delete the folder; the next report builds the facts anew.",
        ) from error


def build_facts(
    ledger: Ledger, root: Path, spam_threshold: float, model_version: str | None = None
) -> Facts:
    """Write the facts of the ledger's present state, in one consistent read, and swap them in.

    ``model_version`` is whose tags count, by default the one that is current in the ledger.
    Nothing is written where the facts there are of this very state.
    """
    active = ledger.get_meta("model_version") or "" if model_version is None else model_version
    changes = ledger.changes()
    present = _present(root)
    if (
        present is not None
        and present.manifest.ledger_changes == changes
        and present.manifest.spam_threshold == spam_threshold
        and present.manifest.model_version == active
        and present.comments.is_file()
        and present.asks.is_file()
    ):
        return present
    folder = f"facts-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}"
    (root / folder).mkdir(parents=True)
    parameters = {"active": active, "spam_threshold": spam_threshold}
    # One read transaction, so that both files show the same moment.
    ledger.connection.execute("BEGIN")
    try:
        comments = _write(
            ledger.connection,
            _COMMENTS,
            parameters,
            COMMENT_FACTS_SCHEMA,
            root / folder / "comments.parquet",
        )
        asks = _write(
            ledger.connection, _ASKS, parameters, ASK_FACTS_SCHEMA, root / folder / "asks.parquet"
        )
    finally:
        ledger.connection.execute("COMMIT")
    manifest = Manifest(
        folder=folder,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        ledger_changes=changes,
        spam_threshold=spam_threshold,
        model_version=active,
        comments=comments,
        asks=asks,
    )
    draft = root / f"{folder}.json"
    draft.write_text(json.dumps(asdict(manifest), indent=2), encoding="utf-8")
    draft.replace(root / "manifest.json")
    for old in root.glob("facts-*"):
        if old.name != folder:
            shutil.rmtree(old, ignore_errors=True)
    return Facts(root, manifest)


def _present(root: Path) -> Facts | None:
    """The facts that there are, if they can be read: they are rebuilt where not."""
    try:
        return open_facts(root)
    except DataError:
        return None


def _write(
    connection: sqlite3.Connection,
    query: str,
    parameters: dict[str, Any],
    schema: pa.Schema,
    path: Path,
) -> int:
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(connection.execute(query, parameters), schema):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _batches(cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    position = {column[0]: n for n, column in enumerate(cursor.description)}
    while rows := cursor.fetchmany(ROWS_PER_GROUP):
        columns = list(zip(*rows, strict=True))
        arrays = []
        for field in schema:
            values = columns[position[field.name]]
            decode = _DECODE.get(field.name)
            if decode is not None:
                values = tuple(None if value is None else decode(value) for value in values)
            arrays.append(pa.array(values, field.type))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
