"""Real comments as background, where ../shared/data lies beside the checkout.

They are read when a feed is measured, dated and signed by chance, and stored nowhere else than in
that run's folder. Nobody knows what they ask for, so signals that are made of them are not judged.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.planted.tides import Tides

STREAMS = Path(__file__).resolve().parents[3] / "shared" / "data" / "streams"
COLUMNS = {"app_reviews.csv": "content", "mcdonalds_google_reviews.csv": "review"}
SOURCE = "real"


def real_rows(count: int, tides: Tides, seed: int, folder: Path = STREAMS) -> list[dict[str, Any]]:
    """So many comments, as rows of a JSONL file; none where the data is not there."""
    rng = Random(f"background {seed}")
    texts = [text for name in COLUMNS for text in _texts(folder / name, COLUMNS[name])]
    rows = [
        {
            "id": f"r{number:05d}",
            "author": f"somebody{number}",
            "created_at": (
                tides.start_of(0)
                + timedelta(seconds=rng.uniform(0, (tides.end - tides.start_of(0)).total_seconds()))
            ).isoformat(timespec="seconds"),
            "text": text,
        }
        for number, text in enumerate(rng.sample(texts, min(count, len(texts))))
    ]
    return sorted(rows, key=lambda row: row["created_at"])


def _texts(path: Path, column: str) -> Iterator[str]:
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row[column] for row in csv.DictReader(file) if row[column].strip())
