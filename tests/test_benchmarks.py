"""The side-by-side with other tools: outcomes of behaviour tests, figures, and what is held out."""

from __future__ import annotations

import ast
import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, recall_score

from benchmarks import peers
from benchmarks.accuracy import (
    CLASSES,
    Labelled,
    confusion,
    evenly,
    f1_of_yes,
    figure,
    from_tags,
    macro_f1,
    macro_recall,
    part_of,
    ratios,
    read_held_out_tags,
    read_sets,
    table,
)
from benchmarks.peers import PEERS, Example, Loaded, Peer, PeerMissing, PeerProcess, Reading
from classify.training.behaviour import (
    COLUMNS,
    Case,
    Item,
    Judgement,
    Rate,
    behaviour,
    group_names,
    outcome,
    untestable,
)
from earful.errors import DataError

MORE_NEGATIVE = "group[i>0] must not become more negative than group[0]"
MORE_POSITIVE = "group[i>0] must not become more positive than group[0]"
WEAKER = "group[1] must not be less confident in its polarity than group[0]"
STRONGER = "group[1] must not be more confident in its polarity than group[0]"
USED_TO = 'group with "used to" must be weaker'
SAME = "same_as_first_in_group"


def case(expected: str, places: Sequence[int] = (0, 1)) -> Case:
    items = tuple(Item(place, f"The latte, order {place}.") for place in places)
    return Case("a test", "MFT", "Vocabulary", expected, items)


@pytest.mark.parametrize(
    ("expected", "sentiments", "passed"),
    [
        ("negative", ["negative"], True),
        ("negative", ["mixed"], False),
        ("neutral", ["positive"], False),
        ("not_negative", ["positive"], True),
        ("not_negative", ["neutral"], True),
        ("not_negative", ["negative"], False),
        (SAME, ["neutral", "neutral", "neutral"], True),
        (SAME, ["neutral", "neutral", "positive"], False),
    ],
)
def test_an_answer_is_passed_by_its_class(
    expected: str, sentiments: list[str], passed: bool
) -> None:
    """A named answer wants that class of every text, invariance one class for all."""
    judged = [Judgement(sentiment, 0.0) for sentiment in sentiments]
    assert outcome(case(expected, range(len(judged))), judged) is passed


@pytest.mark.parametrize(
    ("expected", "first", "scores", "passed"),
    [
        (MORE_NEGATIVE, ("positive", 0.5), [0.41, 0.9], True),
        (MORE_NEGATIVE, ("positive", 0.5), [0.9, 0.39], False),
        (MORE_POSITIVE, ("negative", -0.5), [-0.41, -0.9], True),
        (MORE_POSITIVE, ("negative", -0.5), [-0.39], False),
        (WEAKER, ("negative", -0.6), [-0.51], True),
        (WEAKER, ("negative", -0.6), [-0.4], False),
        (WEAKER, ("positive", 0.6), [0.95], True),
        (WEAKER, ("positive", 0.6), [-0.6], False),
        (STRONGER, ("positive", 0.6), [0.69], True),
        (STRONGER, ("positive", 0.6), [0.8], False),
        (STRONGER, ("negative", -0.6), [-0.8], False),
        (USED_TO, ("negative", -0.6), [0.4], True),
        (USED_TO, ("negative", -0.6), [-0.8], False),
        (WEAKER, ("neutral", 0.3), [0.0], None),
        (WEAKER, ("positive", 0.05), [-0.9], None),
        (STRONGER, ("mixed", 0.3), [0.9], None),
        (STRONGER, ("positive", 0.95), [1.0], None),
    ],
)
def test_a_direction_is_passed_within_the_tolerance(
    expected: str, first: tuple[str, float], scores: list[float], passed: bool | None
) -> None:
    """A score may move the wrong way by 0.1; what has no polarity to move is no test."""
    judged = [Judgement(*first), *(Judgement("neutral", score) for score in scores)]
    assert outcome(case(expected, range(len(judged))), judged) is passed


