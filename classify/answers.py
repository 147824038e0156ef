"""What a network answers to a comment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """What was read of each of n tokens of a comment.

    ``offsets`` (n, 2) count characters of the comment. ``spans`` (n, 3) are the probabilities to
    lie in a quote, to begin one, and to belong to the item; ``types`` (n, 9), ``strengths`` (n, 3)
    and ``names`` (n, shared names + 1) those of the ask around the token.
    """

    offsets: npt.NDArray[np.int32]
    spans: Floats
    types: Floats
    strengths: Floats
    names: Floats


NO_TOKENS = Tokens(
    np.zeros((0, 2), np.int32), *(np.zeros((0, width), np.float32) for width in (3, 9, 3, 1))
)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One comment read, or a piece of one: ``sentiments`` (4,) probabilities, ``categories`` (9,)
    logits, ``vector`` (384,) what further heads can be learned on, and its tokens."""

    sentiments: Floats
    categories: Floats
    vector: Floats
    tokens: Tokens
