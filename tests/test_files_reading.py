"""From rows to comments: what is guessed, what the user says, and names that stay."""

from __future__ import annotations

import csv
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateparser.date import DateDataParser
from hypothesis import given
from hypothesis import strategies as st

from earful.errors import ConfigurationError, DataError
from earful.records import Comment
from ingest.files import FileReading, Reject, parse_map, read_comments
from ingest.files.dates import DateReader
from ingest.files.identity import NativeIds, SeenTable

WORDS = ["more rice please", "the queue was long", "friendly staff today", "bring the soup back"]


def reading(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> FileReading:
    path = tmp_path / options.pop("name", "export.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return read_comments(path, source="shop", **options)


def comments(found: FileReading) -> list[Comment]:
    return [one for one in found if isinstance(one, Comment)]


def many(columns: dict[str, Any], count: int = 40) -> list[dict[str, Any]]:
    """Rows made from callables of the row's number."""
    return [{name: make(n) for name, make in columns.items()} for n in range(count)]


def words(n: int) -> str:
    return f"{WORDS[n % 4]}, said {n} times over"


def test_an_export_of_an_app_store(tmp_path: Path) -> None:
    """A score of one to five is a rating, thumbs are reach, a reply is not the writer's text."""
    found = reading(
        tmp_path,
        many(
            {
                "reviewId": lambda n: f"gp-{n * 37 % 41:02}x",
                "userName": lambda n: f"Person {n % 30}",
                "content": words,
                "score": lambda n: n % 5 + 1,
                "thumbsUpCount": lambda n: n,
                "reviewCreatedVersion": lambda n: "4.1.0",
                "at": lambda n: f"2024-03-{n % 28 + 1:02} 10:30:00",
                "replyContent": lambda n: "thank you for telling us about it",
                "repliedAt": lambda n: "2024-04-01 10:00:00",
            }
        ),
    )
    guess = found.guess
    assert {choice.field: choice.columns for choice in guess.choices} == {
        "text": ("content",),
        "id": ("reviewId",),
        "author": ("userName",),
        "created_at": ("at",),
        "rating": ("score",),
        "reach": ("thumbsUpCount",),
        "version": ("reviewCreatedVersion",),
    }
    assert guess.unused == ("replyContent", "repliedAt")
    assert "text <- content: name, 100 % words" in guess.describe()
    first = comments(found)[0]
    assert (first.uid, first.kind, first.rating, first.rating_original, first.reach) == (
        "shop:import:gp-00x",
        "review",
        0.0,
        "1",
        0,
    )
    assert first.created_at == datetime(2024, 3, 1, 10, 30, tzinfo=UTC)
    assert first.version == "4.1.0"


def test_a_score_beside_votes_counts_votes(tmp_path: Path) -> None:
    """The same name is reach where the table comes from a forum with votes."""
    found = reading(
        tmp_path,
        many(
            {
                "id": lambda n: f"t{n:x}k",
                "subreddit": lambda n: "soups",
                "title": words,
                "selftext": lambda n: "" if n % 2 else "[removed]" if n % 3 else words(n) * 3,
                "score": lambda n: n % 4 + 1,
                "num_comments": lambda n: n,
                "created_utc": lambda n: 1_400_000_000 + n,
                "author": lambda n: "[deleted]" if n % 2 else f"u{n}",
            }
        ),
    )
    got = comments(found)
    assert found.guess.column("reach") == "score"
    assert not found.guess.columns("rating")
    assert {one.kind for one in got} == {"post"}
    assert len(got) == 40
    assert got[1].author is None
    assert got[2].text == ""
    assert got[0].created_at == datetime.fromtimestamp(1_400_000_000, tz=UTC)


def test_a_number_of_the_row_is_an_id_and_no_author(tmp_path: Path) -> None:
    """reviewer_id 1, 2, 3 names rows, not people; names of people stay authors though unique."""
    numbered = many({"reviewer_id": lambda n: n + 1, "review": words})
    found = reading(tmp_path, numbered)
    assert found.guess.column("id") == "reviewer_id"
    assert not found.guess.columns("author")
    assert any("counts the rows" in note for note in found.guess.notes)
    named = many(
        {"reviewer": lambda n: f"{'ABCDEFGH'[n % 8]}na {'KLMNO'[n // 8]}o", "review": words}
    )
    found = reading(tmp_path, named)
    assert found.guess.column("author") == "reviewer"
    assert not found.guess.columns("id")


def test_the_date_that_needs_no_guessing_is_taken(tmp_path: Path) -> None:
    """at_iso before at; a computed date before a relative one, which tells how well it is known."""
    found = reading(
        tmp_path,
        many(
            {
                "text": words,
                "at": lambda n: f"{n % 28 + 1:02}-12-2023 17:17",
                "at_iso": lambda n: f"2023-12-{n % 28 + 1:02} 17:17",
            }
        ),
    )
    assert found.guess.column("created_at") == "at_iso"
    assert "surer to read than at" in found.guess.choices[1].why
    dated = many(
        {
            "text": words,
            "review_time": lambda n: "3 years ago" if n % 2 else "2 months ago",
            "approx_date": lambda n: "2020-06-19" if n % 2 else "2023-04-20",
        }
    )
    got = comments(reading(tmp_path, dated))
    assert {one.created_precision for one in got} == {"year", "month"}
    for n, row in enumerate(dated):
        row["approx_date"] = f"2020-06-{n % 28 + 1:02}"
    assert {one.created_precision for one in comments(reading(tmp_path, dated))} == {"day"}


def test_columns_in_other_languages(tmp_path: Path) -> None:
    """Polish and Korean exports are understood without a map."""
    found = reading(
        tmp_path,
        many(
            {
                "treść": words,
                "ocena": lambda n: n % 5 + 1,
                "data dodania": lambda n: f"{n % 28 + 1} marca 2023",
                "miasto": lambda n: "Łódź",
            }
        ),
    )
    assert [choice.field for choice in found.guess.choices] == [
        "text",
        "created_at",
        "rating",
        "place",
    ]
    assert comments(found)[2].created_at == datetime(2023, 3, 3, tzinfo=UTC)
    found = reading(
        tmp_path,
        many({"작성자": lambda n: f"손님{n % 9}", "내용": words, "별점": lambda n: n % 5 + 1}),
    )
    assert [choice.field for choice in found.guess.choices] == ["text", "author", "rating"]


def test_relative_dates_count_from_the_file_unless_told(tmp_path: Path) -> None:
    """Without as_of the file's own day counts, and that is said aloud."""
    rows = many({"text": words, "review_time": lambda n: f"{n % 5 + 2} days ago"})
    reading(tmp_path, rows)
    path = tmp_path / "export.csv"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = read_comments(path, source="shop")
    assert comments(found)[0].created_at == datetime(2023, 11, 12, tzinfo=UTC)
    assert any("2023-11-14 because the file was last changed" in note for note in found.notes)
    told = read_comments(path, source="shop", as_of=datetime(2022, 1, 10, tzinfo=UTC))
    assert comments(told)[0].created_at == datetime(2022, 1, 8, tzinfo=UTC)
    assert not any("last changed" in note for note in told.notes)


def test_rows_without_a_date_are_kept_and_rows_without_text_are_not(tmp_path: Path) -> None:
    """Every row is a comment or a reject; an unreadable date costs the date only."""
    rows = many({"text": words, "date": lambda n: "2024-01-02"})
    rows[3]["date"] = "whenever"
    rows[4]["date"] = ""
    rows[5]["text"] = "  "
    found = reading(tmp_path, rows)
    records = list(found)
    rejects = [one for one in records if isinstance(one, Reject)]
    assert [(one.line, one.reason) for one in rejects] == [(7, "no text in text")]
    assert json.loads(rejects[0].raw) == rows[5]
    without = [one for one in records if isinstance(one, Comment) and one.created_at is None]
    assert [one.created_precision for one in without] == ["none", "none"]
    told = " ".join(found.notes)
    assert "1 cells of date could not be read as a date ('whenever')" in told
    assert "1 rows have no date" in told
    assert "40 rows: 39 comments, 1 rows set aside." in told


def test_the_same_file_twice_has_the_same_names(tmp_path: Path) -> None:
    """With an id or without, a second reading gives the uids of the first, all different."""
    without = many({"text": lambda n: "Excellent", "place": lambda n: f"Store {n % 3}"})
    for rows in (without, many({"id": lambda n: f"a{n * 7}", "text": words})):
        first = [one.uid for one in comments(reading(tmp_path, rows))]
        second = [one.uid for one in comments(reading(tmp_path, rows))]
        assert first == second
        assert len(set(first)) == 40


def test_a_changed_text_keeps_its_name_where_there_is_an_id(tmp_path: Path) -> None:
    """The ledger can then make a revision; without an id it is a new comment."""
    rows = many({"id": lambda n: f"a{n * 7}", "text": words})
    before = [one.uid for one in comments(reading(tmp_path, rows))]
    rows[7]["text"] = "now something else"
    assert [one.uid for one in comments(reading(tmp_path, rows))] == before
    bare = [{"text": row["text"]} for row in rows]
    after = [one.uid for one in comments(reading(tmp_path, bare))]
    bare[7]["text"] = "changed again"
    assert [n for n, (a, b) in enumerate(zip(after, comments(reading(tmp_path, bare)), strict=True))
            if a != b.uid] == [7]  # fmt: skip


def test_an_id_that_comes_twice_is_told_apart_by_its_content(tmp_path: Path) -> None:
    """The same row again is the same comment; another text under the id is another comment."""
    rows = many({"id": lambda n: f"a{n * 7}", "text": words})
    rows.append(dict(rows[0]))
    rows.append({"id": rows[0]["id"], "text": "quite another matter"})
    found = reading(tmp_path, rows)
    uids = [one.uid for one in comments(found)]
    assert uids[40] == uids[0]
    assert uids[41].startswith(f"{uids[0]}~")
    told = " ".join(found.notes)
    assert "1 rows repeat an id with the same content" in told
    assert "1 rows bear the id of an earlier row" in told


def test_a_secret_keeps_authors_from_being_tried_out(tmp_path: Path) -> None:
    """Names made from content, the author included, differ from project to project."""
    rows = many({"text": words, "author": lambda n: f"Kim {n % 9}"})
    plain = {one.uid for one in comments(reading(tmp_path, rows))}
    keyed = {one.uid for one in comments(reading(tmp_path, rows, secret=b"x" * 32))}
    assert not plain & keyed


def test_a_map_overrides_the_guess(tmp_path: Path) -> None:
    """What the user says holds; a column taken away leaves its field empty; the rest is guessed."""
    rows = many(
        {"comment": words, "aside": words, "who": lambda n: f"p{n % 9}z", "id": lambda n: n}
    )
    found = reading(tmp_path, rows, mapping=parse_map("text=aside, author=who,id=,kind=ticket"))
    got = comments(found)[0]
    assert found.guess.column("text") == "aside"
    assert "author <- who: as told" in found.guess.describe()
    assert (got.author, got.kind) == ("p0z", "ticket")
    assert got.native_id != "0"
    rows = many({"comment": words, "city": lambda n: "Ulm"})
    got = comments(reading(tmp_path, rows, mapping=parse_map("product=city")))[0]
    assert (got.product, got.place) == ("Ulm", None)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("txet=comment", "Did you mean 'text'"),
        ("text=coment", "Did you mean 'comment'"),
        ("text=comment,text=aside", "given twice"),
        ("comment", "not of the form"),
        ("text=nowhere", "The columns are: comment, place"),
    ],
)
def test_a_wrong_map_is_explained(tmp_path: Path, told: str, message: str) -> None:
    """Exit code 2, and the names that would be right."""
    rows = many({"comment": words, "place": lambda n: "Ulm"})
    with pytest.raises(ConfigurationError) as caught:
        reading(tmp_path, rows, mapping=parse_map(told))
    assert message in str(caught.value)


