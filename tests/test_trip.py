"""One whole trip through the command line: comments in, demand signals out."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

REVIEWS = [
    # (id, author, date, stars, text)
    ("1", "tealbarge", "2025-03-01T09:10:00Z", 3, "Please serve porridge after eleven as well."),
    ("2", "oxbowlad", "2025-03-02T12:00:00Z", 2, "Why can't I get porridge in the afternoon?"),
    ("3", "fernhill", "2025-03-04T18:30:00Z", 5, "Lovely staff and the tea was hot."),
    ("4", "tealbarge", "2025-03-09T08:00:00Z", 3, "I would love porridge all day, please!"),
    ("5", "quaystreet", "2025-03-11T20:15:00Z", 1, "Waited forty minutes and my order was wrong."),
    ("6", "rookery", "2025-03-12T07:45:00Z", 4, "You should sell porridge at lunchtime too."),
]


def write_reviews(path: Path, rows: list[tuple] = REVIEWS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review_id", "username", "created_at", "stars", "review"])
        writer.writerows(rows)
    return path


def test_import_tag_report(project: Path, earful: Callable) -> None:
    """Three commands turn a file into signals whose numbers can be opened."""
    write_reviews(project / "reviews.csv")
    imported = earful("import", "reviews.csv", "--source", "shop")
    assert imported.code == 0, imported.err
    assert "6 rows read, 6 new" in imported.out
    assert "text" in imported.out
    assert "review" in imported.out
    assert earful("tag").code == 0
    made = earful("report")
    assert made.code == 0, made.err
    report = json.loads((project / "out" / "signals.json").read_text(encoding="utf-8"))
    porridge = [signal for signal in report["signals"] if "porridge" in signal["name"]]
    assert porridge, [signal["name"] for signal in report["signals"]]
    assert porridge[0]["people"] == 3, "four posts, one person asked twice"
    assert porridge[0]["grade"] == "trend"
    assert {"shop:import:1", "shop:import:2"} <= set(porridge[0]["uids"])
    assert report["ladder"]["posts"] == 6
    brief = (project / "out" / "brief.html").read_text(encoding="utf-8")
    assert "porridge" in brief
    for suffix in ("csv", "xlsx", "parquet"):
        assert (project / "out" / f"signals.{suffix}").stat().st_size > 0


def test_no_author_name_is_stored_in_clear(project: Path, earful: Callable) -> None:
    """Handles live in the encrypted asker table only: no file of the project holds one."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    earful("tag")
    earful("report")
    (project / "reviews.csv").unlink()
    for path in project.rglob("*"):
        if path.is_file():
            assert b"tealbarge" not in path.read_bytes(), path
    with sqlite3.connect(project / "earful.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM askers").fetchone() == (5,)


def test_same_file_twice_and_changed_row(project: Path, earful: Callable) -> None:
    """The second import adds nothing; a changed row is a revision and is read anew."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    earful("tag")
    again = earful("import", "reviews.csv", "--source", "shop")
    assert "0 new, 0 changed, 6 already there" in again.out
    assert earful("tag").out.startswith("0 comments tagged")
    changed = [(*REVIEWS[0][:4], "Never mind, they have it now. Great!"), *REVIEWS[1:]]
    write_reviews(project / "reviews.csv", changed)
    assert (
        "0 new, 1 changed, 5 already there"
        in earful("import", "reviews.csv", "--source", "shop").out
    )
    assert earful("tag").out.startswith("1 comments tagged")


def test_bad_rows_are_set_aside_with_reason(project: Path, earful: Callable) -> None:
    """A row without words is set aside with its line; the others are loaded."""
    rows = [*REVIEWS[:2], ("9", "someone", "2025-03-01", 3, "   "), *REVIEWS[2:]]
    write_reviews(project / "reviews.csv", rows)
    imported = earful("import", "reviews.csv", "--source", "shop")
    assert imported.code == 0
    assert "7 rows read, 6 new" in imported.out
    (rejects,) = (project / "rejects").glob("*.csv")
    with rejects.open(encoding="utf-8", newline="") as file:
        (reject,) = csv.DictReader(file)
    assert reject["line"] == "4"
    assert reject["reason"]


def test_search_and_forget(project: Path, earful: Callable) -> None:
    """What is found by its words can be erased by handle, and is proved to be gone."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    earful("tag")
    (project / "reviews.csv").unlink()
    assert "shop:import:5" in earful("search", "forty", "minutes").out
    gone = earful("forget", "quaystreet")
    assert gone.code == 0, gone.out + gone.err
    assert "nothing is left" in gone.out
    assert "Nothing found" in earful("search", "forty", "minutes").out
    unknown = earful("forget", "nobody-of-that-name")
    assert unknown.code == 1
    assert "nobody-of-that-name" in unknown.err
    write_reviews(project / "reviews.csv")
    back = earful("import", "reviews.csv", "--source", "shop")
    assert "1 of people who were forgotten" in back.out


