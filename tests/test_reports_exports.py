"""The exports keep the contract, open in a spreadsheet without harm, and are whole or not there."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from test_reports_material import Said, made_facts, weeks_on

from earful.errors import ConfigurationError
from earful.records import Coverage
from earful.settings import Settings
from reports import exports
from reports.atomic import replacing
from reports.demand import Demand
from reports.fact_tables import Window
from reports.signals import demand_signals

SAID = [
    Said("=cmd|'/c calc'!A1 oat milk", (("=oat milk", "new_offering"),), author="a"),
    Said("+44 people want oat milk", (("=oat milk", "new_offering"),), author="b"),
    Said(
        "@lane 귀리 우유 \U0001f95b please\nnow", (("귀리 우유", "new_offering", "밤"),), author="c"
    ),
    Said("No date, no author, no oat milk", (("=oat milk", "fix"),), author=None, when=None),
    Said("ᏩᏙ", author="e", lang="chr", read=False, when=weeks_on(40)),
]
CONTRACT = Path(__file__).resolve().parents[2] / "shared" / "check" / "contract.py"


@pytest.fixture
def demand(tmp_path: Path) -> Demand:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    coverage = [Coverage("forum", None, moment, "capped", "1,000 newest")]
    facts = made_facts(tmp_path / "facts", SAID)
    return demand_signals(facts, Window(), Settings(project="Kettle Lane"), coverage, now=moment)


def test_signals_json_has_the_shape_of_the_contract(demand: Demand, tmp_path: Path) -> None:
    """Names and shapes as DESIGN.md writes them; text of any language stays readable."""
    (path,) = exports.write(demand, tmp_path, ["json"])
    text = path.read_text(encoding="utf-8")
    report = json.loads(text)
    assert "귀리 우유" in text
    assert report["generated_at"] == "2025-01-01T00:00:00+00:00"
    assert report["window"].keys() >= {"since", "until"}
    assert report["coverage"][0]["state"] == "capped"
    assert report["ladder"] == {
        "posts": 5,
        "without_copies": 5,
        "without_spam": 5,
        "people": 5,
        "people_basis": "mixed",
    }
    milk = report["signals"][0]
    assert (milk["people"], milk["mentions"], len(milk["uids"])) == (3, 3, 3)
    assert milk["estimate"] == {
        "people": 3,
        "low": 3,
        "high": 3,
        "measured": False,
        "left_out": 3,
        "why_not": "not measured: how well these models read",
    }
    assert milk["series"] == [["2024-01-01", 2, 2]]
    assert (report["undated"], report["unread"]) == (1, {"chr": 1})


def test_signals_json_passes_the_contract_check(demand: Demand, tmp_path: Path) -> None:
    """The checker beside the checkout finds no breach."""
    if not CONTRACT.is_file():
        pytest.skip("needs ../shared/check, which is not beside this checkout")
    (path,) = exports.write(demand, tmp_path, ["json"])
    done = subprocess.run(
        [sys.executable, str(CONTRACT), "signals", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_csv_holds_no_formula(demand: Demand, tmp_path: Path) -> None:
    """No cell begins with a character that starts a formula; every signal has its row."""
    paths = exports.write(demand, tmp_path, ["csv"])
    assert [p.name for p in paths] == [
        "signals.csv",
        "signals-items.csv",
        "signals-quotes.csv",
        "signals-hours.csv",
        "signals-tuples.csv",
        "set-aside.csv",
    ]
    cells = 0
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                cells += len(row)
                assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert cells > 50
    assert pd.read_csv(paths[0])["name"].tolist() == ["'=oat milk", "귀리 우유"]


def test_xlsx_holds_no_formula_and_every_sheet(demand: Demand, tmp_path: Path) -> None:
    """Text that looks like a formula or a link is stored as text, as it was written."""
    (path,) = exports.write(demand, tmp_path, ["xlsx"])
    with zipfile.ZipFile(path) as book:
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
        content = "".join(book.read(name).decode() for name in sheets)
    assert len(sheets) == 5
    assert "<f>" not in content
    read = pd.read_excel(path, engine="calamine", sheet_name=["Signals", "Quotes", "About"])
    assert read["Signals"]["name"].tolist() == ["=oat milk", "귀리 우유"]
    assert "+44 people want oat milk" in read["Quotes"]["quote"].tolist()
    assert read["Signals"]["people"].tolist() == [3, 1]


def test_parquet_holds_flat_columns_and_lists(demand: Demand, tmp_path: Path) -> None:
    """One row a signal; uids and quotes beside the flat columns."""
    (path,) = exports.write(demand, tmp_path, ["parquet"])
    rows = pq.read_table(path).to_pylist()
    assert [(row["name"], row["people"], len(row["uids"])) for row in rows] == [
        ("=oat milk", 3, 3),
        ("귀리 우유", 1, 1),
    ]
    assert rows[1]["moments"] == [("밤", 1)]
    assert rows[0]["quotes"][0]["uid"].startswith("forum:kl:")


def test_exports_of_nothing_are_readable(tmp_path: Path) -> None:
    """An empty project gives empty tables with their headings."""
    facts = made_facts(tmp_path / "facts", [])
    nothing = demand_signals(facts, Window(), Settings())
    paths = exports.write(nothing, tmp_path, exports.formats)
    assert len(paths) == 9
    assert json.loads((tmp_path / "signals.json").read_text())["signals"] == []
    assert "people" in pd.read_csv(tmp_path / "signals.csv").columns
    assert pq.read_table(tmp_path / "signals.parquet").num_rows == 0


def test_file_is_replaced_whole_or_left_alone(tmp_path: Path) -> None:
    """A write that fails half way leaves the old file and no draft."""
    path = tmp_path / "signals.json"
    path.write_text("old")
    with suppress(KeyboardInterrupt), replacing(path) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["signals.json"]
    with replacing(path) as draft:
        draft.write_text("new")
    assert path.read_text() == "new"


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message names the file and tells what to do."""
    (tmp_path / "out").write_text("a file, no folder")
    with pytest.raises(ConfigurationError, match="--out"), replacing(tmp_path / "out" / "x"):
        pass
