"""Comments of divided feelings tell the feeling toward each thing; the ledger keeps it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classify import english
from classify.answers import Floats
from classify.aspects import (
    MOST_ASPECTS,
    READ,
    AspectReader,
    contrasts,
    divided,
    noun_chunks,
    spoken_clauses,
)
from classify.english import DEFAULT_PIPELINE, RULES_ONLY
from classify.labels import SENTIMENTS
from classify.products import Products
from classify.shipped import read_artifact
from classify.tagger import Tagger, english_readers
from earful.records import READ_SCHEMA, Admitted, Aspect, Comment, Tags, tags_to_batch
from earful.store import Ledger
from earful.store.schema import MIGRATIONS
from earful.tagging import OUTPUT_SCHEMA

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
PLAIN = [
    "The fries were hot and the shakes were lovely.",
    "Worst checkout ever, it froze three times and nobody answered.",
    "What time does the shop in the harbour close?",
    "ok",
    "",
]


def likely(**shares: float) -> Floats:
    """Probabilities of sentiments, those not named at zero."""
    return np.array([shares.get(name, 0.0) for name in SENTIMENTS], np.float32)


MIXED = likely(mixed=1.0)


def aspect_reader(pipeline: str = DEFAULT_PIPELINE, *products: str) -> AspectReader:
    return english_readers(read_artifact(), pipeline, Products(products))[1]


@pytest.fixture(scope="module")
def reader() -> AspectReader:
    return aspect_reader()


def read(reader: AspectReader, text: str) -> tuple[Aspect, ...]:
    (found,) = reader.read([text], MIXED[np.newaxis])
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.name
        assert one.sentiment in SENTIMENTS
        assert -1 <= one.score <= 1
    return found


def feelings(reader: AspectReader, text: str) -> dict[str, str]:
    found = read(reader, text)
    assert all(text[one.start : one.end].lower() == one.name for one in found)
    return {one.name: one.sentiment for one in found}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The app is fast but support is slow", {"app": "positive", "support": "negative"}),
        (
            "While the rooms are beautiful, the wifi never works.",
            {"rooms": "positive", "wifi": "negative"},
        ),
        ("Great coffee, dirty tables", {"coffee": "positive", "tables": "negative"}),
        (
            "I ordered the soup, which was awful, and the salad was delicious.",
            {"soup": "negative", "salad": "positive"},
        ),
        (
            "Love the playlist feature. The shuffle button and the search bar are useless though.",
            {
                "playlist feature": "positive",
                "shuffle button": "negative",
                "search bar": "negative",
            },
        ),
    ],
)
def test_each_thing_has_the_feeling_of_its_clause(
    reader: AspectReader, text: str, told: dict[str, str]
) -> None:
    """What is said in a clause goes to the things in it, and to no other."""
    assert feelings(reader, text) == told


def test_a_clause_without_feeling_is_neutral(reader: AspectReader) -> None:
    """A thing that is only mentioned takes no feeling from the rest of the comment."""
    told = feelings(reader, "The counter is next to the lift. The cashier was terribly rude.")
    assert told["counter"] == "neutral"
    assert told["cashier"] == "negative"


def test_a_thing_praised_here_and_blamed_there_is_mixed(reader: AspectReader) -> None:
    """A thing named twice is one aspect, at the first place where something is felt."""
    text = "The map is wonderful on long drives. In the city the map is horribly wrong."
    (one,) = (one for one in read(reader, text) if one.name == "map")
    assert (one.sentiment, one.start) == ("mixed", 4)


def test_pronouns_times_and_empty_words_are_no_things(reader: AspectReader) -> None:
    """Nothing is named by "it", "everything", "two stars" or "20 minutes"."""
    text = "It was great and everything worked, but I waited 20 minutes. Two stars from me."
    assert read(reader, text) == ()


def test_what_redaction_left_is_no_thing(reader: AspectReader) -> None:
    """A placeholder stands for a person, of whom nothing is kept."""
    told = feelings(reader, "[PERSON] was rude but the manager was very helpful")
    assert told == {"manager": "positive"}


def test_products_are_called_as_the_settings_write_them() -> None:
    """A product is found by its name in any spelling, also without a trained pipeline."""
    text = "The Plum-Fizzs are lovely, but everything else was stale"
    for pipeline in (DEFAULT_PIPELINE, RULES_ONLY):
        (one,) = read(aspect_reader(pipeline, "plum fizz"), text)
        assert (one.name, text[one.start : one.end]) == ("plum fizz", "Plum-Fizzs")
        assert one.sentiment == "positive"


def test_at_most_six_things_in_text_order(reader: AspectReader) -> None:
    """Of many things those of the strongest feelings are told, in the order of the text."""
    things = ["soup", "salad", "bread", "coffee", "pasta", "waiter", "terrace", "music"]
    text = " ".join(f"The {thing} was great." for thing in things[:4])
    text += " But " + " ".join(f"the {thing} was terrible." for thing in things[4:])
    found = read(reader, text)
    assert len(found) == MOST_ASPECTS
    assert [one.start for one in found] == sorted(one.start for one in found)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_characters_are_read(reader: AspectReader, noise: str) -> None:
    """Around any characters, aspects are slices of the text and clauses do not overlap."""
    text = f"{noise}The app is fast, but {noise} support is slow{noise}"
    read(reader, text)
    end = 0
    for one in reader.said([text])[0]:
        assert end <= one.clause.start < one.clause.end
        assert not text[one.clause.start].isspace()
        assert all(one.clause.start <= thing.start < one.clause.end for thing in one.things)
        end = one.clause.end


def test_huge_and_empty_comments_are_read(reader: AspectReader) -> None:
    """Things are sought in the beginning of a comment, however long or odd it is."""
    found = read(reader, "The app is fast but support is slow. " * 3000)
    assert all(one.end <= READ for one in found)
    for text in ("", " \n", "?" * 5000, "but " * 2000, "x" * 5000, ", and" * 1000):
        read(reader, text)


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("The app is fast but support is slow", True),
        ("Even though it is cheap, nobody wants it", True),
        ("I like it. However, the price went up", True),
        ("It is cheap, and yet nobody buys it", True),
        ("But why?", False),
        ("Nothing but praise for this crew", False),
        ("The butter is hot and the bread is fresh", False),
    ],
)
def test_contrast_words_part_clauses(text: str, parted: bool) -> None:
    """A contrast word counts where something is said on either side of it."""
    assert contrasts(text) is parted


def test_comments_of_one_feeling_are_not_looked_into() -> None:
    """It takes mixed feelings, two opposite ones, or a contrast and some doubt."""
    contrast, plain = "The app is fast but support is slow", "The app is fast"
    assert divided(plain, likely(mixed=0.6, positive=0.4))
    assert divided(plain, likely(negative=0.3, positive=0.7))
    assert divided(contrast, likely(mixed=0.1, positive=0.9))
    assert not divided(plain, likely(mixed=0.1, positive=0.9))
    assert not divided(contrast, likely(positive=1.0))
    assert not divided(contrast, likely(neutral=1.0))


def test_clauses_are_cut_at_contrasts_and_between_halves() -> None:
    """A clause says one thing; lists and what points back stay whole."""
    text = (
        "Fast app and friendly drivers, although the fees, tips and tolls add up. "
        "We got a car, which was late."
    )
    (doc,) = english.parsed(DEFAULT_PIPELINE, [text])
    assert [text[one.start : one.end] for one in spoken_clauses(text, doc, noun_chunks(doc))] == [
        "Fast app and",
        "friendly drivers,",
        "although the fees, tips and tolls add up.",
        "We got a car, which was late.",
    ]


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


def tagged(tagger: Tagger, *texts: str) -> list[dict[str, Any]]:
    rows = [{"uid": f"t:{n}", "text": text, "lang_hint": "en"} for n, text in enumerate(texts)]
    answer = tagger.tag(pa.RecordBatch.from_pylist(rows, schema=READ_SCHEMA)).to_pylist()
    return [dict(row) for row in answer]


def test_the_tagger_tells_aspects_of_mixed_comments_only(tagger: Tagger) -> None:
    """Aspects come with the tags of a mixed comment in English; plain ones have none."""
    mixed, *others = tagged(
        tagger,
        "The app is fast but support is slow",
        *PLAIN,
        "Die App ist schnell, aber der Kundendienst ist leider sehr langsam",
    )
    assert [one["name"] for one in mixed["aspects"]] == ["app", "support"]
    assert all(row["aspects"] == [] for row in others)


def test_plain_comments_are_not_parsed(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment of one feeling costs nothing: spaCy never sees it."""

    def parsed(name: str, texts: list[str]) -> list[Any]:
        assert not texts
        return []

    monkeypatch.setattr(english, "parsed", parsed)
    tagged(tagger, *PLAIN)


