"""A listener that is killed: real processes, signed requests, and a platform that tries again."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from conftest import ROOT
from servers.pusher import STANDARD_SECRET, push
from servers.real import free_port

ENVIRONMENT = "EARFUL_HOOK_SECRET"
COMMAND = "from earful.cli import main; main()"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")


def deliveries(count: int) -> tuple[list[dict[str, Any]], dict[str, tuple[str, int, int]]]:
    """What a platform tells of ``count`` comments, in order, and how they are in the end."""
    told, truth = [], {}
    for n in range(count):
        created = f"2026-05-01T00:{n // 60:02}:{n % 60:02}Z"
        comment = {"id": f"n{n}", "text": f"Shade over bench {n}, please", "created_at": created}
        told.append(comment)
        truth[f"n{n}"] = (comment["text"], 1, 0)
        if n % 3 == 1:
            words = f"Shade and water at bench {n}, please"
            edited = {**comment, "text": words, "edited_at": f"2026-05-02{created[10:]}"}
            told.append(edited)
            told.append(comment | {"channel": "late"})
            truth[f"n{n}"] = (words, 2, 0)
        if n % 5 == 2:
            told.append({"id": f"n{n}", "deleted": True})
            truth[f"n{n}"] = ("", 1, 1)
    return told, truth


class Platform(Thread):
    """Delivers one after the other, each until it is answered 200, and each a second time."""

    def __init__(self, url: str, told: list[dict[str, Any]]) -> None:
        super().__init__()
        self.url, self.told = url, told
        self.tries = 0
        self.given_up = Event()

    def run(self) -> None:
        """Until all is delivered."""
        for number, comment in enumerate(self.told):
            for _ in range(2):
                while not self.given_up.is_set():
                    self.tries += 1
                    with suppress(OSError):
                        status, _ = push(self.url, "standard-webhooks", comment, id=f"msg_{number}")
                        if status == 200:
                            break
                    time.sleep(0.05)


def start(project: Path, port: int) -> Any:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "listen", "--port", str(port), "--project", str(project)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, ENVIRONMENT: STANDARD_SECRET},
    )
    assert "POST http://" in process.stdout.readline(), process.stderr.read()
    return process


def state_of(project: Path) -> dict[str, int]:
    with sqlite3.connect(project / "deliveries.db") as connection:
        rows = connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
        return dict(rows.fetchall())


def test_listener_killed(project: Path) -> None:
    """After kills at any step, what was answered 200 is in the ledger once, row by row."""
    with (project / "earful.toml").open("a") as settings:
        settings.write('\n[[hook]]\nname = "push"\nrow = "generic"\n')
    toml = (project / "earful.toml").read_text()
    (project / "earful.toml").write_text(
        toml.replace("# redact_names = true", "redact_names = false")
    )
    told, truth = deliveries(60)
    port = free_port()
    platform = Platform(f"http://127.0.0.1:{port}/hooks/push", told)
    chance = random.Random(11)
    process = start(project, port)
    platform.start()
    kills = 0
    try:
        while platform.is_alive() and kills < 6:
            time.sleep(chance.uniform(0.05, 0.6))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            process = start(project, port)
        platform.join(timeout=300)
        assert not platform.is_alive()
        until = time.monotonic() + 300
        while state_of(project) != {"done": len(told)} and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        said, wrong = process.communicate(timeout=300)
        assert process.returncode == 0, wrong
        assert "what came in is kept" in said
    finally:
        platform.given_up.set()
        process.kill()
        process.communicate()
    assert kills > 0
    assert platform.tries > 2 * len(told), "some deliveries met a listener that was dead"
    assert state_of(project) == {"done": len(told)}
    with sqlite3.connect(project / "earful.db") as connection:
        rows = connection.execute(
            "SELECT native_id, text, revision, deleted FROM comments"
        ).fetchall()
        assert connection.execute("SELECT state FROM coverage").fetchall() == [("complete",)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    stored = {native_id: row for native_id, *row in rows}
    assert len(stored) == len(rows)
    for native_id, (words, revisions, deleted) in truth.items():
        if deleted and native_id not in stored:
            continue  # created and deleted within one batch: there was nothing to keep
        text, revision, gone = stored[native_id]
        assert (text, gone) == (words, deleted)
        assert deleted or revision <= revisions
    assert set(stored) <= set(truth)
