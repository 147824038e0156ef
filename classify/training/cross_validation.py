"""Cross-validation of the whole tagger: all is learned inside the fold, near-copies together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from classify.evaluation import Evaluation, evaluate
from classify.tagger import LanguageModels, Tagger
from classify.training.build import (
    SEED,
    Built,
    Corpus,
    fit_english,
    fit_others,
    read_corpus,
)
from classify.training.corpus import LabelledComment, folds
from classify.training.fit_asks import fit_encoder
from classify.vectors import AskEncoder
from earful.records import READ_SCHEMA

FOLDS = 5
OWN_STREAMS = ("app", "reddit", "steam")
"""Streams whose texts are free of non-commercial terms."""
_BATCH = 500


def cross_validate(data_dir: Path) -> dict[str, Evaluation]:
    """Evaluations of held-out comments: "english", "others" and "own_streams".

    The last is trained on the comments of ``OWN_STREAMS`` alone and measured on all streams.
    """
    corpus = read_corpus(data_dir)
    encoder = fit_encoder(corpus.english[:500], "unmeasured")
    others = fit_others(corpus.others, corpus.opinions)
    english = fit_english(corpus.english[:500], corpus.tweets[:500])
    return {
        "english": _english(corpus, others, encoder, None),
        "others": _others(corpus, english, encoder),
        "own_streams": _english(corpus, others, encoder, OWN_STREAMS),
    }


def tag_comments(tagger: Tagger, comments: Sequence[LabelledComment]) -> list[dict[str, Any]]:
    """The tags of labelled comments as rows; their language is told anew."""
    rows: list[dict[str, Any]] = []
    for begin in range(0, len(comments), _BATCH):
        part = comments[begin : begin + _BATCH]
        batch = pa.RecordBatch.from_pylist(
            [{"uid": one.uid, "text": one.text, "lang_hint": None} for one in part],
            schema=READ_SCHEMA,
        )
        rows += tagger.tag(batch).to_pylist()
    return rows


def _english(
    corpus: Corpus,
    others: LanguageModels,
    encoder: AskEncoder,
    streams: Sequence[str] | None,
) -> Evaluation:
    """Measured on the shared set only; what is alike to a held-out comment is not learned."""
    measured = {comment.uid for comment in corpus.english}
    comments = [*corpus.english, *corpus.further]
    fold = folds([comment.text for comment in comments], FOLDS, SEED)
    tags: list[dict[str, Any]] = []
    for number in range(FOLDS):
        learned = [
            comment
            for comment, own in zip(comments, fold, strict=True)
            if own != number
            and (streams is None or comment.domain in streams or comment.uid not in measured)
        ]
        built = Built(fit_english(learned, corpus.tweets), others, encoder)
        held = [
            comment
            for comment, own in zip(comments, fold, strict=True)
            if own == number and comment.uid in measured
        ]
        tags += tag_comments(built.tagger(), held)
    return evaluate([comment.record() for comment in corpus.english], tags)


def _others(corpus: Corpus, english: LanguageModels, encoder: AskEncoder) -> Evaluation:
    comments = corpus.others
    fold = folds([comment.text for comment in comments], FOLDS, SEED)
    tags: list[dict[str, Any]] = []
    for number in range(FOLDS):
        learned = [c for c, own in zip(comments, fold, strict=True) if own != number]
        built = Built(english, fit_others(learned, corpus.opinions), encoder)
        held = [c for c, own in zip(comments, fold, strict=True) if own == number]
        tags += tag_comments(built.tagger(), held)
    return evaluate([comment.record() for comment in comments], tags)
