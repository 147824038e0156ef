"""The network: a small encoder and a head for every tag."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig, BertModel

from classify.labels import CATEGORIES, SENTIMENTS, STRENGTHS, TYPES
from classify.training.examples import ORIGINS

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)
_BLOCKED = -1e4


@dataclass(frozen=True, slots=True, eq=False)
class Logits:
    """What the heads answer for b comments of n tokens.

    ``sentiments`` (b, 4), ``categories`` (b, 9), ``spans`` (b, n, 3), ``types`` (b, n, 9),
    ``strengths`` (b, n, 3), ``names`` (b, n, shared names + 1), ``origins`` (b, 4); ``vectors``
    (b, 384) are what the sentiment is read from.
    """

    sentiments: Tensor
    categories: Tensor
    spans: Tensor
    types: Tensor
    strengths: Tensor
    names: Tensor
    origins: Tensor
    vectors: Tensor


class ReaderNetwork(nn.Module):
    """One encoder, read once per comment.

    Every category attends to the tokens on its own (label-wise attention, Mullenbach et al. 2018),
    so that one sentence of a long comment can carry it.
    """

    def __init__(self, encoder: nn.Module, names: int, dropout: float = 0.1) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.attention = nn.Linear(width, len(CATEGORIES) + 1)
        self.category_weights = nn.Parameter(torch.randn(len(CATEGORIES), width) * 0.02)
        self.category_bias = nn.Parameter(torch.full((len(CATEGORIES),), -1.0))
        self.sentiment = nn.Linear(width, len(SENTIMENTS))
        self.origin = nn.Linear(width, len(ORIGINS))
        self.spans = nn.Linear(width, 3)
        self.kinds = nn.Linear(2 * width, len(TYPES) + len(STRENGTHS) + names + 1)
        self._kinds = [len(TYPES), len(STRENGTHS), names + 1]

    def forward(self, ids: Tensor, mask: Tensor) -> Logits:
        """``ids`` (b, n) and ``mask`` (b, n), 1 where there is a token."""
        return self.heads(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask)

    def heads(self, hidden: Tensor, mask: Tensor) -> Logits:
        """What the heads answer to the encoder's ``hidden`` (b, n, 384), in single precision
        whatever the encoder was read in."""
        with torch.autocast("cpu", enabled=False):
            return self._heads(hidden.float(), mask)

    def _heads(self, hidden: Tensor, mask: Tensor) -> Logits:
        present = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * present).sum(1) / present.sum(1)
        weights = self.attention(hidden) + (1 - present) * _BLOCKED
        attended = torch.einsum("bnk,bnd->bkd", weights.softmax(1), hidden)
        pooled = self.dropout(attended + mean.unsqueeze(1))
        categories = (pooled[:, :-1] * self.category_weights).sum(-1) + self.category_bias
        tokens = self.dropout(hidden)
        around = pooled[:, -1:].expand(-1, hidden.shape[1], -1)
        types, strengths, names = self.kinds(torch.cat([tokens, around], -1)).split(self._kinds, -1)
        return Logits(
            self.sentiment(pooled[:, -1]),
            categories,
            self.spans(tokens),
            types,
            strengths,
            names,
            self.origin(pooled[:, -1]),
            pooled[:, -1],
        )


def built_encoder(shape: Mapping[str, int | float], weights: Mapping[str, Tensor]) -> nn.Module:
    """A BERT encoder of the ``shape`` that ``BertConfig`` names, with ``weights`` by their names;
    without dropout, as in ``base_encoder``. Raises ``RuntimeError`` where a weight is amiss."""
    config = BertConfig(**shape, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    encoder: nn.Module = BertModel(config, add_pooling_layer=False)
    encoder.load_state_dict(dict(weights))
    return encoder


def base_encoder(folder: Path) -> nn.Module:
    """The encoder of ``folder`` (``model.safetensors`` and its configuration).

    Without dropout inside: drawing it takes a third of a step on a processor, and short training
    on many labels does not need it.
    """
    encoder: nn.Module = AutoModel.from_pretrained(
        str(folder), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    return encoder


def between(one: AnyNetwork, other: nn.Module, share: float) -> AnyNetwork:
    """A network whose weights lie between those of two of one shape, ``share`` of the way to the
    other."""
    found = copy.deepcopy(one)
    for place, weight in zip(found.parameters(), other.parameters(), strict=True):
        place.data.lerp_(weight.data, share)
    return found
