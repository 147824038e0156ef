"""Tagging what came in, setting aside what cannot be read, and logs without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pyarrow as pa
import pytest

from earful.errors import TransientError
from earful.project import Project
from earful.records import Admitted, Comment, Tags, tags_to_batch
from earful.settings import Source
from earful.store import Ledger
from earful.watch.logs import Lines, Secrets
from earful.watch.pace import Schedule
from earful.watch.puller import Puller, SharedDoor
from earful.watch.reader import BATCH, Reader, Unreadable, read_apart
from earful.watch.status import Board
from earful.workers import Here

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Stumbling:
    """A tagger that calls everything a remark, and falls over the word "poison"."""

    vector_version = "none"

    def __init__(self, version: str = "plain-1") -> None:
        self.model_version = version
        self.batches = 0

    def tag(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Tags, or an error as a library might raise it."""
        self.batches += 1
        if any("poison" in text for text in batch.column("text").to_pylist()):
            raise ValueError("a text that nobody foresaw")
        return tags_to_batch(
            [
                Tags(uid, self.model_version, "en", True, "neutral", 0.0, ("remark",), {}, 0.0)
                for uid in batch.column("uid").to_pylist()
            ]
        )


def put(ledger: Ledger, words: dict[str, str], at: datetime = NOW) -> None:
    rows = [
        Admitted(Comment("shop", "x", number, text), f"{number} {text}", True, 0, (), 1)
        for number, text in words.items()
    ]
    with ledger.transaction():
        ledger.upsert(rows, at)


def tagged(ledger: Ledger) -> set[str]:
    return {row[0] for row in ledger.connection.execute("SELECT uid FROM tags")}


@pytest.fixture
def shop(project: Path) -> Project:
    return Project.open(project)


@pytest.fixture
def ledger(shop: Project) -> Iterator[Ledger]:
    with shop.ledger(create=True) as opened:
        yield opened


def _itself(tagger: Stumbling) -> Stumbling:
    return tagger


def reader_with(
    shop: Project, loading: Callable[[], Callable[[], Any]]
) -> tuple[Reader, Board, Event]:
    board, stop = Board(datetime.now(UTC), ["shop"]), Event()
    return Reader(shop, loading, board, Secrets(), stop, Event(), Here), board, stop


def test_a_bad_comment_is_found_and_the_others_are_read() -> None:
    """Of a batch that cannot be read, all are but the one to blame."""
    texts = [f"more {n}" for n in range(20)] + ["poison"] + ["tea"] * 7
    batch = pa.RecordBatch.from_pydict({"uid": [str(n) for n in range(28)], "text": texts})
    answers = list(read_apart(Stumbling(), batch))
    (bad,) = [one for one in answers if isinstance(one, Unreadable)]
    assert bad.uid == "20"
    assert bad.error == "ValueError: a text that nobody foresaw"
    assert sum(one.num_rows for one in answers if not isinstance(one, Unreadable)) == 27


def test_the_reader_catches_up_and_reads_only_what_is_new(shop: Project, ledger: Ledger) -> None:
    """Everything is tagged once; a later turn walks what came in since, and edits are read anew."""
    put(ledger, {str(n): f"tea {n}" for n in range(300)})
    model = Stumbling()
    reader, board, _ = reader_with(shop, lambda: lambda: model)
    reader.catch_up(ledger)
    assert len(tagged(ledger)) == 300
    assert model.batches == 3
    assert ledger.get_meta("model_version") == "plain-1"
    seen = board.snapshot(datetime.now(UTC)).tags
    assert (seen.tagged, seen.untagged, seen.model_version) == (300, 0, "plain-1")
    reader.catch_up(ledger)
    assert model.batches == 3
    put(ledger, {"7": "coffee instead", "900": "new"}, datetime.now(UTC))
    assert len(tagged(ledger)) == 299
    reader.catch_up(ledger)
    assert (len(tagged(ledger)), model.batches) == (301, 4)


def test_a_reader_that_was_stopped_does_not_claim_to_have_read_all(
    shop: Project, ledger: Ledger
) -> None:
    """A stop leaves open until when tags are complete."""
    put(ledger, {str(n): f"tea {n}" for n in range(3 * BATCH)})
    model = Stumbling()
    reader, board, stop = reader_with(shop, lambda: lambda: model)
    stop.set()
    reader.catch_up(ledger)
    assert not tagged(ledger)
    assert board.snapshot(NOW).tags.complete_until is None
    stop.clear()
    reader.catch_up(ledger)
    assert board.snapshot(NOW).tags.complete_until is not None


def test_a_clock_that_was_set_back_hides_nothing_for_good(shop: Project, ledger: Ledger) -> None:
    """What seems to have been seen long ago is found when all is looked at."""
    reader, _, _ = reader_with(shop, lambda: Stumbling)
    put(ledger, {"1": "tea"})
    reader.catch_up(ledger)
    put(ledger, {"2": "late tea"}, datetime.now(UTC) - timedelta(days=1))
    reader.catch_up(ledger)
    assert len(tagged(ledger)) == 1
    reader.look_at_all()
    reader.catch_up(ledger)
    assert len(tagged(ledger)) == 2


