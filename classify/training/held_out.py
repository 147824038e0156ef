"""The network's answers to comments it did not learn from, kept between steps of a long build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classify.answers import Answers, Tokens

_WHOLE = ("sentiments", "categories", "vector")
_BY_TOKEN = ("offsets", "spans", "types", "strengths", "names")


def save_answers(path: Path, uids: Sequence[str], answers: Sequence[Answers]) -> None:
    """Write answers with the uids of their comments as one compressed file."""
    arrays: dict[str, Any] = {
        name: np.stack([getattr(one, name) for one in answers]) for name in _WHOLE
    }
    for name in _BY_TOKEN:
        arrays[name] = np.concatenate([getattr(one.tokens, name) for one in answers])
    # half precision is plenty for probabilities, and a third of the space
    arrays = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    sizes = np.array([len(one.tokens.offsets) for one in answers])
    np.savez_compressed(path, uids=np.array(uids), sizes=sizes, **arrays)


def load_answers(path: Path) -> dict[str, Answers]:
    """The answers that ``save_answers`` wrote, by uid."""
    with np.load(path, allow_pickle=False) as stored:
        kept = {name: stored[name] for name in stored.files}
    kept = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in kept.items()
    }
    ends = np.cumsum(kept["sizes"])
    found: dict[str, Answers] = {}
    for at, (uid, end) in enumerate(zip(kept["uids"].tolist(), ends.tolist(), strict=True)):
        own = slice(end - int(kept["sizes"][at]), end)
        tokens = Tokens(*(kept[name][own] for name in _BY_TOKEN))
        sentiments, categories, vector = (kept[name][at] for name in _WHOLE)
        found[uid] = Answers(sentiments, categories, vector, tokens)
    return found