@pytest.mark.parametrize(
    ("expected", "places", "testable"),
    [
        ("neutral", [0], True),
        (SAME, [3, 7], True),
        (SAME, [0], False),
        (MORE_NEGATIVE, [0, 4], True),
        (MORE_NEGATIVE, [2, 4], False),
        (STRONGER, [1], False),
    ],
)
def test_what_lacks_its_counterpart_is_not_tested(
    expected: str, places: list[int], testable: bool
) -> None:
    """Invariance needs two texts, a direction the original besides; an answer needs neither."""
    assert (untestable(case(expected, places)) == "") is testable


def written(folder: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> Path:
    path = folder / "behaviour.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])
    return path


def test_rates_count_each_case_once_and_say_what_was_set_aside(tmp_path: Path) -> None:
    """Groups of different tests are apart though their ids are equal; bad rows are counted."""
    rows = [
        ("words", "MFT", "Vocabulary", "1", "0", "Lovely soup.", "positive"),
        ("words", "MFT", "Vocabulary", "2", "0", "Dreadful soup.", "negative"),
        ("towns", "INV", "NER", "1", "0", "The shop in Leeds is lovely.", SAME),
        ("towns", "INV", "NER", "1", "2", "The shop in Turin is lovely.", SAME),
        ("towns", "INV", "NER", "3", "2", "The shop in Turin is shut.", SAME),
        ("phrases", "DIR", "Vocabulary", "1", "0", "Soup at nine.", MORE_NEGATIVE),
        ("phrases", "DIR", "Vocabulary", "1", "1", "Soup at nine. Lovely!", MORE_NEGATIVE),
        ("phrases", "DIR", "Vocabulary", "2", "1", "Tea at nine. Lovely!", MORE_NEGATIVE),
        ("phrases", "DIR", "Vocabulary", "2", "2", "Tea at nine. Good!", MORE_NEGATIVE),
        ("words", "MFT", "Vocabulary", "3", "0", "<soup.Bowl object at 0x7fca>", "neutral"),
        ("words", "MFT", "Vocabulary", "4", "0", "Soup.", "delighted"),
        ("words", "MFT", "Vocabulary", "5", "first", "Soup.", "neutral"),
    ]

    def read(texts: Sequence[str]) -> list[Judgement]:
        return [
            Judgement("positive", 0.8) if "ovely" in text else Judgement("neutral", 0.0)
            for text in texts
        ]

    found = behaviour(read, written(tmp_path, rows))
    assert found.by_type == {"MFT": Rate(1, 2), "INV": Rate(1, 1), "DIR": Rate(1, 1)}
    assert found.by_capability == {"NER": Rate(1, 1), "Vocabulary": Rate(2, 3)}
    assert found.by_test["words"] == Rate(1, 2)
    assert found.by_test["words"].share == 0.5
    assert sum(found.set_aside.values()) == 5
    assert found.set_aside["cases: the original is not in the file"] == 1
    assert found.set_aside["rows: a printed object in the place of a text"] == 1


def test_gaps_compare_the_means_of_groups_of_people(tmp_path: Path) -> None:
    """The gap is that of the groups read best and worst, by the words that name them."""
    rows = [
        (
            "people",
            "INV",
            "Fairness",
            str(at),
            str(place),
            f"{name} is {people} baker.",
            SAME,
        )
        for at, name in enumerate(["Ada", "Bo", "Cleo", "Dov", "Eve", "Flo", "Gus", "Hal"] * 2)
        for place, people in enumerate(["an Icelandic", "a left-handed", "a tall"])
    ]

    def read(texts: Sequence[str]) -> list[Judgement]:
        return [
            Judgement("negative", -0.5)
            if "left" in text and text[0] in "ABCD"
            else Judgement("neutral", 0.25 if "tall" in text else 0.0)
            for text in texts
        ]

    (gap,) = behaviour(read, written(tmp_path, rows)).gaps
    assert (gap.groups, gap.fewest) == (3, 16)
    assert gap.negative.gap == 0.5
    assert gap.negative.highest == "left-handed"
    assert gap.score.gap == 0.5
    assert (gap.score.lowest, gap.score.highest) == ("left-handed", "tall")


def test_a_group_is_not_named_by_the_words_of_one_sentence() -> None:
    """Where few texts are left, their words would be taken for the group's name."""
    texts = {0: ["Ada is a tall baker."] * 12, 1: ["Bo is a Lisbon sailor."]}
    assert group_names(texts)[1] == "group 1"


def test_a_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    """What is not a file of behaviour tests is named, as is one that is not there."""
    with pytest.raises(DataError, match="lack group_id, item_in_group, text, expected"):
        behaviour(lambda texts: [], written(tmp_path, [], COLUMNS[:3]))
    with pytest.raises(DataError, match="cannot read"):
        behaviour(lambda texts: [], tmp_path / "absent.csv")


labels = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1)


