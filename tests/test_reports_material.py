"""Made-up facts for the tests of reports: a few comments of an invented tea shop, Kettle Lane."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from earful.facts import Facts, Manifest, build_facts, open_facts
from earful.records import (
    ASK_FACTS_SCHEMA,
    COMMENT_FACTS_SCHEMA,
    Admitted,
    Ask,
    Comment,
    Tags,
    reading,
    tags_to_batch,
)
from earful.store import Ledger

MONDAY = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """One comment and what it asks for: (item, type) or (item, type, moment)."""

    text: str
    asks: tuple[tuple[str, ...], ...] = ()
    author: str | None = "ann"
    source: str = "forum"
    when: datetime | None = MONDAY
    precision: str | None = None
    title: str | None = None
    spam: bool = False
    copy_of: str | None = None
    relevant: bool = True
    lang: str = "en"
    read: bool = True
    sentiment: str | None = "neutral"
    categories: tuple[str, ...] = ("request",)
    place: str | None = None
    url: str | None = None
    reach: int | None = None
    solicited: bool = False
    strength: int = 2
    vectors: tuple[tuple[float, ...], ...] = field(default=())


def weeks_on(weeks: float) -> datetime:
    """A moment that many weeks after ``MONDAY``."""
    return MONDAY + timedelta(weeks=weeks)


def made_facts(root: Path, said: list[Said]) -> Facts:
    """Facts files of ``said``; the uids are ``source:kl:0``, ``source:kl:1`` and so on."""
    comments: list[dict[str, Any]] = []
    asks: list[dict[str, Any]] = []
    for n, row in enumerate(said):
        uid = f"{row.source}:kl:{n}"
        shared = {
            "uid": uid,
            "source": row.source,
            "person": f"{row.source}/{row.author}" if row.author else uid,
            "created_at": row.when,
            "place": row.place,
            "url": row.url,
            "reach": row.reach,
            "solicited": row.solicited,
            "relevant": row.relevant,
            "copy_of": row.copy_of,
            "spam": row.spam,
            "lang": row.lang,
            "sentiment": row.sentiment if row.read else None,
        }
        precision = row.precision or ("none" if row.when is None else "second")
        comments.append(
            shared
            | {
                "instance": "kl",
                "kind": "comment",
                "has_author": row.author is not None,
                "created_precision": precision,
                "title": row.title,
                "text": row.text,
                "model_version": "made",
                "read": row.read,
                "categories": list(row.categories) if row.read else [],
                "spam_score": 0.9 if row.spam else 0.1,
                "spam_reason": "advert" if row.spam else None,
                "copy_reason": "same_author" if row.copy_of else None,
            }
        )
        whole = reading(row.title, row.text)
        for position, (item, kind, *moment) in enumerate(row.asks):
            asks.append(
                shared
                | {
                    "n": position,
                    "quote": whole,
                    "start": 0,
                    "end": len(whole),
                    "item": item,
                    "type": kind,
                    "strength": row.strength,
                    "moment": moment[0] if moment else "",
                    "score": 0.9,
                    "vector": list(row.vectors[position]) if row.vectors else [],
                    "vector_version": "made-1" if row.vectors else "",
                }
            )
    folder = root / "facts-made"
    folder.mkdir(parents=True)
    for name, rows, schema in (
        ("comments", comments, COMMENT_FACTS_SCHEMA),
        ("asks", asks, ASK_FACTS_SCHEMA),
    ):
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
    manifest = Manifest("facts-made", "", 1, 0.5, "made", len(comments), len(asks))
    (root / "manifest.json").write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    return open_facts(root)


def ledger_facts(root: Path) -> Facts:
    """Facts of two comments that went through a real ledger."""
    root.mkdir(parents=True, exist_ok=True)
    with Ledger.open(root / "earful.db") as ledger:
        rows = [
            Admitted(
                comment=Comment(
                    source="forum",
                    instance="kl",
                    native_id=str(n),
                    title="Teapots" if n else None,
                    text=text,
                    author_key=f"key{n}",
                    created_at=weeks_on(n),
                ),
                content_hash=str(n),
                relevant=True,
                exact_print=n,
                near_prints=(),
                words=6,
            )
            for n, text in enumerate(("Please sell loose leaf tea.", "Loose leaf would be lovely."))
        ]
        tags = []
        for n, item in enumerate(("loose leaf tea", "loose leaf teas")):
            whole = reading(rows[n].comment.title, rows[n].comment.text)
            start = whole.lower().index("loose leaf")
            ask = Ask(
                whole[start : start + 10], start, start + 10, item, "new_offering", 2, vector=(1.0,)
            )
            tags.append(
                Tags(
                    uid=rows[n].comment.uid,
                    model_version="m",
                    lang="en",
                    read=True,
                    sentiment="neutral",
                    sentiment_score=0.0,
                    categories=("request",),
                    category_scores={"request": 0.9},
                    spam_score=0.01,
                    asks=(ask,),
                )
            )
        with ledger.transaction():
            ledger.upsert(rows, MONDAY)
            ledger.save_tags(tags_to_batch(tags))
            ledger.set_meta("model_version", "m")
        return build_facts(ledger, root / "facts", 0.5)


def test_made_facts_have_the_schema_of_real_ones(tmp_path: Path) -> None:
    """What the other tests read must look like what the ledger gives."""
    real = ledger_facts(tmp_path / "real")
    made = made_facts(tmp_path / "made", [Said("Tea please.", (("tea", "wants"),))])
    assert pq.read_schema(made.comments).equals(pq.read_schema(real.comments))
    assert pq.read_schema(made.asks).equals(pq.read_schema(real.asks))
