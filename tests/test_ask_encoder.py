"""How the encoder of asks is made: the base model and a map that brings wordings together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from e5_file import small_e5

pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")

from classify.network import Specials
from classify.shipped import read_artifact, write_artifact
from classify.tagger import ASKS_GRAPH, ENCODER
from classify.training.ask_encoder import (
    Wording,
    ask_encoder_contribution,
    discriminant,
    fit_ask_encoder,
    frozen_network,
)
from classify.training.vocabulary import Vocabulary
from classify.vectors import Floats, FrozenNetwork, VectorEncoder, WantSpace

WORDS = [f"▁{word}" for word in ("soup", "bread", "tea", "warm", "cold", "zupa", "chleb", "więcej")]
FOREIGN = [
    Wording("zupa", "soup", "więcej zupa"),
    Wording("chleb", "bread", "więcej chleb"),
]
ENGLISH = [Wording("tea", "tea", "warm tea"), Wording("bread", "bread", "cold bread")]
INTENTS = [["warm soup", "soup"], ["cold tea", "tea"]]


def network(folder: Path) -> FrozenNetwork:
    """A small base model, its table of pieces cut to nothing."""
    base = small_e5(folder / "small.bin", WORDS)
    return frozen_network(base, Vocabulary(base, np.arange(len(base.pieces))))


def test_the_graph_reads_as_the_base_model_does(tmp_path: Path) -> None:
    """Rows have length one, equal texts equal rows, and the artifact gives the encoder back."""
    frozen = network(tmp_path)
    encoder = fit_ask_encoder(frozen, [*FOREIGN, *ENGLISH], INTENTS)
    rows = frozen.read(["warm soup", "cold tea", "warm soup"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(rows[0], rows[2])
    assert abs(float(rows[0] @ rows[1])) < 0.9999

    made = ask_encoder_contribution(encoder)
    write_artifact(tmp_path / "artifact", made.parts, made.files, made.settings)
    shipped = read_artifact(tmp_path / "artifact")
    again = VectorEncoder(
        shipped.settings[ENCODER],
        FrozenNetwork(shipped.files[ASKS_GRAPH], frozen.tokenizer, frozen.specials, frozen.lookup),
        WantSpace.from_arrays(shipped.parts[ENCODER]),
    )
    assert again.version == encoder.version
    np.testing.assert_allclose(
        again.encode(["tea"], ["warm tea"]), encoder.encode(["tea"], ["warm tea"]), atol=0.01
    )


class Drawn(FrozenNetwork):
    """Texts "word by speaker": the word decides some directions, the speaker others, louder."""

    def __init__(self) -> None:
        self.chance = np.random.default_rng(2)
        self.known: dict[str, Floats] = {}

    def read(self, texts: Sequence[str]) -> Floats:
        """A sum of two directions."""
        return np.stack(
            [
                sum((scale * self._of(part) for part, scale in self._parts(text)), np.zeros(24))
                for text in texts
            ]
        ).astype(np.float32)

    @staticmethod
    def _parts(text: str) -> list[tuple[str, float]]:
        word, speaker = text.split(" by ")
        return [(word, 1.0), (f"by {speaker}", 1.5)]

    def _of(self, part: str) -> Floats:
        if part not in self.known:
            row = np.zeros(24)
            half = slice(12, 24) if part.startswith("by ") else slice(0, 12)
            row[half] = self.chance.normal(size=12)
            self.known[part] = row.astype(np.float32)
        return self.known[part]


def test_the_map_turns_down_what_wordings_differ_in() -> None:
    """One thing said by two speakers is closer than two things said by one, though the network
    hears the speaker more."""
    things = [f"thing{n}" for n in range(40)]
    wordings = [
        Wording(f"{thing} by item", f"{thing} by english", f"{thing} by s{n % 17}")
        for n, thing in enumerate(things)
    ]
    wordings += [
        Wording(f"{thing} by english", f"{thing} by english", f"{thing} by s{n % 13}")
        for n, thing in enumerate(things)
    ]
    intents = [[f"{thing} by s{n}" for n in range(17)] for thing in things]
    drawn = Drawn()
    space = fit_ask_encoder(drawn, wordings, intents).space
    new = [f"new{n}" for n in range(30)]
    rows = [drawn.read([f"{thing} by s{speaker}" for thing in new]) for speaker in (1, 2)]
    heard = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in rows]
    placed = [space.place(one) for one in rows]
    for vectors, same_thing_is_closer in ((heard, False), (placed, True)):
        thing = (vectors[0] * vectors[1]).sum(axis=1).mean()
        speaker = (vectors[0] * np.roll(vectors[0], 1, axis=0)).sum(axis=1).mean()
        assert (thing > speaker) == same_thing_is_closer


def test_directions_are_ordered_by_what_they_tell_apart() -> None:
    """The first directions kept are those in which texts differ much and wordings little."""
    chance = np.random.default_rng(5)
    spread = np.array([1.0, 5.0, 0.2, 1.0])
    within = chance.normal(size=(500, 4)) * np.array([1.0, 1.0, 1.0, 5.0])
    total = chance.normal(size=(500, 4)) * spread
    found = discriminant([within.astype(np.float32)], [total.astype(np.float32)], 2)
    assert found.shape == (4, 2)
    assert np.abs(found[:, 0]).argmax() == 1
    assert np.abs(found[3]).max() < 0.2 * np.abs(found[1]).max()


def test_specials_begin_and_end_every_text(tmp_path: Path) -> None:
    """A text of nothing is still read: its marks stand alone."""
    frozen = network(tmp_path)
    assert isinstance(frozen.specials, Specials)
    assert frozen.read([""]).shape == (1, 32)
    assert frozen.read([]).shape == (0, 32)
