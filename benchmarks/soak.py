"""How long a comment takes from appearing to its tags in the ledger, hour after hour.

A made-up platform on 127.0.0.1 gives so many comments a second; ``earful watch`` listens to it as
it would to a real one, in a process of its own. At the end every comment must be in the ledger
once, with tags; the time each took, and the memory of the watch over time, are written to
benchmarks/soak.json and stand in docs/watch.md. Run with: python benchmarks/soak.py
"""

from __future__ import annotations

import argparse
import bisect
import csv
import json
import os
import platform
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from scipy.stats import theilslopes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = HERE / "soak.json"
READERS = "earful_readers_memory_bytes"
MEMORY = ("process_resident_memory_bytes", READERS)
PAGE = 500
SAMPLE_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
"""After the last comment appeared, how long is waited for its tags."""
MOST_SECONDS = 60.0
ROW = """
name = "square"
title = "The square"
base = "http://127.0.0.1:{port}"
path = "/comments"
items = "comments"

[order]
by = "created"
first = "oldest"
since = {{ parameter = "since", format = "unix" }}
overlap = 5

[paging]
kind = "cursor"
parameter = "after"
path = "next"

[fields]
id = "id"
text = "text"
created = "created"
author = "author"

[terms]
summary = "Nobody wrote these comments."
"""
SOURCE = """
[[source]]
name = "square"
connector = "square"
options = {{ allow_private = true }}

[watch]
report_every = {report_every}
"""


class Square:
    """The platform: comments appear by the clock, each as its neighbours in the demo's feed."""

    def __init__(self, rate: float, seed: int = 7) -> None:
        self.rate = rate
        self.appeared: list[float] = []  # Unix seconds, by number
        self._chance = random.Random(seed)
        self._texts = feed_texts()
        self._said: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def start(self) -> None:
        """Let people begin to talk."""
        self._thread.start()

    def stop(self) -> None:
        """Nobody says anything any more."""
        self._stop.set()
        self._thread.join()

    def _talk(self) -> None:
        begun = time.time()
        while not self._stop.is_set():
            due = int((time.time() - begun) * self.rate)
            while len(self.appeared) < due:
                text = self._chance.choice(self._texts)
                # Words that nobody said before, as there always are: names, typos, addresses.
                self._said.append(f"{text} {self._chance.getrandbits(40):x}")
                self.appeared.append(time.time())
            time.sleep(0.01)

    def page(self, since: int, after: int | None) -> dict[str, Any]:
        """Comments from a second on, or after a number; the oldest first."""
        count = len(self.appeared)
        start = bisect.bisect_left(self.appeared, since, hi=count) if after is None else after + 1
        shown = range(start, min(start + PAGE, count))
        return {
            "comments": [
                {
                    "id": str(number),
                    "text": self._said[number],
                    "created": int(self.appeared[number]),
                    "author": f"guest{number % 9973}",
                }
                for number in shown
            ],
            "next": str(shown[-1]) if len(shown) == PAGE else None,
        }


