"""What a larger encoder says of asks, and how far a smaller one is from it.

The smaller one shall see the same neighbours (the distribution over the other texts of a batch,
Fang et al. 2021, "SEED: self-supervised distillation"), and from its vectors those of the larger
one shall follow by a linear map (Reimers and Gurevych 2020, "Making monolingual sentence embeddings
multilingual using knowledge distillation").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor, nn

from classify.training.ask_reader import AskReader
from classify.training.wants import Trade
from classify.vectors import Floats

_TEMPERATURE = 0.05
_NEIGHBOURHOOD = 75
"""Texts of one neighbourhood, on average."""
_LEAST = 16
"""Texts from which a neighbourhood is learned from."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """``vectors`` gives the teacher's vector of a text, (width,), ``near`` texts that it takes for
    alike."""

    vectors: Mapping[str, Floats]
    near: Sequence[Sequence[str]]

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return len(next(iter(self.vectors.values())))


def lessons_of(
    teacher: AskReader, trades: Sequence[Trade], texts: Sequence[str], lang: str
) -> Lessons:
    """What ``teacher``, which reads ``lang``, says of the wordings of all wants and of ``texts``.

    Of a wording in another language it says the mean of those of its want that it can read.
    """
    wordings = [asked for trade in trades for want in trade.values() for asked in want]
    read = list(dict.fromkeys([*texts, *(asked.text for asked in wordings if asked.lang == lang)]))
    vectors = dict(zip(read, teacher.vectors(read), strict=True))
    found = dict(vectors)
    for trade in trades:
        for want in trade.values():
            own = [vectors[asked.text] for asked in want if asked.lang == lang]
            if own:
                mean = np.mean(own, axis=0)
                middle = mean / np.linalg.norm(mean)
                found |= {asked.text: middle for asked in want if asked.lang != lang}
    return Lessons(found, _neighbourhoods(list(dict.fromkeys(texts)), vectors))


def _neighbourhoods(texts: Sequence[str], vectors: Mapping[str, Floats]) -> list[list[str]]:
    rows = np.stack([vectors[text] for text in texts])
    parts = max(1, len(texts) // _NEIGHBOURHOOD)
    own = MiniBatchKMeans(parts, random_state=0, n_init=1).fit_predict(rows)
    found: list[list[str]] = [[] for _ in range(parts)]
    for text, part in zip(texts, own.tolist(), strict=True):
        found[part].append(text)
    return [near for near in found if len(near) >= _LEAST]


class Distance(nn.Module):
    """How far an encoder of ``width`` numbers is from the teacher of ``lessons``."""

    def __init__(self, lessons: Lessons, width: int) -> None:
        super().__init__()
        self.lessons = lessons
        self.map = nn.Linear(width, lessons.width, bias=False)
        nn.init.orthogonal_(self.map.weight)

    def forward(self, rows: Tensor, texts: Sequence[str], parts: Tensor) -> Tensor:
        """``rows`` (n, width) are what the encoder says of ``texts``; only texts of one of the
        ``parts`` (n,) are neighbours. Texts without a lesson count for nothing."""
        told = [at for at, text in enumerate(texts) if text in self.lessons.vectors]
        if not told:
            return rows.new_zeros(())
        wanted = torch.from_numpy(np.stack([self.lessons.vectors[texts[at]] for at in told]))
        own, within = rows[told], parts[told]
        away = 1 - nn.functional.cosine_similarity(self.map(own), wanted)
        return away.mean() + _neighbours_apart(own, wanted, within)


def _neighbours_apart(own: Tensor, wanted: Tensor, parts: Tensor) -> Tensor:
    """The divergence between the distributions of each row over the others of its part."""
    others = (parts[:, None] == parts[None, :]) & ~torch.eye(len(parts), dtype=torch.bool)

    def log_shares(rows: Tensor) -> Tensor:
        cosines = rows @ rows.T / _TEMPERATURE
        return cosines.masked_fill(~others, -1e4).log_softmax(dim=1)

    return nn.functional.kl_div(
        log_shares(own), log_shares(wanted), reduction="batchmean", log_target=True
    )
