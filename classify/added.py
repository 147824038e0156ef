"""Categories that a user adds with a few examples: a small model each, made at load time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from classify.categories import LEAST_EXAMPLES, Category, shipped_categories
from classify.ngrams import NgramSpace
from classify.reading import Floats

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

_BY_PATTERN = 0.9  # the probability where a pattern of the category is found
_SLOPE = 4.0
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class AddedCategory:
    """A logistic regression on the shipped n-grams, or nothing, and the category's patterns.

    ``cut`` is the decision value that counts as even: above what any counter-example or example of
    another category reached when it was left out, so that few examples claim little.
    """

    category: Category
    weights: Floats | None
    bias: float
    cut: float

    def likely(self, texts: Sequence[str], rows: Floats | None) -> Floats:
        """Probabilities (n,) for ``texts``; ``rows`` are their n-grams times ``weights``."""
        found = np.zeros(len(texts), np.float32)
        if rows is not None:
            found = expit(_SLOPE * (rows + np.float32(self.bias - self.cut)))
        if self.category.pattern is not None:
            hit = np.array([self.category.found_in(text.lower()) for text in texts])
            found = np.where(hit, np.maximum(found, np.float32(_BY_PATTERN)), found)
        return np.asarray(found, dtype=np.float32)


def learn(category: Category, others: Sequence[Category], space: NgramSpace) -> AddedCategory:
    """The model of one category, against the examples of ``others`` and of the codebook."""
    if len(category.examples) < LEAST_EXAMPLES:
        return AddedCategory(category, None, 0.0, 0.0)
    against = [*category.counter_examples]
    for other in (*shipped_categories(), *others):
        if other.label != category.label:
            against += other.examples
    texts = [*category.examples, *against]
    every = space.matrix(texts)
    used = np.unique(every.indices)
    rows = every[:, used]  # the few n-grams that occur, so that a model is fitted in a moment
    holds = np.arange(len(texts)) < len(category.examples)
    decision = np.zeros(len(texts))
    for left_out in range(len(texts)):
        kept = np.arange(len(texts)) != left_out
        model = _model().fit(rows[kept], holds[kept])
        decision[left_out] = model.decision_function(rows[left_out])[0]
    model = _model().fit(rows, holds)
    highest = float(decision[~holds].max())
    middle = float(np.median(decision[holds]))
    # between the two where they part; never below what the wrong ones reached
    cut = (highest + middle) / 2 if middle > highest else highest + 0.05
    weights = np.zeros(space.size, np.float32)
    weights[used] = model.coef_[0]
    return AddedCategory(category, weights, float(model.intercept_[0]), cut)


def _model() -> LogisticRegression:
    # 100 MB that readers without such categories do not need
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear", random_state=0)
