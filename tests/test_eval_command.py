"""``earful eval`` measures any gold file, says what it left out, and never fails on a bad row."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from classify.labels import CATEGORIES, SENTIMENTS
from earful import gold as gold_module
from earful.errors import DataError
from earful.evaluation_table import show_evaluation
from earful.gold import MeasuredFile, evaluate_file, read_gold
from earful.records import TAGS_SCHEMA
from reports.accuracy_chart import accuracy_picture

SHOP = [
    ("Could the kiosk take cash, please?", "neutral", ["request"], "take cash"),
    ("The soup was cold again.", "negative", ["problem"], None),
    ("Lovely bread, and kind people at the till.", "positive", ["praise"], None),
    ("I am off to the bakery across the road.", "negative", ["churn_risk"], None),
    ("Where do I find the opening hours?", "neutral", ["question"], None),
    ("Too dear for what it is.", "negative", ["complaint"], None),
]


def gold_row(uid: str, text: str, sentiment: str, categories: Any, quote: str | None = None) -> Any:
    asks = [{"quote": quote, "item": quote, "type": "change", "strength": 2}] if quote else []
    return {
        "uid": uid,
        "text": text,
        "sentiment": sentiment,
        "categories": categories,
        "asks": asks,
    }


def shop_rows(times: int = 1) -> list[dict[str, Any]]:
    """The shop's comments, ``times`` over, from two domains and in two languages by name."""
    return [
        gold_row(f"s{n}-{m}", *one)
        | {"domain": ("till", "web")[m % 2], "lang": ("en", "nl")[n % 2]}
        for n in range(times)
        for m, one in enumerate(SHOP)
    ]


