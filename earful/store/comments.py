"""Writing comments: new ones, changed ones as revisions, deleted ones as tombstones."""

from __future__ import annotations

import array
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from earful.records import Admitted

# Scripts written without spaces between words, or agglutinating so much that word search fails:
# Thai, Lao, Khmer, Myanmar, kana, Han, Hangul.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)

_COLUMNS = (
    "uid",
    "source",
    "instance",
    "native_id",
    "channel",
    "kind",
    "title",
    "text",
    "author_key",
    "created_at",
    "created_precision",
    "edited_at",
    "seen_at",
    "local_offset",
    "lang_hint",
    "rating",
    "rating_original",
    "reach",
    "parent_uid",
    "thread_uid",
    "url",
    "place",
    "product",
    "version",
    "solicited",
    "relevant",
    "deleted",
    "content_hash",
    "revision",
    "exact_print",
    "near_prints",
    "words",
    "unspaced",
    "raw",
)
_INSERT = (
    f"INSERT INTO comments ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
)
_REVISED = tuple(c for c in _COLUMNS if c not in ("uid", "source", "instance", "native_id"))
_UPDATE = (
    "UPDATE comments SET "
    # A second look may know less than the first one did: what it does not tell is kept.
    + ", ".join(
        f"{column} = coalesce(:{column}, {column})"
        if column in ("thread_uid", "parent_uid", "created_at", "url", "author_key")
        else "created_precision = iif(:created_at IS NULL, created_precision, :created_precision)"
        if column == "created_precision"
        else f"{column} = :{column}"
        for column in _REVISED
    )
    + ", copy_of = NULL, copy_reason = NULL WHERE uid = :uid"
)


@dataclass(frozen=True, slots=True)
class UpsertCount:
    """What became of the rows that were given to the ledger."""

    added: int = 0
    revised: int = 0
    unchanged: int = 0
    deleted: int = 0
    forgotten: int = 0

    def __add__(self, other: UpsertCount) -> UpsertCount:
        return UpsertCount(
            self.added + other.added,
            self.revised + other.revised,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
            self.forgotten + other.forgotten,
        )


def to_ms(moment: datetime | None) -> int | None:
    """An aware datetime as milliseconds since 1970 in UTC."""
    return None if moment is None else round(moment.timestamp() * 1000)


def from_ms(ms: int | None) -> datetime | None:
    """The inverse of ``to_ms``."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def forgotten_digest(kind: str, key: str) -> bytes:
    """Stands in for a forgotten author or uid, so that no later pull brings it back."""
    return hashlib.blake2b(key.encode(), person=kind.encode(), digest_size=16).digest()


def is_unspaced(text: str) -> bool:
    """Whether the text needs trigrams to be found."""
    return _UNSPACED.search(text) is not None


def upsert(
    connection: sqlite3.Connection,
    rows: Sequence[Admitted],
    seen_at: datetime,
    *,
    recounted: bool = False,
) -> UpsertCount:
    """Write a batch by uid and content hash, inside the caller's transaction.

    A row that is there unchanged only has its reach and ``seen_at`` renewed. A changed one makes
    a new revision: the older words go to ``revisions`` and its tags, which no longer fit, are
    dropped. A row flagged ``deleted`` erases what was stored and leaves a tombstone. People and
    comments that were forgotten stay forgotten.

    Rows that are ``recounted`` tell of an earlier time (an archive): what was deleted since is not
    brought back, and words that were edited later are not replaced.
    """
    # A batch may hold one uid twice (an overlap of pages): the later sighting is the true one.
    latest = {row.comment.uid: row for row in rows}
    known = {
        uid: (content_hash, revision, deleted, changed)
        for uid, content_hash, revision, deleted, changed in connection.execute(
            "SELECT uid, content_hash, revision, deleted, coalesce(edited_at, created_at, 0)"
            " FROM comments"
            " WHERE uid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(latest)),),
        )
    }
    forgotten = _forgotten(connection, latest.values())
    seen_ms = to_ms(seen_at)
    added: list[tuple[object, ...]] = []
    seen_again: list[tuple[object, ...]] = []
    revised = deleted = 0
    outdated = {
        uid
        for uid, row in latest.items()
        if recounted and uid in known and _is_outdated(row, known[uid])
    }
    for uid, row in latest.items():
        if uid in forgotten or uid in outdated:
            continue
        before = known.get(uid)
        if row.comment.deleted:
            deleted += _tombstone(connection, row, before, seen_ms)
        elif before is None:
            added.append(tuple(_row(row, seen_ms, revision=1).values()))
        elif before[0] == row.content_hash:
            seen_again.append((seen_ms, row.comment.reach, uid))
        else:
            _revise(connection, row, seen_ms, revision=before[1] + 1)
            revised += 1
    connection.executemany(_INSERT, added)
    connection.executemany(
        "UPDATE comments SET seen_at = ?, reach = coalesce(?, reach) WHERE uid = ?", seen_again
    )
    connection.executemany(
        "INSERT INTO askers (author_key, sealed, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (author_key) DO UPDATE SET sealed = excluded.sealed,"
        " updated_at = excluded.updated_at",
        [
            (row.comment.author_key, row.sealed_asker, seen_ms)
            for uid, row in latest.items()
            if row.sealed_asker
            and row.comment.author_key
            and uid not in forgotten
            and uid not in outdated
        ],
    )
    unchanged = len(seen_again) + len(outdated - forgotten)
    return UpsertCount(len(added), revised, unchanged, deleted, len(forgotten))


def _is_outdated(row: Admitted, before: tuple[str, int, int, int]) -> bool:
    """Whether what is stored is later than what an archive tells."""
    content_hash, _, deleted, changed = before
    if row.comment.deleted:
        return False
    if deleted:
        return True
    told = to_ms(row.comment.edited_at or row.comment.created_at) or 0
    return content_hash != row.content_hash and told < changed


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of a comment: whether it is a tombstone, and since when it is as it
    is (its last edit; when the deletion was seen; ``None`` where it was never edited)."""

    deleted: bool
    since: datetime | None