def test_what_cannot_be_read_is_told_once(
    shop: Project, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted with its reason, waits no longer, and keeps nothing else from being read."""
    put(ledger, {**{str(n): f"tea {n}" for n in range(2 * BATCH)}, "x": "poison"})
    reader, board, _ = reader_with(shop, lambda: Stumbling)
    for _ in range(3):
        reader.catch_up(ledger)
    assert len(tagged(ledger)) == 2 * BATCH
    seen = board.snapshot(datetime.now(UTC)).tags
    assert (seen.skipped, seen.untagged) == (1, 0)
    assert seen.skip_reason == "shop:x:x: ValueError: a text that nobody foresaw"
    assert len([r for r in caplog.records if "cannot read" in r.getMessage()]) == 1


def test_a_model_that_was_trained_meanwhile_is_loaded(shop: Project, ledger: Ledger) -> None:
    """The tagger is loaded once, and again when another version's tags count."""
    loaded = [Stumbling("plain-1"), Stumbling("plain-2")]
    reader, board, _ = reader_with(shop, lambda: partial(_itself, loaded.pop(0)))
    put(ledger, {"1": "tea"})
    reader.catch_up(ledger)
    reader.catch_up(ledger)
    assert len(loaded) == 1
    with ledger.transaction():
        ledger.set_meta("model_version", "plain-2")
    reader.catch_up(ledger)
    assert not loaded
    assert board.snapshot(NOW).tags.model_version == "plain-2"
    reader.catch_up(ledger)


def test_pulls_wait_at_the_door_while_tagging_is_behind(shop: Project) -> None:
    """A pull is held back by too many untagged comments, and let in when they are tagged."""
    board, stop = Board(NOW, ["shop"]), Event()
    door = SharedDoor(shop.door(), board, 100, stop)
    board.tags(untagged=101)
    admitted: list[Any] = []
    comments = [Comment("shop", "x", "1", "Oat milk, please.")]
    pull = Thread(target=lambda: admitted.extend(door.admit("shop", comments)))
    pull.start()
    pull.join(0.5)
    assert pull.is_alive()
    assert board.snapshot(NOW).sources[0].state == "held back"
    board.tagged(1)
    pull.join(30)
    assert not pull.is_alive()
    assert isinstance(admitted[0], Admitted)
    assert board.snapshot(NOW).sources[0].state == "pulling"


class Broken:
    """A registry in which every connector raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def connector(self, _: str) -> Any:
        """Raise, whatever is asked for."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason", "pause"),
    [
        (TransientError("down", next_step="Wait."), "down Wait.", 30),
        (TransientError("slow down", retry_after=77.0), "slow down", 77),
        (KeyError("tok-secret-1"), "KeyError: '[secret]'", 30),
    ],
)
def test_whatever_a_connector_raises_is_a_reason_to_wait(
    shop: Project, error: Exception, reason: str, pause: float
) -> None:
    """A failure, ours or a stranger's, ends in a longer pause, with the reason and no secret."""
    board, stop = Board(NOW, ["shop"]), Event()
    source = Source(name="shop", connector="none")
    door = SharedDoor(shop.door(), board, 100, stop)
    secrets = Secrets(["tok-secret-1"])
    registry: Any = Broken(error)
    puller = Puller(shop, source, registry, door, board, secrets, stop, lambda: None)
    puller.pull_once()
    (seen,) = board.snapshot(NOW).sources
    assert (seen.failures, seen.reason, seen.pulls) == (1, reason, Counter(failed=1))
    assert puller._schedule.pause == pause
    assert Schedule.of(shop.settings.watch, "shop").failed().pause == 30


def line(format_: Any, secrets: list[str], log: Callable[[logging.Logger], None]) -> str:
    """What is written of one message."""
    logger, stream = logging.Logger("earful.test"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(format_, Secrets(secrets)))
    logger.addHandler(handler)
    log(logger)
    return stream.getvalue()


def test_logs_are_json_lines_without_secrets() -> None:
    """Message, fields and traceback are one object on one line; a secret is in none of them."""

    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError("key=hunter22")
        except ValueError:
            fields = {"source": "forum", "reason": "bad key hunter22", "new": 3}
            logger.exception("pull with %s failed", "hunter22", extra={"fields": fields})

    written = line("json", ["hunter22", "a", ""], log)
    assert written.count("\n") == 1
    assert "hunter22" not in written
    told = json.loads(written)
    assert (told["level"], told["source"], told["new"]) == ("error", "forum", 3)
    assert told["message"].startswith("pull with [secret] failed\nTraceback")
    assert told["reason"] == "bad key [secret]"
    assert datetime.fromisoformat(told["time"]).tzinfo is not None


def test_logs_for_people_name_the_source() -> None:
    """Time, level, source and message, on one line."""

    def log(logger: logging.Logger) -> None:
        logger.warning("pull failed", extra={"fields": {"source": "forum"}})

    written = line("text", [], log)
    assert written.endswith("Z warning forum: pull failed\n")
