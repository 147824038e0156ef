"""The pull loop with connectors made for the test, and a real ledger."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from servers.door import TurnedAway, admit

from earful.errors import TerminalError, TransientError
from earful.records import Admitted, Comment, Coverage
from earful.store import Ledger
from ingest.connector import Connector, Need
from ingest.pull import Progress, PullResult, pull_source

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


class Counting:
    """Yields comments 1 to ``size``, from the cursor on; told to fail, it does."""

    name: ClassVar[str] = "counting"
    needs: ClassVar[tuple[Need, ...]] = ()
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = "here"
        self.options = options
        self.cursor = dict(cursor or {})

    @property
    def coverage(self) -> Coverage:
        """A day that was heard whole."""
        return Coverage(self.source, NOON, NOON + timedelta(days=1), "complete")

    def comment(self, number: int, **fields: Any) -> Comment:
        """Comment ``number``, written so many minutes after noon."""
        text = "" if number in self.options.get("empty", ()) else f"number {number}"
        fields = {"text": text, "author": f"writer{number}", **fields}
        at = NOON + timedelta(minutes=number)
        return Comment(self.source, self.instance, str(number), created_at=at, **fields)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """What comes after the cursor."""
        for number in range(self.cursor.get("done", 0) + 1, self.options["size"] + 1):
            if number == self.options.get("fails_at"):
                raise self.options["error"]
            self.cursor = {"done": number}
            yield self.comment(number)


class Following(Counting):
    """Also looks again: odd ones were edited, every tenth deleted."""

    follows_edits: ClassVar[bool] = True
    follows_deletions: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        super().__init__(source, options, cursor)
        self.asked: list[str] = []

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Tombstones and edits, by the number."""
        self.asked = list(native_ids)
        for number in map(int, native_ids):
            if self.options.get("recheck_fails"):
                raise TransientError("the second look failed")
            if number % 10 == 0:
                yield self.comment(number, text="", author=None, deleted=True)
            elif number % 2:
                yield self.comment(number, text=f"edited {number}")


def pull(
    ledger: Ledger, made: type[Connector] = Counting, batch_size: int = 7, **options: Any
) -> PullResult[TurnedAway]:
    connector = made("shop", options, ledger.cursor("shop"))
    return pull_source(ledger, connector, admit, batch_size=batch_size)


def ids(ledger: Ledger) -> list[int]:
    rows = ledger.connection.execute("SELECT native_id FROM comments WHERE deleted = 0")
    return sorted(int(row[0]) for row in rows)


def test_rows_cursor_and_coverage(ledger: Ledger) -> None:
    """A pull stores every row, the cursor at the end, and what was listened to."""
    result = pull(ledger, size=20)
    assert (result.added, result.revised, result.unchanged, result.deleted) == (20, 0, 0, 0)
    assert ids(ledger) == list(range(1, 21))
    assert ledger.cursor("shop") == {"done": 20}
    assert ledger.coverage() == [result.coverage]
    assert pull(ledger, size=20).added == 0
    assert pull(ledger, size=23).added == 3


def test_refusals_are_given_back(ledger: Ledger) -> None:
    """What the door turns away is returned with its reason, and the rest is stored."""
    result = pull(ledger, size=20, empty=(3, 11))
    assert result.added == 18
    assert result.refused == (
        TurnedAway("shop:here:3", "no words"),
        TurnedAway("shop:here:11", "no words"),
    )
    assert ledger.cursor("shop") == {"done": 20}


@pytest.mark.parametrize(
    "error",
    [
        TransientError("the server is down", next_step="wait"),
        TerminalError("gone"),
        ValueError("a bug in a stranger's connector"),
        KeyboardInterrupt(),
    ],
    ids=["transient", "terminal", "bug", "interrupt"],
)
def test_a_failure_keeps_what_was_read(ledger: Ledger, error: BaseException) -> None:
    """Whatever stops the connector, what it yielded is stored and said to be incomplete."""
    with pytest.raises(type(error)):
        pull(ledger, size=20, fails_at=11, error=error)
    assert ids(ledger) == list(range(1, 11))
    assert ledger.cursor("shop") == {"done": 10}
    (coverage,) = ledger.coverage()
    assert coverage.state == "failed"
    assert coverage.detail == (str(error).splitlines() or ["KeyboardInterrupt"])[0]
    assert pull(ledger, size=20).added == 10


