"""Training: deterministic, without leaks between folds, and rebuildable to the shipped figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classify.accuracy import measured_accuracy
from classify.shipped import FOLDER, MANIFEST, read_artifact
from classify.training.build import Corpus, fit_all, read_corpus, write_models
from classify.training.card import CARD, MEASURED
from classify.training.corpus import LabelledAsk, LabelledComment, Opinion, folds
from classify.training.cross_validation import cross_validate
from classify.training.fit_reader import best_threshold

LINES = [
    ("Please add a {} to the menu", "neutral", ("request",), "add a {} to the menu"),
    ("The {} was cold and the staff were rude", "negative", ("problem", "complaint"), ""),
    ("Best {} in town, love it!", "positive", ("praise",), ""),
    ("Does anyone know where to buy {}?", "neutral", ("question",), ""),
    ("I wish they would bring back the {}", "neutral", ("request",), "bring back the {}"),
    ("I am never coming back, the {} is awful", "negative", ("churn_risk", "complaint"), ""),
]
THINGS = ["plum fizz", "egg stack", "porridge pot", "halloumi burger", "onion strings", "shake"]


def sample(lang: str) -> list[LabelledComment]:
    made = []
    for number, (line, sentiment, categories, quoted) in enumerate(LINES):
        for at, thing in enumerate(THINGS):
            text = line.format(thing)
            asks: tuple[LabelledAsk, ...] = ()
            if quoted:
                quote = quoted.format(thing)
                start = text.index(quote)
                kind = "bring_back" if "back" in quote else "new_offering"
                asks = (LabelledAsk(start, start + len(quote), thing, kind, 2, ""),)
            uid = f"{lang}:{number}:{at}"
            made.append(LabelledComment(uid, "food", lang, text, sentiment, categories, asks))
    return made


def small_corpus() -> Corpus:
    opinions = [Opinion("en", "so good", "positive"), Opinion("en", "so bad", "negative")]
    return Corpus(sample("en"), [], opinions * 8, sample("pl"), [])


def test_two_trainings_write_the_same_models(tmp_path: Path) -> None:
    """The same data give the same arrays, hence the same version and the same checksums."""
    versions = [write_models(fit_all(small_corpus()), tmp_path / name) for name in ("a", "b")]
    assert versions[0] == versions[1]
    manifests = [(tmp_path / name / MANIFEST).read_text(encoding="utf-8") for name in ("a", "b")]
    assert manifests[0] == manifests[1]
    for part, arrays in read_artifact(tmp_path / "a").parts.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, read_artifact(tmp_path / "b").parts[part][name])


def test_near_copies_share_a_fold() -> None:
    """A text and its copy with another number or mark are never parted; folds are even."""
    texts = [f"order {n} of {thing} came late again" for thing in THINGS for n in range(3)]
    texts += [f"{thing} was lovely" for thing in THINGS]
    fold = folds(texts, 3, seed=1)
    for at in range(0, 18, 3):
        assert len({int(number) for number in fold[at : at + 3]}) == 1
    assert np.bincount(fold).max() <= 12
    assert np.bincount(fold).min() >= 6


def test_the_threshold_of_the_best_f1_is_found() -> None:
    """Where scores part the label cleanly, the threshold lies in the gap."""
    holds = np.array([True] * 10 + [False] * 90)
    likely = np.where(holds, 0.4, 0.1).astype(np.float32)
    assert 0.1 < best_threshold(holds, likely) <= 0.4
    assert best_threshold(np.zeros(5, bool), np.zeros(5, np.float32)) == 0.5


def test_the_card_tells_the_figures_of_the_shipped_models() -> None:
    """The card beside the models names their version and the measured figures."""
    card = (FOLDER / CARD).read_text(encoding="utf-8")
    measured = json.loads((FOLDER / MEASURED).read_text(encoding="utf-8"))
    assert measured["version"] == read_artifact().version
    assert read_artifact().version in card
    overall = measured["english"]["overall"]
    assert f"{overall['sentiment_macro_f1']:.3f}" in card
    assert overall["sentiment_macro_f1"] >= 0.80
    assert overall["request_f1"] >= 0.67
    assert overall["main_macro_f1"] >= 0.73
    assert "language models" in card


@pytest.mark.slow
def test_a_full_rebuild_reproduces_what_ships(shared_data: Path, tmp_path: Path) -> None:
    """Training on the real data again gives the shipped version, and its figures to a hair."""
    version = write_models(fit_all(read_corpus(shared_data)), tmp_path)
    assert version == read_artifact().version
    measured = json.loads((FOLDER / MEASURED).read_text(encoding="utf-8"))
    again = cross_validate(shared_data)
    for name in ("english", "others", "own_streams"):
        for figure in ("sentiment_macro_f1", "request_f1", "main_macro_f1", "ask_char_f1"):
            shipped = measured[name]["overall"][figure]
            assert getattr(again[name].overall, figure) == pytest.approx(shipped, abs=0.005)


def test_accuracy_is_told_of_the_measured_models_only(tmp_path: Path) -> None:
    """Reports show figures of these very models, or none."""
    accuracy = measured_accuracy()
    assert accuracy is not None
    assert all(0 < float(figure["value"]) < 1 for figure in accuracy["figures"])
    for name in ("manifest.json", "measured.json"):
        (tmp_path / name).write_text((FOLDER / name).read_text())
    (tmp_path / "manifest.json").write_text('{"version": "another"}')
    assert measured_accuracy(tmp_path) is None
