"""``earful watch`` as people run it: a process, a platform on loopback, signals and kills."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers.hackernews import HackerNewsWorld, serve
from servers.local import LocalServer, Reply, Request
from test_trip_pull import FIRST, add_source

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")

LONG = 600.0
"""Seconds after which something is taken not to happen any more."""
FAST = """
[watch]
shortest_wait = 0.1
longest_wait = 0.2
longest_backoff = 5
failures = 2
alert_allow_private = true
"""


def pace(project: Path, more: str = "") -> None:
    """Let the watch of this project be quick."""
    path = project / "earful.toml"
    path.write_text(path.read_text().replace("\n[watch]", "") + more + FAST)


@contextmanager
def watching(project: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The process; it is killed where the test leaves it running."""
    code = "from earful.cli import main; main()"
    log = project / "watch.log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "watch", "--log-format", "json", *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
            stderr=stderr,
            text=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(true: Callable[[], Any], project: Path, process: subprocess.Popen[str]) -> Any:
    """What ``true`` answers, as soon as it is anything."""
    latest = time.monotonic() + LONG
    while time.monotonic() < latest:
        if found := true():
            return found
        assert process.poll() is None, (project / "watch.log").read_text()
        time.sleep(0.1)
    raise AssertionError((project / "watch.log").read_text())


def count(project: Path, query: str) -> int:
    if not (project / "earful.db").is_file():
        return 0
    with closing(sqlite3.connect(project / "earful.db", timeout=30)) as ledger:
        try:
            return int(ledger.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0


COMMENTS, TAGS = "SELECT count(*) FROM comments", "SELECT count(*) FROM tags"


def events(project: Path) -> list[dict[str, Any]]:
    lines = (project / "watch.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def fetched(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def alerts(project: Path) -> list[tuple[str, str, str]]:
    path = project / "alerts.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    records = [json.loads(line) for line in lines]
    return [(record["kind"], record["source"], record["state"]) for record in records]


def test_a_day_of_a_watch(project: Path, earful: Callable[..., Any]) -> None:
    """Listens, tags and reports beside a source that always fails; tells of it; stops in order."""
    bad = '\n[[source]]\nname = "broken"\nconnector = "reddit"\n'
    bad += 'options = { subreddits = ["kayaks"] }\n'
    posted: list[dict[str, Any]] = []

    def take(request: Request) -> Reply:
        posted.append(dict(request.headers))
        return Reply(content={})

    world = HackerNewsWorld()
    world.comments(30, FIRST)
    with serve(world) as server, LocalServer(take) as sink:
        pace(project, bad)
        add_source(project, server.url)
        url = {"EARFUL_ALERT_URL": f"{sink.url}/hook"}
        with watching(project, "--listen", "127.0.0.1:0", **url) as process:
            until(lambda: count(project, TAGS) == 31, project, process)
            address = re.search(r"listening on ([0-9.:]+)", (project / "watch.log").read_text())
            assert address
            world.comments(5, int(time.time()), every=0, first_id=500)
            until(lambda: count(project, TAGS) > 31, project, process)
            until(lambda: ("failing", "broken", "raised") in alerts(project), project, process)
            until(lambda: posted, project, process)
            status, page = fetched(address[1], "/healthz")
            told = json.loads(page)
            assert status == 503
            assert "EARFUL_REDDIT_CLIENT_ID" in told["sources"]["broken"]["reason"]
            assert told["sources"]["hn"]["reason"] == ""
            status, page = fetched(address[1], "/metrics")
            assert status == 200
            assert 'earful_alert_open{kind="failing",source="broken"} 1.0' in page
            assert fetched(address[1], "/")[0] == 404
            second = earful("watch")
            assert second.code == 1
            assert "is watching this project" in second.err
            until((project / "out" / "brief.html").is_file, project, process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LONG) == 0
    assert events(project)[-1]["event"] == "stopped"
    assert alerts(project).count(("failing", "broken", "raised")) == 1
    assert "without waiting" not in events(project)[-1]["message"]


def test_kills_lose_nothing(project: Path) -> None:
    """Killed at any moment and started again: every comment is there once, with its tags."""
    world = HackerNewsWorld()
    world.comments(400, FIRST)
    with serve(world, slowness=0.02) as server:
        pace(project)
        add_source(project, server.url)
        for part in (1, 150, 300):
            with watching(project) as process:
                wanted = COMMENTS if part < 300 else TAGS
                until(lambda w=wanted, p=part: count(project, w) >= p, project, process)
                process.kill()
            world.comments(20, int(time.time()), every=0, first_id=1000 + part * 100)
        truth = {str(item.id) for item in world.items.values()}
        with watching(project) as process:
            until(lambda: count(project, TAGS) == len(truth), project, process)
            process.send_signal(signal.SIGINT)
            assert process.wait(LONG) == 0
    with closing(sqlite3.connect(project / "earful.db")) as ledger:
        rows = [row[0] for row in ledger.execute("SELECT native_id FROM comments")]
        assert len(rows) == len(truth)
        assert set(rows) == truth
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert ledger.execute("SELECT count(*) FROM coverage").fetchone()[0] < 10


def test_a_watch_needs_sources(project: Path, earful: Callable[..., Any]) -> None:
    """Without one there is nothing to do, and a pace for an unknown one is a mistake."""
    done = earful("watch")
    assert done.code == 2
    assert "no source to watch" in done.err
    add_source(project, "http://127.0.0.1:9", "kayaks")
    with (project / "earful.toml").open("a") as settings:
        settings.write("\n[watch.sources.kayak]\nshortest_wait = 5\n")
    path = project / "earful.toml"
    path.write_text(path.read_text().replace("\n[watch]\n", "\n"))
    done = earful("watch")
    assert done.code == 2
    assert "Did you mean 'kayaks'" in done.err
    assert earful("watch", "--log-format", "xml").code == 2