def standing(connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, Standing]:
    """How those of the comments stand that are there."""
    rows = connection.execute(
        "SELECT uid, deleted, edited_at, seen_at FROM comments"
        " WHERE uid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(uids)),),
    )
    return {
        uid: Standing(bool(deleted), from_ms(seen_at if deleted else edited_at))
        for uid, deleted, edited_at, seen_at in rows
    }


def copy_rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The columns by which copies are told; see ``Ledger.copy_rows``."""
    for row in connection.execute(
        "SELECT uid, source, author_key, place, created_at, exact_print, near_prints, words"
        " FROM comments WHERE deleted = 0 ORDER BY created_at, uid"
    ):
        yield (*row[:6], tuple(array.array("q", row[6])), row[7])


def brigade_rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """The columns by which brigades are told; see ``Ledger.brigade_rows``."""
    for row in connection.execute(
        "SELECT c.uid, c.source, c.author_key, c.created_at, c.exact_print, c.words,"
        " (SELECT json_group_array(DISTINCT a.item) FROM asks a WHERE a.uid = c.uid"
        "  AND a.model_version = (SELECT value FROM meta WHERE key = 'model_version')),"
        " c.copy_of IS NOT NULL FROM comments c WHERE c.deleted = 0 AND c.author_key IS NOT NULL"
        " AND c.created_at IS NOT NULL AND c.created_precision IN ('second', 'minute', 'day')"
    ):
        yield (*row[:6], tuple(json.loads(row[6])), bool(row[7]))


def drop_orphan_askers(connection: sqlite3.Connection) -> None:
    """Remove askers of whom no comment is left."""
    connection.execute(
        "DELETE FROM askers WHERE author_key NOT IN"
        " (SELECT author_key FROM comments WHERE author_key IS NOT NULL)"
    )


def _forgotten(connection: sqlite3.Connection, rows: Iterable[Admitted]) -> set[str]:
    """Uids in the batch that are forgotten themselves or whose author is."""
    digests = {row[0] for row in connection.execute("SELECT digest FROM forgotten")}
    if not digests:
        return set()
    return {
        row.comment.uid
        for row in rows
        if forgotten_digest("uid", row.comment.uid) in digests
        or (
            row.comment.author_key is not None
            and forgotten_digest("author", row.comment.author_key) in digests
        )
    }


def _row(row: Admitted, seen_ms: int | None, revision: int) -> dict[str, object]:
    comment = row.comment
    values: dict[str, object] = {
        column: getattr(comment, column) for column in _COLUMNS if hasattr(comment, column)
    }
    values |= {
        "created_at": to_ms(comment.created_at),
        "edited_at": to_ms(comment.edited_at),
        "seen_at": seen_ms,
        "solicited": int(comment.solicited),
        "deleted": int(comment.deleted),
        "relevant": int(row.relevant),
        "content_hash": row.content_hash,
        "revision": revision,
        "exact_print": row.exact_print,
        "near_prints": array.array("q", row.near_prints).tobytes(),
        "words": row.words,
        "unspaced": int(is_unspaced(f"{comment.title or ''} {comment.text}")),
    }
    return {column: values[column] for column in _COLUMNS}


def _revise(
    connection: sqlite3.Connection, row: Admitted, seen_ms: int | None, revision: int
) -> None:
    uid = row.comment.uid
    connection.execute(
        "INSERT INTO revisions (uid, revision, replaced_at, title, text, rating, content_hash)"
        " SELECT uid, revision, ?, title, text, rating, content_hash FROM comments"
        " WHERE uid = ? AND deleted = 0",
        (seen_ms, uid),
    )
    connection.execute(_UPDATE, _row(row, seen_ms, revision))
    connection.execute("DELETE FROM tags WHERE uid = ?", (uid,))


def _tombstone(
    connection: sqlite3.Connection,
    row: Admitted,
    before: tuple[str, int, int, int] | None,
    seen_ms: int | None,
) -> int:
    """Erase the words and the author, keep that there was something; 1 where that is news."""
    if before is None or before[2]:
        return 0
    uid = row.comment.uid
    connection.execute(
        "UPDATE comments SET deleted = 1, text = '', title = NULL, raw = NULL, author_key = NULL,"
        " url = NULL, near_prints = x'', exact_print = 0, words = 0, copy_of = NULL,"
        " copy_reason = NULL, unspaced = 0, seen_at = ?, content_hash = ? WHERE uid = ?",
        (seen_ms, row.content_hash, uid),
    )
    connection.execute("DELETE FROM revisions WHERE uid = ?", (uid,))
    connection.execute("DELETE FROM tags WHERE uid = ?", (uid,))
    connection.execute("DELETE FROM corrections WHERE uid = ?", (uid,))
    connection.execute("DELETE FROM brigades WHERE uid = ?", (uid,))
    drop_orphan_askers(connection)
    return 1
