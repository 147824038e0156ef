"""Fine-tuning: batches, losses, rates by depth, and the average of the weights over time."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from classify.labels import CATEGORIES, SENTIMENTS
from classify.training.descent import Descent
from classify.training.examples import UNKNOWN, Example
from classify.training.precision import half_precision, write_out_attention
from classify.training.reader_network import Logits, ReaderNetwork
from classify.training.taught import SPANS, TOKEN_WIDTH

Epoch = Callable[[random.Random], Sequence[Example]]
"""The examples of one epoch, drawn anew each time."""
Progress = Callable[[int, int, float], None]
"""Told after every step: which it was, of how many, and its loss."""
_ASK_WEIGHTS = (2.0, 4.0, 3.0)
_POOL = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn.

    ``rate`` is that of the encoder's last layer (each layer below learns at ``decay`` of the one
    above), ``head_rate`` that of the heads; both rise over the first ``warmup`` of the steps and
    fall to zero. The lowest ``frozen`` layers stay as they are, and with them all embeddings; the
    table of word embeddings always does.
    """

    epochs: int
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    decay: float = 0.9
    batch: int = 16
    warmup: float = 0.06
    averaging: float = 0.998
    masked: float = 0.06
    frozen: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Examples of like length, padded, as tensors; fields as in ``Example``."""

    ids: Tensor
    mask: Tensor
    sentiment: Tensor
    categories: Tensor
    categories_known: Tensor
    spans: Tensor
    asks_known: Tensor
    types: Tensor
    strengths: Tensor
    names: Tensor
    origin: Tensor
    taught: TaughtBatch | None


@dataclass(frozen=True, slots=True, eq=False)
class TaughtBatch:
    """What a teacher answers to the examples of a batch, as probabilities; zero where it was not
    asked. ``asked`` (b,), ``sentiment`` (b, 4), ``categories`` (b, 9), ``tokens`` (b, n, 15)."""

    asked: Tensor
    sentiment: Tensor
    categories: Tensor
    tokens: Tensor


def fine_tune(
    network: ReaderNetwork,
    epoch: Epoch,
    plan: Plan,
    seed: int,
    mask_token: int,
    on_step: Progress = lambda step, of, loss: None,
) -> ReaderNetwork:
    """Train ``network`` in place; returns a copy with the weights averaged over the later steps.

    ``on_step`` gets the step, how many there are, and the loss. The average (Polyak) generalises
    better than the last step and costs no further run.
    """
    chance = random.Random(seed)  # noqa: S311  draws examples, guards no secret
    torch.manual_seed(seed)
    _freeze(network, plan.frozen)
    drawn = epoch(chance)
    steps = plan.epochs * math.ceil(len(drawn) / plan.batch)
    learned = [weight for weight in network.parameters() if weight.requires_grad]
    descent = Descent(learned, _groups(network, plan), plan.warmup * steps, steps)
    average = [weight.detach().clone() for weight in learned]
    write_out_attention(network.encoder)
    network.train()
    step = 0
    for number in range(plan.epochs):
        if number:
            drawn = epoch(chance)
        for batch in batches(drawn, plan.batch, chance):
            _mask_tokens(batch, plan.masked, mask_token)
            with half_precision():
                logits = network(batch.ids, batch.mask)
            loss = total_loss(logits, batch)
            descent.step(loss)
            step += 1
            keep = min(plan.averaging, step / (step + 10))
            torch._foreach_lerp_(average, [weight.detach() for weight in learned], 1 - keep)
            on_step(step, steps, float(loss.detach()))
    averaged = copy.deepcopy(network)
    places = [weight for weight in averaged.parameters() if weight.requires_grad]
    for place, weight in zip(places, average, strict=True):
        place.data.copy_(weight)
    return averaged.eval()


def _freeze(network: ReaderNetwork, layers: int) -> None:
    network.encoder.get_submodule("embeddings.word_embeddings").requires_grad_(False)
    if layers:
        network.encoder.get_submodule("embeddings").requires_grad_(False)
    for number in range(layers):
        network.encoder.get_submodule(f"encoder.layer.{number}").requires_grad_(False)


def _groups(network: ReaderNetwork, plan: Plan) -> list[dict[str, object]]:
    layers = network.encoder.get_submodule("encoder.layer")
    count = len(list(layers.children()))
    by_depth: dict[int, list[nn.Parameter]] = {}
    heads = []
    for name, weight in network.named_parameters():
        if not weight.requires_grad:
            continue
        if not name.startswith("encoder."):
            heads.append(weight)
            continue
        at = name.split("layer.")
        depth = count - 1 - int(at[1].split(".")[0]) if len(at) > 1 else count
        by_depth.setdefault(depth, []).append(weight)
    groups: list[dict[str, object]] = [
        {"params": weights, "lr": plan.rate * plan.decay**depth}
        for depth, weights in by_depth.items()
    ]
    return [*groups, {"params": heads, "lr": plan.head_rate}]


def batches(examples: Sequence[Example], size: int, chance: random.Random) -> Iterator[Batch]:
    """Batches in random order, each of texts of about one length, so that little is padding."""
    order = list(range(len(examples)))
    chance.shuffle(order)
    pool = size * _POOL
    cut: list[list[int]] = []
    for begin in range(0, len(order), pool):
        near = sorted(order[begin : begin + pool], key=lambda at: len(examples[at].ids))
        cut += [near[at : at + size] for at in range(0, len(near), size)]
    chance.shuffle(cut)
    for places in cut:
        yield padded([examples[at] for at in places])


def padded(examples: Sequence[Example]) -> Batch:
    """One batch of the examples given."""
    count, width = len(examples), max(len(example.ids) for example in examples)
    ids = np.zeros((count, width), np.int64)
    mask = np.zeros((count, width), np.int64)
    spans = np.zeros((count, width, 3), np.float32)
    types, strengths, names = np.full((3, count, width), UNKNOWN, np.int64)
    categories = np.zeros((count, 9), np.float32)
    for row, example in enumerate(examples):
        n = len(example.ids)
        ids[row, :n], mask[row, :n], spans[row, :n] = example.ids, 1, example.spans
        types[row, :n], strengths[row, :n] = example.types, example.strengths
        names[row, :n] = example.names
        categories[row] = example.categories
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(mask),
        torch.tensor([example.sentiment for example in examples]),
        torch.from_numpy(np.nan_to_num(categories)),
        torch.from_numpy((~np.isnan(categories)).astype(np.float32)),
        torch.from_numpy(spans),
        torch.tensor([float(example.asks_known) for example in examples]),
        torch.from_numpy(types),
        torch.from_numpy(strengths),
        torch.from_numpy(names),
        torch.tensor([example.origin for example in examples]),
        _taught(examples, width),
    )


def _taught(examples: Sequence[Example], width: int) -> TaughtBatch | None:
    if all(example.taught is None for example in examples):
        return None
    asked = np.zeros(len(examples), np.float32)
    sentiment = np.zeros((len(examples), len(SENTIMENTS)), np.float32)
    categories = np.zeros((len(examples), len(CATEGORIES)), np.float32)
    tokens = np.zeros((len(examples), width, TOKEN_WIDTH), np.float32)
    for row, own in enumerate(example.taught for example in examples):
        if own is not None:
            asked[row], sentiment[row], categories[row] = 1, own.sentiment, own.categories
            tokens[row, : len(own.tokens)] = own.tokens
    return TaughtBatch(*map(torch.from_numpy, (asked, sentiment, categories, tokens)))


def _mask_tokens(batch: Batch, share: float, mask_token: int) -> None:
    """Hide some tokens of the batch, never the first: the network learns to read around them."""
    hidden = (torch.rand(batch.ids.shape) < share) & (batch.mask == 1)
    hidden[:, 0] = False
    batch.ids[hidden] = mask_token


def total_loss(logits: Logits, batch: Batch) -> Tensor:
    """The heads' losses, each a mean over what is labelled, weighted by what they are worth."""
    loss = 1.2 * _classes(logits.sentiments, batch.sentiment, smoothing=0.05)
    by_category = nn.functional.binary_cross_entropy_with_logits(
        logits.categories, batch.categories, reduction="none"
    )
    loss = loss + 4 * _mean(by_category, batch.categories_known)
    by_token = nn.functional.binary_cross_entropy_with_logits(
        logits.spans, batch.spans, reduction="none", pos_weight=torch.tensor(_ASK_WEIGHTS)
    ).sum(-1)
    loss = loss + _mean(by_token, batch.mask * batch.asks_known.unsqueeze(-1))
    loss = loss + 0.4 * _classes(logits.types, batch.types)
    loss = loss + 0.2 * _classes(logits.strengths, batch.strengths)
    loss = loss + 0.1 * _classes(logits.names, batch.names)
    loss = loss + 0.4 * _classes(logits.origins, batch.origin)
    return loss if batch.taught is None else loss + _distance(logits, batch.mask, batch.taught)


