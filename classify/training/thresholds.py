"""From probabilities to decisions: the cut with the best F1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def best_threshold(holds: Bools, likely: Floats) -> float:
    """The probability from which calling the label gives the best F1; 0.5 where it never holds.

    The F1 is smoothed over neighbouring cuts, so that one lucky comment does not decide.
    """
    if not holds.any():
        return 0.5
    grid = np.linspace(0.05, 0.9, 86)
    scores = np.array([_f1(holds, likely >= cut) for cut in grid])
    smooth = np.convolve(np.pad(scores, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return float(grid[int(np.argmax(smooth))])


def _f1(holds: Bools, called: npt.NDArray[np.bool_]) -> float:
    both = int((holds & called).sum())
    total = int(holds.sum() + called.sum())
    return 2 * both / total if total else 0.0
