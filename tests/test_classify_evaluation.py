"""Evaluation agrees with counts made by hand, and with the outside scorer where it is there."""

from __future__ import annotations

import importlib.util
import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify import evaluation
from classify.accuracy import MEASURED, languages_read, measured_accuracy
from classify.evaluation import RESAMPLES, evaluate, item_words
from classify.labels import CATEGORIES, SENTIMENTS
from classify.shipped import MANIFEST
from earful.errors import DataError


def row(uid: str, text: str, sentiment: str, categories: list[str], *asks: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "text": text,
        "sentiment": sentiment,
        "categories": categories,
        "asks": list(asks),
    }


def ask(quote: str, item: str, kind: str = "change", strength: int = 2) -> dict[str, Any]:
    return {"quote": quote, "item": item, "type": kind, "strength": strength}


GOLD = [
    {
        **row("1", "add a ramp please", "neutral", ["request"], ask("add a ramp", "ramp")),
        "domain": "shop",
        "lang": "en",
    },
    {**row("2", "cold fries", "negative", ["problem"]), "domain": "food", "lang": "en"},
    {**row("3", "lovely", "positive", ["praise"]), "domain": "food", "lang": "en"},
]


def test_figures_are_those_counted_by_hand() -> None:
    """One wrong sentiment, one false problem and half a quote come out as they should."""
    tags = [
        {
            **row("1", "", "neutral", ["request", "problem"], ask("a ramp", "ramps", "fix")),
            "category_scores": {"request": 1.0, "problem": 0.75},
        },
        {**row("2", "", "negative", ["problem"]), "category_scores": {"problem": 1.0}},
        {**row("3", "", "neutral", ["praise"]), "category_scores": {"praise": 1.0}},
    ]
    found = evaluate(GOLD, tags)
    assert found.overall.sentiment_accuracy == pytest.approx(2 / 3)
    assert found.overall.sentiment_macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found.categories["problem"].precision == pytest.approx(1 / 2)
    assert found.categories["problem"].recall == 1
    assert found.overall.request_f1 == 1
    assert found.overall.ask_char_f1 == pytest.approx(2 * 6 / (6 + 10))
    assert (found.overall.asks, found.overall.item_word_match) == (1, 1)
    assert (found.overall.type_accuracy, found.overall.strength_accuracy) == (0, 1)
    assert found.calibration["problem"] == pytest.approx(0.75 / 3)
    assert found.calibration["request"] == 0
    assert set(found.by_domain) == {"shop", "food"}
    assert found.by_domain["food"].comments == 2


def labelled(*rows: tuple[str, list[str], str, list[str]]) -> Any:
    """An evaluation of rows of (gold sentiment, gold categories, told sentiment, told ones)."""
    gold = [row(str(n), "a b c", held, names) for n, (held, names, _, _) in enumerate(rows)]
    tags = [row(str(n), "", told, names) for n, (_, _, told, names) in enumerate(rows)]
    return evaluate(gold, tags)


def test_labels_without_support_do_not_pull_a_mean_down() -> None:
    """A mean is of the labels that the gold carries, and says which; false alarms stay visible."""
    found = labelled(
        ("negative", ["problem"], "negative", ["problem"]),
        ("neutral", ["request"], "neutral", ["request", "churn_risk"]),
    )
    assert found.overall.main_macro_f1 == 1
    assert found.overall.averaged["main_macro_f1"] == ("request", "problem")
    assert found.overall.averaged["sentiment_macro_f1"] == ("negative", "neutral")
    assert found.macros["main_categories"].f1 == 1
    assert len(found.macros["main_categories"].labels) == 6
    assert (found.categories["churn_risk"].support, found.categories["churn_risk"].called) == (0, 1)
    assert found.categories["churn_risk"].precision == 0


def test_nothing_to_average_is_told_as_such() -> None:
    """Mixed comments alone support no mean of the other three: none is averaged."""
    found = labelled(("mixed", ["remark"], "mixed", ["remark"]))
    assert found.overall.averaged["sentiment_macro_f1"] == ()
    assert found.overall.sentiment_macro_f1 == 0
    assert found.overall.intervals["sentiment_macro_f1"] is None


