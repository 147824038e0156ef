"""The way to the network of the other languages, from the base model's file to tags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from e5_file import small_e5

torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")

from classify.answers import Answers  # noqa: E402
from classify.labels import CATEGORIES  # noqa: E402
from classify.language import SERVED_OTHERS  # noqa: E402
from classify.reading import Reading  # noqa: E402
from classify.shipped import read_artifact, write_artifact  # noqa: E402
from classify.tagger import Tagger, ask_encoder, others_reader, served_others  # noqa: E402
from classify.training.calibrate import calibrated  # noqa: E402
from classify.training.corpus import LabelledAsk, LabelledComment, Opinion  # noqa: E402
from classify.training.cross_validation import tag_comments  # noqa: E402
from classify.training.fine_tune import Plan  # noqa: E402
from classify.training.outside import measure_sentiment  # noqa: E402
from classify.training.steps import FOLDS, StagedTraining  # noqa: E402
from classify.training.train_others import (  # noqa: E402
    OtherMaterial,
    learned_opinions,
    others_contribution,
)
from classify.training.vocabulary import Vocabulary  # noqa: E402

LINES = {
    "pl": [
        ("Dodajcie {} do menu, proszę", "neutral", "request", "Dodajcie {} do menu"),
        ("Wasze {} było zimne i bez smaku", "negative", "complaint", ""),
        ("Najlepsze {} w mieście", "positive", "praise", ""),
    ],
    "ko": [
        ("{} 메뉴에 넣어 주세요 부탁드립니다", "neutral", "request", "{} 메뉴에 넣어 주세요"),
        ("{} 정말 맛없고 차가웠어요", "negative", "complaint", ""),
        ("{} 최고예요 또 올게요", "positive", "praise", ""),
    ],
}
THINGS = [
    "śliwki",
    "조개",
    "bób",
    "두부",
    "kompot",
    "식혜",
    "gofry",
    "팥빵",
    "makowiec",
    "약과",
    "żurek",
]


def comments() -> list[LabelledComment]:
    made = []
    for lang, lines in LINES.items():
        for at, thing in enumerate(THINGS):
            for number, (line, sentiment, category, quoted) in enumerate(lines):
                text = line.format(thing)
                asks: tuple[LabelledAsk, ...] = ()
                if quoted:
                    quote = quoted.format(thing)
                    start = text.index(quote)
                    end = start + len(quote)
                    asks = (LabelledAsk(start, end, thing, "new_offering", 2, ""),)
                uid = f"{lang}:{at}:{number}"
                made.append(LabelledComment(uid, "food", lang, text, sentiment, (category,), asks))
    return made[:64]


def opinions() -> list[Opinion]:
    found = [
        Opinion(lang, f"{word} {at}", sentiment, at % 5 == 0)
        for lang, word, sentiment in (
            ("pl", "pyszne", "positive"),
            ("pl", "ohyda", "negative"),
            ("ko", "맛있다", "positive"),
            ("ko", "별로", "negative"),
        )
        for at in range(10)
    ]
    return [*found, Opinion("ko", "별로 0", "negative")]


def material(folder: Path) -> OtherMaterial:
    letters = {letter for comment in comments() for letter in comment.text if letter != " "}
    letters |= {letter for opinion in opinions() for letter in opinion.text if letter != " "}
    base = small_e5(folder / "small.bin", ["▁", "▁do", "▁menu", "주세요", *sorted(letters)])
    return OtherMaterial(
        base,
        Vocabulary(base, np.arange(len(base.pieces))),
        comments()[:8],
        [],
        [Opinion("en", "do menu", "neutral")],
        opinions(),
        *(Plan(epochs=1, batch=16, frozen=1) for _ in range(3)),
    )


class Nothing:
    """Stands for the reader of English, of which there is none here."""

    def read(self, texts: Sequence[str]) -> Reading:
        """Nothing is to be read."""
        raise AssertionError(f"no comment is English: {texts}")


@pytest.mark.slow
def test_all_parts_fit(tmp_path: Path) -> None:
    """Both stages, the folds, the export, the network and the tagger, a step each: what is read
    back from the artifact answers as the network that was trained, and frozen weights stay."""
    learned_from = material(tmp_path)
    said: list[str] = []
    training = StagedTraining(tmp_path, learned_from, comments(), 7, said.append)
    held_out = [training.held_out(number) for number in range(FOLDS)]
    answers = {uid: one for fold in held_out for uid, one in fold.items()}
    assert set(answers) == {comment.uid for comment in comments()}
    network = training.final()
    before = learned_from.untrained().state_dict()
    after = network.state_dict()
    for name in ("embeddings.word_embeddings.weight", "encoder.layer.0.output.dense.weight"):
        torch.testing.assert_close(after[f"encoder.{name}"], before[f"encoder.{name}"])
    name = "encoder.encoder.layer.1.output.dense.weight"
    assert not torch.equal(after[name], before[name])
    steps = len(said)
    assert training.held_out(0).keys() == held_out[0].keys()
    assert len(said) == steps, "a step that was kept is not done again"

    text = comments()[0].text
    ids = torch.tensor([learned_from.vocabulary.tokenizer.encode(text).ids])
    with torch.no_grad():
        exact = network(ids, torch.ones_like(ids)).sentiments.softmax(-1)[0].numpy()
    (read,) = training.shipped(network).read([text])
    np.testing.assert_allclose(read.sentiments, exact, atol=0.05)

    shared = comments()
    calibration = calibrated(shared, [answers[comment.uid] for comment in shared])
    made = others_contribution(network, learned_from.vocabulary, calibration)
    write_artifact(tmp_path / "artifact", made.parts, made.files, made.settings)
    shipped = read_artifact(tmp_path / "artifact")
    assert served_others(shipped) == SERVED_OTHERS
    usual = read_artifact()
    encoder = ask_encoder(usual)
    reader = others_reader(shipped)
    tagger = Tagger("small", Nothing(), reader, encoder, (), served=served_others(shipped))
    rows = tag_comments(tagger, [comment for comment in shared if comment.lang == "ko"])
    assert {row["lang"] for row in rows} == {"ko"}
    assert all(row["read"] for row in rows)
    assert set(dict(rows[0]["category_scores"])) == set(CATEGORIES)
    (again,) = reader._network.read([text])  # type: ignore[attr-defined]
    np.testing.assert_allclose(again.sentiments, read.sentiments, atol=1e-5)


def test_what_is_held_out_is_not_learned() -> None:
    """Neither a held-out text nor a copy of it is among what may be learned from."""
    learned = learned_opinions(opinions())
    assert set(learned) == {"pl", "ko"}
    assert all(not one.held_out for own in learned.values() for one in own)
    assert "별로 0" not in {one.text for one in learned["ko"]}
    assert len(learned["pl"]) == 16


class Sure:
    """Reads any text as mixed, then positive where it says so, else negative."""

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """Positive for two words."""
        found = []
        for text in texts:
            likely = np.array([0.1, 0.0, 0.2, 0.7], np.float32)
            if "맛있다" not in text and "pyszne" not in text:
                likely = np.array([0.2, 0.0, 0.1, 0.7], np.float32)
            none = np.zeros(0, np.float32)
            found.append(Answers(likely, none, none, None))  # type: ignore[arg-type]
        return found


def test_only_the_classes_of_a_set_are_told_apart() -> None:
    """A set of two classes measures which of the two is likelier, on what is held out alone."""
    scores = measure_sentiment(Sure(), opinions())
    assert scores["pl"].rows == 4
    assert scores["ko"].accuracy == scores["ko"].macro_f1 == 1.0
