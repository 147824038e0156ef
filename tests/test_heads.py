"""Heads leave the base model as it is until corrections show, on held-out ones, what is better."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classify.heads import SENTIMENT, BaseScores, Heads, Truth, better, folds, learn
from classify.heads_folder import MANIFEST, HeadsFolder
from classify.labels import CATEGORIES, SENTIMENTS
from classify.lessons import compare
from earful.errors import ConfigurationError, IntegrityError

OWN = "delivery"
LABELS = (*CATEGORIES, OWN)
DIM = 24
PROBLEM, COMPLAINT, DELIVERY = (LABELS.index(name) for name in ("problem", "complaint", OWN))


def world(count: int, seed: int = 0) -> tuple[BaseScores, Truth]:
    """Comments that the base reads well, with a direction in the vectors for each thing told.

    The base knows nothing of the user's own category, which is the vectors' first direction.
    """
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(count, DIM)).astype(np.float32)
    logits = vectors[:, : len(LABELS)] * 3 - 1.5
    holds = logits > 0
    holds[:, DELIVERY] = vectors[:, 0] > 0.6
    scores = 1 / (1 + np.exp(-logits))
    scores[:, DELIVERY] = 0.001
    feeling = vectors[:, 12:16] * 3
    likely = np.exp(feeling) / np.exp(feeling).sum(axis=1, keepdims=True)
    base = BaseScores(
        LABELS,
        np.full(len(LABELS), 0.5, np.float32),
        scores.astype(np.float32),
        np.ones(scores.shape, dtype=bool),
        likely.astype(np.float32),
        vectors,
    )
    return base, Truth(holds, np.ones(holds.shape, dtype=bool), likely.argmax(axis=1))


def parts(base: BaseScores, truth: Truth, count: int) -> tuple[BaseScores, Truth, BaseScores]:
    """The first so many corrections, and the hundred comments behind them as anchors."""
    at = np.arange(count)
    return base.rows(at), truth.rows(at), base.rows(np.arange(count, count + 100))


def said(truth: Truth, label: int, holds: np.ndarray) -> Truth:
    categories = truth.categories.copy()
    categories[:, label] = holds
    return replace(truth, categories=categories)


def leaning(base: BaseScores) -> np.ndarray:
    """A view of complaints of one's own: the more it is a problem, the more it is one."""
    return base.vectors[:, COMPLAINT] + base.vectors[:, PROBLEM] > 0.5


def without_own(truth: Truth) -> Truth:
    """The truth of people who were never asked about the user's own category."""
    known = truth.known.copy()
    known[:, DELIVERY] = False
    return replace(truth, known=known)


def test_nothing_is_learned_where_all_is_right() -> None:
    """Confirmations alone teach nothing, and what was not asked is not known."""
    base, truth = world(300)
    heads = learn("m", *parts(base, without_own(truth), 150))
    assert heads.learned == ()
    assert np.array_equal(
        heads.category_scores(LABELS, base.categories, base.vectors), base.categories
    )
    assert np.array_equal(heads.sentiment_scores(base.sentiments, base.vectors), base.sentiments)


def test_a_few_corrections_move_little() -> None:
    """Twenty corrections of which three say otherwise without a pattern leave the base alone."""
    base, truth = world(300)
    flipped = truth.categories[:, PROBLEM].copy()
    flipped[[1, 7, 15]] ^= True
    heads = learn("m", *parts(base, said(without_own(truth), PROBLEM, flipped), 20))
    moved = heads.category_scores(LABELS, base.categories, base.vectors)
    assert np.abs(moved - base.categories).max() < 0.05


def test_many_corrections_teach_a_new_category() -> None:
    """What the base knows nothing of is learned from vectors, with a threshold of its own."""
    base, truth = world(700)
    heads = learn("m", *parts(base, truth, 200))
    assert heads.learned == (OWN,)
    rest = np.arange(300, 700)
    scores = heads.category_scores(LABELS, base.categories, base.vectors)[rest, DELIVERY]
    (edge,) = heads.holding_from((OWN,), np.array([0.5]))
    assert 0.4 <= edge <= 0.5
    right = (scores >= edge) == truth.categories[rest, DELIVERY]
    assert right.mean() > 0.9
    assert (truth.categories[rest, DELIVERY] == 0).mean() < 0.8, "the base alone does worse"


