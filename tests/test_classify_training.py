"""Training: deterministic, without leaks between folds, and rebuildable to the shipped figures."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from classify.accuracy import UNMEASURED, measured_accuracy
from classify.answers import Answers, Tokens
from classify.labels import CATEGORIES
from classify.network_reader import Calibration
from classify.shipped import FOLDER, MANIFEST, read_artifact, write_artifact
from classify.tagger import WORDS
from classify.training.calibrate import calibrated
from classify.training.card import CARD, MEASURED
from classify.training.corpus import LabelledAsk, LabelledComment, folds, unlike
from classify.training.examples import ExampleMaker, misspelt, shared_names
from classify.training.fit_words import fit_words
from classify.training.held_out import load_answers, save_answers
from classify.training.thresholds import best_threshold

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


def test_two_trainings_write_the_same_models(tmp_path: Path) -> None:
    """The same data give the same n-grams, hence the same version and checksums."""
    versions = []
    for name in ("a", "b"):
        parts = {WORDS: fit_words(sample("pl")).arrays(WORDS)}
        versions.append(write_artifact(tmp_path / name, parts, {"a.onnx": b"graph"}, {"x": 1}))
    assert versions[0] == versions[1]
    manifests = [(tmp_path / name / MANIFEST).read_text(encoding="utf-8") for name in ("a", "b")]
    assert manifests[0] == manifests[1]
    kept = read_artifact(tmp_path / "a")
    assert {name: path.read_bytes() for name, path in kept.files.items()} == {"a.onnx": b"graph"}
    for part, arrays in kept.parts.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, read_artifact(tmp_path / "b").parts[part][name])


def test_what_is_alike_to_a_measured_comment_is_not_learned() -> None:
    """Near-copies of the measured set are left out of the further comments, others stay."""
    measured = sample("en")[:3]
    copy = LabelledComment(
        "w:1", "food", "en", measured[0].text.upper(), "neutral", ("remark",), ()
    )
    other = LabelledComment(
        "w:2", "bank", "en", "The branch shuts at noon", "neutral", ("remark",), ()
    )
    assert unlike([copy, other], measured) == [other]


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


def tokens_of(text: str, quoted: tuple[int, int] | None) -> Tokens:
    """Words as tokens, those of a quote sure to be in it."""
    places = [(match.start(), match.end()) for match in re.finditer(r"\w+", text)]
    spans = np.full((len(places), 3), 0.1, np.float32)
    for at, (start, end) in enumerate(places):
        if quoted and quoted[0] <= start and end <= quoted[1]:
            spans[at, 0] = 0.9
    n = len(places)
    return Tokens(
        np.array(places, np.int32).reshape(-1, 2),
        spans,
        np.full((n, 9), 1 / 9, np.float32),
        np.full((n, 3), 1 / 3, np.float32),
        np.full((n, 2), 0.5, np.float32),
    )


def answered(comment: LabelledComment, tilt: float) -> Answers:
    """What a network might answer that is right but says it too loudly."""
    held = np.array([name in comment.categories for name in CATEGORIES])
    sentiments = np.full(4, 0.04, np.float32)
    sentiments[["negative", "neutral", "positive", "mixed"].index(comment.sentiment)] = 0.88
    ask = comment.asks[0] if comment.asks else None
    return Answers(
        sentiments,
        np.where(held, 6.0 - tilt, -2.0 + tilt).astype(np.float32),
        np.zeros(384, np.float32),
        tokens_of(comment.text, (ask.start, ask.end) if ask else None),
    )


def test_calibration_turns_scores_into_probabilities() -> None:
    """Probabilities part what holds from what does not, and the settings survive the manifest."""
    comments = sample("en")
    answers = [answered(comment, 0.1 * (at % 7)) for at, comment in enumerate(comments)]
    calibration = calibrated(comments, answers)
    likely = calibration.categories(np.stack([one.categories for one in answers]))
    request = CATEGORIES.index("request")
    held = np.array(["request" in comment.categories for comment in comments])
    assert likely[held, request].min() > calibration.thresholds[request]
    assert likely[~held, request].max() < calibration.thresholds[request]
    stored = json.loads(json.dumps(calibration.settings()))
    again = Calibration.from_settings(stored)
    np.testing.assert_allclose(again.thresholds, calibration.thresholds, atol=1e-4)
    assert again.settings() == calibration.settings()


def test_feeling_that_is_drowned_by_neutral_is_heard() -> None:
    """Where too much is called neutral its weight falls, and what it hid comes right."""
    comments = sample("en")
    answers = [answered(comment, 0.0) for comment in comments]
    felt = next(at for at, one in enumerate(comments) if one.sentiment == "positive")
    drowned = np.array([0.05, 0.5, 0.41, 0.04], np.float32)
    answers[felt] = replace(answers[felt], sentiments=drowned)
    calibration = calibrated(comments, answers)
    assert calibration.neutral < 1
    likely = calibration.sentiments(np.stack([one.sentiments for one in answers]))
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-5)
    told = [("negative", "neutral", "positive", "mixed")[at] for at in likely.argmax(axis=1)]
    assert told == [comment.sentiment for comment in comments]


def test_answers_survive_being_kept(tmp_path: Path) -> None:
    """What is kept between steps of a build comes back, token by token, to half precision."""
    comments = sample("en")[:4]
    answers = [answered(comment, 0.0) for comment in comments]
    save_answers(tmp_path / "fold.npz", [comment.uid for comment in comments], answers)
    again = load_answers(tmp_path / "fold.npz")
    assert list(again) == [comment.uid for comment in comments]
    for comment, answer in zip(comments, answers, strict=True):
        np.testing.assert_allclose(again[comment.uid].categories, answer.categories, atol=1e-2)
        np.testing.assert_array_equal(again[comment.uid].tokens.offsets, answer.tokens.offsets)
        np.testing.assert_allclose(again[comment.uid].tokens.spans, answer.tokens.spans, atol=1e-3)


def test_examples_mark_the_tokens_of_quote_and_item() -> None:
    """The tokens of a quote are marked, its first as its beginning, the item's words as the item's;
    everything else and every other head stays unmarked."""
    tokenizer = Tokenizer.from_file(str(read_artifact().files["english_tokenizer.json"]))
    comment = sample("en")[0]
    example = ExampleMaker(tokenizer, ["plum fizz"]).comment(comment)
    encoding = tokenizer.encode(comment.text)
    words = [comment.text[start:end] for start, end in encoding.offsets]
    ask = comment.asks[0]
    for at, (start, end) in enumerate(encoding.offsets):
        inside = ask.start <= start < end <= ask.end
        assert example.spans[at, 0] == inside
        assert example.spans[at, 1] == (inside and start == ask.start)
        assert (example.names[at] == 1) == inside
    assert [w for w, hit in zip(words, example.spans[:, 2], strict=True) if hit] == [
        *("plum", "fi", "zz")
    ]


def test_shared_names_are_those_of_many_asks() -> None:
    """An item of six asks is a shared name, under the codebook's wording; one of five is none."""
    asked = [comment for comment in sample("en") if comment.asks]
    many = [replace(asked[0], asks=(replace(asked[0].asks[0], item="dine-in"),))] * 6
    few = [replace(asked[0], asks=(replace(asked[0].asks[0], item="late bus"),))] * 5
    assert shared_names([*many, *few]) == ("indoor dining",)


def test_misspelling_keeps_places() -> None:
    """A misspelt text has the length of the right one, and is another text now and then."""
    chance = random.Random(3)
    text = "Please bring back the plum fizz, it was lovely."
    versions = [misspelt(text, chance) for _ in range(60)]
    assert {len(version) for version in versions} == {len(text)}
    assert len(set(versions)) > 3
    assert misspelt("short one", chance) == "short one"


def test_accuracy_is_told_of_the_measured_models_only(tmp_path: Path) -> None:
    """Reports show figures of these very models, or none."""
    accuracy = measured_accuracy()
    assert accuracy is not None
    values = [figure["value"] for figure in accuracy["figures"]]
    assert values.count(UNMEASURED) == 1
    assert all(0 < float(value) < 1 for value in values if value != UNMEASURED)
    for name in ("manifest.json", "measured.json"):
        (tmp_path / name).write_text((FOLDER / name).read_text())
    (tmp_path / "manifest.json").write_text('{"version": "another"}')
    assert measured_accuracy(tmp_path) is None