def feed_texts() -> list[str]:
    """The words of the demo's feed, over two lines or more too."""
    folder = ROOT / "earful" / "demo"
    with (folder / "reviews.csv").open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for name in ("forum.jsonl", "social.jsonl"):
        rows += [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
    # Of each row the longest value is what was said.
    return [max((str(value) for value in row.values()), key=len) for row in rows]


@contextmanager
def served(square: Square) -> Iterator[int]:
    """The platform on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            fields = parse_qs(urlsplit(self.path).query)
            after = int(fields["after"][0]) if "after" in fields else None
            since = int(float(fields.get("since", ["0"])[0]))
            body = json.dumps(square.page(since, after)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def earful(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """``earful ARGUMENTS`` of this checkout."""
    code = "from earful.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, **options)


def metrics(address: str) -> dict[str, float]:
    """What the watch tells now; labels are part of the names."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def start_watch(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """The process, and the address of its pages, once its model is loaded."""
    watch = earful(
        *("watch", "--project", str(folder), "--listen", "127.0.0.1:0", "--log-format", "json"),
        stderr=(folder / "watch.log").open("w"),
    )
    latest = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < latest:
        time.sleep(0.2)
        log = (folder / "watch.log").read_text()
        told = re.search(r"listening on ([0-9.:]+)", log)
        if told and '"event": "loaded"' in log:
            return watch, told[1]
        if watch.poll() is not None:
            break
    raise SystemExit((folder / "watch.log").read_text())


def measure(minutes: float, rate: float, folder: Path, report_every: float) -> dict[str, Any]:
    """One soak, from the first comment to the last one's tags."""
    assert earful("init", str(folder), stdout=subprocess.DEVNULL).wait() == 0
    square = Square(rate)
    samples: list[dict[str, float]] = []
    with served(square) as port:
        (folder / "connectors").mkdir()
        (folder / "connectors" / "square.toml").write_text(ROW.format(port=port))
        settings = (folder / "earful.toml").read_text().replace("\n[watch]", "")
        (folder / "earful.toml").write_text(settings + SOURCE.format(report_every=report_every))
        started = time.monotonic()
        watch, address = start_watch(folder)
        begun = time.monotonic()
        square.start()
        end = begun + minutes * 60
        while watch.poll() is None and time.monotonic() < end:
            time.sleep(SAMPLE_SECONDS)
            now = metrics(address)
            samples.append(
                {
                    "seconds": round(time.monotonic() - begun, 1),
                    "mebibytes": round(sum(now[name] for name in MEMORY) / 2**20, 1),
                    "of_readers": round(now[READERS] / 2**20, 1),
                    "untagged": now["earful_untagged"],
                    "lag_seconds": round(now["earful_tag_lag_seconds"], 1),
                }
            )
        square.stop()
        latest = time.monotonic() + PATIENCE_SECONDS
        while watch.poll() is None and time.monotonic() < latest:
            if metrics(address)["earful_tagged_total"] >= len(square.appeared):
                break
            time.sleep(1)
        stopped = time.monotonic()
        watch.send_signal(signal.SIGTERM)
        code = watch.wait(120)
    return {
        "minutes": minutes,
        "rate": rate,
        "exit_code": code,
        "start_seconds": round(begun - started, 1),
        "stop_seconds": round(time.monotonic() - stopped, 1),
        **judged(folder / "earful.db", square),
        "memory": memory(samples),
        "most_untagged": max((s["untagged"] for s in samples), default=0),
        "ledger_megabytes": round((folder / "earful.db").stat().st_size / 1e6, 1),
        "samples": samples[:: max(1, len(samples) // 60)],
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "load_average": [round(load, 1) for load in os.getloadavg()],
        },
    }


def judged(ledger: Path, square: Square) -> dict[str, Any]:
    """What was lost or doubled, and how long each comment took."""
    with closing(sqlite3.connect(ledger)) as connection:
        stored = [int(row[0]) for row in connection.execute("SELECT native_id FROM comments")]
        tagged = connection.execute(
            "SELECT c.native_id, t.tagged_at FROM comments c JOIN tags t USING (uid)"
        ).fetchall()
    took = np.array([at / 1000 - square.appeared[int(number)] for number, at in tagged])
    appeared = len(square.appeared)
    return {
        "appeared": appeared,
        "lost": appeared - len(set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "untagged": appeared - len({number for number, _ in tagged}),
        "seconds_to_tags": {
            "median": round(float(np.median(took)), 1),
            "p95": round(float(np.quantile(took, 0.95)), 1),
            "p99": round(float(np.quantile(took, 0.99)), 1),
            "most": round(float(took.max()), 1),
            "share_under_60": round(float((took < MOST_SECONDS).mean()), 5),
        },
    }


def memory(samples: list[dict[str, float]]) -> dict[str, float]:
    """In MiB: after half the time, at most, at the end, and how it rises an hour in the second
    half, with a 95 % interval (Theil and Sen: the median of the slopes between all pairs, which the
    moments when processes are renewed do not bend)."""
    late = samples[len(samples) // 2 :]
    if len(late) < 3:
        return {}
    used = [sample["mebibytes"] for sample in late]
    rise = theilslopes(used, [sample["seconds"] / 3600 for sample in late])
    return {
        "after_half": used[0],
        "most": max(sample["mebibytes"] for sample in samples),
        "end": used[-1],
        "slope_an_hour": round(float(rise.slope), 1),
        "slope_low": round(float(rise.low_slope), 1),
        "slope_high": round(float(rise.high_slope), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50, help="comments a second")
    parser.add_argument("--report-every", type=float, default=24, help="hours, as in earful.toml")
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--keep", type=Path, help="make the project here, and keep it")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CONFIG_HOME"] = str(Path(scratch) / "config")
        folder = arguments.keep or Path(scratch) / "soak"
        shutil.rmtree(folder, ignore_errors=True)
        found = measure(arguments.minutes, arguments.rate, folder, arguments.report_every)
    arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: found[name] for name in found if name != "samples"}, indent=1))
    if found["lost"] or found["doubled"] or found["untagged"] or found["exit_code"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