def test_names_of_columns_may_hold_commas_and_plus_signs(tmp_path: Path) -> None:
    """A comma splits only before the next field; a plus only where no such column exists."""
    rows = many({"What, then?": words, "a+b": lambda n: f"k{n % 9}q"})
    found = reading(tmp_path, rows, mapping=parse_map("text=What, then?,author=a+b"))
    assert found.guess.column("text") == "What, then?"
    assert comments(found)[0].author == "k0q"


def survey() -> list[dict[str, Any]]:
    return many(
        {
            "respondent_id": lambda n: f"r{n * 13}",
            "What should we add?": lambda n: "" if n % 4 == 0 else words(n),
            "What annoys you?": lambda n: "" if n % 8 == 0 else f"{words(n)} and more",
            "Age": lambda n: 20 + n,
        }
    )


def test_a_survey_gives_a_comment_for_every_answer(tmp_path: Path) -> None:
    """One person's answers are titled by the question and belong to one person and one thread."""
    told = reading(
        tmp_path,
        survey(),
        solicited=True,
        mapping=parse_map("text=What should we add?+What annoys you?"),
    )
    guessed = reading(tmp_path, survey(), solicited=True)
    for found in (told, guessed):
        records = list(found)
        answers = [one for one in records if isinstance(one, Comment)]
        assert len(answers) == 30 + 35
        assert sum(isinstance(one, Reject) for one in records) == 5
        assert {one.kind for one in answers} == {"survey_answer"}
        assert all(one.solicited for one in answers)
        one, two = answers[:2]
        assert (one.title, two.title) == ("What should we add?", "What annoys you?")
        assert one.author == two.author == "r13"
        assert one.thread_uid == two.thread_uid
        assert len({answer.uid for answer in answers}) == 65
        assert "15 questions were left unanswered." in found.notes


