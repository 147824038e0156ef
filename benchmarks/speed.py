"""Measures how fast comments are read: each part alone, and tagging end to end.

Run from the checkout: ``python -m benchmarks.speed [--comments 4000]``; prints and writes
``benchmarks/speed.json``. Comments are a fixed random sample of four real streams; parts are timed
on one core in CPU seconds, tagging in all worker processes by the clock, their start left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from classify import english
from classify.english import DEFAULT_PIPELINE
from classify.language import language_of
from classify.network import Network
from classify.shipped import read_artifact
from classify.tagger import GRAPH, TOKENIZER, Tagger
from earful.records import READ_SCHEMA
from earful.tagging import tag_batches

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULT = HERE / "speed.json"
STREAMS = {
    "McDonald's reviews": ("streams/mcdonalds_google_reviews.csv", ("review",)),
    "Reddit posts": ("streams/reddit_product_posts.csv", ("title", "selftext")),
    "Uber reviews": ("streams/uber_google_play.csv", ("content",)),
    "airline tweets": ("streams/airline_tweets.csv", ("text",)),
}
BATCH = 1000
WARM = 4
"""Batches read before the clock runs."""
SEED = 7


def texts_of(file: str, columns: Sequence[str], count: int) -> list[str]:
    """A fixed random sample of a stream's texts."""
    csv.field_size_limit(1 << 24)
    with (DATA / file).open(encoding="utf-8", errors="replace", newline="") as lines:
        texts = [
            ". ".join(filter(None, (row[c] for c in columns))) for row in csv.DictReader(lines)
        ]
    return random.Random(SEED).sample(texts, min(count, len(texts)))


def per_second(work: Callable[[], object], count: int) -> float:
    """Comments a CPU second of this process; once to warm up, then the better of two."""
    work()
    best = float("inf")
    for _ in range(2):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return round(count / best, 1)


def parts(texts: Sequence[str]) -> dict[str, float]:
    """Speed of each part alone on one core."""
    shipped = read_artifact()
    tokenizer = shipped.files[TOKENIZER].read_text(encoding="utf-8")
    network = Network(shipped.files[GRAPH], tokenizer)
    few = texts[: len(texts) // 4]
    return {
        "language": per_second(lambda: [language_of(text, None) for text in texts], len(texts)),
        "full network": per_second(lambda: network.read(few), len(few)),
        "spaCy, every sentence": per_second(
            lambda: english.parsed(DEFAULT_PIPELINE, few), len(few)
        ),
    }


def batches(texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The texts as the tagger takes them."""
    for begin in range(0, len(texts), BATCH):
        rows = [
            {"uid": f"b:{at}", "text": text, "lang_hint": None}
            for at, text in enumerate(texts[begin : begin + BATCH], begin)
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=READ_SCHEMA)


def end_to_end(texts: Sequence[str]) -> dict[str, float]:
    """Speed of tagging in all processes, the start of the processes left out, and their memory."""
    warm = [texts[at % len(texts)] for at in range(WARM * BATCH)]
    begun, counted, asks = 0.0, 0, 0
    for number, tags in enumerate(tag_batches(batches([*warm, *texts]), Tagger.load), 1):
        if number > WARM:
            counted += tags.num_rows
            asks += sum(len(own) for own in tags.column("asks").to_pylist())
        elif number == WARM:  # what came before paid for the start of the workers
            begun = time.perf_counter()
    seconds = time.perf_counter() - begun
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "comments_per_second": round(counted / seconds, 1),
        "asks": asks,
        "largest_process_mb": round(children, 0),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=4000, help="comments of each stream")
    chosen = parser.parse_args()
    streams = {name: texts_of(*where, chosen.comments) for name, where in STREAMS.items()}
    mixed = [text for texts in streams.values() for text in texts]
    random.Random(SEED).shuffle(mixed)
    result: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "comments_of_each_stream": chosen.comments,
        "model": read_artifact().version,
        "parts_per_cpu_second": {name: parts(texts[:1200]) for name, texts in streams.items()},
        "end_to_end": {"mixed": end_to_end(mixed)},
    }
    for name, texts in streams.items():
        result["end_to_end"][name] = end_to_end(texts)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
