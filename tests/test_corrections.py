"""Corrections are kept as they were said, count for the words that were read, and can be erased."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_store import KEYRING, NOW, admitted, put, tagged

from earful.facts import build_facts
from earful.records import REQUEST_TYPES, SENTIMENTS, Ask, tags_to_batch
from earful.store import Correction, Labels, Ledger
from earful.store.corrections import text_hash, words_read
from earful.store.schema import MIGRATIONS

WORDS = "open on sundays please, mondays are dead"
ASK = Ask("open on sundays", 0, 15, "sunday opening", "availability", 3, "sunday")
SAID = Labels("positive", ("praise", "request"), (ASK,))


def correction(uid: str = "forum:here:1", words: str = WORDS, labels: Labels = SAID) -> Correction:
    return Correction(
        uid=uid,
        text_hash=text_hash(words),
        by="ann",
        at=NOW,
        model_version="m1",
        offered=("request", "praise"),
        shown=Labels("neutral", ("request",)),
        labels=labels,
    )


def say(ledger: Ledger, said: Correction, version: str = "v1") -> int:
    with ledger.transaction():
        vectors = [[1.0, 0.5] for _ in said.labels.asks]
        return ledger.add_correction(said, vectors, version)


def read(ledger: Ledger, *uids: str) -> None:
    with ledger.transaction():
        ledger.save_tags(tags_to_batch([tagged(uid) for uid in uids]))
        ledger.set_meta("model_version", "m1")


def facts(ledger: Ledger, folder: Path) -> tuple[dict[str, dict], list[dict]]:
    built = build_facts(ledger, folder, 0.5)
    comments = {row["uid"]: row for row in pq.read_table(built.comments).to_pylist()}
    return comments, pq.read_table(built.asks).to_pylist()


def test_what_was_said_comes_back(ledger: Ledger) -> None:
    """A correction is read back as it was stored: who, when, what was shown and what was said."""
    put(ledger, admitted("1", WORDS))
    number = say(ledger, correction())
    assert ledger.corrections() == [replace(correction(), id=number)]
    assert ledger.correction("forum:here:1") == ledger.corrections()[0]
    assert ledger.correction("forum:here:2") is None


def test_the_newest_counts_and_the_older_stays(ledger: Ledger) -> None:
    """Saying something else adds a row; none is ever changed."""
    put(ledger, admitted("1", WORDS))
    say(ledger, correction())
    say(ledger, correction(labels=Labels("negative", ("complaint",))))
    assert [one.labels.sentiment for one in ledger.corrections()] == ["negative"]
    assert ledger.connection.execute("SELECT count(*) FROM corrections").fetchone() == (2,)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        ledger.connection.execute("UPDATE corrections SET sentiment = 'mixed'")


def test_a_correction_is_of_the_words_that_were_read(ledger: Ledger) -> None:
    """Edited words are not what the person read: counted as outdated, and back with the words."""
    put(ledger, admitted("1", WORDS))
    say(ledger, correction())
    put(ledger, admitted("1", "never mind"))
    assert ledger.corrections() == []
    count = ledger.count_corrections()
    assert (count.in_force, count.outdated, count.people) == (0, 1, 1)
    put(ledger, admitted("1", WORDS))
    assert len(ledger.corrections()) == 1


def test_another_rating_leaves_a_correction_in_force(ledger: Ledger) -> None:
    """Only the words count: stars or reach may change without a person's work being lost."""
    row = admitted("1", WORDS)
    put(ledger, row)
    say(ledger, correction())
    rated = replace(row, comment=replace(row.comment, rating=0.2), content_hash="other")
    put(ledger, rated)
    assert len(ledger.corrections()) == 1


def test_facts_take_the_persons_tags(ledger: Ledger, tmp_path: Path) -> None:
    """Sentiment, categories and asks of a corrected comment are the person's, not the model's."""
    put(ledger, admitted("1", WORDS, author="a"), admitted("2", "serve it at night"))
    read(ledger, "forum:here:1", "forum:here:2")
    say(ledger, correction())
    comments, asks = facts(ledger, tmp_path / "facts")
    one, two = comments["forum:here:1"], comments["forum:here:2"]
    assert (one["sentiment"], one["sentiment_score"]) == ("positive", 1.0)
    assert one["categories"] == ["praise", "request"]
    assert (one["model_version"], two["model_version"]) == ("corrected", "m1")
    assert (two["sentiment"], two["categories"]) == ("neutral", ["request"])
    by_uid = {row["uid"]: row for row in asks}
    assert len(asks) == 2
    assert by_uid["forum:here:1"]["item"] == "sunday opening"
    assert by_uid["forum:here:1"]["vector"] == [1.0, 0.5]
    assert by_uid["forum:here:1"]["vector_version"] == "v1"
    assert by_uid["forum:here:1"]["person"] == KEYRING.pseudonym("forum", "here", "a")
    assert by_uid["forum:here:1"]["explicit"] is True
    assert by_uid["forum:here:2"]["item"] == "night service"


