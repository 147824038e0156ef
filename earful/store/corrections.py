"""People's corrections in the ledger: only ever added to, the newest of a comment counts.

A correction holds for the words that the person read. Where a comment is edited, the model's tags
of the new words count again. It is erased with the comment.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from earful.records import Ask, Sentiment, reading
from earful.store.comments import to_ms
from earful.store.tags import pack_vector

ASK_VALUES = (
    "quote",
    "start",
    "end",
    "item",
    "type",
    "strength",
    "moment",
    "place_words",
    "explicit",
)
"""What is kept of an ask; what the machine adds (score, vector) is no one's opinion."""


TAGS_THAT_COUNT = """
    JOIN tags t ON t.uid = c.uid AND t.model_version = (
        SELECT model_version FROM tags WHERE uid = c.uid
        ORDER BY model_version = :active DESC, tagged_at DESC LIMIT 1)
"""
"""SQL: ``t`` of ``tags`` is what counts of the models' readings of the comment ``c``: that of the
version ``:active``, else the newest there is."""
IN_FORCE = """
    k.id = (SELECT max(id) FROM corrections WHERE uid = c.uid)
    AND k.text_hash = hash_of_words_read(c.kind, c.title, c.text)
"""
"""SQL: ``k`` of ``corrections`` is what counts of the comment ``c``; see ``prepare``."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What one reader, a person or a model, says of a comment; the asks carry no vectors."""

    sentiment: Sentiment
    categories: tuple[str, ...]
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's labels of one comment, which may be what was shown: right as it was.

    ``by`` is who, ``at`` when; ``shown`` are the tags of ``model_version`` that the person saw, and
    ``offered`` the categories that there were to choose from: of any other the person says nothing.
    ``text_hash`` tells the words that were read (see ``text_hash``). ``id`` grows with time; 0
    where it is not stored yet.
    """

    uid: str
    text_hash: str
    by: str
    at: datetime
    model_version: str
    offered: tuple[str, ...]
    shown: Labels
    labels: Labels
    id: int = 0


@dataclass(frozen=True, slots=True)
class CorrectionCount:
    """``in_force`` comments have a correction that counts, ``outdated`` ones of older words only;
    ``people`` corrected them."""

    in_force: int
    outdated: int
    people: int


def prepare(connection: sqlite3.Connection) -> None:
    """Teach a connection the function that ``IN_FORCE`` calls."""
    connection.create_function(
        "hash_of_words_read",
        3,
        lambda kind, title, text: text_hash(words_read(kind, title, text)),
        deterministic=True,
    )


def words_read(kind: str, title: str | None, text: str) -> str:
    """The words of a stored comment that a reader is given.

    The title of a survey answer is the question: not the words of who answers.
    """
    return reading(None if kind == "survey_answer" else title, text)


def text_hash(words: str) -> str:
    """Tells the words that were read from any others: 128 bits of BLAKE2 in hex."""
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def add(
    connection: sqlite3.Connection,
    correction: Correction,
    vectors: Sequence[Sequence[float]],
    vector_version: str,
) -> int:
    """Store a correction with the vectors of its asks, inside the caller's transaction.

    Returns its id. ``vectors`` has one per ask, made by the encoder ``vector_version``.
    """
    labels = correction.labels
    cursor = connection.execute(
        "INSERT INTO corrections (uid, text_hash, corrected_by, corrected_at, model_version,"
        " offered, shown, sentiment, categories, asks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            correction.uid,
            correction.text_hash,
            correction.by,
            to_ms(correction.at),
            correction.model_version,
            json.dumps(correction.offered),
            json.dumps(
                {
                    "sentiment": correction.shown.sentiment,
                    "categories": correction.shown.categories,
                    "asks": [_ask_row(ask) for ask in correction.shown.asks],
                },
                ensure_ascii=False,
            ),
            labels.sentiment,
            json.dumps(labels.categories),
            json.dumps([_ask_row(ask) for ask in labels.asks], ensure_ascii=False),
        ),
    )
    number = int(cursor.lastrowid or 0)
    save_vectors(connection, number, vectors, vector_version)
    return number


def save_vectors(
    connection: sqlite3.Connection,
    correction_id: int,
    vectors: Sequence[Sequence[float]],
    vector_version: str,
) -> None:
    """Replace the vectors of a correction's asks, which are made and can be made anew."""
    connection.execute("DELETE FROM correction_vectors WHERE correction = ?", (correction_id,))
    connection.executemany(
        "INSERT INTO correction_vectors VALUES (?, ?, ?, ?)",
        [
            (correction_id, n, pack_vector(list(vector)), vector_version)
            for n, vector in enumerate(vectors)
        ],
    )


def in_force(connection: sqlite3.Connection, uid: str | None = None) -> list[Correction]:
    """The newest correction of each comment whose words are still those that were read, by uid; of
    one comment, where ``uid`` is given."""
    of_one = "" if uid is None else "AND k.uid = :uid"
    cursor = connection.execute(
        f"SELECT k.* FROM corrections k JOIN comments c ON c.uid = k.uid WHERE {IN_FORCE} {of_one}"
        " ORDER BY k.uid",
        {"uid": uid},
    )
    names = [column[0] for column in cursor.description]
    return [_correction(dict(zip(names, values, strict=True))) for values in cursor]


def count(connection: sqlite3.Connection) -> CorrectionCount:
    """How many comments have a correction, and how many people made them."""
    comments, people = connection.execute(
        "SELECT count(DISTINCT uid), count(DISTINCT corrected_by) FROM corrections"
    ).fetchone()
    fitting = len(in_force(connection))
    return CorrectionCount(fitting, int(comments) - fitting, int(people))


def without_vectors(
    connection: sqlite3.Connection, vector_version: str
) -> list[tuple[int, list[str], list[str]]]:
    """Corrections in force whose asks have no vectors of this encoder: (id, items, quotes)."""
    encoded = {
        number
        for (number,) in connection.execute(
            "SELECT DISTINCT correction FROM correction_vectors WHERE vector_version = ?",
            (vector_version,),
        )
    }
    return [
        (
            correction.id,
            [ask.item for ask in correction.labels.asks],
            [ask.quote for ask in correction.labels.asks],
        )
        for correction in in_force(connection)
        if correction.labels.asks and correction.id not in encoded
    ]


def labels_from(
    sentiment: str, categories: Sequence[str], asks: Sequence[Mapping[str, Any]]
) -> Labels:
    """Labels of plain values, as JSON and the ledger hold them."""
    return Labels(
        sentiment,  # type: ignore[arg-type]  # only sentiments are ever stored
        tuple(categories),
        tuple(Ask(**{name: ask[name] for name in ASK_VALUES}) for ask in asks),
    )


def _ask_row(ask: Ask) -> dict[str, Any]:
    row = asdict(ask)
    return {name: row[name] for name in ASK_VALUES}


def _correction(row: Mapping[str, Any]) -> Correction:
    shown = json.loads(row["shown"])
    return Correction(
        uid=row["uid"],
        text_hash=row["text_hash"],
        by=row["corrected_by"],
        at=datetime.fromtimestamp(row["corrected_at"] / 1000, UTC),
        model_version=row["model_version"],
        offered=tuple(json.loads(row["offered"])),
        shown=labels_from(shown["sentiment"], shown["categories"], shown["asks"]),
        labels=labels_from(
            row["sentiment"], json.loads(row["categories"]), json.loads(row["asks"])
        ),
        id=row["id"],
    )
