"""Cross-validation of the whole tagger: all is learned outside the fold, near-copies together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from classify.answers import Answers
from classify.english import DEFAULT_PIPELINE
from classify.item_model import ItemModel
from classify.language import ENGLISH
from classify.network_reader import Calibration, NetworkReader
from classify.ngrams import READ_LIMIT
from classify.phrasing import WeighedWords
from classify.pointed_items import PointedWords
from classify.reading import Reader
from classify.tagger import Tagger
from classify.training.calibrate import calibrated
from classify.training.corpus import LabelledComment
from classify.vectors import VectorEncoder
from earful.records import READ_SCHEMA
from earful.validation import Validation, compare, likely_to_ask

_BATCH = 500
_HALVES = 2
WRITTEN = "written"
"""Stands for the stream of the labelled comments in other languages."""


class RecordedAnswers:
    """Stands for a network whose answers to these texts are known already."""

    def __init__(self, answers: Mapping[str, Answers]) -> None:
        self._answers = answers

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """The recorded answer to each text."""
        return [self._answers[text] for text in texts]


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


def held_out_tags(
    comments: Sequence[LabelledComment],
    held_out: Sequence[Mapping[str, Answers]],
    names: Sequence[str],
    items: Sequence[ItemModel],
    others: Reader,
    encoder: VectorEncoder,
) -> list[dict[str, Any]]:
    """Tags of the comments that ``held_out`` (one mapping uid -> answers a fold) covers.

    The calibration of a fold is learned from the answers to the other folds; of a single fold,
    from one half of it for the other. ``items`` has a model for each fold that did not learn from
    it.
    """
    tags: list[dict[str, Any]] = []
    models = items if len(held_out) > 1 else [items[0]] * _HALVES
    parts = zip(_calibrated(comments, held_out), models, strict=True)
    for (held, recorded, calibration), model in parts:
        reader = NetworkReader(recorded, calibration, names, WeighedWords(DEFAULT_PIPELINE, model))
        tags += tag_comments(Tagger("held out", reader, others, encoder, ()), held)
    return tags


def held_out_other_tags(
    comments: Sequence[LabelledComment],
    held_out: Sequence[Mapping[str, Answers]],
    languages: Sequence[str],
    english: Reader,
    encoder: VectorEncoder,
) -> list[dict[str, Any]]:
    """The same for comments in the other ``languages``, read by their network."""
    tags: list[dict[str, Any]] = []
    for held, recorded, calibration in _calibrated(comments, held_out):
        reader = NetworkReader(recorded, calibration, (), PointedWords())
        tagger = Tagger("held out", english, reader, encoder, (), served=languages)
        tags += tag_comments(tagger, held)
    return tags


def held_out_counts(
    gold: Sequence[Mapping[str, Any]], tags: Sequence[Mapping[str, Any]]
) -> Validation:
    """How the asks of labelled comments were read that were not learned from.

    ``gold`` are records of ``LabelledComment``, ``tags`` rows as above of the same comments.
    """
    truth = {row["uid"]: row for row in gold}
    return Validation.of(
        compare(
            # Comments written for the purpose are one stream, whatever trade they are about.
            truth[tag["uid"]]["domain"] if truth[tag["uid"]]["lang"] == ENGLISH else WRITTEN,
            truth[tag["uid"]]["lang"],
            truth[tag["uid"]]["asks"],
            tag["asks"],
            likely_to_ask(dict(tag["category_scores"])),
        )
        for tag in tags
    )


def _calibrated(
    comments: Sequence[LabelledComment], held_out: Sequence[Mapping[str, Answers]]
) -> Iterator[tuple[list[LabelledComment], RecordedAnswers, Calibration]]:
    """Each part held out: its comments, the answers to them, the calibration from the others."""
    parts = list(held_out) if len(held_out) > 1 else _halves(held_out[0])
    by_uid = {comment.uid: comment for comment in comments}
    for number, part in enumerate(parts):
        outside = {
            uid: one for k, other in enumerate(parts) if k != number for uid, one in other.items()
        }
        calibration = calibrated([by_uid[uid] for uid in outside], list(outside.values()))
        held = [by_uid[uid] for uid in part]
        recorded = RecordedAnswers(
            {comment.text[:READ_LIMIT]: part[comment.uid] for comment in held}
        )
        yield held, recorded, calibration


def _halves(answers: Mapping[str, Answers]) -> list[dict[str, Answers]]:
    return [dict(list(answers.items())[side::_HALVES]) for side in range(_HALVES)]