def test_forget_names_reports_that_still_hold_the_words(project: Path, earful: Callable) -> None:
    """Reports are the reader's files: forget says which of them are out of date."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    earful("tag")
    earful("report")
    (project / "reviews.csv").unlink()
    gone = earful("forget", "shop:import:2")
    assert "signals.json" in gone.out
    assert gone.code == 0


def test_tag_file_follows_the_contract(tmp_path: Path, earful: Callable) -> None:
    """Stateless tagging gives one row per row, with quotes that are slices of the text given."""
    texts = [
        "  Please add a dark mode!  \n\nThe white screen hurts at night \U0001f62d",
        "",
        "Đây là một bình luận bằng tiếng Việt mà không ai đọc cả.",
        "Great coffee",
        "\x00\x07 why is there no <b>widget</b> & no dark mode?? pls fix asap",
    ]
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts))
    )
    for suffix in ("jsonl", "parquet"):
        target = tmp_path / f"out.{suffix}"
        tagged = earful("tag", "--input", str(source), "--output", str(target))
        assert tagged.code == 0, tagged.err
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4"]
    for row, text in zip(rows, texts, strict=True):
        assert row["categories"]
        assert row["sentiment"] in ("negative", "neutral", "positive", "mixed")
        for ask in row["asks"]:
            assert text[ask["start"] : ask["end"]] == ask["quote"]
    assert rows[0]["asks"], "a plain request has an ask"
    assert "dark mode" in rows[0]["asks"][0]["item"]
    assert rows[2]["lang"] == "vi"
    assert rows[2]["sentiment_score"] == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == len(texts)


def test_tag_names_the_missing_column(tmp_path: Path, earful: Callable) -> None:
    """A wrong column is the caller's mistake: exit 2, with the columns that there are."""
    source = tmp_path / "in.csv"
    source.write_text("id,body\n1,hello there\n")
    run = earful("tag", "--input", str(source), "--output", str(tmp_path / "o.jsonl"))
    assert run.code == 2
    assert "body" in run.err
    run = earful("tag", "--input", str(source))
    assert run.code == 2


def test_errors_say_what_to_do(tmp_path: Path, earful: Callable, monkeypatch) -> None:
    """Outside a project, and in an empty one, the next step is named."""
    monkeypatch.chdir(tmp_path)
    outside = earful("report")
    assert outside.code == 2
    assert "earful init" in outside.err
    earful("init", "empty")
    monkeypatch.chdir(tmp_path / "empty")
    assert "earful import" in earful("tag").err
    assert "[[source]]" in earful("pull").err
    assert earful("init").code == 2, "a project is never overwritten"


def test_settings_guess_the_mistake(project: Path, earful: Callable) -> None:
    """A misspelt key is named together with the right one."""
    with (project / "earful.toml").open("a") as settings:
        settings.write('\n[[brand]]\nname = "x"\nproduct = ["y"]\n')
    run = earful("doctor")
    assert "products" in run.out