def test_a_policy_of_ones_own_is_learned_and_the_rest_stays() -> None:
    """Who counts as a complaint what leans to a problem is followed; no other category moves."""
    base, truth = world(700)
    truth = without_own(truth)
    wider = leaning(base)
    heads = learn("m", *parts(base, said(truth, COMPLAINT, wider), 200))
    assert heads.learned == ("complaint",)
    moved = heads.category_scores(LABELS, base.categories, base.vectors)
    others = [at for at in range(len(LABELS)) if at != COMPLAINT]
    assert np.array_equal(moved[:, others], base.categories[:, others])
    rest = slice(300, 700)
    before = ((base.categories[rest, COMPLAINT] >= 0.5) == wider[rest]).mean()
    after = ((moved[rest, COMPLAINT] >= 0.5) == wider[rest]).mean()
    assert after > before + 0.05


def test_another_view_of_sentiment_is_learned() -> None:
    """Who takes what the base calls neutral for positive is followed; probabilities sum to one."""
    base, truth = world(700)
    neutral, positive = SENTIMENTS.index("neutral"), SENTIMENTS.index("positive")
    codes = np.where(truth.sentiments == neutral, positive, truth.sentiments)
    heads = learn("m", *parts(base, replace(without_own(truth), sentiments=codes), 200))
    assert heads.learned == (SENTIMENT,)
    moved = heads.sentiment_scores(base.sentiments, base.vectors)
    assert np.allclose(moved.sum(axis=1), 1, atol=1e-5)
    rest = slice(300, 700)
    assert (moved[rest].argmax(axis=1) == codes[rest]).mean() > 0.8
    assert (base.sentiments[rest].argmax(axis=1) == codes[rest]).mean() < 0.8


def test_what_is_left_out_is_left_alone() -> None:
    """A label that is named, or of which nothing is known, gets no head."""
    base, truth = world(300)
    assert learn("m", *parts(base, truth, 150), [OWN]).learned == ()
    assert OWN not in learn("m", *parts(base, without_own(truth), 150)).learned


def test_what_something_else_decided_is_not_learned_from() -> None:
    """Where a comment cannot be of a category, its score is no error to learn from."""
    base, truth = world(300)
    free = base.free.copy()
    free[:, DELIVERY] = ~truth.categories[:, DELIVERY]
    heads = learn("m", *parts(replace(base, free=free), truth, 150))
    assert heads.learned == ()


def test_the_same_corrections_teach_the_same() -> None:
    """Learning is deterministic, and folds are drawn the same way every time."""
    base, truth = world(300)
    one, other = (learn("m", *parts(base, truth, 100)) for _ in range(2))
    assert np.array_equal(one.categories, other.categories)
    assert np.array_equal(folds(57), folds(57))
    assert np.bincount(folds(57)).min() >= 11


def test_better_means_by_more_than_chance() -> None:
    """One mended comment is no proof; two with none broken are, and three against two are not."""

    def says(mended: int, broken: int) -> bool:
        before = np.array([True] * mended + [False] * broken)
        return better(before, ~before)

    assert [says(1, 0), says(2, 0), says(3, 2), says(5, 1), says(1, 5)] == [
        False, True, False, True, False,
    ]  # fmt: skip


# Before and after


def test_held_out_corrections_show_what_is_gained() -> None:
    """Cross-validation tells the gain of a new category, in counts that add up."""
    base, truth = world(400)
    comparison = compare(*parts(base, truth, 200))
    assert comparison.useful == (OWN,)
    assert comparison.worse == ()
    (own,) = (change for change in comparison.changes if change.label == OWN)
    assert own.after.f1 > 0.7 > own.before.f1
    gained = (own.after.accuracy - own.before.accuracy) * own.comments
    assert round(gained) == own.mended - own.broken > 0
    assert own.holding == truth.categories[:200, DELIVERY].sum()
    (feeling,) = (change for change in comparison.changes if change.label == SENTIMENT)
    assert (feeling.before, feeling.mended) == (feeling.after, 0)


