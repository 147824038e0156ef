"""Measures how the time and the memory of the grouping grow with the number of asks.

Run from the checkout: ``python -m benchmarks.grouping_speed [--asks 1000 10000 ...]``; prints and
writes ``benchmarks/grouping_speed.json``, each size in a process of its own. The asks grow from the
planted sentences: some are said as they stand, some with one word more, and new things to ask for
turn up as new words do in a text (Heaps' law). Vectors are those of the planted sentences with
noise, so that the encoder's time is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.grouper import asks_frame, product
from benchmarks.planted.sentences import Piece, brands
from earful.errors import TerminalError
from reports.neighbours import unit

HERE = Path(__file__).resolve().parent
RESULT = HERE / "grouping_speed.json"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SEED = 5
NEW_THINGS = 0.6
"""n asks are for about n to this power things: 60 of 1,000 asks, 4,000 of a million."""
ONE_WORD_MORE = 0.5
"""The share of asks whose item has a word more than the thing's name."""
NOISE = 0.25
"""Length of the noise on a unit vector: the cosine of two wordings of a thing is about 0.94."""

Floats = npt.NDArray[np.float32]


def grown(count: int, vectors: Floats, pieces: list[Piece], version: str) -> pd.DataFrame:
    """So many asks, grown from planted ones whose vectors are given row by row; always the same."""
    rng = np.random.default_rng(SEED)
    words = sorted({word for piece in pieces for word in piece.said.lower().split()})
    things = round(count**NEW_THINGS)
    # The planted asks are the first things; the others are two words and a way between two asks.
    first, second = rng.integers(0, len(pieces), (2, things))
    names = [
        pieces[n].said.lower()
        if n < len(pieces)
        else f"{words[rng.integers(len(words))]} {words[rng.integers(len(words))]}"
        for n in range(things)
    ]
    first[: len(pieces)] = second[: len(pieces)] = np.arange(min(things, len(pieces)))
    places = vectors[first] + vectors[second]
    # Zipf's law: the n-th thing is asked for by a share of 1 / n.
    shares = 1 / np.arange(1, things + 1)
    thing = rng.choice(things, count, p=shares / shares.sum())
    more = np.where(rng.random(count) < ONE_WORD_MORE, rng.integers(0, len(words), count), -1)
    items = [
        names[n] if m < 0 else f"{names[n]} {words[m]}"
        for n, m in zip(thing.tolist(), more.tolist(), strict=True)
    ]
    quotes = [f"please, {item}" for item in items]
    made = unit(places[thing])
    for rows in np.array_split(np.arange(count), max(1, count // 50_000)):
        noise = rng.standard_normal((len(rows), vectors.shape[1]), dtype=np.float32)
        made[rows] = unit(made[rows] + NOISE * unit(noise))
    return asks_frame(items, quotes, made, version)


def planted_asks() -> list[Piece]:
    """Every planted ask once, in its order."""
    return [
        piece
        for brand in brands().values()
        for wording in brand.wordings
        for piece in wording.pieces
        if piece.item is not None
    ]


def measure(count: int) -> dict[str, Any]:
    """Seconds by the clock and of the processor, and megabytes at the peak, of this process."""
    from classify.tagger import Tagger

    tagger = Tagger.load()
    pieces = planted_asks()
    vectors = tagger.ask_vectors([one.said for one in pieces], [one.text for one in pieces])
    asks = grown(count, vectors, pieces, tagger.vector_version)
    del tagger
    before = _peak()
    clock, cpu = time.perf_counter(), time.process_time()
    groups = product(asks)
    return {
        "asks": count,
        "items": int(asks["item"].nunique()),
        "dim": int(vectors.shape[1]),
        "groups": int((np.bincount(groups) > 1).sum()),
        "seconds": round(time.perf_counter() - clock, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_mb": _peak(),
        "of_which_asks_mb": before,
    }


def ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each size beside the one before: 10 times the asks take so many times the CPU seconds."""
    return [
        {
            "asks": after["asks"],
            "times_the_asks": round(after["asks"] / before["asks"], 1),
            "times_the_seconds": round(after["cpu_seconds"] / max(before["cpu_seconds"], 0.01), 1),
        }
        for before, after in pairwise(rows)
    ]


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _in_a_process(count: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grouping_speed", "--one", str(count)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TerminalError(
            f"grouping {count:,} asks ended with {done.returncode}: {done.stderr[-500:]}",
            next_step="Give fewer --asks.",
        )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--one", type=int, help="measure one size in this process and print it")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    rows = []
    for count in sorted(arguments.asks):
        rows.append(_in_a_process(count))
        print(rows[-1], file=sys.stderr, flush=True)
    told = {
        "ratios": ratios(rows),
        "sizes": rows,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