def test_parents_and_threads_are_uids(tmp_path: Path) -> None:
    """Replies point at the uid that their parent has in the same import."""
    rows = many(
        {
            "id": lambda n: f"c{n * 3}",
            "body": words,
            "parent_id": lambda n: f"t1_c{n * 3 - 3}" if n else "t3_c0",
            "link_id": lambda n: "t3_c0",
        }
    )
    got = comments(reading(tmp_path, rows))
    assert got[2].parent_uid == got[1].uid
    assert got[2].thread_uid == got[0].uid


def test_a_zone_column_beats_the_offset_of_the_time(tmp_path: Path) -> None:
    """The exporter's clock is not the writer's: where a zone is told, it counts alone."""
    rows = many(
        {
            "text": words,
            "tweet_created": lambda n: f"2015-02-24 11:{n:02}:52 -0800",
            "user_timezone": lambda n: "" if n % 2 else "Eastern Time (US & Canada)",
        }
    )
    got = comments(reading(tmp_path, rows))
    assert [one.local_offset for one in got[:2]] == [-300, None]
    for row in rows:
        del row["user_timezone"]
    assert comments(reading(tmp_path, rows))[0].local_offset == -480


def test_text_that_cannot_be_stored_is_cleaned_and_counted(tmp_path: Path) -> None:
    """NUL and half characters go; the rest of the text is as it was given."""
    path = tmp_path / "x.jsonl"
    path.write_text(
        "\n".join(json.dumps({"text": f" a\x00b \ud83d {n}\n"}) for n in range(3)),
        encoding="utf-8",
    )
    found = read_comments(path, source="s")
    assert comments(found)[0].text == " ab \ufffd 0\n"
    assert any("3 texts held NUL" in note for note in found.notes)


