"""Measures the reading of a dump of Reddit: how fast, and with how much memory.

Run from the checkout: ``python -m benchmarks.archives [COMMENTS]``; writes
``benchmarks/archives.json``. A dump of a million made-up comments is generated and packed with a
window of 2 GiB, as the dumps are, then read into ``Comment`` records; nothing is stored. Seconds
are of the processor, so other work on the machine does not count. Memory is the most that the
process held; it holds the window, here as large as the dump, which is smaller than 2 GiB.
"""

from __future__ import annotations

import json
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from earful.records import Comment
from ingest.files import read_comments
from ingest.files.zstandard import library

HERE = Path(__file__).resolve().parent
RESULT = HERE / "archives.json"
COMMENTS = 1_000_000
_WORDS = [
    "kettle", "lid", "cord", "steam", "quiet", "beep", "handle", "colour", "water", "spout",
    "please", "want", "more", "could", "the", "a", "of", "when", "why", "longer", "shorter",
    "morning", "night", "works", "broke", "never", "always", "again", "today", "price", "glass",
]  # fmt: skip


def lines(count: int) -> Iterator[bytes]:
    """Comments of some thirty words with the fields that a dump has."""
    chance = random.Random(7)
    for number in range(count):
        yield (
            json.dumps(
                {
                    "id": f"k{number:x}",
                    "author": f"user{chance.randrange(200_000)}",
                    "body": " ".join(chance.choices(_WORDS, k=30)),
                    "created_utc": 1_700_000_000 + number,
                    "subreddit": "kettles",
                    "link_id": f"t3_{number // 40:x}",
                    "parent_id": f"t3_{number // 40:x}",
                    "score": chance.randrange(50),
                    "edited": False,
                    "permalink": f"/r/kettles/comments/{number // 40:x}/_/k{number:x}/",
                    "retrieved_on": 1_700_900_000,
                }
            ).encode()
            + b"\n"
        )


def pack(path: Path, count: int) -> int:
    """Write the dump; answers its bytes unpacked."""
    zstd = library()
    if zstd is None:
        raise SystemExit("This needs the extra: pip install 'earful[archives]'")
    size = 0
    with zstd.ZstdFile(path, "w", options={zstd.CompressionParameter.window_log: 31}) as file:
        for line in lines(count):
            size += file.write(line)
    return size


def peak_mib() -> float:
    """The most memory this process has held so far."""
    # Not getrusage, which counts what the parent held when it made this process.
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(told.partition("VmHWM:")[2].split()[0]) / 1024, 1)


def measure(path: Path) -> dict[str, float]:
    """Read the dump in this process."""
    began = time.process_time()
    comments = sum(isinstance(one, Comment) for one in read_comments(path, source="bench"))
    seconds = time.process_time() - began
    return {
        "comments": comments,
        "processor_seconds": round(seconds, 1),
        "comments_per_second": round(comments / seconds),
        "memory_at_most_mib": peak_mib(),
    }


def main() -> None:
    """Generate in one process, read in another, so that the memory is that of reading."""
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COMMENTS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "RC_bench.zst"
        size = pack(path, count)
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.archives", "--read", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        result = {
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
            "unpacked_mib": round(size / (1 << 20), 1),
            "packed_mib": round(path.stat().st_size / (1 << 20), 1),
            **json.loads(told.stdout),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