@settings(max_examples=30, deadline=None)
@given(labels)
def test_macro_figures_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    """Counts give the same macro recall and macro-F1 as the labels themselves."""
    gold, called = zip(*pairs, strict=True)
    matrix = confusion(gold, called, CLASSES)
    scored = {"labels": CLASSES[:3], "average": "macro", "zero_division": 0}
    assert float(macro_recall(matrix)) == pytest.approx(recall_score(gold, called, **scored))
    assert float(macro_f1(matrix)) == pytest.approx(f1_score(gold, called, **scored))


def test_an_interval_holds_its_figure_and_narrows_with_the_comments() -> None:
    """Four times the comments of one kind make the interval about half as wide; no draw is lost."""
    matrix = np.array([[60, 10], [15, 15]])
    few, many = figure(f1_of_yes, matrix), figure(f1_of_yes, 4 * matrix)
    assert few.value == pytest.approx(2 * 15 / (30 + 25))
    assert few.low < few.value < few.high
    assert 0.4 < (many.high - many.low) / (few.high - few.low) < 0.6
    assert figure(f1_of_yes, matrix) == few


def test_scores_become_classes_by_their_threshold() -> None:
    """The threshold itself is positive; without one, 0 alone is neutral."""
    assert peers.by_threshold([0.05, 0.04, -0.05, -0.04], 0.05) == [
        "positive",
        "neutral",
        "negative",
        "neutral",
    ]
    assert peers.by_threshold([0.0, 1e-6, -1e-6]) == ["neutral", "positive", "negative"]


def test_a_sample_is_spread_over_the_whole() -> None:
    """A sample takes rows from all over a set, in order, and no row twice."""
    assert evenly(list(range(10)), 4) == [0, 2, 5, 7]
    assert evenly([1, 2], 4) == [1, 2]
    assert evenly([1, 2], None) == [1, 2]