def test_no_column_of_words_is_said(tmp_path: Path) -> None:
    """The error lists the columns and shows how to name one."""
    with pytest.raises(ConfigurationError, match=r"--map text=COLUMN.*columns are: a, b"):
        reading(tmp_path, many({"a": lambda n: n, "b": lambda n: n * 2}))
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert list(read_comments(empty, source="s")) == []
    (tmp_path / "x.parquet").write_bytes(b"no")
    with pytest.raises(DataError):
        read_comments(tmp_path / "x.parquet", source="s")


def test_limit_counts_rows(tmp_path: Path) -> None:
    """Reading stops after so many rows, and the notes are complete."""
    found = reading(tmp_path, many({"text": words}), limit=7)
    assert len(list(found)) == 7
    assert found.notes[-1] == "7 rows: 7 comments, 0 rows set aside."


@given(st.dictionaries(st.integers(1, 2**64 - 1), st.integers(0, 2**32 - 1), max_size=200))
def test_the_seen_table_is_a_dictionary(entries: dict[int, int]) -> None:
    """It answers as a dict does, for keys that are there and keys that are not."""
    seen = SeenTable()
    for key, value in entries.items():
        assert seen.get(key) is None
        seen.put(key, value)
    for key, value in entries.items():
        assert seen.get(key) == value
        seen.put(key, value ^ 1)
        assert seen.get(key) == value ^ 1


