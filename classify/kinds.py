"""What kind of ask a quote is, and how strong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.clause_reader import Floats
from classify.labels import STRENGTHS, TYPES
from classify.ngrams import Matrix, NgramSpace

_CUES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bneeds?\b|\bmust\b|\bha(?:s|ve) to\b|\basap\b|\bdesperate|\bneeded\b",
        r"\bplease\b.*\bplease\b|!{2,}|\bbegging\b|\bimmediately\b|\burgent",
        r"\bmaybe\b|\bperhaps\b|\bcould\b|\bhow about\b|\bwhat about\b|\bwhat if\b",
        r"\bwould(?:n'?t)? (?:it )?be (?:\w+ )?(?:nice|great|good|cool|awesome|helpful|useful)\b"
        r"|\b(?:might|possibly|consider)\b",
        r"\bwish\b|\bwould (?:love|like)\b|\bi'?d (?:love|like)\b|\bwant\b|\bshould\b|\bhope\b",
        r"\bplease\b|\bpls\b|\bplz\b",
        r"\bbring\b.*\bback\b|\bused to\b|\bno longer\b|\banymore\b|\bmiss\b|\bremoved\b|\bagain\b",
        r"\bfix\b|\bsort (?:\w+ )?out\b|\brepair\b|\bresolve\b|\bbroken\b",
        r"\brefund\b|\bstaff\b|\bemployee|\bmanage|\bhire\b|\btrain|\bservice\b|\bclean",
        r"\bprices?\b|\bcheap|\bdiscount|\bcost|\bfree\b|\bexpensive\b|\bpay\b",
        r"\boption\b|\bability\b|\bfeature\b|\badd\b|\bimplement\b|\bsupport\b",
        r"\bbreakfast\b|\bopen\b|\bhours\b|\bavailable\b|\bandroid\b|\bversion\b|\bserve\b|\bsell\b",
        r"\btell us\b|\blet (?:us|me) know\b|\binfo\w*\b|\bexplain\b|\bshow\b|\bannounce",
    )
)


@dataclass(frozen=True, eq=False)
class AskKinds:
    """Linear scores on the quote and on its window: ``weights`` (2 n-grams + cues + 1, heads).

    The heads are the types, then the strengths.
    """

    space: NgramSpace
    weights: Floats

    def scores(self, quotes: Sequence[str], windows: Sequence[str]) -> Floats:
        """Decision values, (n, heads)."""
        rows = kind_matrix(self.space, quotes, windows)
        return np.asarray(rows @ self.weights[:-1] + self.weights[-1], dtype=np.float32)

    def read(self, scores: Floats, *, wants: bool, requests: bool) -> tuple[str, int]:
        """Type and strength of one row of scores.

        ``wants`` and ``requests`` say whether the comment holds a purchase intent, a request.
        """
        types = scores[: len(TYPES)].copy()
        at = TYPES.index("wants")
        if not wants:
            types[at] = -np.inf
        elif not requests:
            types[:at] = -np.inf
        return TYPES[int(np.argmax(types))], STRENGTHS[int(np.argmax(scores[len(TYPES) :]))]

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {**self.space.arrays(name), f"{name}_weights": self.weights.astype(np.float16)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], name: str) -> AskKinds:
        """The models that ``arrays`` of the same name described."""
        weights = np.ascontiguousarray(arrays[f"{name}_weights"], dtype=np.float32)
        return cls(NgramSpace.from_arrays(arrays, name), weights)


def kind_matrix(space: NgramSpace, quotes: Sequence[str], windows: Sequence[str]) -> Matrix:
    """N-grams of quotes, n-grams of windows at half weight, wording cues of the quotes."""
    cues = np.array(
        [[bool(cue.search(quote)) for cue in _CUES] for quote in quotes], dtype=np.float32
    ).reshape(len(quotes), len(_CUES))
    return sparse.hstack(
        [
            space.matrix(quotes),
            space.matrix(windows) * np.float32(0.5),
            sparse.csr_matrix(cues * np.float32(0.7)),
        ],
        format="csr",
    )
