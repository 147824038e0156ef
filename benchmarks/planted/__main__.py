"""Plant feeds, measure what reports make of them, and tell where they fail.

python -m benchmarks.planted make standard --seed 1 --out /tmp/feed
python -m benchmarks.planted measure
python -m benchmarks.planted trip standard --seed 1
python -m benchmarks.planted failures standard --seed 1
python -m benchmarks.planted check standard
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

from benchmarks.planted.answering import answered
from benchmarks.planted.campaigns import effect
from benchmarks.planted.failures import worst
from benchmarks.planted.files import write_feed
from benchmarks.planted.given import Encoder, NoVectors, ShippedEncoder
from benchmarks.planted.intervals import covered
from benchmarks.planted.inventory import ALIKE, alike, inventory, shortcomings
from benchmarks.planted.measures import figures
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import IMPERFECT, NAMING, PERFECT, READERS, read
from benchmarks.planted.runs import detection, false_alarms, grouping, matching_of, stabilities
from benchmarks.planted.scenario import Scenario, load_scenario
from benchmarks.planted.table import table
from benchmarks.planted.trip import trip
from earful.errors import EarfulError

STANDARD = "standard"
RESULTS = Path(__file__).resolve().parents[1] / "planted.json"
PARTS = ("grouping", "answers", "campaigns", "stability", "alarms", "delay", "intervals")
SEEDS = {
    "grouping": 20,
    "answers": 3,
    "campaigns": 5,
    "stability": 2,
    "alarms": 2,
    "delay": 1,
    "intervals": 200,
}
"""Feeds by part, where --runs does not say."""
OF_STANDARD = ("grouping", "answers", "campaigns", "stability")
"""Parts that any scenario can be measured by; the others have scenarios of their own."""
GROWN = ("stylus", 2.0)
"""What grows where intervals are judged: little enough to change the volume of the whole hardly."""


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
    measure.add_argument("--runs", type=int, help=f"feeds of each part, by default {SEEDS}")
    measure.add_argument("--only", choices=PARTS, nargs="*", help="by default all of them")
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
    checking = commands.add_parser("check", help="what the sentences of a scenario fall short of")
    for command in (make, measure, through, failing, checking):
        command.add_argument("scenario", nargs="?", default=STANDARD)
    for command in (make, measure, through, failing):
        command.add_argument("--seed", type=int, default=1, help="the first seed")
    arguments = parser.parse_args()
    run: dict[str, Callable[[argparse.Namespace], None]] = {
        "make": _make,
        "measure": _measure,
        "trip": _trip,
        "failures": _failures,
        "check": _check,
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


def _check(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), seed=1)
    print(inventory(feed.brands))
    short = shortcomings(feed.brands)
    if (share := alike(feed)) > ALIKE:
        short.append(f"{share:.1%} of honest asks look like copies, of at most {ALIKE:.0%}")
    print("\n".join(short) or "Nothing is missing.")
    if short:
        raise SystemExit(1)


def _encoder(arguments: argparse.Namespace) -> Encoder:
    return NoVectors() if arguments.no_vectors else ShippedEncoder()


def _measure(arguments: argparse.Namespace) -> None:
    encoder = _encoder(arguments)
    scenario = load_scenario(arguments.scenario)
    standard = arguments.scenario == STANDARD
    for part in arguments.only or (PARTS if standard else OF_STANDARD):
        first = arguments.seed
        seeds = range(first, first + (arguments.runs or SEEDS[part]))
        told = _part(part, scenario, seeds, encoder)
        _save(arguments.results, scenario.name, {part: told, "encoder": encoder.version or "none"})


def _part(part: str, scenario: Scenario, seeds: range, encoder: Encoder) -> Any:
    if part == "grouping":
        return grouping(scenario, list(READERS.values()), seeds, encoder, _tell)
    if part == "answers":
        return answered(scenario, (PERFECT, IMPERFECT), seeds, encoder, _tell)
    if part == "campaigns":
        return asdict(effect(scenario, PERFECT, seeds, encoder, _tell))
    if part == "stability":
        return stabilities(scenario, PERFECT, seeds, encoder, _tell)
    if part == "alarms":
        return {
            name: false_alarms(load_scenario(name), NAMING, seeds, encoder, _tell)
            for name in ("calm", "uneven")
        }
    if part == "delay":
        return detection(load_scenario("growth"), NAMING, seeds, encoder, _tell)
    item, factor = GROWN
    return {
        "calm": asdict(covered(load_scenario("calm"), seeds)),
        "growth": asdict(covered(load_scenario("growth"), seeds, item, factor)),
    }


def _trip(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), arguments.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        went = trip(feed, folder, arguments.background)
        for failure in worst(went.matching):
            print(failure.told, end="\n\n")
    told = {
        "seed": arguments.seed,
        "comments": went.comments,
        "seconds": went.seconds,
        "figures": {
            name: round(value, 3)
            for name, value in asdict(figures(went.matching)).items()
            if value is not None
        },
    }
    _save(arguments.results, feed.scenario.name, {"trip": told})


def _failures(arguments: argparse.Namespace) -> None:
    feed = plant(load_scenario(arguments.scenario), arguments.seed)
    asks = read(feed, READERS[arguments.reader])
    with tempfile.TemporaryDirectory() as folder:
        matching = matching_of(feed, asks, Path(folder), _encoder(arguments))
    for failure in worst(matching, arguments.most):
        print(failure.told, end="\n\n")


def _save(path: Path, scenario: str, parts: Mapping[str, Any]) -> None:
    """Renew these parts of a scenario's results, say on what machine and when, and print them."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    results.setdefault(scenario, {}).update(parts)
    results["machine"] = {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table({part: results[scenario][part] for part in parts}))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