def _distance(logits: Logits, mask: Tensor, taught: TaughtBatch) -> Tensor:
    """How far the answers are from the teacher's: cross-entropies, weighted as those of labels.

    What kind of ask a token belongs to counts as far as the teacher sees an ask there.
    """
    asked = taught.asked
    spans, types, strengths = taught.tokens.split(
        [SPANS, logits.types.shape[-1], logits.strengths.shape[-1]], -1
    )
    present = mask * asked.unsqueeze(-1)
    within = present * spans[..., 0]
    unlikely = nn.functional.binary_cross_entropy_with_logits
    loss = 1.2 * _mean(_surprise(logits.sentiments, taught.sentiment), asked)
    by_category = unlikely(logits.categories, taught.categories, reduction="none")
    loss = loss + 4 * _mean(by_category.mean(-1), asked)
    by_token = unlikely(logits.spans, spans, reduction="none").sum(-1)
    loss = loss + _mean(by_token, present)
    loss = loss + 0.4 * _mean(_surprise(logits.types, types), within)
    return loss + 0.2 * _mean(_surprise(logits.strengths, strengths), within)


def _surprise(logits: Tensor, likely: Tensor) -> Tensor:
    return -(likely * logits.log_softmax(-1)).sum(-1)


def _classes(logits: Tensor, target: Tensor, smoothing: float = 0.0) -> Tensor:
    flat, codes = logits.reshape(-1, logits.shape[-1]), target.reshape(-1)
    known = codes != UNKNOWN
    if not bool(known.any()):
        return flat.sum() * 0
    return nn.functional.cross_entropy(flat[known], codes[known], label_smoothing=smoothing)


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    return (values * counted).sum() / counted.sum().clamp(min=1)
