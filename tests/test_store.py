"""The ledger keeps what it is given, and lets go of what it must forget."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earful.errors import ConfigurationError, IntegrityError
from earful.facts import build_facts, open_facts
from earful.keys import Keyring
from earful.records import Admitted, Ask, Asker, Comment, Coverage, Tags, tags_to_batch
from earful.store import Ledger

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYRING = Keyring(bytes(range(32)))


def admitted(
    native_id: str,
    text: str,
    *,
    author: str | None = None,
    reach: int | None = None,
    deleted: bool = False,
    created_at: datetime | None = NOW,
    title: str | None = None,
) -> Admitted:
    """A comment as the door would let it in."""
    key = KEYRING.pseudonym("forum", "here", author) if author else None
    comment = Comment(
        source="forum",
        instance="here",
        native_id=native_id,
        text=text,
        title=title,
        author_key=key,
        created_at=created_at,
        reach=reach,
        deleted=deleted,
    )
    sealed = KEYRING.seal(Asker(key, "forum", "here", author, None)) if key and author else None
    return Admitted(comment, f"{title}{text}{deleted}", True, hash(text), (), 9, sealed)


def put(ledger: Ledger, *rows: Admitted, at: datetime = NOW) -> tuple[int, int, int, int]:
    with ledger.transaction():
        count = ledger.upsert(rows, at)
    return count.added, count.revised, count.unchanged, count.deleted


def tagged(uid: str, quote: str = "serve it at night") -> Tags:
    ask = Ask(quote, 0, len(quote), "night service", "availability", 2, vector=(0.5, -0.25))
    return Tags(uid, "m1", "en", True, "neutral", 0.0, ("request",), {"request": 0.9}, 0.01, (ask,))


def test_same_row_twice_adds_nothing(ledger: Ledger) -> None:
    """The second sighting of a row is counted as unchanged and renews its reach only."""
    assert put(ledger, admitted("1", "please open earlier", reach=1)) == (1, 0, 0, 0)
    assert put(ledger, admitted("1", "please open earlier", reach=7)) == (0, 0, 1, 0)
    assert ledger.connection.execute("SELECT reach, revision FROM comments").fetchall() == [(7, 1)]


def test_changed_row_is_a_revision_and_loses_its_tags(ledger: Ledger) -> None:
    """Edited words are kept as a revision; tags of the old words do not outlive them."""
    put(ledger, admitted("1", "serve it at night"))
    with ledger.transaction():
        ledger.save_tags(tags_to_batch([tagged("forum:here:1")]))
    assert put(ledger, admitted("1", "never mind, solved")) == (0, 1, 0, 0)
    old = ledger.connection.execute("SELECT revision, text FROM revisions").fetchall()
    assert old == [(1, "serve it at night")]
    assert ledger.connection.execute("SELECT count(*) FROM asks").fetchone() == (0,)
    assert ledger.count_untagged("m1") == 1


def test_one_uid_twice_in_a_batch(ledger: Ledger) -> None:
    """Overlapping pages may bring a row twice in one batch; the later words win."""
    assert put(ledger, admitted("1", "first"), admitted("1", "second")) == (1, 0, 0, 0)
    assert ledger.connection.execute("SELECT text FROM comments").fetchall() == [("second",)]


def test_deletion_at_the_source_leaves_a_tombstone(ledger: Ledger) -> None:
    """A deleted comment keeps its uid and nothing of its words, revisions, tags or author."""
    put(ledger, admitted("1", "old words", author="marmaladeowl"))
    put(ledger, admitted("1", "new words", author="marmaladeowl"))
    assert put(ledger, admitted("1", "", deleted=True)) == (0, 0, 0, 1)
    row = ledger.connection.execute("SELECT text, author_key, deleted FROM comments").fetchone()
    assert row == ("", None, 1)
    for table in ("revisions", "tags", "askers"):
        assert ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert put(ledger, admitted("2", "", deleted=True)) == (0, 0, 0, 0), "nothing to erase"
    assert ledger.search("words") == []


def test_a_failed_transaction_stores_neither_rows_nor_cursor(ledger: Ledger) -> None:
    """Rows and cursor are stored together or not at all."""

    def fail_half_way() -> None:
        with ledger.transaction():
            ledger.upsert([admitted("1", "hello there")], NOW)
            ledger.save_cursor("forum", {"after": "1"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert ledger.count_comments() == 0
    assert ledger.cursor("forum") is None


def test_cursor_and_coverage_come_back_as_they_went_in(ledger: Ledger) -> None:
    """What a source remembers survives closing the file."""
    seen = Coverage("forum", NOW - timedelta(days=3), NOW, "capped", "cut at 1,000")
    with ledger.transaction():
        ledger.save_cursor("forum", {"after": "t1_x", "windows": [[1, 2]]})
        ledger.add_coverage(seen)
    with Ledger.open(ledger.path) as again:
        assert again.cursor("forum") == {"after": "t1_x", "windows": [[1, 2]]}
        assert again.coverage() == [seen]


def test_windows_that_follow_one_another_are_one(ledger: Ledger) -> None:
    """Pulls every minute for years are a few rows; another state, a gap or a file is another."""

    def windows(*added: Coverage) -> list[Coverage]:
        with ledger.transaction():
            for one in added:
                ledger.add_coverage(one)
        return ledger.coverage("forum")

    def window(first: int, last: int, state: Any = "complete", detail: str = "") -> Coverage:
        return Coverage("forum", NOW + first * HOUR, NOW + last * HOUR, state, detail)

    assert windows(window(0, 1), window(1, 2), window(1, 3)) == [window(0, 3)]
    assert windows(window(3, 4, "failed", "down"), window(3, 5, "failed", "down"))[1:] == [
        window(3, 5, "failed", "down")
    ]
    assert windows(window(3, 6), window(7, 8))[2:] == [window(3, 6), window(7, 8)]
    assert windows(window(7, 9, "imported"), window(9, 10, "imported"))[4:] == [
        window(7, 9, "imported"),
        window(9, 10, "imported"),
    ]
    early = Coverage("forum", None, NOW + 10 * HOUR, "complete")
    assert windows(window(9, 10), early)[6:] == [early], "no beginning is before all others"
    assert windows(window(2, 9))[7:] == [window(2, 9)], "an older window is one of its own"


def test_untagged_begins_with_what_was_seen_first(ledger: Ledger) -> None:
    """What came in since a moment is found alone; in batches, in the order it came in."""
    for day in (3, 1, 2):
        put(ledger, admitted(f"d{day}", f"day {day}"), at=NOW + timedelta(days=day))
    batches = ledger.untagged("m", None, batch_size=2)
    assert [batch.column("text").to_pylist() for batch in batches] == [
        ["day 1", "day 2"],
        ["day 3"],
    ]
    (late,) = ledger.untagged("m", NOW + timedelta(days=2))
    assert late.column("text").to_pylist() == ["day 2", "day 3"]


def test_tags_of_words_that_were_edited_meanwhile_are_not_kept(ledger: Ledger) -> None:
    """A comment that is edited while it is being read stays untagged, and is read again."""
    put(ledger, admitted("1", "serve it at night"), admitted("2", "serve it at night"))
    (batch,) = ledger.untagged("m1")
    put(ledger, admitted("1", "never mind"))
    read = tags_to_batch([tagged(uid) for uid in batch.column("uid").to_pylist()])
    with ledger.transaction():
        ledger.save_tags(read)
    (again,) = ledger.untagged("m1")
    assert again.column("uid").to_pylist() == ["forum:here:1"]
    with ledger.transaction():
        ledger.save_tags(tags_to_batch([tagged("forum:here:1", "never mind")]))
    assert ledger.count_untagged("m1") == 0


def test_search_finds_words_accents_and_scripts_without_spaces(ledger: Ledger) -> None:
    """Words match without case and accents; Korean, Japanese and Thai match inside words."""
    put(
        ledger,
        admitted("1", "Ein Café mit Frühstück bis abends, bitte!"),
        admitted("2", "아침메뉴를 하루종일 팔아주세요"),
        admitted("3", 'they said "all day" and meant half past ten'),
    )
    assert [hit.uid for hit in ledger.search("cafe fruhstuck")] == ["forum:here:1"]
    assert [hit.uid for hit in ledger.search("하루종일")] == ["forum:here:2"]
    assert [hit.uid for hit in ledger.search("메뉴")] == ["forum:here:2"], "two characters: scan"
    assert [hit.uid for hit in ledger.search('"all day"')] == ["forum:here:3"]
    assert [hit.uid for hit in ledger.search("mean*")] == ["forum:here:3"]
    assert ledger.search("half -past NOT (") == [], "punctuation is no query syntax"


def test_erase_leaves_no_byte(tmp_path: Path) -> None:
    """After an erase neither ledger, log, index nor facts hold a byte of the person."""
    words = "xylophonewaffle served before dawn in quietharbour"
    path = tmp_path / "earful.db"
    with Ledger.open(path) as ledger:
        put(ledger, *(admitted(f"x{n}", f"{words} {n}", author="zebrafinch") for n in range(40)))
        put(ledger, *(admitted(f"o{n}", f"other talk number {n}", author="b") for n in range(400)))
        put(ledger, admitted("x1", f"{words} edited", author="zebrafinch"))
        with ledger.transaction():
            ledger.save_tags(tags_to_batch([tagged("forum:here:x2", "xylophonewaffle")]))
        build_facts(ledger, tmp_path / "facts", 0.5)
        key = KEYRING.pseudonym("forum", "here", "zebrafinch")
        with ledger.transaction():
            erased = ledger.forget_authors([key])
        ledger.scrub()
        build_facts(ledger, tmp_path / "facts", 0.5)
        assert len(erased.uids) == 40
        assert ledger.search("xylophonewaffle") == []
        for file in tmp_path.rglob("*"):
            if file.is_file():
                content = file.read_bytes().lower()
                for secret in ("xylophonewaffle", "quietharbour", key, "here:x2"):
                    assert secret.encode() not in content, f"{secret} is still in {file.name}"
        assert put(ledger, admitted("x9", words, author="zebrafinch")) == (0, 0, 0, 0)
        assert ledger.count_comments() == 400, "the forgotten do not come back"
        assert ledger.check() == []


def test_forgetting_a_uid_spares_the_person(ledger: Ledger) -> None:
    """One comment can go alone, and replies to it stay without pointing to it."""
    put(ledger, admitted("1", "one", author="a"), admitted("2", "two", author="a"))
    with ledger.transaction():
        ledger.forget_uids(["forum:here:1", "forum:here:unknown"])
    assert ledger.count_comments() == 1
    assert put(ledger, admitted("1", "one", author="a")) == (0, 0, 0, 0)


def test_retention_erases_what_was_last_seen_long_ago(ledger: Ledger) -> None:
    """Retention goes by the day a comment was last seen at its source."""
    put(ledger, admitted("1", "old one"), at=NOW - timedelta(days=400))
    put(ledger, admitted("2", "new one"), at=NOW)
    with ledger.transaction():
        erased = ledger.erase_older("forum", NOW - timedelta(days=365))
    assert erased.uids == ("forum:here:1",)


def test_backup_while_open(ledger: Ledger, tmp_path: Path) -> None:
    """A backup is a ledger of its own, and never overwrites a file."""
    put(ledger, admitted("1", "keep me"))
    ledger.backup(tmp_path / "copy.db")
    with Ledger.open(tmp_path / "copy.db") as copy:
        assert copy.count_comments() == 1
        assert copy.check() == []
    with pytest.raises(ConfigurationError, match="a file of that name"):
        ledger.backup(tmp_path / "copy.db")


def test_check_tells_of_a_damaged_index(ledger: Ledger) -> None:
    """The integrity check notices an index that does not match the comments."""
    put(ledger, admitted("1", "good morning"))
    assert ledger.check() == []
    ledger.connection.execute("DROP TRIGGER comments_rewritten")
    ledger.connection.execute("UPDATE comments SET text = 'good night'")
    assert any("words_index" in finding for finding in ledger.check())


def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path) -> None:
    """Errors name the file and the way out."""
    junk = tmp_path / "earful.db"
    junk.write_bytes(b"this is a text file, not a database" * 100)
    with pytest.raises(IntegrityError, match=r"not a ledger"):
        Ledger.open(junk)
    with pytest.raises(ConfigurationError, match="earful import"):
        Ledger.open(tmp_path / "none.db", create=False)


def test_a_ledger_of_a_newer_version_is_refused(ledger: Ledger) -> None:
    """An older earful does not write into a newer schema."""
    ledger.connection.execute("PRAGMA user_version = 999")
    with pytest.raises(IntegrityError, match="schema 999"):
        Ledger.open(ledger.path)


def test_readers_are_not_blocked_by_a_writer(ledger: Ledger) -> None:
    """A reader sees the last committed state while a transaction is open."""
    put(ledger, admitted("1", "committed"))
    with ledger.transaction():
        ledger.upsert([admitted("2", "in flight")], NOW)
        reader = sqlite3.connect(ledger.path, timeout=0)
        assert reader.execute("SELECT count(*) FROM comments").fetchone() == (1,)
        reader.close()


def test_facts_hold_tagged_comments_and_are_built_once(ledger: Ledger, tmp_path: Path) -> None:
    """Facts have the people, copies and vectors of the ledger; the same state is built once."""
    import pyarrow.parquet as pq

    put(ledger, admitted("1", "serve it at night", author="a"), admitted("2", "nothing"))
    with ledger.transaction():
        ledger.save_tags(tags_to_batch([tagged("forum:here:1")]))
        ledger.save_copies([("forum:here:2", "forum:here:1", "burst")])
    facts = build_facts(ledger, tmp_path / "facts", 0.5)
    assert build_facts(ledger, tmp_path / "facts", 0.5) == facts == open_facts(tmp_path / "facts")
    comments = pq.read_table(facts.comments).to_pylist()
    asks = pq.read_table(facts.asks).to_pylist()
    assert [row["uid"] for row in comments] == ["forum:here:1"], "untagged ones are left out"
    assert comments[0]["created_at"] == NOW
    assert comments[0]["categories"] == ["request"]
    assert asks[0]["item"] == "night service"
    assert asks[0]["vector"] == [0.5, -0.25]
    assert asks[0]["person"] == KEYRING.pseudonym("forum", "here", "a")
    put(ledger, admitted("3", "more"))
    assert build_facts(ledger, tmp_path / "facts", 0.5).manifest.folder != facts.manifest.folder


texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=60
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), texts, st.one_of(st.none(), texts)),
        min_size=1,
        max_size=12,
    )
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple]) -> None:
    """Whatever the words, the ledger ends with the last ones of each id, and its index agrees."""
    path = tmp_path_factory.mktemp("round") / "earful.db"
    with Ledger.open(path) as ledger:
        for native_id, text, title in rows:
            put(ledger, admitted(native_id, text, title=title))
        stored = dict(ledger.connection.execute("SELECT native_id, text FROM comments").fetchall())
        assert stored == {native_id: text for native_id, text, _ in rows}
        assert ledger.check() == []


def test_a_second_writer_waits_for_the_first(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that cannot get in after its patience says so as a transient error."""
    from earful.errors import TransientError
    from earful.store import ledger as module

    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    with ledger.transaction(), Ledger.open(ledger.path) as second:
        enter: Callable[[], object] = second.transaction().__enter__
        with pytest.raises(TransientError, match="another process"):
            enter()
