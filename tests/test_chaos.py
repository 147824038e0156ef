"""The chaos run in short, and that its comparison would find what it is for."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import chaos
from benchmarks.chaos_world import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[chaos.Report, World, Path]:
    """Ten seconds of chaos: the report, the world as it is at the end, and the ledger."""
    path = tmp_path_factory.mktemp("chaos") / "earful.db"
    world = World(seed=5, backlog=300)
    return chaos.run(10, 5, path, world), world, path


def test_ledger_is_the_world(ended: tuple[chaos.Report, World, Path]) -> None:
    """After kills, outages and every kind of bad reply the ledger equals the platform."""
    report, _, _ = ended
    assert report.kills >= 1
    assert report.differences == []
    assert report.equal
    assert report.counts["comments"] > 300


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("UPDATE comments SET text = 'something else' WHERE uid = :uid", "wordings|before"),
        ("UPDATE comments SET created_at = 0 WHERE uid = :uid", "another date"),
        ("UPDATE comments SET deleted = 1 WHERE uid = :uid", "stands and was deleted"),
        ("UPDATE comments SET revision = revision + 1 WHERE uid = :uid", "never, or not so"),
        ("DELETE FROM comments WHERE uid = :uid", "was lost"),
        ("UPDATE comments SET native_id = 'x' WHERE uid = :uid", "is in no world"),
    ],
)
def test_comparison_finds(
    ended: tuple[chaos.Report, World, Path], tmp_path: Path, spoil: str, told: str
) -> None:
    """Every kind of difference is found and named."""
    _, world, path = ended
    copy = tmp_path / "earful.db"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as spoilt:
        source.backup(spoilt)
        (uid,) = spoilt.execute("SELECT uid FROM comments WHERE deleted = 0 LIMIT 1").fetchone()
        spoilt.execute(spoil, {"uid": uid})
        spoilt.commit()
    report = chaos.Report(0, 0, 0, "")
    chaos.compare(world, copy, report)
    assert not report.equal
    assert any(part in line for line in report.differences for part in told.split("|"))