def test_facts_go_by_what_a_person_says_is_noise(ledger: Ledger, tmp_path: Path) -> None:
    """Noise by a person is spam whatever the model's score, and the other way round."""
    put(ledger, admitted("1", WORDS), admitted("2", WORDS + "!"), admitted("3", "more"))
    read(ledger, "forum:here:1", "forum:here:2", "forum:here:3")
    ledger.connection.execute("UPDATE tags SET spam_score = 0.9 WHERE uid <> 'forum:here:1'")
    say(ledger, correction(labels=Labels("neutral", ("noise",))))
    say(ledger, correction("forum:here:2", WORDS + "!", Labels("neutral", ("remark",))))
    comments, _ = facts(ledger, tmp_path / "facts")
    spam = {uid: row["spam"] for uid, row in comments.items()}
    assert spam == {"forum:here:1": True, "forum:here:2": False, "forum:here:3": True}


def test_a_confirmed_comment_keeps_the_models_score(ledger: Ledger, tmp_path: Path) -> None:
    """Where the person agrees on the sentiment, its finer score is kept."""
    put(ledger, admitted("1", WORDS))
    read(ledger, "forum:here:1")
    ledger.connection.execute("UPDATE tags SET sentiment_score = 0.25")
    say(ledger, correction(labels=Labels("neutral", ("request",))))
    comments, asks = facts(ledger, tmp_path / "facts")
    assert comments["forum:here:1"]["sentiment_score"] == 0.25
    assert asks == [], "the person found no ask"


def test_asks_are_encoded_anew_for_another_encoder(ledger: Ledger) -> None:
    """Vectors can be made anew; asks without vectors of an encoder are told."""
    put(ledger, admitted("1", WORDS))
    number = say(ledger, correction(), "v1")
    assert ledger.unencoded_corrections("v1") == []
    assert ledger.unencoded_corrections("v2") == [(number, ["sunday opening"], ["open on sundays"])]
    with ledger.transaction():
        ledger.encode_correction(number, [[0.0, 1.0]], "v2")
    assert ledger.unencoded_corrections("v2") == []


@pytest.mark.parametrize("how", ["person", "comment", "tombstone", "retention"])
def test_corrections_go_with_the_comment(ledger: Ledger, tmp_path: Path, how: str) -> None:
    """Erasing leaves no byte of what a person marked or typed, however the comment goes."""
    words = "please sell gooseberrytrifle after the quietharbour match"
    put(ledger, admitted("1", words, author="zebrafinch"))
    read(ledger, "forum:here:1")
    ask = Ask(words, 0, len(words), "gooseberrytrifle", "availability", 2)
    say(ledger, correction(words=words, labels=Labels("neutral", ("request",), (ask,))))
    build_facts(ledger, tmp_path / "facts", 0.5)
    if how == "tombstone":
        put(ledger, admitted("1", "", deleted=True))
    else:
        with ledger.transaction():
            if how == "person":
                ledger.forget_authors([KEYRING.pseudonym("forum", "here", "zebrafinch")])
            elif how == "comment":
                ledger.forget_uids(["forum:here:1"])
            else:
                ledger.erase_older(None, NOW.replace(year=2030))
    ledger.scrub()
    build_facts(ledger, tmp_path / "facts", 0.5)
    ledger.scrub()
    for table in ("corrections", "correction_vectors"):
        assert ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"gooseberrytrifle" not in file.read_bytes(), file.name


def test_a_ledger_of_the_first_schema_is_migrated(tmp_path: Path) -> None:
    """A ledger from before there were corrections opens, keeps its rows and takes corrections."""
    path = tmp_path / "earful.db"
    with sqlite3.connect(path) as old:
        old.executescript(f"{MIGRATIONS[0]}\nPRAGMA user_version = 1;")
    old.close()
    with Ledger.open(path) as ledger:
        put(ledger, admitted("1", WORDS))
        say(ledger, correction())
        assert len(ledger.corrections()) == 1
        assert ledger.check() == []


def test_the_question_of_a_survey_is_not_what_was_read() -> None:
    """An answer's title is the question; of anything else the title is part of the words."""
    assert words_read("survey_answer", "What do you miss?", "Salads") == "Salads"
    assert words_read("post", "Salads", "Where are they?") == "Salads\n\nWhere are they?"


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
asks = st.builds(
    Ask,
    quote=texts,
    start=st.integers(0, 9),
    end=st.integers(10, 20),
    item=texts,
    type=st.sampled_from(REQUEST_TYPES),
    strength=st.integers(1, 3),
    moment=texts,
    place_words=texts,
    explicit=st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SENTIMENTS), st.lists(texts, max_size=3), st.lists(asks, max_size=2))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, sentiment: str, names: list[str], found: list[Ask]
) -> None:
    """Whatever is said, in any script, comes back the same."""
    labels = Labels(sentiment, tuple(names), tuple(found))
    with Ledger.open(tmp_path_factory.mktemp("said") / "earful.db") as ledger:
        put(ledger, admitted("1", WORDS))
        say(ledger, correction(labels=labels))
        assert ledger.corrections()[0].labels == labels