def write_jsonl(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the models: one that knows a request by 'please' and praise by 'lovely'."""

    def tag(text: str) -> dict[str, Any]:
        asked, praised = "please" in text, "ovely" in text
        return {
            "sentiment": "positive" if praised else "neutral" if asked else "negative",
            "sentiment_score": 0.8 if praised else 0.0 if asked else -0.7,
            "categories": ["request"] if asked else ["praise"] if praised else ["problem"],
            "category_scores": [("request", 0.9 * asked), ("praise", 0.8), ("problem", 0.3)],
            "asks": [{"quote": text[:9], "start": 0, "end": 9, "item": "kiosk", "type": "change",
                      "strength": 2}] if asked else [],
        }  # fmt: skip

    def tag_batches(batches: Any, load: object) -> Any:
        for batch in batches:
            rows = [
                {**tag(row["text"]), "uid": row["uid"], "model_version": "stub-1", "lang": "en",
                 "read": True, "spam_score": 0.0}
                for row in batch.to_pylist()
            ]  # fmt: skip
            yield pa.RecordBatch.from_pylist(rows, schema=TAGS_SCHEMA)

    monkeypatch.setattr(gold_module, "tag_batches", tag_batches)


def reasons(rows: Any) -> list[tuple[str, str]]:
    return [(one.where, one.reason) for one in rows]


@pytest.mark.usefixtures("reader")
def test_figures_are_on_the_screen_in_json_and_in_a_picture(
    tmp_path: Path, earful: Callable
) -> None:
    """One command gives the tables, the figures as data under their old names, and one page."""
    file = write_jsonl(tmp_path / "gold.jsonl", shop_rows(8))
    figures, picture = tmp_path / "figures.json", tmp_path / "page.png"
    run = earful("eval", str(file), "--json", str(figures), "--picture", str(picture))
    assert run.code == 0, run.err
    assert "comments measured: 48" in run.out
    assert str(picture) in run.out
    record = json.loads(figures.read_text(encoding="utf-8"))
    assert {"overall", "sentiments", "categories", "calibration", "by_domain", "by_lang",
            "by_length"} <= set(record)  # fmt: skip
    assert record["overall"]["request_f1"] == 1
    assert (
        record["overall"]["intervals"]["main_macro_f1"]["low"] < record["overall"]["main_macro_f1"]
    )
    assert len(record["reliability"]["request"]) == 10
    assert record["calibration"]["sentiment"] > 0
    assert set(record["by_lang"]) == {"en", "nl"}
    assert record["gold"]["comments"] == 48
    assert record["model_version"] == "stub-1"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("reader")
def test_tables_fit_eighty_columns(tmp_path: Path) -> None:
    """No line of the tables is longer than 80 characters, and none of their figures is cut."""
    rows = shop_rows(200)
    for n, row in enumerate(rows):
        row["domain"] = f"a domain with quite a long name {n % 25}\x1b[31m"
    measured = evaluate_file(write_jsonl(tmp_path / "gold.jsonl", rows))
    text = shown(measured)
    tables = [line for line in text.splitlines() if "gold.jsonl" not in line]
    assert max(map(len, tables)) <= 80
    assert "\x1b" not in text
    assert "and 5 more, smaller" in text
    header = next(line for line in tables if line.startswith("label"))
    assert header.split() == ["label", "precision", "recall", "F1", "95", "%", "gold", "off"]
    request = next(line for line in tables if line.startswith("request ")).split()
    assert request == ["request", "1.000", "1.000", "1.000", "200", "0.017"]


def shown(measured: MeasuredFile) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False)
    show_evaluation(console, measured)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_bad_rows_are_set_aside_with_line_and_reason(tmp_path: Path) -> None:
    """Each kind of bad row is counted under its reason and named by its line; the rest is read."""
    file = write_jsonl(
        tmp_path / "gold.jsonl",
        [
            gold_row("a", "fine", "neutral", ["remark"]),
            gold_row("b", "typo", "neutral", ["reqest"]),
            gold_row("c", "typo", "negativ", ["problem"]),
            "{broken",
            gold_row("d", "  ", "neutral", ["remark"]),
            {"uid": "e", "text": "no labels"},
            gold_row("a", "another text", "neutral", ["remark"]),
            gold_row("a", "fine", "neutral", ["remark"]),
            {"uid": "f", "sentiment": "neutral", "categories": ["remark"]},
            gold_row("g", "no category", "neutral", []),
        ],
    )
    found = read_gold(file)
    assert reasons(found.set_aside) == [
        ("line 2", "unknown category"),
        ("line 3", "unknown sentiment"),
        ("line 4", "not a row that can be read"),
        ("line 5", "the text is empty"),
        ("line 6", "there is no sentiment"),
        ("line 7", "the uid of an earlier row"),
        ("line 8", "the same row again"),
        ("line 9", "the text is empty"),
    ]
    assert "Did you mean 'request'?" in found.set_aside[0].detail
    assert "Did you mean 'negative'?" in found.set_aside[1].detail
    assert found.set_aside[5].detail == "bears the uid of line 1"
    assert [row["uid"] for row in found.comments] == ["a", "g"]
    assert found.comments[1]["categories"] == ["remark"]
    assert found.taken_as_remarks == 1


BAD_ASKS = [
    ({"quote": "not there", "item": "x", "type": "change", "strength": 2},
     "a quote that is not in the text"),
    ({"quote": "add", "type": "change", "strength": 2}, "an ask that lacks a field"),
    ({"quote": "add", "item": "x", "type": "chanje", "strength": 2}, "unknown type of ask"),
    ({"quote": "add", "item": "x", "type": "change", "strength": 4}, "unknown strength"),
    ({"item": "x", "type": "change", "strength": 2}, "an ask without a quote"),
    ({"item": "x", "type": "change", "strength": 2, "start": 3, "end": 99},
     "an ask without a quote"),
    ("add", "an ask that is no object"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "reason"), BAD_ASKS)
def test_bad_asks_leave_their_comment_in(tmp_path: Path, bad: Any, reason: str) -> None:
    """Where an ask cannot be used, the comment is measured without its asks, and counted."""
    row = {**gold_row("a", "please add a bench", "neutral", ["request"]), "asks": [bad]}
    found = read_gold(write_jsonl(tmp_path / "gold.jsonl", [row]))
    assert reasons(found.asks_set_aside) == [("line 1", reason)]
    assert found.set_aside == ()
    assert found.comments[0]["asks"] is None


@pytest.mark.parametrize("asks", ["no JSON", {"quote": "add"}, 7, '{"quote": "add"}'])
def test_asks_of_another_shape_leave_their_comment_in(tmp_path: Path, asks: Any) -> None:
    """Asks that are no list of objects are no reason to fail."""
    good = gold_row("a", "please add a bench", "neutral", ["request"], "add a bench")
    bad = {**gold_row("b", "please add a lamp", "neutral", ["request"]), "asks": asks}
    found = read_gold(write_jsonl(tmp_path / "gold.jsonl", [good, bad]))
    assert [one.where for one in found.asks_set_aside] == ["line 2"]
    assert [row["asks"] is None for row in found.comments] == [False, True]


def test_the_place_of_an_ask_is_where_it_says(tmp_path: Path) -> None:
    """A place that fits its quote holds, also for a second occurrence; one that does not, not."""
    text = "more tea, and more tea"
    asks = [
        {"quote": "more tea", "start": 14, "end": 22},
        {"quote": "more tea", "start": 2, "end": 10},
        {"start": 5, "end": 8},
    ]
    row = gold_row("a", text, "neutral", ["request"])
    row["asks"] = [{**one, "item": "tea", "type": "Change", "strength": "2"} for one in asks]
    read = read_gold(write_jsonl(tmp_path / "gold.jsonl", [row])).comments[0]["asks"]
    assert [(one["start"], one["end"]) for one in read] == [(14, 22), (0, 8), (5, 8)]
    assert read[2]["quote"] == "tea"
    assert (read[0]["type"], read[0]["strength"]) == ("change", 2)


def as_csv(path: Path, rows: list[dict[str, Any]], join: Callable[[list[str]], str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["uid", "text", "sentiment", "categories"])
        for row in rows:
            writer.writerow([row["uid"], row["text"], row["sentiment"], join(row["categories"])])
    return path


@pytest.mark.parametrize(
    "join", [json.dumps, "|".join, ", ".join, str, lambda names: " | ".join(names).upper()]
)
def test_csv_gold_is_read(tmp_path: Path, join: Callable[[list[str]], str]) -> None:
    """Categories of a table are a JSON list or names between bars; asks may be missing."""
    rows = [
        gold_row("a", "cold, and\nlate", "negative", ["problem", "churn_risk"]),
        gold_row("b", "nice", "positive", ["praise"]),
    ]
    found = read_gold(as_csv(tmp_path / "gold.csv", rows, join))
    assert found.set_aside == ()
    assert [row["categories"] for row in found.comments] == [["problem", "churn_risk"], ["praise"]]
    assert [row["text"] for row in found.comments] == ["cold, and\nlate", "nice"]
    assert not found.asks_labelled


def test_parquet_gold_is_read(tmp_path: Path) -> None:
    """Lists of a Parquet file are read as lists, asks included, and bad rows named by row."""
    rows = shop_rows()
    rows[1]["categories"] = ["probelm"]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "gold.parquet")
    found = read_gold(tmp_path / "gold.parquet")
    assert reasons(found.set_aside) == [("row 2", "unknown category")]
    assert found.comments[0]["asks"][0]["quote"] == "take cash"
    assert found.comments[0]["domain"] == "till"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip),
            st.sampled_from(SENTIMENTS),
            st.lists(st.sampled_from(CATEGORIES), min_size=1, unique=True),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_gold_is_the_same_from_json_lines_and_parquet(tmp_path: Path, rows: list[Any]) -> None:
    """What was labelled comes back, whatever the characters and the format."""
    given_rows = [
        {"uid": f"u{n}", "text": text, "sentiment": sentiment, "categories": categories}
        for n, (text, sentiment, categories) in enumerate(rows)
    ]
    pq.write_table(pa.Table.from_pylist(given_rows), tmp_path / "gold.parquet")
    files = [write_jsonl(tmp_path / "gold.jsonl", given_rows), tmp_path / "gold.parquet"]
    for file in files:
        found = read_gold(file)
        assert found.set_aside == ()
        wanted = ("uid", "text", "sentiment", "categories")
        assert [{key: row[key] for key in wanted} for row in found.comments] == given_rows


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no labelled comment"),
        ('{"text": "a"}\n', "no 'sentiment' and no 'categories'"),
        ('{"uid": "a", "text": "", "sentiment": "neutral", "categories": []}\n', "1 set aside"),
        ("[1, 2]\n[3]\n", "holds no labelled comment that can be used"),
        ('{"uid": "a"\n', "holds no labelled comment that can be used"),
    ],
)
def test_files_without_gold_are_an_error(tmp_path: Path, content: str, told: str) -> None:
    """Where nothing can be measured the error says why and names the file."""
    file = tmp_path / "gold.jsonl"
    file.write_text(content)
    with pytest.raises(DataError, match=told) as caught:
        read_gold(file)
    assert caught.value.where == str(file)
    assert caught.value.next_step or not content


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--picture", "page.jpg"], "page.png"),
        (["--picture", "nowhere/page.png"], "no folder"),
        (["--json", "nowhere/figures.json"], "no folder"),
        (["--json", "."], "is a folder"),
    ],
)
def test_targets_are_checked_before_the_work(
    tmp_path: Path,
    earful: Callable,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    told: str,
) -> None:
    """A file that could not be written is an error at once, not after minutes of reading."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gold_module, "tag_batches", None)
    write_jsonl(tmp_path / "gold.jsonl", shop_rows())
    run = earful("eval", "gold.jsonl", *options)
    assert run.code == 2
    assert told in run.err


@pytest.mark.usefixtures("reader")
def test_what_was_left_out_is_told(tmp_path: Path, earful: Callable) -> None:
    """The screen says how many rows were set aside, why, and which ones, and so does the JSON."""
    rows = [*shop_rows(), *(gold_row(f"t{n}", "hm", "neutral", ["remrk"]) for n in range(5))]
    rows[0]["asks"][0]["quote"] = "take cards"
    file = write_jsonl(tmp_path / "gold.jsonl", rows)
    run = earful("eval", str(file), "--json", str(tmp_path / "f.json"))
    assert run.code == 0, run.err
    assert "rows set aside: 5 (unknown category)" in run.out
    assert "line 7: there is no category 'remrk'. Did you mean 'remark'?" in run.out
    assert "and 2 more" in run.out
    assert "without their asks: 1 (a quote that is not in the text)" in run.out
    told = json.loads((tmp_path / "f.json").read_text())["gold"]
    assert told["set_aside"]["count"] == 5
    assert told["set_aside"]["reasons"] == {"unknown category": 5}
    assert [one["where"] for one in told["asks_set_aside"]["rows"]] == ["line 1"]


@pytest.mark.usefixtures("reader")
def test_gold_without_asks_and_of_one_language(tmp_path: Path) -> None:
    """What the gold does not tell is not measured: no figure of asks, no split by language."""
    rows = [{**row, "lang": "en"} for row in shop_rows(3)]
    measured = evaluate_file(as_csv(tmp_path / "gold.csv", rows, "|".join))
    text = shown(measured)
    assert "asks are not measured" in text
    assert "quoted asks" not in text
    assert "by language" not in text
    assert "by domain" not in text
    assert measured.evaluation.overall.asks_labelled == 0
    assert "Without a language in the gold" in " ".join(text.split())


@pytest.mark.usefixtures("reader")
def test_means_say_what_they_leave_out(tmp_path: Path) -> None:
    """A label that no gold row carries shows no F1, and the mean names it."""
    file = write_jsonl(tmp_path / "gold.jsonl", [row for row in shop_rows(6) if row["asks"]])
    text = shown(evaluate_file(file))
    assert "mean of main 1 of 6" in text
    left_out = "without problem, complaint, question, praise, churn_risk, which"
    assert left_out in " ".join(text.split())
    praise = next(line for line in text.splitlines() if line.startswith("praise")).split()
    assert praise[1:4] == ["–", "–", "–"]


def picture_size(picture: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.usefixtures("reader")
def test_a_picture_is_one_page_and_the_same_each_time(tmp_path: Path) -> None:
    """The page is A4, lying, and its bytes depend on the figures alone."""
    file = write_jsonl(tmp_path / "gold.jsonl", shop_rows(8))
    record = evaluate_file(file).record()
    picture = accuracy_picture(record)
    width, height = picture_size(picture)
    assert width / height == pytest.approx(2**0.5, rel=0.01)
    assert width >= 1800
    assert accuracy_picture(json.loads(json.dumps(record))) == picture
    record["overall"]["sentiment_accuracy"] = 0.1
    assert accuracy_picture(record) != picture


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    "rows",
    [
        [gold_row("a", "hm", "mixed", ["remark"])],
        [{**row, "domain": None, "lang": None} for row in shop_rows()],
        [{**row, "domain": f"분야 {n}", "lang": f"l{n}"} for n, row in enumerate(shop_rows(5))],
        [{**row, "domain": "$x_1$ " + "w" * 90} for row in shop_rows()],
    ],
)
def test_any_gold_makes_a_picture(tmp_path: Path, rows: list[Any]) -> None:
    """One row, no groups, many groups, names in any script: a page of the same size comes out."""
    record = evaluate_file(write_jsonl(tmp_path / "gold.jsonl", rows)).record()
    json.dumps(record, allow_nan=False)
    assert picture_size(accuracy_picture(record)) == (1872, 1328)