def test_backup_is_a_ledger(project: Path, earful: Callable) -> None:
    """A backup holds all comments and is never written over a file."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    assert "6 comments" in earful("backup", "copy.db").out
    assert earful("backup", "copy.db").code == 2


def test_eval_prints_figures(tmp_path: Path, earful: Callable) -> None:
    """A labelled file gives per-label figures, on the screen and as JSON."""
    gold = tmp_path / "gold.jsonl"
    rows = [
        {"uid": "a", "text": "Please add a dark mode", "sentiment": "neutral",
         "categories": ["request"],
         "asks": [{"quote": "Please add a dark mode", "item": "dark mode",
                   "type": "new_offering", "strength": 2, "moment": ""}]},
        {"uid": "b", "text": "Love this place, the staff are lovely", "sentiment": "positive",
         "categories": ["praise"], "asks": []},
    ]  # fmt: skip
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = earful("eval", str(gold), "--json", str(tmp_path / "figures.json"))
    assert run.code == 0, run.err
    assert "request" in run.out
    assert json.loads((tmp_path / "figures.json").read_text())
    gold.write_text('{"text": "no labels"}\n')
    broken = earful("eval", str(gold))
    assert broken.code == 1
    assert "row 1" in broken.err


def test_doctor_is_well_after_the_trip(project: Path, earful: Callable) -> None:
    """After import and tag the doctor finds nothing wrong, and counts what there is."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "shop")
    earful("tag")
    examined = earful("doctor")
    assert examined.code == 0, examined.out
    assert "6 comments" in examined.out


@pytest.mark.parametrize("name", ["ingest", "classify", "reports"])
def test_doctor_sees_a_shadowed_package(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A package of another project in front of ours is found and named."""
    import importlib.util

    from earful import doctor

    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    find = importlib.util.find_spec

    def shadowed(wanted: str, package: str | None = None):
        if wanted == name:
            return importlib.util.spec_from_file_location(name, tmp_path / name / "__init__.py")
        return find(wanted, package)

    monkeypatch.setattr(importlib.util, "find_spec", shadowed)
    states = {finding.what: finding.state for finding in doctor._shadowed()}
    assert states[name] == "wrong"
    assert list(states.values()).count("wrong") == 1


def test_retention_erases_after_the_days_of_the_settings(project: Path, earful: Callable) -> None:
    """What was last seen longer ago than the settings say is gone after the next import."""
    write_reviews(project / "reviews.csv")
    earful("import", "reviews.csv", "--source", "old")
    with sqlite3.connect(project / "earful.db") as ledger:
        ledger.execute(
            "UPDATE comments SET seen_at = seen_at - 100 * 86400000 WHERE source = 'old'"
        )
    settings = (project / "earful.toml").read_text()
    (project / "earful.toml").write_text(
        settings.replace("[retention]", "[retention]\ncomments_days = 90")
    )
    assert earful("import", "reviews.csv", "--source", "new").code == 0
    with sqlite3.connect(project / "earful.db") as ledger:
        assert ledger.execute("SELECT DISTINCT source FROM comments").fetchall() == [("new",)]


def test_a_users_own_category_is_learned(project: Path, earful: Callable) -> None:
    """A file in the project's folder is a category, without code."""
    write_reviews(project / "reviews.csv")
    (project / "categories").mkdir()
    (project / "categories" / "breakfast_talk.toml").write_text(
        """
label = "breakfast_talk"
definition = "speaks of porridge"
main = false
patterns = ['\\bporridge\\b']
examples = ["The porridge was lovely", "porridge please"]
counter_examples = ["The tea was cold"]
"""
    )
    settings = (project / "earful.toml").read_text()
    (project / "earful.toml").write_text(
        settings.replace("[classify]", '[classify]\ncategories = "categories"')
    )
    earful("import", "reviews.csv", "--source", "shop")
    tagged = earful("tag")
    assert tagged.code == 0, tagged.err
    with sqlite3.connect(project / "earful.db") as ledger:
        found = ledger.execute(
            "SELECT count(*) FROM tags WHERE categories LIKE '%breakfast_talk%'"
        ).fetchone()
    assert found == (4,)
