"""From a reader's asks straight to signals, without import and without the classifier.

The facts are written as the ledger would give them: copies found by the rule of ``ingest``, adverts
as spam, vectors by the shipped encoder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.planted.feed import Feed, Row
from benchmarks.planted.reader import ReadAsk
from earful.facts import Facts, Manifest
from earful.records import ASK_FACTS_SCHEMA, COMMENT_FACTS_SCHEMA
from earful.settings import Brand, Report, Settings
from ingest.copies import CopyRow, find_copies
from ingest.fingerprints import fingerprint
from reports.demand import Demand
from reports.fact_tables import Window
from reports.signals import demand_signals

FOLDER = "facts-planted"
_SENTIMENT = {"praise": "positive", "complaint": "negative", "problem": "negative"}

Floats = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What makes the vectors of asks; ``version`` tells encoders apart."""

    @property
    def version(self) -> str:
        """The version that stands beside every vector."""
        ...

    def encode(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """Unit vectors, (n, dim)."""
        ...


class NoVectors:
    """Stands for an encoder where grouping shall go by words alone."""

    version = ""

    def encode(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """Vectors without numbers, (n, 0)."""
        return np.zeros((len(items), 0), np.float32)


class ShippedEncoder:
    """The encoder of the shipped tagger; every sentence is encoded once."""

    def __init__(self) -> None:
        from classify.tagger import Tagger

        self._tagger = Tagger.load()
        self._known: dict[tuple[str, str], Floats] = {}

    @property
    def version(self) -> str:
        """The encoder's version."""
        return self._tagger.vector_version

    def encode(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """Unit vectors, (n, dim)."""
        if not items:
            return self._tagger.ask_vectors((), ())
        pairs = list(zip(items, quotes, strict=True))
        new = sorted(set(pairs) - self._known.keys())
        if new:
            vectors = self._tagger.ask_vectors(*zip(*new, strict=True))
            self._known.update(zip(new, vectors, strict=True))
        return np.stack([self._known[pair] for pair in pairs])


def settings_of(feed: Feed) -> Settings:
    """A project's settings that name the feed's brands; nothing is tested for relevance."""
    return Settings(
        project="planted",
        brand=tuple(
            Brand(
                name=brand.name,
                names=brand.names,
                misspellings=brand.misspellings,
                products=brand.products,
                sources=(),
            )
            for brand in feed.brands
        ),
        report=Report(quotes_per_signal=0),
    )


def demand_of(feed: Feed, facts: Facts, until: datetime | None = None) -> Demand:
    """What a report makes of the facts, of all or of what was written before ``until``."""
    return demand_signals(facts, Window(until=until), settings_of(feed), now=feed.tides.end)


def write_facts(feed: Feed, asks: Sequence[ReadAsk], folder: Path, encoder: Encoder) -> Facts:
    """Facts of the feed as read, in ``folder``."""
    copy_of = copies(feed.rows)
    shared = {row.uid: _shared(row, copy_of) for row in feed.rows}
    comments = [shared[row.uid] | _of_comment(row) for row in feed.rows]
    vectors = encoder.encode([ask.item for ask in asks], [ask.plain for ask in asks])
    places: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for ask, vector in zip(asks, vectors, strict=True):
        n = places[ask.row.uid] = places.get(ask.row.uid, -1) + 1
        rows.append(
            shared[ask.row.uid]
            | {
                "n": n,
                "quote": ask.quote,
                "start": ask.start,
                "end": ask.end,
                "item": ask.item,
                "type": ask.type,
                "strength": ask.strength,
                "moment": ask.moment,
                "score": 0.9,
                "vector": vector,
                "vector_version": encoder.version,
            }
        )
    return _written(folder, comments, rows)


def copies(rows: Sequence[Row]) -> dict[str, str]:
    """Uid of every copy -> uid of its original, by the rule of who counts."""
    seen = [
        CopyRow(
            uid=row.uid,
            source=row.source,
            author_key=row.person,
            place=row.place,
            created_at=int(row.created_at.timestamp() * 1000),
            exact_print=mark.exact,
            near_prints=mark.near,
            words=mark.words,
        )
        for row in rows
        for mark in (fingerprint(row.text),)
    ]
    return {copy.uid: copy.copy_of for copy in find_copies(seen)}


def _shared(row: Row, copy_of: dict[str, str]) -> dict[str, Any]:
    return {
        "uid": row.uid,
        "source": row.source,
        "person": row.person,
        "created_at": row.created_at,
        "place": row.place,
        "reach": row.likes,
        "solicited": False,
        "relevant": True,
        "copy_of": copy_of.get(row.uid),
        "spam": row.remark == "advert",
        "lang": row.lang,
        "sentiment": _SENTIMENT.get(row.remark, "neutral"),
    }


def _of_comment(row: Row) -> dict[str, Any]:
    return {
        "instance": "import",
        "kind": row.kind,
        "has_author": True,
        "created_precision": "second",
        "version": row.version,
        "text": row.text,
        "model_version": "planted",
        "read": True,
        "sentiment_score": 0.0,
        "categories": ["request"] if row.asks else [row.remark or "remark"],
        "spam_score": 0.9 if row.remark == "advert" else 0.05,
    }


def _written(root: Path, comments: list[dict[str, Any]], asks: list[dict[str, Any]]) -> Facts:
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, schema in (
        ("comments", comments, COMMENT_FACTS_SCHEMA),
        ("asks", asks, ASK_FACTS_SCHEMA),
    ):
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
    manifest = Manifest(FOLDER, "", 0, 0.5, "planted", len(comments), len(asks))
    (root / "manifest.json").write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    return Facts(root, manifest)