@pytest.fixture
def sets_folder(tmp_path: Path) -> Path:
    """A folder of sets of our own, 40 labelled comments of which two are alike."""
    for name in ("labelled", "sentiment"):
        (tmp_path / name).mkdir()
    rows = [
        {
            "uid": f"mail:shop:{at}",
            "text": f"Number {at}: please bake rye bread on day {at}",
            "sentiment": "neutral",
            "categories": ["request"] if at % 2 else ["remark"],
        }
        for at in range(39)
    ]
    rows.append({**rows[0], "uid": "mail:shop:again", "text": f"{rows[0]['text']}!".upper()})
    (tmp_path / "labelled" / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name in ("train", "val"):
        (tmp_path / "sentiment" / f"tweets_en_{name}.csv").write_text(
            f"text,label_name\nCaf\\u00e9 open for {name},neutral\n"
        )
    return tmp_path


def test_no_held_out_comment_is_learned_nor_one_of_the_same_words(sets_folder: Path) -> None:
    """The file's uids are the held-out part; their doubles elsewhere are not learned from."""
    sets = read_sets(sets_folder, {"mail:shop:0": {}, "mail:shop:7": {}}, None)
    assert [one.uid for one in sets.held_out] == ["mail:shop:0", "mail:shop:7"]
    learned = {one.text for one in sets.examples["labelled"]}
    assert len(learned) == 37
    assert not any(text.lower().startswith(("number 0:", "number 7:")) for text in learned)
    assert sets.tweets == [("Café open for val", "neutral")]


def test_without_held_out_tags_a_fifth_is_held_out_by_its_words(sets_folder: Path) -> None:
    """Comments of the same words fall into the same part."""
    sets = read_sets(sets_folder, None, None)
    assert 0 < len(sets.held_out) < 20
    assert part_of("Please, RYE bread") == part_of("please rye bread!")


def test_tags_of_everything_are_refused(sets_folder: Path) -> None:
    """Where nothing is left to learn from, a comparison with what learns is none."""
    everything: dict[str, Any] = {f"mail:shop:{at}": {} for at in range(39)}
    with pytest.raises(DataError, match="39 of 40 labelled comments"):
        read_sets(sets_folder, everything, None)


def test_rows_of_tags_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    """A broken or doubled row is set aside with its reason, the others are kept."""
    path = tmp_path / "tags.jsonl"
    good = {"uid": "a", "sentiment": None, "categories": ["request"], "asks": []}
    path.write_text("\n".join([json.dumps(good), json.dumps(good), "{", '{"uid": "b"}', "3"]))
    tags, aside = read_held_out_tags(path)
    assert list(tags) == ["a"]
    assert sorted(aside.values()) == [1, 3]
    comment = Labelled("a", "Rye bread, please.", "neutral", request=True)
    assert from_tags([comment], tags) == Reading(sentiments=["neutral"], requests=[True])


def row(name: str, recall: float, speed: float | None, held_out: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.title(),
        "tweets": {"macro_recall": {"value": recall, "low": 0.1, "high": 0.9}},
        "held_out": held_out,
        "behaviour": None,
        "speed": speed and {"comments_per_second": speed},
    }


def test_ratios_leave_out_what_was_not_measured() -> None:
    """earful's figure over the other's, and none where either has none."""
    rows = [
        row("earful", 0.6, 300.0, "not measured"),
        row("lexicon", 0.4, 1200.0, {"sentiment_macro_f1": None, "request_f1": None}),
        row("constant", 0.3, None, "not measured"),
    ]
    assert ratios(rows) == {
        "lexicon": {"tweets_macro_recall": 1.5, "comments_per_second": 0.25},
        "constant": {"tweets_macro_recall": 2.0},
    }
    assert ratios(rows[1:]) == {}
    assert "| Earful | 0.600 (0.100–0.900) | not measured | not measured |" in table(rows)


def test_peers_import_nothing_but_the_standard_library_until_loaded() -> None:
    """The module must start in a peer's environment, where nothing else is installed."""
    tree = ast.parse(Path(peers.__file__).read_text(encoding="utf-8"))
    names = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    names += [one.name for node in tree.body if isinstance(node, ast.Import) for one in node.names]
    assert {str(name).split(".")[0] for name in names} <= sys.stdlib_module_names


def test_a_peer_answers_through_its_pipes_in_order() -> None:
    """A process reads what it is given, text by text, and is timed once a pass."""
    texts = ["Please bring back the rye bread", "Bought rye bread\nand a bun", "I want ☕ at six"]
    with PeerProcess(PEERS["wish_words"], [Path(sys.executable)], []) as process:
        assert process.read(texts) == Reading(requests=[True, False, True])
        assert len(process.cpu_seconds(texts, 3)) == 3


def test_a_peer_that_cannot_run_is_missing_and_says_why() -> None:
    """Neither a package that is not there nor a process that ends stops the others."""

    def lacking(_: Sequence[Example]) -> Loaded:
        raise ImportError("No module named 'nosuch'")

    peer = Peer("nosuch", "Nosuch", "MIT", "", lacking)
    answers = io.StringIO()
    peers.serve(peer, io.StringIO('{"do": "load", "examples": []}\n'), answers)
    assert json.loads(answers.getvalue()) == {"missing": "No module named 'nosuch'"}
    with pytest.raises(PeerMissing, match="ended with status"):
        PeerProcess(peer, [Path(sys.executable)], [])
