"""The real run: import, tag and report each stream of ../shared/data as a user would.

Every step is a process of its own (the ``earful`` command), measured from outside: seconds, CPU
seconds and peak memory of the largest process. Writes benchmarks/streams.json; the figures stand
in docs/results.md. Run with: python benchmarks/streams.py [STREAM ...]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STREAMS = HERE.parents[1] / "shared" / "data" / "streams"
EARFUL = Path(sys.executable).with_name("earful")

# Stream -> file, brand names (what is filler in an item), extra arguments of the import.
RUNS: dict[str, tuple[str, list[str], list[str]]] = {
    "mcdonalds": ("mcdonalds_google_reviews.csv", ["mcdonald's", "mcdonalds", "mcd"], []),
    "reddit": ("reddit_product_posts.csv", [], []),
    "uber": ("uber_google_play.csv", ["uber"], []),
    "airline": ("airline_tweets.csv", [], []),
    "apps": ("app_reviews.csv", [], []),
    "korean": ("korean_movie_reviews.csv", [], []),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", nargs="*", choices=[*RUNS, []], help="default: all")
    parser.add_argument("--keep", type=Path, help="keep the projects in this folder")
    arguments = parser.parse_args()
    target = HERE / "streams.json"
    results = json.loads(target.read_text()) if target.is_file() else {}
    for name in arguments.streams or RUNS:
        folder = Path(arguments.keep or tempfile.mkdtemp()) / name
        shutil.rmtree(folder, ignore_errors=True)
        results[name] = measure(name, folder)
        print(name, json.dumps(results[name]["steps"], indent=1), flush=True)
        if not arguments.keep:
            shutil.rmtree(folder)
    results["machine"] = {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    target.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(name: str, folder: Path) -> dict[str, Any]:
    """One stream through import, tag and report; counts from the ledger and the report."""
    file, brand, extra = RUNS[name]
    step(["init", str(folder)], folder.parent)
    with (folder / "earful.toml").open("a", encoding="utf-8") as settings:
        if brand:
            settings.write(f'\n[[brand]]\nname = "{name}"\nnames = {json.dumps(brand)}\n')
            settings.write("sources = []\n")
    steps = {
        "import": step(["import", str(STREAMS / file), "--source", name, *extra], folder),
        "import again": step(["import", str(STREAMS / file), "--source", name, *extra], folder),
        "tag": step(["tag"], folder),
        "report": step(["report"], folder),
    }
    ledger = sqlite3.connect(folder / "earful.db")
    counts = dict(
        zip(
            ("comments", "copies", "undated", "with_author"),
            ledger.execute(
                "SELECT count(*), count(copy_of), sum(created_at IS NULL), count(author_key)"
                " FROM comments"
            ).fetchone(),
            strict=True,
        )
    )
    counts["asks"], counts["asking"] = ledger.execute(
        "SELECT count(*), count(DISTINCT uid) FROM asks"
    ).fetchone()
    counts["unread"] = ledger.execute("SELECT count(*) FROM tags WHERE NOT read").fetchone()[0]
    ledger.close()
    report = json.loads((folder / "out" / "signals.json").read_text(encoding="utf-8"))
    rejects = sum(
        sum(1 for _ in path.open(encoding="utf-8")) - 1 for path in folder.glob("rejects/*.csv")
    )
    rows = int(steps["import"].pop("rows"))
    steps["import again"].pop("rows")
    for figures in steps.values():
        figures["comments_per_second"] = round(counts["comments"] / figures["seconds"])
    return {
        "file": file,
        "rows": rows,
        "counts": counts,
        "rejects": rejects,
        "ladder": report["ladder"],
        "signals": len(report["signals"]),
        "grades": grades(report["signals"]),
        "steps": steps,
        "ledger_mb": round((folder / "earful.db").stat().st_size / 1e6, 1),
        "top": [[s["name"], s["people"], s["type"]] for s in report["signals"][:15]],
    }


def grades(signals: list[dict[str, Any]]) -> dict[str, int]:
    """How many signals of each grade."""
    names = [signal["grade"] for signal in signals]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def step(arguments: list[str], folder: Path) -> dict[str, float]:
    """Run one command; seconds, CPU seconds, and peak MB summed over its processes."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    said = folder / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen([str(EARFUL), *arguments], cwd=folder, stdout=file)
    peak = [0.0]
    watcher = threading.Thread(target=watch, args=(process, peak), daemon=True)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"earful {' '.join(arguments)} ended with {process.returncode}")
    rows = re.search(r"([\d,]+) rows read", said.read_text())
    return {
        **({"rows": float(rows[1].replace(",", ""))} if rows else {}),
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(max(peak[0], usage.ru_maxrss / 1024)),
    }


def watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Keep the largest sum of proportional memory over the process and its children."""
    while process.returncode is None:
        total = 0.0
        for pid in [process.pid, *children(process.pid)]:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
        peak[0] = max(peak[0], total / 1024)
        time.sleep(0.2)


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main()