def test_the_seen_table_grows() -> None:
    """More keys than slots: all are still there."""
    seen = SeenTable()
    keys = [n * 2_654_435_761 + 1 for n in range(100_000)]
    for n, key in enumerate(keys):
        seen.put(key, n)
    assert [seen.get(key) for key in keys] == list(range(100_000))


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from("xyz")), max_size=30))
def test_names_differ_where_rows_differ(rows: list[tuple[str, str]]) -> None:
    """Rows without an id never share a name; rows with one share it only with equal content."""
    ids = NativeIds()
    named = [(native, content, ids.name(native, (content,))) for native, content in rows]
    bare = [name for native, _, name in named if not native]
    assert len(set(bare)) == len(bare)
    for native, content, name in named:
        for other, words_, same in named:
            if native and name == same:
                assert (native, content) == (other, words_)


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        (
            "airline_tweets.csv",
            14_640,
            {
                "text": "text", "id": "tweet_id", "author": "name", "created_at": "tweet_created",
                "reach": "retweet_count", "place": "tweet_location", "product": "airline",
                "local_offset": "user_timezone",
            },
        ),
        ("app_reviews.csv", 10_000, {"text": "content", "id": "review_id", "product": "app"}),
        (
            "korean_movie_reviews.csv",
            80_000,
            {
                "text": "text", "id": "review_id", "author": "author_masked", "created_at": "date",
                "rating": "rating", "product": "movie_id",
            },
        ),
        (
            "mcdonalds_google_reviews.csv",
            33_396,
            {
                "text": "review", "id": "reviewer_id", "created_at": "approx_date",
                "rating": "rating", "place": "store_address",
            },
        ),
        (
            "mcdonalds_yelp_complaints.csv",
            1_525,
            {"text": "review", "id": "_unit_id", "place": "city"},
        ),
        (
            "reddit_product_posts.csv",
            51_851,
            {
                "text": "selftext", "title": "title", "id": "id", "created_at": "created_utc",
                "reach": "score", "url": "permalink", "channel": "subreddit",
            },
        ),
        (
            "steam_reviews.jsonl",
            1_522,
            {
                "text": "review", "author": "steam_id_number", "created_at": "date_posted",
                "edited_at": "date_updated", "rating": "rating", "reach": "num_found_helpful",
                "url": "review_url",
            },
        ),
        (
            "uber_google_play.csv",
            12_000,
            {
                "text": "content", "id": "userName", "created_at": "at_iso", "rating": "score",
                "reach": "thumbsUpCount", "version": "appVersion",
            },
        ),
        (
            "vscode_issues_multilingual.csv",
            1_381,
            {
                "text": "body", "title": "title", "id": "number", "created_at": "created_at",
                "lang": "src_lang",
            },
        ),
    ],
)  # fmt: skip
def test_real_exports(shared_data: Path, name: str, rows: int, expected: dict[str, str]) -> None:
    """Every column of the real streams is taken for what it is, and no row is lost."""
    found = read_comments(shared_data / "streams" / name, source="real")
    assert {choice.field: choice.columns[0] for choice in found.guess.choices} == expected
    kept = rejected = dated = 0
    for record in found:
        if isinstance(record, Reject):
            rejected += 1
        else:
            kept += 1
            dated += record.created_at is not None
    assert kept + rejected == rows == found.rows
    assert rejected == 0
    assert dated == (rows if "created_at" in expected else 0)


def test_usual_dates_need_no_slow_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual ways to write a time are read without dateparser, which is slow."""
    monkeypatch.setattr(DateDataParser, "get_date_data", None)
    now = datetime(2024, 6, 1, tzinfo=UTC)
    dates = DateReader(as_of=now, ceiling=now)
    start = datetime(2020, 1, 1)
    forms = ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%b %d, %Y, %I:%M%p", "%Y-%m-%dT%H:%M:%SZ")
    written = [(start + timedelta(minutes=n)).strftime(forms[n % 4]) for n in range(10_000)]
    assert all(dates.read(text).when for text in written)