def test_means_are_of_precision_and_recall_too() -> None:
    """The mean precision and recall are those of the labels, unweighted."""
    found = labelled(
        ("negative", [], "negative", []),
        ("negative", [], "positive", []),
        ("positive", [], "positive", []),
    )
    assert found.macros["sentiment"].precision == pytest.approx((1 + 1 / 2) / 2)
    assert found.macros["sentiment"].recall == pytest.approx((1 / 2 + 1) / 2)


def half_right(times: int) -> Any:
    """Requests of which three in four are found, beside as many problems called one at times."""
    return labelled(
        *(
            ("neutral", ["request"], "neutral", ["request" if n % 4 else "problem"])
            for n in range(8 * times)
        ),
        *(
            ("negative", ["problem"], "negative", ["problem" if n % 5 else "request"])
            for n in range(10 * times)
        ),
    )


def test_intervals_are_those_of_a_plain_bootstrap() -> None:
    """The vectorised interval equals the one that a loop over the same draws counts."""
    found = half_right(3)
    held = [True] * 24 + [False] * 30
    called = [bool(n % 4) for n in range(24)] + [not n % 5 for n in range(30)]
    random_rows = np.random.default_rng(evaluation._SEED).integers(0, 54, (RESAMPLES, 54))
    figures = []
    for drawn in random_rows.tolist():
        true = sum(held[n] and called[n] for n in drawn)
        figures.append(2 * true / (sum(held[n] for n in drawn) + sum(called[n] for n in drawn)))
    low, high = np.percentile(figures, (2.5, 97.5))
    interval = found.overall.intervals["request_f1"]
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))
    assert found.categories["request"].interval == interval
    assert interval.low < found.overall.request_f1 < interval.high


