"""The page of truth says what was measured, and the benchmarks of grouping measure groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.grouper import asks_frame, product
from benchmarks.grouping import agreement, duplicates, known_pairs, measure
from benchmarks.grouping_speed import grown, planted_asks, ratios
from benchmarks.labelled_asks import FoundAsk as LabelledAsk
from benchmarks.labelled_asks import by_words
from benchmarks.labelled_asks import measure as measure_labelled
from benchmarks.truth import PAGE, figures_of, render
from benchmarks.wants.__main__ import _found, _joined, _lone, _nearest_centre, read_wordings
from classify.tagger import Tagger
from earful.errors import DataError
from reports.neighbours import unit


def test_the_page_shows_the_committed_figures() -> None:
    """docs/truth.md is what rendering makes of it: no figure is out of date or typed by hand."""
    page = PAGE.read_text(encoding="utf-8")
    assert render(page, figures_of()) == page
    assert page.count("<!-- figures: ") == len(figures_of())


def test_a_block_that_nothing_measures_is_an_error() -> None:
    """A misspelt block would stay empty for ever."""
    assert render("<!-- figures: a -->\nold\n<!-- end -->", {"a": "new"}) == (
        "<!-- figures: a -->\nnew\n<!-- end -->"
    )
    with pytest.raises(DataError, match="'b'"):
        render("<!-- figures: b -->\n<!-- end -->", {"a": "new"})


def test_figures_that_are_not_there_are_said_to_be_missing(tmp_path: Path) -> None:
    """Without results a block says so; with results it has a row for every set."""
    assert set(figures_of(tmp_path).values()) == {"Not measured yet."}
    told = {
        "encoder": "e-1",
        "bank": {
            "asks": 9, "labels": 2, "groups": 2, "alone": 1, "nmi": 0.5, "nmi_alone": 0.4,
            "ari": 0.3, "pair_f1": 0.2, "pair_precision": 0.1, "pair_recall": 0.9,
        },
        "bugs": {"reports": 9, "pairs": 4, "together": 3, "chance": 0.01, "largest": 5},
    }  # fmt: skip
    (tmp_path / "grouping.json").write_text(json.dumps(told), encoding="utf-8")
    shown = figures_of(tmp_path)["grouping"]
    assert "| bank | 9 | 2 | 2 | 1 | 0.500 | 0.400 |" in shown
    assert "| bugs | 9 | 4 | 3 | 1.0000% | 5 |" in shown


def test_agreement_of_equal_and_of_no_groups() -> None:
    """Groups that are the labels agree wholly; asks that all stand alone have no pair."""
    labels = ["a", "a", "b", "b", "b"]
    same = agreement(labels, [4, 4, 9, 9, 9])
    assert (same.nmi, same.ari, same.pair_f1, same.groups, same.alone) == (1, 1, 1, 2, 0)
    alone = agreement(labels, [1, 2, 3, 4, 5])
    assert (alone.pair_f1, alone.groups, alone.alone) == (0, 0, 5)
    assert alone.nmi == alone.nmi_alone > 0


def test_duplicates_are_pairs_in_one_group(tmp_path: Path) -> None:
    """A pair counts once whichever way round it stands, and only where both reports are there."""
    path = tmp_path / "pairs.csv"
    path.write_text("Issue id,Duplicate id\n1,2\n2,1\n3,4\n4,99\n", encoding="utf-8")
    pairs = known_pairs(path, {"1", "2", "3", "4"})
    assert pairs == {frozenset("12"), frozenset("34")}
    told = duplicates(["1", "2", "3", "4"], pairs, [7, 7, 8, 9])
    assert (told.pairs, told.together, told.largest, told.groups) == (2, 1, 2, 1)
    assert told.chance == pytest.approx(1 / 6, abs=1e-5)


def test_the_labelled_sets_are_measured(tmp_path: Path) -> None:
    """All four sets go through the grouping that is given; one that is not there is an error."""
    with pytest.raises(DataError, match="--data"):
        measure(tmp_path, Tagger.load())
    for name, column in (("banking77", "category"), ("clinc150", "intent")):
        (tmp_path / f"{name}_train.csv").write_text(
            f"text,{column}\nwhere is my umbrella,lost\nlost my hat,lost\nhello,oos\n",
            encoding="utf-8",
        )
    for name in ("seamonkey", "hadoop"):
        (tmp_path / f"{name}_bugs.csv").write_text(
            "Summary,Issue id\nButton is blue,1\nBlue button,2\n", encoding="utf-8"
        )
        (tmp_path / f"{name}_duplicate_pairs.csv").write_text(
            "Issue id,Duplicate id\n1,2\n", encoding="utf-8"
        )
    told = measure(tmp_path, Tagger.load(), lambda asks: np.zeros(len(asks), dtype=np.int64))
    assert (told["banking77"]["asks"], told["banking77"]["pair_recall"]) == (2, 1)
    assert (told["hadoop"]["pairs"], told["hadoop"]["together"]) == (1, 1)


def test_the_product_gives_every_ask_a_group() -> None:
    """Asks in the same words are together, others apart, and no number stands for no group."""
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]
    items = ["folding chairs", "folding chairs", "warm soup", "it"]
    groups = product(asks_frame(items, items, vectors, "v"))
    assert groups.min() >= 0
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 3


def test_grown_asks_are_the_same_each_time_and_new_things_turn_up() -> None:
    """More asks have more things, all have unit vectors, and equal sizes give equal asks."""
    pieces = planted_asks()
    vectors = unit(np.random.default_rng(1).standard_normal((len(pieces), 8), dtype=np.float32))
    few, many = (grown(count, vectors, pieces, "v") for count in (200, 4_000))
    assert few["item"].tolist() == grown(200, vectors, pieces, "v")["item"].tolist()
    assert few["item"].nunique() < many["item"].nunique() < 4_000
    assert np.linalg.norm(np.stack(many["vector"].tolist()), axis=1) == pytest.approx(1, abs=1e-5)


def test_ratios_compare_each_size_with_the_one_before() -> None:
    """Ten times the asks in twelve times the seconds."""
    rows = [{"asks": 100, "cpu_seconds": 0.5}, {"asks": 1_000, "cpu_seconds": 6.0}]
    assert ratios(rows) == [{"asks": 1_000, "times_the_asks": 10.0, "times_the_seconds": 12.0}]


def test_a_want_is_found_in_the_group_that_holds_most_of_it() -> None:
    """A want in pieces is not found, nor one whose group is full of another; groups may be pure."""
    items = ["lid", "lid", "lid", "lid", "hull", "hull", "strap"]
    found, pure = _found(items, [1, 1, 1, 2, 2, 3, 4])
    assert dict(zip(sorted(set(items)), found, strict=True)) == {
        "hull": False,
        "lid": True,
        "strap": True,
    }
    assert pure == [True, False]


def test_lone_asks_are_one_wording_of_every_want() -> None:
    by_trade = read_wordings()
    projects = _lone(by_trade)
    wants = {(one.trade, one.item) for wordings in by_trade.values() for one in wordings}
    for project in projects:
        assert len(project) == len(wants) == len({(one.trade, one.item) for one in project})
    said = [one.said for project in projects for one in project]
    assert sorted(said) == sorted(one.said for rows in by_trade.values() for one in rows)
    assert _joined([1, 2, 1, 3]) == [True, False, True, False]


def test_the_centre_of_a_want_does_not_hold_the_ask_itself() -> None:
    """An ask that lies apart from the other wordings of its want is not near to it."""
    east, north = [1.0, 0.0], [0.0, 1.0]
    vectors = np.array([east, east, north, north, east], np.float32)
    right = _nearest_centre(["lid", "lid", "hull", "hull", "hull"], vectors)
    assert right == [True, True, True, True, False]


def test_every_near_miss_is_a_want_of_its_trade() -> None:
    """Wordings are whole: twelve of each want, no near miss that is not there."""
    for wordings in read_wordings().values():
        items = [one.item for one in wordings]
        assert {items.count(item) for item in items} == {12}
        assert all(one.near <= set(items) - {one.item} for one in wordings)


def labelled(named: str, item: str, *vector: float) -> LabelledAsk:
    """An ask that a reader named, and what the tagger made of it."""
    return LabelledAsk(named, item, f"please, {item}", "change", vector)


def test_labelled_asks_are_judged_by_what_readers_named() -> None:
    """Three are together: one pair the same, one kin, one neither; one pair was missed."""
    found = [
        labelled("calling feature", "calls", 1, 0),
        labelled("the calling feature", "calls", 1, 0),
        labelled("calling on tablets", "calls", 1, 0),
        labelled("dark mode", "night colours", 0, 1),
        labelled("dark mode", "black pages", 0, 1),
    ]
    told = measure_labelled({"app": found}, "v", lambda asks: np.array([1, 1, 1, 2, 3]))
    assert (told.asks, told.together, told.large, told.mixed) == (5, 3, 0, 0)
    assert (told.same, told.kin, told.recall, told.joined) == (0.3333, 1.0, 0.5, 0.6)


def test_grouping_by_words_looks_at_no_vectors() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    asks = asks_frame(["calls", "phoning", "calls"], ["a", "b", "c"], vectors, "v")
    one, other, same = by_words(asks).tolist()
    assert one == same != other
