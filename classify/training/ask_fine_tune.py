"""Fine-tuning of an ask encoder's layers by contrast.

In every step wordings of one want are told from those of the other wants of its trade (supervised
contrastive loss, Khosla et al. 2020; wants of other trades may be the same and are left out),
labelled asks find their item's name in English among others, and questions the one with the same
intent (in-batch negatives, Henderson et al. 2017). A larger encoder that has learned the same may
say what it knows of the texts. The table of pieces stays as it is, so that languages with few
wordings keep what the base knows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from classify.training.ask_lessons import Distance, Lessons
from classify.training.ask_reader import AskReader
from classify.training.descent import Descent
from classify.training.fine_tune import Progress
from classify.training.precision import write_out_attention
from classify.training.wants import Asked, Trade, heard

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class AskPlan:
    """How long and how fast to learn, and what is drawn for a step.

    The rate rises over the first ``warmup`` steps and falls to zero. ``learning`` layers, the
    uppermost, learn. A step has ``wordings`` of each of ``wants`` of each of ``trades``, asks that
    are ``labelled`` in English and ``foreign`` ones, and two questions of each of ``intents``.
    Where there is a teacher it also has ``near`` texts of each of ``neighbourhoods``.
    """

    steps: int = 600
    rate: float = 1.5e-4
    warmup: int = 20
    learning: int = 12
    temperature: float = 0.07
    trades: int = 4
    wants: int = 8
    wordings: int = 3
    labelled: int = 16
    foreign: int = 12
    intents: int = 24
    neighbourhoods: int = 2
    near: int = 32
    others_weigh: float = 0.5
    map_rate: float = 1e-3


PLAN = AskPlan()


@dataclass(frozen=True, slots=True, eq=False)
class AskMaterial:
    """What is learned from: trades with their wants, labelled asks in English and in other
    languages with the item in English, questions by intent, and wishes in English of which nothing
    is known but what a teacher says."""

    trades: Sequence[Trade]
    labelled: Sequence[tuple[Asked, str]]
    foreign: Sequence[tuple[Asked, str]]
    intents: Sequence[Sequence[str]]
    unlabelled: Sequence[str] = ()


def fine_tune_asks(
    reader: AskReader,
    material: AskMaterial,
    seed: int,
    plan: AskPlan = PLAN,
    lessons: Lessons | None = None,
    on_step: Progress = lambda step, of, loss: None,
) -> nn.Module:
    """Train the encoder of ``reader`` in place, with the ``lessons`` of a teacher if there is one,
    and return it."""
    chance = random.Random(seed)  # noqa: S311  draws examples, guards no secret
    torch.manual_seed(seed)
    learned = _learning(reader.encoder, plan.learning)
    groups: list[dict[str, object]] = [{"params": learned, "lr": plan.rate}]
    distance = None
    if lessons is not None:
        distance = Distance(lessons, int(reader.encoder.config.hidden_size))
        mapped = list(distance.parameters())
        groups.append({"params": mapped, "lr": plan.map_rate})
        learned = [*learned, *mapped]
    descent = Descent(learned, groups, plan.warmup, plan.steps)
    write_out_attention(reader.encoder)
    reader.encoder.train()
    for step in range(plan.steps):
        loss = _step_loss(reader, material, plan, distance, chance)
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
    reader: AskReader,
    material: AskMaterial,
    plan: AskPlan,
    distance: Distance | None,
    chance: random.Random,
) -> Tensor:
    wordings = _wordings(material.trades, plan, chance)
    rows = reader.read([heard(asked, chance).text for asked in wordings.asked])
    loss = _contrast(rows, wordings.trades, wordings.wants, plan.temperature)
    asks = [
        *_some(material.labelled, plan.labelled, chance),
        *_some(material.foreign, plan.foreign, chance),
    ]
    if asks:
        names = [name.lower() for _, name in asks]
        same = torch.from_numpy(np.unique(names, return_inverse=True)[1])
        said = reader.read([ask.text for ask, _ in asks])
        loss = loss + plan.others_weigh * _pairs(said, reader.read(names), same, plan.temperature)
    asked = [chance.sample(texts, 2) for texts in _some(material.intents, plan.intents, chance)]
    if asked:
        read = reader.read([text for pair in asked for text in pair])
        other = torch.arange(len(asked))
        loss = loss + plan.others_weigh * _pairs(read[::2], read[1::2], other, plan.temperature)
    if distance is not None:
        loss = loss + distance(rows, [asked.text for asked in wordings.asked], wordings.trades)
        near = _some(distance.lessons.near, plan.neighbourhoods, chance)
        texts = [text for part in near for text in _some(part, plan.near, chance)]
        loss = loss + distance(reader.read(texts), texts, torch.zeros(len(texts)))
    return loss


@dataclass(frozen=True, slots=True, eq=False)
class _Wordings:
    """n wordings, and the numbers of each one's trade and want, (n,)."""

    asked: Sequence[Asked]
    trades: Tensor
    wants: Tensor


def _wordings(trades: Sequence[Trade], plan: AskPlan, chance: random.Random) -> _Wordings:
    drawn: list[Asked] = []
    numbers: list[tuple[int, int]] = []
    for at, trade in enumerate(_some(trades, plan.trades, chance)):
        for number, want in enumerate(_some(list(trade), plan.wants, chance)):
            wordings = _some(trade[want], plan.wordings, chance)
            drawn += wordings
            numbers += [(at, number)] * len(wordings)
    both = torch.tensor(numbers)
    return _Wordings(drawn, both[:, 0], both[:, 1])


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
