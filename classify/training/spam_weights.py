"""``python -m classify.training.spam_weights``: learn what the signs of spam weigh.

Learned on adverts and ordinary comments that were written for earful: a logistic regression, with
the network's usual doubt given, and a Gaussian prior at what a person reasoned, which no sign
changes sides of. The loss is convex and nothing is drawn by chance: equal labels give equal
weights. No network is needed, and it takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from classify.spam import WEIGHTS_FILE, Sign, dilution, shipped_signs, signs_in
from classify.training.corpus import LABELS

USUAL_ODDS = -3.5
"""Log odds of noise that the network gives to adverts and to hard ordinary comments alike."""
PRIOR = 3.0
"""The inverse variance of the prior of a sign's weight."""
_ADVERTS, _ORDINARY, _WRITTEN = "adverts.jsonl", "ordinary.jsonl", "written.jsonl"


@dataclass(frozen=True, slots=True)
class Example:
    """A comment that is an advert or other spam, or is none."""

    text: str
    advert: bool


def read_examples() -> list[Example]:
    """The adverts, the ordinary comments that look like some, and plain ones."""
    found = []
    for name in (_ADVERTS, _ORDINARY, _WRITTEN):
        for line in (LABELS / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if name != _WRITTEN or "noise" not in row["categories"]:
                found.append(Example(row["text"], name == _ADVERTS))
    return found


def learn_weights(examples: Sequence[Example], signs: Sequence[Sign]) -> dict[str, float]:
    """What each sign adds to the log odds, by name, to two decimals."""
    names = {sign.name: at for at, sign in enumerate(signs)}
    speaks_for = np.array([sign.reasoned > 0 for sign in signs])
    shown = np.zeros((len(examples), len(signs)))
    for row, example in zip(shown, examples, strict=True):
        row[[names[name] for name in signs_in(example.text)]] = 1.0
        row[speaks_for] *= dilution(example.text)
    side = np.where([example.advert for example in examples], 1.0, -1.0)
    reasoned = np.array([sign.reasoned for sign in signs])

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margins = side * (shown @ weights + USUAL_ODDS)
        away = weights - reasoned
        value = np.logaddexp(0, -margins).sum() + PRIOR / 2 * (away**2).sum()
        slope = -shown.T @ (side / (1 + np.exp(margins))) + PRIOR * away
        return float(value), slope

    bounds = [(0, sign.most) if sign.reasoned > 0 else (None, 0) for sign in signs]
    fitted = minimize(loss, reasoned, jac=True, bounds=bounds, method="L-BFGS-B").x
    return {sign.name: round(float(weight), 2) for sign, weight in zip(signs, fitted, strict=True)}


def learn_spam(path: Path = WEIGHTS_FILE) -> None:
    """Learn the weights of the shipped signs and write them, one a line."""
    weights = learn_weights(read_examples(), shipped_signs())
    path.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    learn_spam()
