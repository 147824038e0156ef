"""End to end: a feed through ``earful import``, ``tag`` and ``report``, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.planted.feed import Feed
from benchmarks.planted.files import write_feed, write_lines
from benchmarks.planted.found import found_in_file
from benchmarks.planted.matching import Matching
from benchmarks.planted.real_background import SOURCE, real_rows
from earful.errors import TerminalError

CHECKOUT = Path(__file__).resolve().parents[2]
EARFUL = (sys.executable, "-c", "from earful.cli import main; main()")
"""The command of this checkout, whatever else is installed."""


@dataclass(frozen=True, eq=False)
class Trip:
    """What came out, and the seconds that each command took."""

    matching: Matching
    seconds: dict[str, float]
    asks: int
    comments: int


def trip(feed: Feed, folder: Path, background: int = 0) -> Trip:
    """Run the feed through earful in ``folder``, with so many real comments as background.

    Raises ``TerminalError`` where a command fails.
    """
    paths = write_feed(feed, folder / "feed")
    real = real_rows(background, feed.tides, feed.seed)
    if real:
        paths[SOURCE] = folder / "feed" / f"{SOURCE}.jsonl"
        write_lines(paths[SOURCE], real)
    project = folder / "project"
    seconds = {"init": _run(folder, "init", str(project), home=folder)}
    with (project / "earful.toml").open("a", encoding="utf-8") as settings:
        settings.write(brand_sections(feed))
    seconds["import"] = sum(
        _run(project, "import", str(path), "--source", source, home=folder)
        for source, path in paths.items()
    )
    for command in ("tag", "report"):
        seconds[command] = _run(project, command, home=folder)
    out = project / "out" / "signals.json"
    signals = found_in_file(out)
    told = json.loads(out.read_text(encoding="utf-8"))
    return Trip(
        Matching(feed, tuple(signals)),
        {name: round(took, 1) for name, took in seconds.items()},
        asks=sum(len(signal.uids) for signal in signals),
        comments=told["ladder"]["posts"],
    )


def brand_sections(feed: Feed) -> str:
    """The feed's brands as sections of ``earful.toml``; nothing is tested for relevance."""
    return "".join(
        f"\n[[brand]]\nname = {json.dumps(brand.name)}\n"
        f"names = {json.dumps(brand.names)}\nmisspellings = {json.dumps(brand.misspellings)}\n"
        f"products = {json.dumps(brand.products)}\nsources = []\n"
        for brand in feed.brands
    )


def _run(folder: Path, *arguments: str, home: Path) -> float:
    """Seconds that a command took; its key goes to the run's own folder."""
    started = time.monotonic()
    done = subprocess.run(
        [*EARFUL, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHONPATH": str(CHECKOUT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TerminalError(
            f"earful {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-500:]}",
            where=str(folder),
            next_step="Run it there by hand.",
        )
    return time.monotonic() - started
