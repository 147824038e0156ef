"""The demo finds what was planted in its feed, and is not taken in by what shall mislead."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

BREAKFAST = ("breakfast", "egg stack", "hash coins", "pancakes", "porridge")


@pytest.fixture(scope="module")
def truth() -> dict[str, tuple[str, list[str]]]:
    """Uid -> (story, what is asked for), as the feed's writers planted it."""
    with (ROOT / "tests" / "demo_truth.csv").open(encoding="utf-8", newline="") as file:
        return {
            f"{row['source']}:import:{row['id']}": (
                row["story"],
                row["asks"].split("|") if row["asks"] else [],
            )
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project after ``earful demo``, run once for this file."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.delenv("EARFUL_KEY", raising=False)
        from earful.pipeline import run_demo

        run_demo(folder / "bramble", say=lambda _: None)
    return folder / "bramble"


@pytest.fixture(scope="module")
def report(demo: Path) -> dict:
    return json.loads((demo / "out" / "signals.json").read_text(encoding="utf-8"))


def uids_by_story(truth: dict[str, tuple[str, list[str]]]) -> dict[str, set[str]]:
    stories = defaultdict(set)
    for uid, (story, _) in truth.items():
        stories[story].add(uid)
    return stories


def test_every_row_arrives_once(demo: Path, truth: dict) -> None:
    """All rows of the four files are in the ledger under their own ids, and none is refused."""
    with sqlite3.connect(demo / "earful.db") as ledger:
        stored = {uid for (uid,) in ledger.execute("SELECT uid FROM comments")}
    assert stored == set(truth)
    assert not list((demo / "rejects").glob("*.csv"))


def test_the_brigade_counts_as_one(demo: Path, report: dict, truth: dict) -> None:
    """Sixty accounts that paste one text are one original and fifty-nine copies, set aside."""
    brigade = uids_by_story(truth)["brigade"]
    with sqlite3.connect(demo / "earful.db") as ledger:
        copies = {
            uid for (uid,) in ledger.execute("SELECT uid FROM comments WHERE copy_of NOT NULL")
        }
    assert len(copies & brigade) == 59
    for signal in report["signals"]:
        assert len(set(signal["uids"]) & brigade) <= 1


def test_adverts_are_set_aside_and_nobody_else(demo: Path, truth: dict) -> None:
    """Nine of ten of the planted adverts are spam; of twelve hundred others at most one."""
    adverts = uids_by_story(truth)["spam"]
    with sqlite3.connect(demo / "earful.db") as ledger:
        spam = {uid for (uid,) in ledger.execute("SELECT uid FROM tags WHERE spam_score >= 0.5")}
    assert len(spam & adverts) >= 0.9 * len(adverts)
    assert len(spam - adverts) <= 1


def test_a_report_at_the_lowest_rung_shows_the_brigade(
    earful: Callable, demo: Path, report: dict, truth: dict, monkeypatch
) -> None:
    """Counted by posts, a signal holds many of the sixty pasted comments; the ladder is the same,
    and what falls from its rungs is told comment by comment."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(demo.parent / "config"))
    out = demo.parent / "posts"
    made = earful(
        "report", "--rung", "posts", "--out", out, "--format", "json,csv", "--project", demo
    )
    assert made.code == 0, made.err
    posts = json.loads((out / "signals.json").read_text(encoding="utf-8"))
    brigade = uids_by_story(truth)["brigade"]
    assert max(len(set(signal["uids"]) & brigade) for signal in posts["signals"]) >= 25
    assert (posts["rung"], report["rung"]) == ("posts", "people")
    assert posts["ladder"] == report["ladder"]
    with (out / "set-aside.csv").open(encoding="utf-8-sig", newline="") as file:
        aside = {row["uid"]: row["rung"] for row in csv.DictReader(file)}
    ladder = report["ladder"]
    assert list(aside.values()).count("copies") == ladder["posts"] - ladder["without_copies"]
    assert list(aside.values()).count("spam") == ladder["without_copies"] - ladder["without_spam"]
    assert len(brigade & set(aside)) == 59


def test_short_identical_words_of_different_people_are_no_copies(demo: Path, truth: dict) -> None:
    """Ten people who write the same three or four words are ten people."""
    short = uids_by_story(truth)["near_copy"]
    with sqlite3.connect(demo / "earful.db") as ledger:
        copies = {
            uid for (uid,) in ledger.execute("SELECT uid FROM comments WHERE copy_of NOT NULL")
        }
    assert not copies & short


def test_one_loud_person_is_no_trend(report: dict, truth: dict) -> None:
    """Forty-five posts of one author on two platforms are one person on each, and no trend."""
    loud = uids_by_story(truth)["loud_person"]
    theirs = [signal for signal in report["signals"] if set(signal["uids"]) <= loud]
    assert theirs
    for signal in theirs:
        assert signal["people"] <= len(signal["sources"]) <= 2
        assert signal["grade"] != "trend"


def test_all_day_breakfast_leads(report: dict, truth: dict) -> None:
    """The story that the feed is about fills the top, and is made of those who ask for it."""
    asked = {
        uid
        for uid, (_, asks) in truth.items()
        if any(thing in ask for ask in asks for thing in BREAKFAST)
    }
    top = report["signals"][:3]
    for name in ("all-day breakfast", "egg stack"):
        (signal,) = [s for s in top if s["name"] == name]
        assert len(set(signal["uids"]) & asked) >= 0.8 * len(signal["uids"])
        assert signal["people"] >= 10


def test_praise_for_what_exists_is_no_demand(report: dict, truth: dict) -> None:
    """Of those who count as asking for breakfast all day, few are glad that there is one."""
    glad = uids_by_story(truth)["breakfast_launched"]
    counted = {
        uid
        for signal in report["signals"]
        if any(thing in signal["name"] for thing in BREAKFAST)
        for uid in signal["uids"]
    }
    assert len(counted) >= 80
    assert len(glad & counted) <= len(counted) / 10


def test_planted_wishes_are_among_the_signals(report: dict) -> None:
    """The discontinued drink, the vegan burger, dark mode and the survey's salads are found."""
    shared = [s["name"] for s in report["signals"] if s["grade"] != "coincidence"]
    for wish in ("plum fizz", "vegan burger", "dark mode", "salad"):
        assert any(wish in name for name in shared), (wish, shared)


def test_personal_data_of_the_feed_is_redacted(demo: Path) -> None:
    """Six rows hold an address, a number or a name on purpose: none of them is stored."""
    with sqlite3.connect(demo / "earful.db") as ledger:
        texts = "\n".join(text for (text,) in ledger.execute("SELECT text FROM comments"))
    for personal in ("@example.com", "07700 900", "555-01"):
        assert personal not in texts
    assert "[email]" in texts
    assert "[phone]" in texts


def test_the_demo_again_adds_nothing(earful: Callable, demo: Path, monkeypatch) -> None:
    """Running the demo in the same folder again brings no row twice."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(demo.parent / "config"))
    again = earful("demo", str(demo))
    assert again.code == 0, again.err
    assert again.out.count(" 0 new") == 4
    assert "0 comments tagged" in again.out
