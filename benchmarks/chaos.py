"""The chaos run: a platform that misbehaves, a puller that is killed, and what is left of it.

Run from the checkout: ``python -m benchmarks.chaos [--seconds 600] [--seed 1] [--json FILE]``.
For so long a fake platform (``benchmarks.chaos_world``) writes, edits and deletes while it is
pulled, answers late, twice, in disorder, cut short or not at all, and is down now and then, and the
pulling process is ended by SIGKILL every few seconds. Then the world stands still, one last puller
runs until it finds no news, and ledger and world are compared row by row. Exit 0 where they are
equal.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Thread

from benchmarks.chaos_world import LATENESS, Board, World
from earful.store import Ledger
from tests.servers.local import LocalServer

ROOT = Path(__file__).resolve().parents[1]
BACKLOG = 1500
"""Comments that are on each board before."""
EVENTS_A_SECOND = 12
LIFE = (0.3, 5.0)
"""Seconds that a puller may work before it is killed: least and most."""
UP, DOWN = (8.0, 20.0), (0.5, 2.5)
"""Seconds for which the platform is up, and then down: least and most."""
_MOST_SHOWN = 20
_LAST_PULL_SECONDS = 900


@dataclass
class Report:
    """What was injected, what the puller met, and every way in which the ledger is not the world.

    ``differences`` holds the first few in words, ``counts`` rows that were compared by what they
    are.
    """

    seconds: float
    seed: int
    backlog: int
    machine: str
    kills: int = 0
    outages: int = 0
    requests: int = 0
    injected: dict[str, int] = field(default_factory=dict)
    happened: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    last_pull_seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    different: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the ledger is the world, row by row."""
        return not self.different and not self.failures.get("final", 0)


