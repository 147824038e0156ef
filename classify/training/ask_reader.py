"""An encoder of asks as it is trained: texts in, one vector each out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from classify.training.precision import half_precision
from classify.training.vocabulary import Vocabulary
from classify.vectors import Floats, tokens_of

_TOGETHER = 32


@dataclass(frozen=True, slots=True, eq=False)
class AskReader:
    """``tokens`` gives the numbers of the tokens that ``encoder`` reads of each text; ``pad`` is
    the number of none."""

    encoder: nn.Module
    tokens: Callable[[Sequence[str]], list[list[int]]]
    pad: int

    @classmethod
    def of(cls, encoder: nn.Module, words: Vocabulary) -> AskReader:
        """The reader of an encoder that reads the pieces of ``words``, as it is shipped."""
        tokens = partial(tokens_of, words=words.tokenizer, specials=words.specials)
        return cls(encoder, tokens, words.specials.pad)

    def read(self, texts: Sequence[str]) -> Tensor:
        """The mean of each text's tokens, of length one, (n, width); with gradients where the
        encoder learns."""
        rows = self.tokens(texts)
        # texts of like length together, so that little is padding
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        read = [
            self._means([rows[at] for at in order[begin : begin + _TOGETHER]])
            for begin in range(0, len(order), _TOGETHER)
        ]
        return torch.cat(read)[torch.tensor(order).argsort()]

    def vectors(self, texts: Sequence[str]) -> Floats:
        """The same without gradients."""
        with torch.no_grad():
            return np.asarray(self.read(texts).numpy(), dtype=np.float32)

    def _means(self, rows: Sequence[Sequence[int]]) -> Tensor:
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[self.pad] * (width - len(row))] for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        with half_precision():
            hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        present = mask.unsqueeze(-1).to(hidden.dtype)
        return nn.functional.normalize((hidden * present).sum(1) / present.sum(1), dim=-1)
