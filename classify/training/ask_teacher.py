"""The teacher of the ask encoder: all-mpnet-base-v2, which reads English alone and better."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from classify.language import ENGLISH
from classify.training.ask_fine_tune import AskMaterial, AskPlan, fine_tune_asks
from classify.training.ask_lessons import Lessons, lessons_of
from classify.training.ask_reader import AskReader
from classify.training.fine_tune import Progress
from classify.training.mpnet import own_encoder, own_tokenizer
from classify.training.steps import kept
from classify.training.wants import Trade

PLAN = AskPlan(steps=240, rate=5e-5, warmup=15, learning=6, labelled=12)
KEPT = "ask_teacher.pt"
"""The file of a build with the weights that were taught."""
_MOST_TOKENS = 80


@dataclass(frozen=True, slots=True, eq=False)
class AskTeacher:
    """How the teacher is made from the base model's files in ``base``; its weights are kept in the
    folder ``work`` and not made twice."""

    work: Path
    base: Path
    seed: int
    plan: AskPlan = PLAN

    def lessons(
        self, material: AskMaterial, on_step: Progress = lambda step, of, loss: None
    ) -> Lessons:
        """What the teacher says of the wants and of what is asked in English."""
        own = in_english(material)
        texts = [*material.unlabelled, *(ask.text for ask, _ in own.labelled)]
        return lessons_of(self._taught(own, on_step), material.trades, texts, ENGLISH)

    def _taught(self, material: AskMaterial, on_step: Progress) -> AskReader:
        encoder, words = own_encoder(self.base), own_tokenizer(self.base, _MOST_TOKENS)
        reader = AskReader(encoder, partial(_tokens, words), int(encoder.config.pad_token_id))
        teach = partial(fine_tune_asks, reader, material, self.seed, self.plan, on_step=on_step)
        weights = kept(self.work / KEPT, teach, partial(copy.deepcopy, encoder))
        return replace(reader, encoder=weights)


def _tokens(words: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in words.encode_batch(list(texts))]


def in_english(material: AskMaterial) -> AskMaterial:
    """What there is to be learned in English, wants with two wordings and more."""
    trades: list[Trade] = []
    for trade in material.trades:
        own = {
            want: [asked for asked in wordings if asked.lang == ENGLISH]
            for want, wordings in trade.items()
        }
        trades.append({want: wordings for want, wordings in own.items() if len(wordings) > 1})
    return AskMaterial([trade for trade in trades if trade], material.labelled, (), ())
