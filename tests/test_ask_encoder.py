"""How the encoder of asks is made: wordings of one want are brought together by contrast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from e5_file import small_e5

torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")

from classify.shipped import read_artifact, write_artifact  # noqa: E402
from classify.tagger import ASKS_GRAPH, ENCODER  # noqa: E402
from classify.training.ask_encoder import (  # noqa: E402
    KEPT,
    AskTraining,
    ask_encoder_contribution,
    principal,
)
from classify.training.ask_fine_tune import AskMaterial, AskPlan, fine_tune_asks  # noqa: E402
from classify.training.ask_lessons import Lessons, lessons_of  # noqa: E402
from classify.training.ask_reader import AskReader  # noqa: E402
from classify.training.ask_teacher import in_english  # noqa: E402
from classify.training.e5 import E5  # noqa: E402
from classify.training.pruned import pruned_encoder  # noqa: E402
from classify.training.vocabulary import Vocabulary  # noqa: E402
from classify.training.wants import Asked  # noqa: E402
from classify.vectors import FrozenNetwork, VectorEncoder, WantSpace  # noqa: E402

THINGS = {
    "soup": ("soup", "zupa", "broth", "bowl"),
    "bread": ("bread", "chleb", "loaf", "bun"),
    "tea": ("tea", "herbata", "brew", "cup"),
}
ASKING = ("more", "please", "where", "again")
WORDS = [f"▁{word}" for words in (*THINGS.values(), ASKING) for word in words]
MATERIAL = AskMaterial(
    [
        {
            thing: [Asked(word, f"{asking} {word}") for word in words for asking in ASKING]
            for thing, words in THINGS.items()
        }
    ],
    [(Asked("tea", "more tea"), "tea"), (Asked("bread", "please bread"), "bread")],
    [(Asked("zupa", "again zupa"), "soup"), (Asked("chleb", "where chleb"), "bread")],
    [["more soup", "soup"], ["where tea", "tea"]],
)
PLAN = AskPlan(steps=120, rate=5e-3, warmup=2, learning=1, trades=1, wants=3, labelled=2, foreign=2)


def base_and_words(folder: Path) -> tuple[E5, Vocabulary]:
    """A small base model, its table of pieces whole."""
    base = small_e5(folder / "small.bin", WORDS)
    return base, Vocabulary(base, np.arange(len(base.pieces)))


def apart(reader: AskReader) -> float:
    """How much closer two wordings of one want are than two of different ones, on average."""
    with torch.no_grad():
        rows = reader.read([word for words in THINGS.values() for word in words])
    cosines = (rows @ rows.T).numpy()
    want = np.repeat(np.arange(len(THINGS)), 4)
    same = want[:, None] == want[None, :]
    return float(cosines[same & ~np.eye(len(want), dtype=bool)].mean() - cosines[~same].mean())


def test_wordings_of_one_want_come_together(tmp_path: Path) -> None:
    """By contrast the wants part, and what lies below the layers that learn stays as it was."""
    base, words = base_and_words(tmp_path)
    encoder = pruned_encoder(base, words)
    reader = AskReader.of(encoder, words)
    before, weights = apart(reader), {n: w.clone() for n, w in encoder.state_dict().items()}
    losses: list[float] = []
    fine_tune_asks(reader, MATERIAL, 3, PLAN, None, lambda step, of, loss: losses.append(loss))
    assert len(losses) == PLAN.steps
    assert apart(reader) > before + 0.2
    moved = {n for n, w in encoder.state_dict().items() if not torch.equal(w, weights[n])}
    last = int(base.shape["num_hidden_layers"]) - 1
    assert moved
    assert all(name.startswith(f"encoder.layer.{last}.") for name in moved)


class Told(AskReader):
    """A teacher that knows but the first letter of a text's last word."""

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row per text, (n, 26)."""
        rows = np.zeros((len(texts), 26), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[ord(text.split()[-1][0]) - ord("a")] = 1
        return rows


def test_a_teacher_says_what_it_can_read() -> None:
    """Of a wording in another language it says the middle of those it reads; wishes that it takes
    for alike are neighbours, where there are enough of them."""
    teacher = Told(torch.nn.Identity(), lambda texts: [], 0)
    trade = {
        "soup": [
            Asked("soup", "more soup"),
            Asked("broth", "more broth"),
            Asked("z", "zupa", "pl"),
        ],
        "tea": [Asked("h", "herbata", "pl")],
    }
    wishes = [f"{number} {word}" for word in ("apples", "pears") for number in range(100)]
    lessons = lessons_of(teacher, [trade], wishes, "en")
    zupa = lessons.vectors[Asked("z", "zupa").text]
    assert zupa[ord("s") - ord("a")] == pytest.approx(zupa[1]) == pytest.approx(0.5**0.5)
    assert Asked("h", "herbata").text not in lessons.vectors
    assert lessons.width == 26
    assert sorted(map(len, lessons.near)) == [100, 100]
    assert all(len({text.split()[1] for text in near}) == 1 for near in lessons.near)


def test_the_teacher_learns_english_alone() -> None:
    """Wants that have but one wording in English teach it nothing."""
    trade = {
        "soup": [Asked("soup", "more soup"), Asked("soup", "soup"), Asked("z", "zupa", "pl")],
        "tea": [Asked("tea", "tea"), Asked("h", "herbata", "pl")],
    }
    polish = {"tea": [Asked("h", "herbata", "pl"), Asked("h", "więcej herbaty", "pl")]}
    own = in_english(AskMaterial([trade, polish], MATERIAL.labelled, MATERIAL.foreign, [["a"]]))
    assert own.trades == [{"soup": trade["soup"][:2]}]
    assert not own.foreign
    assert not own.intents


def test_what_a_teacher_says_is_learned(tmp_path: Path) -> None:
    """Two words of which no want speaks come together because the teacher says so."""
    base, words = base_and_words(tmp_path)
    pairs = [("more", "where"), ("please", "again")]
    told = {word: np.eye(2, dtype=np.float32)[at] for at, pair in enumerate(pairs) for word in pair}

    def closer(lessons: Lessons | None) -> float:
        reader = AskReader.of(pruned_encoder(base, words), words)
        fine_tune_asks(reader, MATERIAL, 3, PLAN, lessons)
        more, where, please, again = reader.vectors([word for pair in pairs for word in pair])
        return float(more @ where + please @ again - more @ please - where @ again) / 2

    assert closer(Lessons(told, [list(told)])) > closer(None) + 0.3


def test_a_text_is_read_alike_in_any_company(tmp_path: Path) -> None:
    """Texts are read in the order of their lengths, and stand in the order given."""
    base, words = base_and_words(tmp_path)
    reader = AskReader.of(pruned_encoder(base, words).eval(), words)
    texts = ["more soup please", "tea", "where bread again", "cup"] * 12
    with torch.no_grad():
        together = reader.read(texts)
        alone = torch.cat([reader.read([text]) for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_what_was_made_is_shipped_and_kept(tmp_path: Path) -> None:
    """The artifact gives the encoder back, and weights that are kept are not made again."""
    base, words = base_and_words(tmp_path)
    plan = AskPlan(steps=2, learning=1, wants=2)
    encoder = AskTraining(tmp_path, base, words, MATERIAL, 3, plan).encoder()
    rows = encoder.network.read(["more soup", "tea", "more soup"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(rows[0], rows[2])

    made = ask_encoder_contribution(encoder)
    write_artifact(tmp_path / "artifact", made.parts, made.files, made.settings)
    shipped = read_artifact(tmp_path / "artifact")
    network = encoder.network
    again = VectorEncoder(
        shipped.settings[ENCODER],
        FrozenNetwork(
            shipped.files[ASKS_GRAPH], network.tokenizer, network.specials, network.lookup
        ),
        WantSpace.from_arrays(shipped.parts[ENCODER]),
    )
    assert again.version == encoder.version
    np.testing.assert_allclose(
        again.encode(["tea"], ["more tea"]), encoder.encode(["tea"], ["more tea"]), atol=0.01
    )

    def stop(step: int, of: int, loss: float) -> None:
        raise AssertionError("the weights were kept")

    assert (tmp_path / KEPT).is_file()
    AskTraining(tmp_path, base, words, MATERIAL, 3, plan).encoder(stop)


def test_directions_are_those_in_which_rows_differ_most() -> None:
    """Half of the mean is taken away, and the widest directions are kept, the widest first."""
    chance = np.random.default_rng(5)
    rows = chance.normal(size=(500, 4)) * np.array([1.0, 5.0, 0.2, 3.0]) + 7
    space = principal(rows.astype(np.float32), 2)
    assert space.projection.shape == (4, 2)
    assert np.abs(space.projection).argmax(axis=0).tolist() == [1, 3]
    np.testing.assert_allclose(space.mean, rows.mean(axis=0) / 2, rtol=1e-4)
