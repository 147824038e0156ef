"""The way down a loss: the optimizer, its schedule, and gradients that are cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


class Descent:
    """Moves the weights ``learned`` by AdamW, with their gradients together cut to length one.

    ``groups`` are the same weights with the rates of each, as torch takes them. Rates rise over the
    first ``warmup`` of the ``steps`` and fall to zero.
    """

    def __init__(
        self,
        learned: Sequence[nn.Parameter],
        groups: Iterable[dict[str, object]],
        warmup: float,
        steps: int,
    ) -> None:
        self._learned = learned
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: min((step + 1) / warmup, 1 - step / (steps + 1))
        )

    def step(self, loss: Tensor) -> None:
        """One step against the loss of a batch."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimizer.step()
        self._schedule.step()
