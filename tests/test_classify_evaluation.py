"""Evaluation agrees with counts made by hand, and with the outside scorer where it is there."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest

from classify.evaluation import evaluate, item_words
from classify.labels import CATEGORIES, SENTIMENTS
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


def test_gold_rows_that_cannot_be_used_are_named() -> None:
    """A gold row without tags or without a field is an error that says which row."""
    with pytest.raises(DataError, match="row 1: no tags for the gold row 1"):
        evaluate(GOLD[:1], [])
    with pytest.raises(DataError, match="row 1: the gold row lacks categories"):
        evaluate([{"uid": "1", "text": "x", "sentiment": "neutral"}], [])


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
