"""Counts of compared comments say how well asks are read, and nothing of what anybody wrote."""

from __future__ import annotations

import json
import re

import pytest

from classify.accuracy import VALIDATION, measured_accuracy, reading_counts
from classify.shipped import FOLDER
from classify.training.card import write_counts
from classify.training.cross_validation import WRITTEN, held_out_counts
from earful.errors import DataError
from earful.validation import SAID_ONCE, Validation, compare, likely_to_ask


def ask(start: int, item: str, score: float = 0.95) -> dict[str, object]:
    return {"start": start, "end": start + 10, "item": item, "score": score}


def test_asks_are_the_same_that_overlap_or_are_for_one_thing() -> None:
    """A quote somewhere else counts where its item shares a telling word; "more" does not tell."""
    one = compare("forum", "en", [ask(0, "dark mode")], [ask(5, "theme"), ask(50, "modes")], 0.9)
    assert [read.right for read in one.read] == [True, True]
    assert one.asked[0].found
    other = compare("forum", "en", [ask(0, "more staff")], [ask(50, "more tea")], 0.9)
    assert not other.read[0].right
    assert not other.asked[0].found


def test_each_thing_of_a_comment_counts_once_and_in_its_band() -> None:
    """Two quotes for one thing are one; comments without a read ask are counted by how likely."""
    counts = Validation.of(
        [
            compare(
                "forum", "en", [ask(0, "tea")], [ask(0, "tea", 0.6), ask(20, "teas", 0.7)], 0.9
            ),
            compare("forum", "en", [ask(0, "tea")], [], 0.3),
            compare("forum", "en", [], [], 0.01),
            compare("forum", "en", [], [ask(0, "harp", 0.85)], 0.9),
        ]
    )
    read = counts.read.to_dict("records")
    assert [(row["band"], row["asks"], row["right"]) for row in read] == [(3, 1, 0), (2, 1, 1)]
    assert [row["item"] for row in read] == [SAID_ONCE, 0]
    assert counts.asked[["item", "asks", "found"]].to_numpy().tolist() == [[0, 2, 1]]
    quiet = counts.quiet[["band", "comments", "asking"]].to_numpy().tolist()
    assert quiet == [[0, 1, 0], [3, 1, 1]]


def test_counts_survive_being_written() -> None:
    """What is read back is what was written, of no comments too; anything else is refused."""
    counts = Validation.of([compare("forum", "en", [ask(0, "tea")], [ask(0, "tea")], 0.9)])
    for one in (counts, Validation.of([])):
        again = Validation.of_record(json.loads(json.dumps(one.record())))
        for name in ("read", "asked", "quiet"):
            assert getattr(again, name).equals(getattr(one, name)), name
    with pytest.raises(DataError, match="no counts"):
        Validation.of_record({"read": {}})


def test_counts_of_two_kinds_stand_beside_one_another() -> None:
    """Nothing is lost, an item of one is not taken for an item of the other, and those of one
    language can be taken out again."""

    def counted(lang: str) -> Validation:
        one = compare("forum", lang, [ask(0, "tea")], [ask(0, "tea", 0.6)], 0.9)
        return Validation.of([one, one, compare("forum", lang, [], [ask(0, "harp", 0.6)], 0.9)])

    english, polish = counted("en"), counted("pl")
    both = english.beside(polish)
    assert both.read["asks"].tolist() == [1, 2, 1, 2]
    assert both.read["item"].tolist() == [SAID_ONCE, 0, SAID_ONCE, 1]
    assert both.asked["item"].tolist() == [0, 1]
    kept = both.without("en")
    assert kept.read["asks"].tolist() == polish.read["asks"].tolist()
    assert set(kept.asked["lang"]) == {"pl"}
    for name in ("read", "asked", "quiet"):
        assert getattr(both.without("pl"), name).equals(getattr(english, name)), name
        assert getattr(Validation.of([]).beside(english), name).equals(getattr(english, name)), name


def test_a_request_or_a_wish_to_buy_is_asking() -> None:
    """Either may be it; what has no score is not."""
    assert likely_to_ask({"request": 0.5, "purchase_intent": 0.5}) == 0.75
    assert likely_to_ask({"problem": 1.0}) == 0.0


def test_training_counts_what_it_held_out(tmp_path) -> None:
    """Held-out tags and labels become counts; written comments are one stream whatever they are
    about, and counts of other models are not taken for these."""
    gold = [
        {"uid": "a", "domain": "app", "lang": "en", "asks": [ask(0, "tea")]},
        {"uid": "b", "domain": "bank", "lang": "pl", "asks": []},
    ]
    tags = [
        {"uid": uid, "category_scores": [("request", 0.9)], "asks": [ask(0, "tea")]} for uid in "ab"
    ]
    counts = held_out_counts(gold, tags)
    rows = counts.read[["source", "lang", "right"]].to_numpy().tolist()
    assert rows == [["app", "en", 1], [WRITTEN, "pl", 0]]
    (tmp_path / "manifest.json").write_text('{"version": "v2"}', encoding="utf-8")
    write_counts(tmp_path, "v2", counts)
    found = reading_counts(tmp_path)
    assert found is not None
    assert found.read.equals(counts.read)
    write_counts(tmp_path, "v1", counts)
    assert reading_counts(tmp_path) is None


def test_the_shipped_counts_are_of_the_shipped_models() -> None:
    """They are there, of English streams and written comments, agree with the card, and hold no
    word that anybody wrote."""
    counts, told = reading_counts(), measured_accuracy()
    assert counts is not None
    assert told is not None
    english = counts.asked[counts.asked["lang"] == "en"]
    assert set(english["source"]) == {"airline", "app", "mcd", "reddit", "steam", "uber"}
    recall = english["found"].sum() / english["asks"].sum()
    assert 0.7 < recall < 0.95
    text = (FOLDER / VALIDATION).read_text(encoding="utf-8")
    columns = {*counts.read, *counts.asked, *counts.quiet, "read", "asked", "quiet", "version"}
    known = columns | {*counts.read["source"], *counts.quiet["source"], *counts.quiet["lang"]}
    assert set(re.findall(r'"([^"]*)"', text)) <= known | {told["model"]}
