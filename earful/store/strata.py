"""The comments that a model read, as it read them: what comments to label are drawn from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from earful.store.corrections import IN_FORCE, TAGS_THAT_COUNT


class ReadComment(NamedTuple):
    """One original comment on the topic, no spam.

    ``request`` and ``wants`` are the scores of the two categories that ask, ``best`` that of the
    surest ask (None where none was read). ``corrected`` where a person said what it is.
    """

    uid: str
    source: str
    lang: str
    request: float
    wants: float
    best: float | None
    corrected: bool


def read_comments(
    connection: sqlite3.Connection, active: str, spam_threshold: float
) -> Iterator[ReadComment]:
    """Every comment that counts and was read; ``active`` is the model version whose tags count."""
    cursor = connection.execute(
        f"""
        SELECT c.uid, c.source, t.lang, coalesce(t.category_scores ->> '$.request', 0.0),
            coalesce(t.category_scores ->> '$.purchase_intent', 0.0),
            (SELECT max(score) FROM asks a
                WHERE a.uid = t.uid AND a.model_version = t.model_version),
            k.id IS NOT NULL
        FROM comments c {TAGS_THAT_COUNT} LEFT JOIN corrections k ON {IN_FORCE}
        WHERE c.deleted = 0 AND c.relevant = 1 AND c.copy_of IS NULL AND t.read = 1
            AND t.spam_score < :spam_threshold
        """,
        {"active": active, "spam_threshold": spam_threshold},
    )
    for uid, source, lang, request, wants, best, corrected in cursor:
        yield ReadComment(uid, source, lang, request, wants, best, bool(corrected))


def asks_read(connection: sqlite3.Connection, uid: str, active: str) -> list[dict[str, Any]]:
    """The asks that the model read in a comment: start, end, item, score."""
    cursor = connection.execute(
        f"""
        SELECT a.start, a."end", a.item, a.score
        FROM comments c {TAGS_THAT_COUNT}
        JOIN asks a ON a.uid = t.uid AND a.model_version = t.model_version
        WHERE c.uid = :uid ORDER BY a.n
        """,
        {"active": active, "uid": uid},
    )
    return [dict(zip(("start", "end", "item", "score"), row, strict=True)) for row in cursor]