def test_intervals_are_the_same_each_time_and_in_any_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seed is fixed, and how many resamples are counted at a time changes nothing."""
    once = half_right(2)
    assert half_right(2) == once
    monkeypatch.setattr(evaluation, "_MOST_CELLS", 100)
    assert half_right(2) == once


def test_intervals_shrink_with_the_root_of_the_comments() -> None:
    """Sixteen times the comments make an interval about a quarter as wide."""

    def width(times: int) -> float:
        interval = half_right(times).overall.intervals["main_macro_f1"]
        return float(interval.high - interval.low)

    assert 3 < width(2) / width(32) < 5.5


def test_no_interval_where_a_bootstrap_knows_nothing() -> None:
    """Neither under five gold comments nor without a single error is there an interval."""
    four = [("neutral", ["request"], "neutral", ["request" if n else "praise"]) for n in range(4)]
    others = [("positive", ["praise"], "positive", ["praise"]) for _ in range(30)]
    found = labelled(*four, *others)
    assert found.categories["request"].support == 4
    assert found.categories["request"].interval is None
    assert found.sentiments["positive"].f1 == 1
    assert found.sentiments["positive"].interval is None
    assert found.categories["praise"].interval is not None


def test_reliability_bins_are_those_counted_by_hand() -> None:
    """Ten bins keep mean confidence, the share that holds and the count; the error sums them."""
    likely = [0.05, 0.07, 0.62, 0.68, 1.0]
    holds = [False, False, True, False, True]
    gold = [
        row(str(n), "a", "negative", ["problem"] if held else ["remark"])
        for n, held in enumerate(holds)
    ]
    tags = [
        {**row(str(n), "", "negative", []), "category_scores": {"problem": p},
         "sentiment_score": -0.9 if n else 0.9}
        for n, p in enumerate(likely)
    ]  # fmt: skip
    found = evaluate(gold, tags)
    bins = found.reliability["problem"]
    assert [one.comments for one in bins] == [2, 0, 0, 0, 0, 0, 2, 0, 0, 1]
    assert [(one.low, one.high) for one in bins][6] == (0.6, 0.7)
    assert bins[1].confidence is None
    assert bins[6].confidence == pytest.approx(0.65)
    assert bins[6].share == 0.5
    assert found.calibration["problem"] == pytest.approx((2 * 0.06 + 2 * 0.15 + 0) / 5)
    assert found.calibration["sentiment"] == pytest.approx((4 * 0.05 + 0.95) / 5)
    assert [one.comments for one in found.reliability["sentiment"]][::9] == [4, 1]


def test_comments_that_were_not_read_count_as_wrong_and_have_no_probability() -> None:
    """A language that is not served lowers the figures, and is no matter of calibration."""
    gold = [row("1", "สวัสดี", "positive", ["praise"]), row("2", "nice", "positive", ["praise"])]
    tags = [
        {"uid": "1", "read": False, "sentiment": None, "categories": None, "asks": None,
         "category_scores": [], "sentiment_score": None, "lang": "th"},
        {"uid": "2", "read": True, "sentiment": "positive", "categories": ["praise"], "asks": [],
         "category_scores": [("praise", 1.0)], "sentiment_score": 1.0, "lang": "en"},
    ]  # fmt: skip
    found = evaluate(gold, tags)
    assert found.overall.unread == 1
    assert found.overall.sentiment_accuracy == 0.5
    assert found.calibration["praise"] == 0
    assert found.langs_told == 2
    assert found.by_lang["th"].unread == 1
    assert "sentiment" in found.calibration


def test_asks_that_are_not_labelled_are_not_measured() -> None:
    """A gold row that says nothing of asks makes no false alarm of those that were found."""
    gold = [
        row("1", "add a ramp please", "neutral", ["request"], ask("add a ramp", "ramp")),
        {"uid": "2", "text": "add a bench", "sentiment": "neutral", "categories": ["request"]},
    ]
    tags = [
        row("1", "", "neutral", ["request"], ask("add a ramp", "ramp")),
        row("2", "", "neutral", ["request"], ask("add a bench", "bench")),
    ]
    found = evaluate(gold, tags)
    assert (found.overall.ask_char_f1, found.overall.asks_labelled) == (1, 1)
    assert found.overall.ask_detection.called == 1


def test_items_in_another_script_are_counted_apart() -> None:
    """An item without a Latin word cannot be compared, and the figures say how many can."""
    gold = [
        row("1", "램프 설치", "neutral", ["request"], ask("램프 설치", "램프")),
        row("2", "add a ramp", "neutral", ["request"], ask("add a ramp", "ramp")),
    ]
    found = evaluate(gold, gold)
    assert (found.overall.asks, found.overall.items_compared) == (2, 1)
    assert found.overall.item_word_match == 0.5


def test_lengths_stand_from_short_to_long() -> None:
    """The groups by length are in the order of length, and only those that hold a comment."""
    gold = [row(str(n), "x" * n, "neutral", ["remark"]) for n in (601, 60, 61, 600)]
    assert list(evaluate(gold, gold).by_length) == [
        "up to 60 characters",
        "up to 150 characters",
        "up to 600 characters",
        "over 600 characters",
    ]


def test_gold_rows_that_cannot_be_used_are_named() -> None:
    """A gold row without tags or without a field is an error that says which row."""
    with pytest.raises(DataError, match="row 1: no tags for the gold row 1"):
        evaluate(GOLD[:1], [])
    with pytest.raises(DataError, match="row 1: the gold row lacks categories"):
        evaluate([{"uid": "1", "text": "x", "sentiment": "neutral"}], [])
    with pytest.raises(DataError, match="Did you mean 'neutral'"):
        evaluate([row("1", "x", "neutrall", ["remark"])], [row("1", "", "neutral", [])])


def test_reports_are_given_the_intervals_that_were_measured(tmp_path: Path) -> None:
    """Measured intervals reach the figures for reports, and none is made up elsewhere."""
    measured = asdict(half_right(2))
    for name, content in (
        (MANIFEST, {"version": "v", "settings": {"others": {"languages": []}}}),
        (
            MEASURED,
            {
                "version": "v",
                "english": measured,
                "others": {"by_lang": {}},
                "outside_sentiment": {},
            },
        ),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    accuracy = measured_accuracy(tmp_path)
    assert accuracy is not None
    figures = {figure["name"].split()[0]: figure for figure in accuracy["figures"]}
    sentiment, recall = figures["Sentiment"], figures["Requests"]
    assert (recall["value"], recall["low"], recall["high"]) == ("0.75", None, None)
    assert sentiment["low"] is None, "every sentiment is right, so no resample differs"
    measured["overall"]["intervals"]["sentiment_macro_f1"] = {"low": 0.5, "high": 0.75}
    content = {"version": "v", "english": measured, "others": {"by_lang": {"ko": {
        "comments": 9, "request_f1": 0.5}}}, "outside_sentiment": {}}  # fmt: skip
    (tmp_path / MEASURED).write_text(json.dumps(content))
    accuracy = measured_accuracy(tmp_path)
    assert accuracy is not None
    sentiment, korean = accuracy["figures"][-2:]
    assert (sentiment["low"], sentiment["high"]) == ("0.50", "0.75")
    assert (korean["value"], korean["low"]) == ("0.50", None)


def test_a_language_that_nobody_labelled_is_not_measured(tmp_path: Path) -> None:
    """What is read of a language is told with its figures, or with the words "not measured"."""
    measured = asdict(half_right(2))
    korean = {"comments": 9, "request_f1": 0.5, "sentiment_macro_f1": 0.625}
    thai = {"rows": 40, "classes": 3, "macro_f1": 0.75}
    for name, content in (
        (MANIFEST, {"version": "v", "settings": {"others": {"languages": ["ko", "th", "pt"]}}}),
        (MEASURED, {"version": "v", "english": measured, "others": {"by_lang": {"ko": korean}},
                    "outside_sentiment": {"th": thai}}),
    ):  # fmt: skip
        (tmp_path / name).write_text(json.dumps(content))
    assert languages_read({"pt": 1, "th": 3, "ko": 2, "en": 9}, tmp_path).split("; ") == [
        "en 9 (request F1 0.75, sentiment F1 1.00)",
        "th 3 (request F1 not measured, sentiment F1 0.75)",
        "ko 2 (request F1 0.50, sentiment F1 0.62)",
        "pt 1 (request F1 not measured, sentiment F1 not measured)",
    ]
    accuracy = measured_accuracy(tmp_path)
    assert accuracy is not None
    told = {figure["name"]: figure["value"] for figure in accuracy["figures"][-2:]}
    assert told == {
        "Sentiment in Thai (macro-F1)": "0.75",
        "Requests in Thai, Portuguese": "not measured",
    }
    (tmp_path / MANIFEST).write_text(json.dumps({"version": "another"}))
    assert languages_read({"en": 9}, tmp_path) == ""


def test_item_words_leave_out_what_tells_nothing() -> None:
    """Articles and plural s do not count, unless nothing else is there."""
    assert item_words("More vegan wraps") == {"vegan", "wrap"}
    assert item_words("more") == {"more"}


def test_figures_are_those_of_the_outside_scorer(shared_data: Path) -> None:
    """On shuffled labels of real comments every shared figure equals that of check/score.py."""
    path = shared_data.parent / "check" / "score.py"
    if not path.is_file():
        pytest.skip("needs ../shared/check/score.py")
    spec = importlib.util.spec_from_file_location("outside_score", path)
    assert spec is not None
    assert spec.loader is not None
    outside = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(outside)
    with (shared_data / "labelled" / "train.jsonl").open(encoding="utf-8") as lines:
        gold = [json.loads(line) for line, _ in zip(lines, range(800), strict=False)]
    chance = random.Random(5)
    tags = []
    for one in gold:
        tag = {**one, "category_scores": {}, "asks": [dict(a) for a in one["asks"]]}
        if chance.random() < 0.4:
            other = chance.choice(gold)
            tag |= {"sentiment": other["sentiment"], "categories": other["categories"]}
        if chance.random() < 0.3:
            length = len(one["text"])
            start = chance.randrange(length)
            end = min(length, start + 20)
            tag["asks"] = [{**ask("", "more staff", "service", 3), "start": start, "end": end}]
            tag["asks"][0]["quote"] = one["text"][start:end]
        tags.append(tag)
    theirs = outside.score({one["uid"]: one for one in gold}, {one["uid"]: one for one in tags})
    ours = evaluate(gold, tags)
    expected = {
        "sent_acc": ours.overall.sentiment_accuracy,
        "sent_macro_f1_3": ours.overall.sentiment_macro_f1,
        "cat_macro_f1": ours.overall.macro_f1,
        "cat_macro_f1_main6": ours.overall.main_macro_f1,
        "request_p": ours.categories["request"].precision,
        "request_r": ours.categories["request"].recall,
        "ask_char_f1": ours.overall.ask_char_f1,
        "ask_detect_p": ours.overall.ask_detection.precision,
        "ask_detect_r": ours.overall.ask_detection.recall,
        "item_word_match": ours.overall.item_word_match,
        "type_acc_of_all": ours.overall.type_accuracy,
        "strength_acc_of_all": ours.overall.strength_accuracy,
        **{f"cat_f1_{name}": ours.categories[name].f1 for name in CATEGORIES},
        **{f"sent_f1_{name}": ours.sentiments[name].f1 for name in SENTIMENTS},
    }
    for name, value in expected.items():
        assert value == pytest.approx(theirs[name]), name