def test_corrections_at_random_teach_nothing() -> None:
    """What follows no pattern is not useful, and what is not useful is as it was."""
    base, truth = world(400)
    chance = np.random.default_rng(3)
    noise = truth.categories[:, COMPLAINT] ^ (chance.random(400) < 0.3)
    comparison = compare(*parts(base, said(without_own(truth), COMPLAINT, noise), 150))
    assert comparison.useful == ()
    assert all(change.before == change.after for change in comparison.changes)


def test_heads_in_use_are_what_new_ones_are_measured_by() -> None:
    """Where the latest corrections contradict what was learned before, getting worse is named."""
    base, truth = world(500)
    truth = without_own(truth)
    wider = leaning(base)
    corrected, policy, anchors = parts(base, said(truth, COMPLAINT, wider), 200)
    everything = np.ones(200, dtype=bool)
    same = compare(corrected, policy, anchors, (), everything)
    (complaint,) = (change for change in same.changes if change.label == "complaint")
    assert (complaint.before, complaint.mended, complaint.broken) == (complaint.after, 0, 0)
    assert complaint.useful, "against the base it still is"
    left = compare(corrected, policy, anchors, ["complaint"], everything)
    assert "complaint" in left.worse


# On disk


def stored(folder: Path, base: str = "m", seed: int = 0) -> tuple[HeadsFolder, Heads]:
    heads = learn(base, *parts(*world(300, seed), 120))
    place = HeadsFolder(folder)
    place.add(heads, corrections=120, last_correction=120, figures=({"label": OWN},))
    return place, heads


def test_heads_come_back_as_they_went_in(tmp_path: Path) -> None:
    """What is stored reads the same, in a small file without code, under a version of its own."""
    folder, heads = stored(tmp_path / "models")
    loaded = folder.load()
    assert loaded is not None
    base, _ = world(50, 9)
    for one in (loaded, heads):
        assert one.learned == (OWN,)
    assert np.array_equal(
        loaded.category_scores(LABELS, base.categories, base.vectors),
        heads.category_scores(LABELS, base.categories, base.vectors),
    )
    (record,) = folder.records()
    assert record.version == loaded.version
    path = tmp_path / "models" / record.file
    assert path.stat().st_size < 50_000
    with np.load(path, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """One other byte, a missing file or a spoilt manifest: an integrity error that says where."""
    folder, _ = stored(tmp_path)
    (record,) = folder.records()
    path = tmp_path / record.file
    content = bytearray(path.read_bytes())
    content[99] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match="SHA-256"):
        folder.load()
    path.unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        folder.load()
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1, "in_use": "x", "versions": []}))
    with pytest.raises(IntegrityError, match="list of heads"):
        folder.load()


def test_heads_of_another_model_are_refused(tmp_path: Path) -> None:
    """Heads fit the model that they were learned for, and no other."""
    folder, _ = stored(tmp_path, base="reader-1")
    heads = folder.load()
    assert heads is not None
    heads.check("reader-1")
    with pytest.raises(ConfigurationError, match="reader-2") as error:
        heads.check("reader-2")
    assert "train --from corrections" in error.value.next_step


def test_rolling_back_goes_one_step_at_a_time(tmp_path: Path) -> None:
    """Back from the third to the first (the second is of another model), then to the base alone."""
    folder = HeadsFolder(tmp_path)
    assert folder.load() is None
    with pytest.raises(ConfigurationError, match="no heads are in use"):
        folder.roll_back("a")
    for seed, base in enumerate(("a", "b", "a")):
        stored(tmp_path, base, seed)
    versions = [record.version for record in folder.records()]
    assert [version.split("-")[1] for version in versions] == ["1", "2", "3"]
    assert folder.in_use() == folder.records()[2]
    assert folder.roll_back("a") == folder.records()[0]
    assert folder.roll_back("a") is None
    assert folder.load() is None
    assert [record.version for record in folder.records()] == versions, "nothing is thrown away"
