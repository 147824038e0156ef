"""The encoder of multilingual-e5-small with the pieces that are kept; both networks begin so."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from classify.training.e5 import E5, TABLE
from classify.training.reader_network import built_encoder
from classify.training.vocabulary import Vocabulary


def pruned_encoder(base: E5, words: Vocabulary) -> nn.Module:
    """The base model's encoder, its table that of the vocabulary as it is shipped."""
    table = words.lookup.rows(np.arange(len(words.lookup.scales)))
    weights = {**base.encoder_weights(), TABLE: table}
    shape = {**base.shape, "vocab_size": len(table)}
    return built_encoder(shape, {name: torch.from_numpy(w) for name, w in weights.items()})
