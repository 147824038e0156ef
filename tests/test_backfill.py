"""The past: archives and windows backwards, without a word that is newer being lost or undone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.hackernews import HackerNewsWorld, serve
from test_trip_pull import add_source

from earful.pipeline.importing import _Import

DAY = 86_400
FIRST = 1_750_000_000


def rows(project: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(project / "earful.db") as ledger:
        return ledger.execute(query).fetchall()


def dump(path: Path, *records: dict[str, Any]) -> Path:
    usual = {"subreddit": "kettles", "link_id": "t3_p", "author": "steamwhistle",
             "created_utc": FIRST, "edited": False}  # fmt: skip
    path.write_text("".join(json.dumps({**usual, **record}) + "\n" for record in records))
    return path


def test_an_older_archive_undoes_nothing(project: Path, earful: Callable[..., Any]) -> None:
    """What was deleted stays deleted and a later edit stays, though an old dump knows neither."""
    newer = dump(
        project / "newer.jsonl",
        {"id": "a", "body": "A quieter kettle, with a lid", "edited": FIRST + 60},
        {"id": "b", "body": "[deleted]", "author": "[deleted]"},
        {"id": "c", "body": "A longer cord"},
    )
    older = dump(
        project / "older.jsonl",
        {"id": "a", "body": "A quieter kettle"},
        {"id": "b", "body": "I changed my mind about this one"},
        {"id": "c", "body": "A longer cord"},
        {"id": "d", "body": "Only the old dump knows this wish"},
    )
    first = earful("import", str(older), "--source", "reddit")
    assert first.code == 0, first.err
    assert "recognised: a dump of Reddit" in first.out
    assert earful("import", str(newer), "--source", "reddit").code == 0
    again = earful("import", str(older), "--source", "reddit")
    assert "0 new" in again.out
    texts = dict(rows(project, "SELECT native_id, text FROM comments"))
    assert texts == {
        "t1_a": "A quieter kettle, with a lid",
        "t1_b": "",
        "t1_c": "A longer cord",
        "t1_d": "Only the old dump knows this wish",
    }
    assert rows(project, "SELECT deleted FROM comments WHERE native_id = 't1_b'") == [(1,)]


def test_an_import_that_was_stopped_goes_on(
    project: Path, earful: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the last stored batch; rows set aside before are kept; then nothing is remembered."""
    path = dump(
        project / "RC.jsonl",
        *({"id": f"k{n}", "body": f"kettle wish number {n}"} for n in range(2500)),
    )
    path.write_text("not JSON at all\n" + path.read_text())
    monkeypatch.setattr("earful.workers.BATCHES_FOR_A_POOL", 99)
    widen = _Import._widen
    batches = 0

    def stop_at_the_third(self: _Import, dates: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise KeyboardInterrupt
        widen(self, dates)

    monkeypatch.setattr(_Import, "_widen", stop_at_the_third)
    assert earful("import", str(path), "--source", "reddit", "--export", "reddit").code == 130
    assert rows(project, "SELECT count(*) FROM comments") == [(1999,)]
    again = earful("import", str(path), "--source", "reddit", "--export", "reddit")
    assert again.code == 0, again.err
    assert "went on behind 2,000 rows" in again.out
    assert "501 new" in again.out
    assert rows(project, "SELECT count(*) FROM comments") == [(2500,)]
    assert "not JSON" in (project / "rejects" / "reddit-RC.jsonl.csv").read_text()
    assert rows(project, "SELECT count(*) FROM meta WHERE key LIKE 'import %'") == [(0,)]
    third = earful("import", str(path), "--source", "reddit", "--export", "reddit")
    assert "0 new" in third.out
    assert "went on" not in third.out


def test_a_backfill_goes_back_by_windows_and_leaves_the_live_cursor(
    project: Path, earful: Callable[..., Any]
) -> None:
    """It may stop anywhere, goes on there, ends with all there is, and then asks nothing more."""
    world = HackerNewsWorld()
    world.comments(40, FIRST - 300 * DAY, every=5 * DAY)
    since = datetime.fromtimestamp(FIRST - 20 * DAY, UTC).date().isoformat()
    with serve(world) as server:
        add_source(project, server.url)
        assert earful("pull", "--since", since).code == 0
        live = rows(project, "SELECT cursor FROM cursors WHERE source = 'hn'")
        before = rows(project, "SELECT count(*) FROM comments")[0][0]
        part = earful("pull", "--backfill", "--since", "2024-01-01", "--limit", "7")
        assert part.code == 0, part.err
        assert "7 new" in part.out
        got = rows(project, "SELECT count(*) FROM comments")[0][0]
        assert got == before + 7
        rest = earful("pull", "--backfill", "--since", "2024-01-01")
        assert rest.code == 0, rest.err
        assert rows(project, "SELECT count(*) FROM comments") == [(41,)]
        assert rows(project, "SELECT cursor FROM cursors WHERE source = 'hn'") == live
        assert rows(project, "SELECT count(*) FROM cursors") == [(1,)]
        asked = len(server.requests)
        done = earful("pull", "--backfill", "--since", "2024-01-01")
        assert "0 new" in done.out
        assert len(server.requests) == asked
