"""Tagged comments as a person corrects them: the words, and what a model says of them."""

from __future__ import annotations

import array
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from earful.store.comments import from_ms
from earful.store.corrections import (
    ASK_VALUES,
    IN_FORCE,
    TAGS_THAT_COUNT,
    Labels,
    labels_from,
    words_read,
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A comment and what a model says of it, for the eyes of a person.

    ``words`` are those that were read; ``scores`` the probabilities by category. ``prints`` are
    its fingerprints: two near-copies share one.
    """

    uid: str
    source: str
    created_at: datetime | None
    rating: str | None
    place: str | None
    url: str | None
    words: str
    lang: str
    model_version: str
    sentiment_score: float
    scores: Mapping[str, float]
    labels: Labels
    prints: tuple[int, ...]


_TAGGED = f"""
    SELECT c.uid, c.source, c.created_at, c.rating_original, c.place, c.url, c.kind, c.title,
        c.text, c.exact_print, c.near_prints, t.lang, t.model_version, t.sentiment,
        t.sentiment_score, t.categories, t.category_scores
    FROM comments c {TAGS_THAT_COUNT} LEFT JOIN corrections k ON {IN_FORCE}
    WHERE c.deleted = 0 AND t.read = 1
"""


def uncorrected(
    connection: sqlite3.Connection, active: str, sources: Sequence[str] = ()
) -> Iterator[Tagged]:
    """Comments that were read and that nobody has corrected, originals on the topic only, without
    their asks; ``active`` is the model version whose tags count."""
    among = "AND c.source IN (SELECT value FROM json_each(:sources))" if sources else ""
    cursor = connection.execute(
        f"{_TAGGED} AND k.id IS NULL AND c.relevant = 1 AND c.copy_of IS NULL {among}"
        " ORDER BY c.id",
        {"active": active, "sources": json.dumps(list(sources))},
    )
    for row in cursor:
        yield _tagged(row, ())


def tagged(connection: sqlite3.Connection, uid: str, active: str) -> Tagged | None:
    """One comment with its tags and asks; None where there is none, or none that was read."""
    row = connection.execute(
        f"{_TAGGED} AND c.uid = :uid", {"active": active, "uid": uid}
    ).fetchone()
    if row is None:
        return None
    names = ", ".join(f'"{name}"' for name in ASK_VALUES)
    asks = [
        dict(zip(ASK_VALUES, values, strict=True))
        for values in connection.execute(
            f"SELECT {names} FROM asks WHERE uid = ? AND model_version = ? ORDER BY n",
            (uid, row[12]),
        )
    ]
    return _tagged(row, [{**ask, "explicit": bool(ask["explicit"])} for ask in asks])


def prints_of_corrected(connection: sqlite3.Connection) -> set[int]:
    """The fingerprints of every comment that has a correction."""
    found: set[int] = set()
    for exact, near in connection.execute(
        f"SELECT c.exact_print, c.near_prints FROM corrections k JOIN comments c ON c.uid = k.uid"
        f" WHERE {IN_FORCE}"
    ):
        found.update(_prints(exact, near))
    return found


def _tagged(row: Sequence[Any], asks: Sequence[Mapping[str, Any]]) -> Tagged:
    uid, source, created_at, rating, place, url, kind, title, text, exact, near, *rest = row
    lang, model_version, sentiment, score, categories, scores = rest
    return Tagged(
        uid=uid,
        source=source,
        created_at=from_ms(created_at),
        rating=rating,
        place=place,
        url=url,
        words=words_read(kind, title, text),
        lang=lang,
        model_version=model_version,
        sentiment_score=score,
        scores=json.loads(scores),
        labels=labels_from(sentiment, json.loads(categories), asks),
        prints=_prints(exact, near),
    )


def _prints(exact: int, near: bytes) -> tuple[int, ...]:
    return (exact, *array.array("q", near))


def sample(connection: sqlite3.Connection, active: str, lang: str, count: int) -> list[str]:
    """The words of about ``count`` comments of a language that nobody has corrected, originals on
    the topic; drawn by their fingerprints, so that the same ledger gives the same ones."""
    among = (
        f"{_TAGGED} AND k.id IS NULL AND c.relevant = 1 AND c.copy_of IS NULL AND t.lang = :lang"
    )
    parameters = {"active": active, "lang": lang}
    (there_are,) = connection.execute(f"SELECT count(*) FROM ({among})", parameters).fetchone()
    every = max(1, -(-there_are // count))
    rows = connection.execute(
        f"{among} AND (c.exact_print & 1048575) % :every = 0 ORDER BY c.id LIMIT :count",
        {**parameters, "every": every, "count": count},
    )
    return [_tagged(row, ()).words for row in rows]
