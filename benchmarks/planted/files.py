"""A feed as files: one JSONL per source, as a platform would export it, and the truth beside it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.planted.feed import Feed, Row

TRUTH, PEOPLE = "truth.jsonl", "people.json"


def write_feed(feed: Feed, folder: Path) -> dict[str, Path]:
    """Write the rows of every source; gives source -> file, in order of names.

    The rows hold nothing of the truth. ``truth.jsonl`` has one line per row (uid, story, person,
    lang, asks with their label), ``people.json`` who asks for what.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in feed.rows:
        by_source[row.source].append(row)
    paths = {source: folder / f"{source}.jsonl" for source in sorted(by_source)}
    for source, path in paths.items():
        write_lines(path, map(_exported, by_source[source]))
    write_lines(folder / TRUTH, (_true(feed, row) for row in feed.rows))
    people = {label: sorted(who) for label, who in sorted(feed.people.items())}
    (folder / PEOPLE).write_text(json.dumps(people, indent=1) + "\n", encoding="utf-8")
    return paths


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _exported(row: Row) -> dict[str, Any]:
    told = {
        "id": row.id,
        "author": row.person,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "text": row.text,
        "kind": row.kind,
        "likes": row.likes,
        "rating": row.rating,
        "place": row.place,
        "version": row.version,
    }
    return {name: value for name, value in told.items() if value is not None}


def _true(feed: Feed, row: Row) -> dict[str, Any]:
    return {
        "uid": row.uid,
        "story": row.story,
        "person": row.person,
        "lang": row.lang,
        "arrives": row.arrives.isoformat(timespec="seconds"),
        "asks": [
            {
                "item": asked.item,
                "label": feed.label(asked.item),
                "quote": row.text[asked.start : asked.end],
                "start": asked.start,
                "end": asked.end,
                "said": asked.said,
                "strength": asked.strength,
                "moment": asked.moment,
            }
            for asked in row.asks
        ],
    }
