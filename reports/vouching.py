"""What asks themselves say of being one: their own vectors, before any was drawn toward another.

Asks come together by a word of their items and by the neighbours that they share. Both can be
wrong: fifty people say "driver" and mean fifty things, and where hardly two ask for the same, the
nearest others are strangers. So what is called alike must be alike, and who has met others must be
like them on average. Without that, signals of real comments hold what is merely near.

The levels were chosen on the labelled English comments (``benchmarks.labelled_asks``), as far as
the planted demand of the scenario standard bore it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reports.neighbours import unit

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

CALLED_ALIKE = 0.62
"""The mean cosine of asks with one word for a key below which it says too little; two words name a
thing, whatever is wanted of it."""
FEWEST = 3
"""People who use a key before it can be found to say too little."""
MET, MET_OF_FEW = 0.35, 0.4
"""The mean cosine of a group with those that it has met: of n it must be ``MET + MET_OF_FEW / n``,
for a mean of few can be high by chance."""
AT_ONCE = 0.1
"""The share of a thing's groups that leave it at once; then the rest is looked at again."""


def says_too_little(voices: Floats) -> bool:
    """Whether asks with one key are no more alike than strangers: ``voices`` (n, dim), of length
    one, are what each of n people says, without what all asks have in common."""
    n = len(voices)
    if n < FEWEST:
        return False
    total = voices.sum(axis=0)
    return bool((total @ total - n) / (n * (n - 1)) < CALLED_ALIKE)


def unlike(vectors: Floats, weights: Floats) -> npt.NDArray[np.bool_]:
    """Which of the n groups that have met are not like the others, (n,).

    ``vectors`` (n, dim), of length one, are the groups' own, ``weights`` (n,) how much each tells.
    The least like leave first, for they make others look unlike.
    """
    there = np.ones(len(vectors), dtype=bool)
    while there.sum() > 1:
        within = np.flatnonzero(there)
        cosines = mean_cosines(vectors[within], weights[within])
        low = np.flatnonzero(cosines < MET + MET_OF_FEW / len(within))
        if not low.size:
            break
        first = low[np.argsort(cosines[low], kind="stable")]
        there[within[first[: max(1, int(AT_ONCE * len(within)))]]] = False
    return ~there if there.sum() > 1 else np.ones(len(vectors), dtype=bool)


def mean_cosines(vectors: Floats, weights: Floats) -> Floats:
    """The cosine of each of ``vectors`` (n, dim), n > 1, with the others, as the mean by their
    ``weights`` (n,)."""
    total = weights @ vectors
    cosines = (vectors @ total - weights) / (weights.sum() - weights)
    return np.asarray(cosines, dtype=np.float32)


def voices(vectors: Sequence[npt.ArrayLike], persons: Sequence[str], shared: Floats) -> Floats:
    """What each person says, the mean of that person's ``vectors`` without what all asks have in
    common, ``shared`` (dim,): of length one, (people, dim)."""
    _, own = np.unique(persons, return_inverse=True)
    sums = np.zeros((int(own.max()) + 1, len(shared)), np.float32)
    np.add.at(sums, own, np.stack([np.asarray(one, np.float32) for one in vectors]))
    return unit(unit(sums) - shared)
