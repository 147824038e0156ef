"""Pulls that are killed, pulls that meet, and a reader beside them: real processes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from servers import hackernews, reddit
from servers.local import LocalServer

from earful.store import Ledger
from ingest.connectors.hackernews import HackerNews
from ingest.connectors.reddit import Reddit

PULLER = Path(__file__).parent / "servers" / "puller.py"
FIRST = 1_750_000_000
HACKERNEWS = "ingest.connectors.hackernews:HackerNews"
REDDIT = "ingest.connectors.reddit:Reddit"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")


def start(ledger: Path, connector: str, options: Mapping[str, Any], batch: int) -> Any:
    return subprocess.Popen(
        [sys.executable, str(PULLER), str(ledger), connector, json.dumps(options), str(batch)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **reddit.ENVIRONMENT},
    )


def pull_with_kills(
    ledger: Path, connector: str, options: Mapping[str, Any], batch: int, kills: int, span: float
) -> int:
    """Kill the pull ``kills`` times, at random within ``span`` seconds of its start, then let it
    end; answers how many of the kills struck while it was working."""
    chance = random.Random(7)
    struck = 0
    for _ in range(kills):
        process = start(ledger, connector, options, batch)
        assert process.stdout.readline() == "pulling\n", process.stderr.read()
        time.sleep(chance.uniform(0, span))
        struck += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = start(ledger, connector, options, batch)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    return struck


def stored(ledger: Path) -> dict[str, tuple[str, int]]:
    with sqlite3.connect(ledger) as connection:
        rows = connection.execute("SELECT native_id, text, created_at FROM comments").fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return {native_id: (text, created_ms) for native_id, text, created_ms in rows}


def check_file(ledger: Path) -> None:
    with sqlite3.connect(ledger) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (0,)
    with Ledger.open(ledger) as opened:
        assert opened.check() == []


def test_hackernews_killed_15_times(tmp_path: Path) -> None:
    """After 15 SIGKILLs the ledger equals the server row by row, and the cursor is at the end."""
    world = hackernews.HackerNewsWorld()
    world.comments(6000, FIRST, every=40)
    path = tmp_path / "earful.db"
    with hackernews.serve(world, slowness=0.02) as server:
        options = hackernews.options_for(server.url, page_size=100)
        assert pull_with_kills(path, HACKERNEWS, options, batch=50, kills=15, span=0.5) >= 8
        truth = {str(i.id): (i.text, i.second * 1000) for i in world.items.values()}
        assert stored(path) == truth
        check_file(path)
        with Ledger.open(path) as ledger:
            after = HackerNews("s", options, ledger.cursor("s"))
            assert list(after.pull(None, None, None)) == []
            assert [row.state for row in ledger.coverage()][-1] == "complete"


def test_reddit_killed_10_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for listings that come newest first, with comments arriving all the while."""
    for name, value in reddit.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    world = reddit.RedditWorld()
    world.submissions(700, FIRST, every=40)
    world.thread("t3_s1", 700, FIRST)
    path = tmp_path / "earful.db"
    with reddit.serve(world, slowness=0.02) as server:
        answer = server.answer

        def with_arrivals(request: Any) -> Any:
            if request.path == "/r/kayaks/new" and len(world.things) < 1500:
                number = len(world.things)
                world.submissions(3, FIRST + 100_000, every=40, first=number)
            return answer(request)

        server.answer = with_arrivals
        options = reddit.options_for(server.url, subreddits=["kayaks"])
        assert pull_with_kills(path, REDDIT, options, batch=20, kills=10, span=0.8) >= 5
        server.answer = answer
        with Ledger.open(path) as ledger:
            before = Reddit("s", options, ledger.cursor("s"))
            # What arrived while the last pull was running is all that may be left.
            left = {comment.native_id for comment in before.pull(None, None, None)}
        truth = {t.fullname: (t.text, int(t.second) * 1000) for t in world.things.values()}
        assert len(left) <= 60
        assert stored(path) == {name: row for name, row in truth.items() if name not in left}
        check_file(path)


def read_all_the_while(path: Path, stop: Event, errors: list[Exception], counts: list[int]) -> None:
    # Waits for nothing: a reader that had to wait for a writer would fail at once.
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        while not stop.is_set():
            try:
                query = "SELECT count(*), max(text) FROM comments"
                counts.append(connection.execute(query).fetchone()[0])
            except Exception as error:
                errors.append(error)
            time.sleep(0.01)  # leaves the server, which is in this process, its turn


def run_until_done(server: LocalServer, path: Path) -> tuple[list[str], int]:
    """Two pulls of one source, each started again until it succeeds; refusals and rows added."""
    options = hackernews.options_for(server.url, page_size=100)
    refusals: list[str] = []
    added = 0
    waiting = 2
    running = [start(path, HACKERNEWS, options, 50) for _ in range(waiting)]
    while running:
        process = running.pop(0)
        out, told = process.communicate(timeout=60)
        if process.returncode == 0:
            added += int(out.split()[-1])
        else:
            assert process.returncode == 3, told
            refusals.append(told)
            time.sleep(0.2)
            running.append(start(path, HACKERNEWS, options, 50))
    return refusals, added


def test_two_pulls_and_a_reader(tmp_path: Path) -> None:
    """Of two pulls of one source one is refused in words; a reader never waits and never errs."""
    world = hackernews.HackerNewsWorld()
    world.comments(2000, FIRST, every=40)
    path = tmp_path / "earful.db"
    Ledger.open(path).close()
    stop, errors, counts = Event(), list[Exception](), list[int]()
    reader = Thread(target=read_all_the_while, args=(path, stop, errors, counts))
    reader.start()
    try:
        with hackernews.serve(world, slowness=0.03) as server:
            refusals, added = run_until_done(server, path)
    finally:
        stop.set()
        reader.join()
    assert added == len(world.items), "every row was added by exactly one of the two"
    assert len(stored(path)) == len(world.items)
    assert refusals
    assert all("another process" in told and "source 's'" in told for told in refusals)
    assert errors == []
    assert counts == sorted(counts)
    assert len(set(counts)) > 5, "the reader saw the ledger grow"
    check_file(path)