def test_rows_and_cursor_are_one_transaction(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the cursor cannot be written, the batch is not either."""
    monkeypatch.setattr(ledger, "save_cursor", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pull(ledger, size=20)
    assert ids(ledger) == []


def test_a_second_look(ledger: Ledger) -> None:
    """What was there before is looked up again: edits are revisions, deletions tombstones."""
    pull(ledger, Following, size=20)
    connector = Following("shop", {"size": 25}, ledger.cursor("shop"))
    result = pull_source(ledger, connector, admit)
    assert sorted(map(int, connector.asked)) == list(range(1, 21)), "not those just pulled"
    assert (result.added, result.revised, result.deleted) == (5, 10, 2)
    assert 10 not in ids(ledger)
    text = ledger.connection.execute("SELECT text FROM comments WHERE native_id = '7'").fetchone()
    assert text == ("edited 7",)


def test_the_second_look_has_a_limit(ledger: Ledger) -> None:
    """Only the newest so many are looked up again."""
    pull(ledger, Following, size=20)
    connector = Following("shop", {"size": 20}, ledger.cursor("shop"))
    pull_source(ledger, connector, admit, recheck_limit=3)
    assert connector.asked == ["20", "19", "18"]


def test_a_failed_second_look_leaves_the_pull(ledger: Ledger) -> None:
    """When looking again fails, it is told; what was pulled stays and its window is complete."""
    pull(ledger, Following, size=20)
    with pytest.raises(TransientError, match="second look"):
        pull(ledger, Following, size=22, recheck_fails=True)
    assert ids(ledger) == list(range(1, 23))
    assert {coverage.state for coverage in ledger.coverage()} == {"complete"}


def test_progress_is_told(ledger: Ledger) -> None:
    """After every batch: how many were read and stored, and up to when."""
    told: list[Progress] = []
    connector = Counting("shop", {"size": 20, "empty": (3,)}, None)
    pull_source(ledger, connector, admit, batch_size=8, on_progress=told.append)
    assert [(one.read, one.count.added, one.refused) for one in told] == [
        (8, 7, 1),
        (16, 15, 1),
        (20, 19, 1),
    ]
    assert told[-1].at == NOON + timedelta(minutes=20)


def test_two_pulls_of_one_source(ledger: Ledger) -> None:
    """While one pull runs, another of the same source is refused; of another source it is not."""
    other: list[int] = []

    def admit_and_pull_again(comments: Sequence[Comment]) -> list[Admitted | TurnedAway]:
        with Ledger.open(ledger.path) as second:
            with pytest.raises(TransientError, match="is pulling this source") as caught:
                pull_source(second, Counting("shop", {"size": 5}, None), admit)
            assert "source 'shop'" in str(caught.value)
            kiosk = Counting("kiosk/north", {"size": 5}, second.cursor("kiosk/north"))
            other.append(pull_source(second, kiosk, admit).added)
        return admit(comments)

    connector = Counting("shop", {"size": 20}, None)
    pull_source(ledger, connector, admit_and_pull_again)
    assert other == [5]
    assert pull(ledger, size=25).added == 5, "the lock is gone when the pull is"


def test_a_connector_made_too_early(ledger: Ledger) -> None:
    """A connector whose cursor another pull has overtaken is refused: start again."""
    early = Counting("shop", {"size": 20}, ledger.cursor("shop"))
    pull(ledger, size=20)
    with pytest.raises(TransientError, match="in the meantime"):
        pull_source(ledger, early, admit)
    assert ledger.cursor("shop") == {"done": 20}


def test_the_lock_dies_with_its_process(ledger: Ledger, tmp_path: Path) -> None:
    """A process that is killed while it pulls leaves no lock behind."""
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from ingest.pull import _alone
        with _alone(Path({str(ledger.path)!r}), "shop"):
            print("held", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(__file__).parents[1]
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=root, capture_output=True, text=True
    )
    assert process.stdout == "held\n", process.stderr
    assert process.returncode < 0
    assert pull(ledger, size=3).added == 3


def test_what_trickles_in_is_stored_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that has been in hand for long is stored, however few comments it holds."""
    monkeypatch.setattr("ingest.pull.BATCH_SECONDS", 0.0)
    told: list[Progress] = []
    with Ledger.open(tmp_path / "ledger.sqlite", create=True) as ledger:
        pull_source(ledger, Counting("slow", {"size": 3}, None), admit, on_progress=told.append)
    assert [progress.read for progress in told] == [1, 2, 3]