def tags(uid: str, *aspects: Aspect, version: str = "m1") -> Tags:
    return Tags(
        uid, version, "en", True, "mixed", 0.1, ("praise",), {"praise": 0.9}, 0.01, (), aspects
    )


def put(ledger: Ledger, text: str) -> str:
    comment = Comment("forum", "here", "1", text, created_at=NOW)
    with ledger.transaction():
        ledger.upsert([Admitted(comment, text, True, 1, (), 9)], NOW)
    return comment.uid


def stored(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.connection.execute(
        'SELECT uid, model_version, n, name, start, "end", sentiment, score FROM aspects'
        " ORDER BY uid, model_version, n"
    ).fetchall()


def test_the_ledger_keeps_aspects_with_their_tags(tmp_path: Path) -> None:
    """Aspects are stored in order, replaced with the tags, and gone with the words they told of."""
    with Ledger.open(tmp_path / "earful.db") as ledger:
        uid = put(ledger, "The app is fast but support is slow")
        two = (Aspect("app", 4, 7, "positive", 0.5), Aspect("support", 20, 27, "negative", -0.75))
        with ledger.transaction():
            ledger.save_tags(tags_to_batch([tags(uid, *two)]))
        assert stored(ledger) == [
            (uid, "m1", 0, "app", 4, 7, "positive", 0.5),
            (uid, "m1", 1, "support", 20, 27, "negative", -0.75),
        ]
        with ledger.transaction():
            ledger.save_tags(tags_to_batch([tags(uid, two[1])]))
        assert [row[3] for row in stored(ledger)] == ["support"]
        put(ledger, "All is well now")
        assert stored(ledger) == []
        assert ledger.check() == []


def test_a_ledger_from_before_aspects_is_migrated(tmp_path: Path) -> None:
    """Tags written by an older earful stay, without aspects; new ones have them."""
    path = tmp_path / "earful.db"
    before = next(at for at, step in enumerate(MIGRATIONS) if "CREATE TABLE aspects" in step)
    old = sqlite3.connect(path, isolation_level=None)
    for step in MIGRATIONS[:before]:
        old.executescript(step)
    old.execute(f"PRAGMA user_version = {before}")
    old.close()
    with Ledger.open(path) as ledger:
        uid = put(ledger, "The app is fast but support is slow")
        assert stored(ledger) == []
        with ledger.transaction():
            ledger.save_tags(tags_to_batch([tags(uid, Aspect("app", 4, 7, "positive", 0.5))]))
        assert len(stored(ledger)) == 1


def test_tag_output_ends_with_aspects(earful: Callable[..., Any], tmp_path: Path) -> None:
    """``earful tag --output`` writes them in its last column, as JSON lines and as Parquet."""
    source = tmp_path / "reviews.csv"
    source.write_text(
        "id,text\n1,The app is fast but support is slow\n2,Great fries\n", encoding="utf-8"
    )
    lines, table = tmp_path / "tags.jsonl", tmp_path / "tags.parquet"
    for output in (lines, table):
        assert earful("tag", "--input", source, "--output", output).code == 0
    mixed, plain = (json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines())
    assert list(mixed)[-1] == OUTPUT_SCHEMA.names[-1] == "aspects"
    assert [(one["name"], one["sentiment"]) for one in mixed["aspects"]] == [
        ("app", "positive"),
        ("support", "negative"),
    ]
    assert plain["aspects"] == []
    assert pq.read_table(table)["aspects"].to_pylist()[0][1]["name"] == "support"
