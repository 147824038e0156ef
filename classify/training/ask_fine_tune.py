"""Fine-tuning of the ask encoder's upper layers by contrast.

In every step wordings of one want are told from those of the other wants of its trade (supervised
contrastive loss, Khosla et al. 2020; wants of other trades may be the same and are left out),
labelled asks find their item's name in English among others, and questions the one with the same
intent (in-batch negatives, Henderson et al. 2017). Embeddings and lower layers stay as they are, so
that languages with few wordings keep what the base knows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from classify.network import Specials
from classify.training.descent import Descent
from classify.training.fine_tune import Progress
from classify.training.wants import Asked, Trade, heard
from classify.vectors import ask_text, tokens_of

Thing = TypeVar("Thing")
_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class AskPlan:
    """How long and how fast to learn, and what is drawn for a step.

    The rate rises over the first ``warmup`` steps and falls to zero. ``learning`` layers, the
    uppermost, learn. A step has ``wordings`` of each of ``wants`` of each of ``trades``, asks that
    are ``labelled`` in English and ``foreign`` ones, and two questions of each of ``intents``.
    """

    steps: int = 180
    rate: float = 1e-4
    warmup: int = 20
    learning: int = 8
    temperature: float = 0.07
    trades: int = 4
    wants: int = 8
    wordings: int = 3
    labelled: int = 16
    foreign: int = 12
    intents: int = 24
    others_weigh: float = 0.5


PLAN = AskPlan()


@dataclass(frozen=True, slots=True, eq=False)
class AskMaterial:
    """What is learned from: trades with their wants, labelled asks in English and in other
    languages with the item in English, and questions by intent."""

    trades: Sequence[Trade]
    labelled: Sequence[tuple[Asked, str]]
    foreign: Sequence[tuple[Asked, str]]
    intents: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class AskReader:
    """The encoder as it is trained: texts in, means of length one (n, 384) out."""

    encoder: nn.Module
    tokenizer: Tokenizer
    specials: Specials

    def read(self, texts: Sequence[str]) -> Tensor:
        """One row per text, with gradients where the encoder learns."""
        rows = tokens_of(texts, self.tokenizer, self.specials)
        # texts of like length together, so that little is padding
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        read = [
            self._means([rows[at] for at in order[begin : begin + _TOGETHER]])
            for begin in range(0, len(order), _TOGETHER)
        ]
        return torch.cat(read)[torch.tensor(order).argsort()]

    def _means(self, rows: Sequence[Sequence[int]]) -> Tensor:
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[self.specials.pad] * (width - len(row))] for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        present = mask.unsqueeze(-1).to(hidden.dtype)
        return nn.functional.normalize((hidden * present).sum(1) / present.sum(1), dim=-1)


def fine_tune_asks(
    reader: AskReader,
    material: AskMaterial,
    seed: int,
    plan: AskPlan = PLAN,
    on_step: Progress = lambda step, of, loss: None,
) -> nn.Module:
    """Train the encoder of ``reader`` in place and return it."""
    chance = random.Random(seed)  # noqa: S311  draws examples, guards no secret
    torch.manual_seed(seed)
    learned = _learning(reader.encoder, plan.learning)
    descent = Descent(learned, [{"params": learned, "lr": plan.rate}], plan.warmup, plan.steps)
    reader.encoder.train()
    for step in range(plan.steps):
        loss = _step_loss(reader, material, plan, chance)
        descent.step(loss)
        on_step(step + 1, plan.steps, float(loss.detach()))
    return reader.encoder.eval()


def _learning(encoder: nn.Module, layers: int) -> list[nn.Parameter]:
    encoder.requires_grad_(False)
    upper = list(encoder.get_submodule("encoder.layer").children())[-layers:]
    learned = [weight for layer in upper for weight in layer.parameters()]
    for weight in learned:
        weight.requires_grad_(True)
    return learned


def _step_loss(
    reader: AskReader, material: AskMaterial, plan: AskPlan, chance: random.Random
) -> Tensor:
    texts, trades, wants = _wordings(material.trades, plan, chance)
    loss = _contrast(reader.read(texts), trades, wants, plan.temperature)
    asks = [
        *_some(material.labelled, plan.labelled, chance),
        *_some(material.foreign, plan.foreign, chance),
    ]
    if asks:
        names = [name.lower() for _, name in asks]
        same = torch.from_numpy(np.unique(names, return_inverse=True)[1])
        said = reader.read([ask_text(ask.said, ask.quote) for ask, _ in asks])
        loss = loss + plan.others_weigh * _pairs(said, reader.read(names), same, plan.temperature)
    asked = [chance.sample(texts, 2) for texts in _some(material.intents, plan.intents, chance)]
    if asked:
        read = reader.read([text for pair in asked for text in pair])
        other = torch.arange(len(asked))
        loss = loss + plan.others_weigh * _pairs(read[::2], read[1::2], other, plan.temperature)
    return loss


def _wordings(
    trades: Sequence[Trade], plan: AskPlan, chance: random.Random
) -> tuple[list[str], Tensor, Tensor]:
    """n texts, and the numbers of each one's trade and want, (n,)."""
    texts: list[str] = []
    numbers: list[tuple[int, int]] = []
    for at, trade in enumerate(_some(trades, plan.trades, chance)):
        for number, want in enumerate(_some(list(trade), plan.wants, chance)):
            for asked in _some(trade[want], plan.wordings, chance):
                own = heard(asked, chance)
                texts.append(ask_text(own.said, own.quote))
                numbers.append((at, number))
    both = torch.tensor(numbers)
    return texts, both[:, 0], both[:, 1]


def _some(things: Sequence[Thing], most: int, chance: random.Random) -> list[Thing]:
    return chance.sample(list(things), min(most, len(things)))


def _contrast(rows: Tensor, trades: Tensor, wants: Tensor, temperature: float) -> Tensor:
    """Each row against all others of its trade: those of its want shall be the closest."""
    others = (trades[:, None] == trades[None, :]) & ~torch.eye(len(rows), dtype=torch.bool)
    cosines = (rows @ rows.T / temperature).masked_fill(~others, float("-inf"))
    likely = cosines - torch.logsumexp(cosines, dim=1, keepdim=True)
    same = (wants[:, None] == wants[None, :]) & others
    own = likely.masked_fill(~same, 0.0).sum(1) / same.sum(1).clamp(min=1)
    return -own[same.any(1)].mean()


def _pairs(one: Tensor, other: Tensor, same: Tensor, temperature: float) -> Tensor:
    """Row i of ``one`` shall be closest to row i of ``other``; rows with an equal number in
    ``same`` are no negatives of each other."""
    alike = same[:, None] == same[None, :]
    alike.fill_diagonal_(False)
    cosines = (one @ other.T / temperature).masked_fill(alike, float("-inf"))
    target = torch.arange(len(one))
    forth = nn.functional.cross_entropy(cosines, target)
    back = nn.functional.cross_entropy(cosines.T, target)
    return (forth + back) / 2