class Outages:
    """Serves a world, and takes the server down and up again on the same port."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._server = LocalServer(world.answer).__enter__()
        self._port = self._server.port
        self.url = self._server.url
        self.count = 0
        self.requests = 0

    def run(self, stop: Event) -> None:
        """Go down now and then, until it is to stop; then stay up."""
        while not stop.wait(self._chance.uniform(*UP)):
            self._world.down = True  # for who is connected
            self.close()
            self.count += 1
            stop.wait(self._chance.uniform(*DOWN))
            self._world.down = False
            self._server = LocalServer(self._world.answer, port=self._port).__enter__()

    def close(self) -> None:
        """Take the server down for good."""
        self._server.__exit__(None, None, None)
        self.requests += len(self._server.requests)


def run(seconds: float, seed: int, ledger_path: Path, world: World) -> Report:
    """One chaos run of ``world`` against a new ledger."""
    backlog = sum(len(board.remarks) for board in world.boards.values())
    report = Report(seconds, seed, backlog, f"{platform.machine()}, {os.cpu_count()} processors")
    chance = random.Random(seed + 2)
    outages = Outages(world, random.Random(seed + 3))
    stop = Event()
    threads = [
        Thread(target=_live, args=(world, stop)),
        Thread(target=outages.run, args=(stop,)),
    ]
    for thread in threads:
        thread.start()
    failures: Counter[str] = Counter()
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            report.kills += _killed(ledger_path, outages.url, chance.uniform(*LIFE), failures)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    world.faults = False
    time.sleep(LATENESS)
    begun = time.monotonic()
    last = _start(ledger_path, outages.url, "until-quiet")
    try:
        told, wrong = last.communicate(timeout=_LAST_PULL_SECONDS)
    finally:
        last.kill()
        outages.close()
    report.last_pull_seconds = round(time.monotonic() - begun, 1)
    if last.returncode != 0:
        raise RuntimeError(f"the last pull failed:\n{told}{wrong}")
    _count_failures(told, failures)
    report.outages, report.requests = outages.count, outages.requests
    report.injected, report.happened = dict(world.injected), dict(world.done)
    report.failures = dict(failures)
    compare(world, ledger_path, report)
    return report


def _live(world: World, stop: Event) -> None:
    while not stop.wait(1 / EVENTS_A_SECOND):
        world.happen()


def _start(ledger_path: Path, address: str, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.chaos_puller", str(ledger_path), address, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _killed(ledger_path: Path, address: str, life: float, failures: Counter[str]) -> int:
    """Let a puller work for so long, and kill it; 1 where it was working until then."""
    process = _start(ledger_path, address, "for-ever")
    assert process.stdout is not None
    begun = process.stdout.readline()
    with suppress(subprocess.TimeoutExpired):
        process.wait(life)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    told, wrong = process.communicate()
    if not alive or begun != "pulling\n":
        raise RuntimeError(f"the puller ended by itself:\n{begun}{told}{wrong}")
    _count_failures(told, failures)
    return 1


def _count_failures(told: str, failures: Counter[str]) -> None:
    failures.update(line.partition(":")[0] for line in told.splitlines() if ":" in line)


def compare(world: World, ledger_path: Path, report: Report) -> None:
    """Fill in the report in what the ledger differs from the world, row by row."""
    counts: Counter[str] = Counter()
    found: list[str] = []
    with sqlite3.connect(ledger_path) as connection:
        for name, board in world.boards.items():
            found += [f"{name}: {told}" for told in _differences(connection, name, board, counts)]
    with Ledger.open(ledger_path) as ledger:
        found += ledger.check()
        states = {window.source: window.state for window in ledger.coverage()}
    found += [
        f"{name}: the last pull is {states.get(name)!r}"
        for name in world.boards
        if states.get(name) != "complete"
    ]
    report.counts, report.different = dict(counts), len(found)
    report.differences = found[:_MOST_SHOWN]


def _differences(
    connection: sqlite3.Connection, source: str, board: Board, counts: Counter[str]
) -> Iterator[str]:
    """Every way in which the rows of a board are not the board; ``counts`` what was compared."""
    rows = connection.execute(
        "SELECT native_id, text, deleted, revision, created_at FROM comments WHERE source = ?",
        (source,),
    ).fetchall()
    older: dict[str, list[str]] = {}
    for native_id, words in connection.execute(
        "SELECT c.native_id, r.text FROM revisions r JOIN comments c USING (uid)"
        " WHERE c.source = ? ORDER BY r.revision",
        (source,),
    ):
        older.setdefault(native_id, []).append(words)
    stored = {native_id: row for native_id, *row in rows}
    if len(stored) != len(rows):
        yield f"{len(rows) - len(stored)} rows are there twice"
    for native_id in sorted(set(stored) - {str(number) for number in board.remarks}):
        yield f"{native_id} is in no world"
    for number, remark in board.remarks.items():
        native_id = str(number)
        if native_id not in stored:
            if remark.deleted:
                counts["deleted before it was stored"] += 1
            else:
                yield f"{native_id} was lost"
            continue
        text, deleted, revision, created = stored[native_id]
        wordings = [*older.get(native_id, []), text]
        if remark.deleted:
            counts["tombstones"] += 1
            if not deleted or text or native_id in older:
                yield f"{native_id} was deleted and is not"
        elif deleted:
            yield f"{native_id} stands and was deleted here"
        elif text != remark.said[-1]:
            yield f"{native_id} says what was said before (wording {len(remark.said)})"
        elif created != remark.created * 1000:
            yield f"{native_id} has another date"
        elif revision != len(wordings) or not _in_order(wordings, remark.said):
            yield f"{native_id} has wordings that were never, or not so, said"
        else:
            counts["comments"] += 1
            counts["of these edited"] += len(remark.said) > 1
            counts["wordings kept"] += revision


def _in_order(some: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether ``some`` stand in ``whole`` in this order, with gaps."""
    rest = iter(whole)
    return all(one in rest for one in some)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the report, and exit 0 where ledger and world are equal, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="how long it goes on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the report here")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        report = run(
            given.seconds, given.seed, Path(folder) / "earful.db", World(given.seed, BACKLOG)
        )
    told = json.dumps({"equal": report.equal, **asdict(report)}, indent=1)
    print(told)
    if given.json:
        given.json.write_text(told + "\n", encoding="utf-8")
    return 0 if report.equal else 1


if __name__ == "__main__":
    sys.exit(main())
