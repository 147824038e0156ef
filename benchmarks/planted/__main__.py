"""Plant feeds, measure what reports make of them, and tell where they fail.

python -m benchmarks.planted make standard --seed 1 --out /tmp/feed
python -m benchmarks.planted measure --runs 200
python -m benchmarks.planted trip standard --seed 1
python -m benchmarks.planted failures standard --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.planted.failures import worst
from benchmarks.planted.files import write_feed
from benchmarks.planted.given import Encoder, NoVectors, ShippedEncoder
from benchmarks.planted.measures import figures
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import NAMING, PERFECT, READERS, read
from benchmarks.planted.runs import detection, false_alarms, grouping, matching_of, stabilities
from benchmarks.planted.scenario import load_scenario
from benchmarks.planted.table import table
from benchmarks.planted.trip import trip
from earful.errors import EarfulError

RESULTS = Path(__file__).resolve().parents[1] / "planted.json"
PARTS = ("grouping", "stability", "alarms", "delay")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.planted",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write a feed and its truth")
    make.add_argument("--out", type=Path, required=True)
    measure = commands.add_parser("measure", help="from known readers' asks, over many feeds")
    measure.add_argument("--runs", type=int, default=200, help="feeds for grouping and intervals")
    measure.add_argument("--few", type=int, default=5, help="feeds for each of the other parts")
    measure.add_argument("--only", choices=PARTS, nargs="*", default=PARTS)
    measure.add_argument("--results", type=Path, default=RESULTS)
    through = commands.add_parser("trip", help="end to end through import, tag and report")
    through.add_argument("--keep", type=Path, help="keep the feed and the project in this folder")
    through.add_argument("--background", type=int, default=0, help="real comments to mix in")
    through.add_argument("--results", type=Path, default=RESULTS)
    failing = commands.add_parser("failures", help="the items that went wrong, with examples")
    failing.add_argument("--reader", choices=sorted(READERS), default=PERFECT.name)
    failing.add_argument("--most", type=int, default=5)
    for command in (measure, failing):
        command.add_argument("--no-vectors", action="store_true", help="group by words alone")
    for command in (make, through, failing):
        command.add_argument("scenario", nargs="?", default="standard")
    for command in (make, measure, through, failing):
        command.add_argument("--seed", type=int, default=1, help="the first seed")
    arguments = parser.parse_args()
    run: dict[str, Callable[[argparse.Namespace], None]] = {
        "make": _make,
        "measure": _measure,
        "trip": _trip,
        "failures": _failures,
    }
    try:
        run[arguments.command](arguments)
    except EarfulError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from error


def _make(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), arguments.seed)
    write_feed(feed, arguments.out)
    print(f"{len(feed.rows):,} comments in {arguments.out}")


def _encoder(arguments: argparse.Namespace) -> Encoder:
    return NoVectors() if arguments.no_vectors else ShippedEncoder()


def _measure(arguments: argparse.Namespace) -> None:
    encoder = _encoder(arguments)
    few = range(arguments.seed, arguments.seed + arguments.few)
    standard, calm, growth = map(load_scenario, ("standard", "calm", "growth"))
    for part in arguments.only:
        told: Any = {}
        if part == "grouping":
            seeds = range(arguments.seed, arguments.seed + arguments.runs)
            told = grouping(standard, list(READERS.values()), seeds, encoder, _tell)
        elif part == "stability":
            told = stabilities(standard, PERFECT, few, encoder, _tell)
        elif part == "alarms":
            for scenario in (calm, load_scenario("uneven")):
                told[scenario.name] = false_alarms(scenario, NAMING, few, encoder, _tell)
        else:
            told = detection(growth, NAMING, few, encoder, _tell)
        _save(arguments.results, {part: told, "encoder": encoder.version or "none"})
    print(table(json.loads(arguments.results.read_text(encoding="utf-8"))))


def _trip(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), arguments.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        went = trip(feed, folder, arguments.background)
        for failure in worst(went.matching):
            print(failure.told, end="\n\n")
    told = {
        "scenario": arguments.scenario,
        "seed": arguments.seed,
        "comments": went.comments,
        "seconds": went.seconds,
        "figures": {
            name: round(value, 3)
            for name, value in asdict(figures(went.matching)).items()
            if value is not None
        },
    }
    _save(arguments.results, {"trip": told})
    print(table(json.loads(arguments.results.read_text(encoding="utf-8"))))


def _failures(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), arguments.seed)
    asks = read(feed, READERS[arguments.reader])
    with tempfile.TemporaryDirectory() as folder:
        matching = matching_of(feed, asks, Path(folder), _encoder(arguments))
    for failure in worst(matching, arguments.most):
        print(failure.told, end="\n\n")


def _save(path: Path, parts: Mapping[str, Any]) -> None:
    """Renew these parts of the results, and say on what machine and when."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    results.update(parts)
    results["machine"] = {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
