"""Heads: what a project's people correct, learned beside the base model, which stays as it is.

A head adds to the base model's own score of a category what it reads from that score, as it lies
above or below the threshold, and from the comment's vector: ``logit + a * (logit - edge) + w .
vector + b``. It is a logistic regression with the base's logit as offset and an L2 penalty on a, w
and b, which is a Gaussian prior at "leave the base as it is" (Chelba and Acero 2004 adapt this
way). Comments that nobody corrected, with the base's own answers, are anchors: they hold the heads
where no one said anything. How strong the penalty is, is cross-validated over the corrections, and
of penalties that do as well within a standard error the strongest is taken (Breiman et al. 1984);
no head is the strongest of all, and is left for two standard errors. So a few corrections move
little, and many can teach a category that the base knows nothing of. Sentiment has the same with
four classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from threadpoolctl import threadpool_limits

from classify.labels import CATEGORIES, FALLBACK, SENTIMENTS
from earful.errors import ConfigurationError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Loss = Callable[[Doubles], tuple[float, Doubles]]

LEARN_AGAIN = (
    "Learn them anew: earful train --from corrections. Or go on without: earful train --rollback"
)
SENTIMENT = "sentiment"
"""What the head of sentiment is called beside the categories."""
LEAST_ERRORS = 3
"""Corrections in which the base is wrong, below which there is nothing to learn."""
LEAST_HOLDING = 8
"""Comments for which an added category holds, below which its threshold stays."""
FOLDS = 5
PENALTIES = (3.0, 1.0, 0.3, 0.1, 0.03)
"""Weights of the L2 penalty against one correction, strongest first; a vector has length one."""
SURE = 2.0
"""Standard errors by which a head must do better than none on held-out corrections."""
ANCHOR_WEIGHT = 0.1
"""What one anchor counts against one correction."""
_THRESHOLDS = (0.5, 0.45, 0.4)
"""Of an added category. Corrections hold more of it than other comments do, as it was sought for
them: a lower one that suits them would call too many of the others."""
_SUREST = 5.0
"""The base's logits are cut here, so that no answer of it is beyond correction."""
_PRECISION = 1e-6
_SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class BaseScores:
    """What the base model says of n comments: ``categories`` (n, labels) and ``sentiments`` (n, 4)
    are probabilities, ``vectors`` is (n, dim). ``labels`` names the categories, the user's own
    among them; each holds from its ``thresholds`` (labels,) on, where it is ``free`` (n, labels):
    elsewhere something other than the score has decided that it does not."""

    labels: tuple[str, ...]
    thresholds: Floats
    categories: Floats
    free: Flags
    sentiments: Floats
    vectors: Floats

    def __len__(self) -> int:
        return len(self.vectors)

    def rows(self, places: npt.NDArray[np.generic]) -> BaseScores:
        """The comments at ``places``."""
        return BaseScores(
            self.labels,
            self.thresholds,
            self.categories[places],
            self.free[places],
            self.sentiments[places],
            self.vectors[places],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What people say of n comments: ``categories`` (n, labels), ``known`` (n, labels) where they
    were asked, ``sentiments`` (n,) as places in ``SENTIMENTS``."""

    categories: Flags
    known: Flags
    sentiments: Codes

    def rows(self, places: npt.NDArray[np.generic]) -> Truth:
        """What is said of the comments at ``places``."""
        return Truth(self.categories[places], self.known[places], self.sentiments[places])


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Learned heads, for the base model ``base``; ``version`` is empty until they are stored.

    ``mean`` (dim,) is taken from a vector, which is then brought to length one. ``categories``
    (labels, dim + 2) are weights on the base's logit less that of its threshold, ``edges``
    (labels,), on the vector and on a constant one, ``thresholds`` (labels,) the probabilities from
    which a category holds, 0 where that is as it was. ``sentiments`` (4, dim + 1) are weights on
    the vector and on a constant one.
    """

    base: str
    labels: tuple[str, ...]
    mean: Floats
    categories: Floats
    edges: Floats
    thresholds: Floats
    sentiments: Floats
    version: str = ""

    @property
    def learned(self) -> tuple[str, ...]:
        """What there is a head for; empty where all is left to the base."""
        return (*self.labels, *([SENTIMENT] if self.sentiments.any() else []))

    def check(self, base: str) -> None:
        """Raise ``ConfigurationError`` where these were learned for another model than ``base``."""
        if self.base != base:
            raise ConfigurationError(
                f"the heads {self.version} were learned for the model {self.base}, this is {base}",
                where="models",
                next_step=LEARN_AGAIN,
            )

    def category_scores(self, labels: Sequence[str], scores: Floats, vectors: Floats) -> Floats:
        """Probabilities (n, labels) from the base's; a label without a head keeps the base's."""
        places = [at for at, label in enumerate(labels) if label in self.labels]
        if not places:
            return scores
        own = [self.labels.index(labels[at]) for at in places]
        weights, logits = self.categories[own], _logits(scores[:, places])
        moved = logits + (logits - self.edges[own]) * weights[:, 0]
        moved += _inputs(vectors, self.mean) @ weights[:, 1:].T
        answer = scores.copy()
        answer[:, places] = expit(moved)
        return answer

    def sentiment_scores(self, likely: Floats, vectors: Floats) -> Floats:
        """Probabilities (n, 4) that sum to one, from the base's."""
        if not self.sentiments.any():
            return likely
        moved = _logs(likely) + _inputs(vectors, self.mean) @ self.sentiments.T
        return np.asarray(softmax(moved, axis=1), dtype=np.float32)

    def holding_from(self, labels: Sequence[str], before: Floats) -> Floats:
        """Thresholds (labels,), from those that held ``before``."""
        answer = np.array(before, np.float32)
        for at, label in enumerate(labels):
            if label in self.labels and (own := self.thresholds[self.labels.index(label)]):
                answer[at] = own
        return answer


def learn(
    base_version: str,
    base: BaseScores,
    truth: Truth,
    anchors: BaseScores,
    without: Sequence[str] = (),
) -> Heads:
    """Heads from what people say of the comments of ``base``; takes seconds.

    There is no head for a label ``without``, for one of which the base was hardly ever wrong, and
    for the fallback, which follows from the others. And there is none where it does not both find
    held-out corrections likelier than the base does and decide more of them rightly, by more than
    chance explains (see ``better``).
    """
    every = np.concatenate([base.vectors, anchors.vectors])
    mean = every.mean(axis=0, dtype=np.float64).astype(np.float32)
    rows, held = _inputs(base.vectors, mean), _inputs(anchors.vectors, mean)
    found: dict[str, tuple[Doubles, float, float]] = {}
    # one thread: on problems this small, starting the others takes most of the time
    with threadpool_limits(1):
        for at, label in enumerate(base.labels):
            known = truth.known[:, at] & base.free[:, at]
            holds, likely = truth.categories[known, at], base.categories[known, at]
            wrong = (likely >= base.thresholds[at]) != holds
            if label == FALLBACK or label in without or wrong.sum() < LEAST_ERRORS:
                continue
            free = anchors.free[:, at]
            edge = float(_logits(base.thresholds[at]))
            weights, threshold, answers = _category_head(
                holds,
                edge,
                (_logits(likely), rows[known]),
                (_logits(anchors.categories[free, at]), held[free]),
                own_threshold=label not in CATEGORIES,
            )
            still_wrong = (answers >= (threshold or base.thresholds[at])) != holds
            if weights is not None and better(wrong, still_wrong):
                found[label] = weights, edge, threshold
        sentiments = np.zeros((len(SENTIMENTS), rows.shape[1]))
        wrong = base.sentiments.argmax(axis=1) != truth.sentiments
        if SENTIMENT not in without and wrong.sum() >= LEAST_ERRORS:
            weights, answers = _sentiment_head(
                truth.sentiments,
                (_logs(base.sentiments), rows),
                (_logs(anchors.sentiments), held),
            )
            still_wrong = answers.argmax(axis=1) != truth.sentiments
            if weights is not None and better(wrong, still_wrong):
                sentiments = weights
    return Heads(
        base_version,
        tuple(found),
        mean,
        np.array([weights for weights, _, _ in found.values()], np.float32).reshape(
            len(found), rows.shape[1] + 1
        ),
        np.array([edge for _, edge, _ in found.values()], np.float32),
        np.array([threshold for _, _, threshold in found.values()], np.float32),
        sentiments.astype(np.float32),
    )


Part = tuple[Doubles, Doubles]
"""The base's logits of some comments, and their inputs."""


def _category_head(
    holds: Flags, edge: float, corrected: Part, anchors: Part, *, own_threshold: bool
) -> tuple[Doubles | None, float, Doubles]:
    """Weights of one category, its threshold (0: as before), and the probabilities of held-out
    corrections; no weights where the base does as well."""
    offsets, inputs = (np.concatenate(pair) for pair in zip(corrected, anchors, strict=True))
    inputs = np.column_stack([offsets - edge, inputs])
    wanted = np.concatenate([holds, expit(anchors[0])])
    counts = _counts(len(holds), len(anchors[0]))

    def weights(penalty: float, used: Flags) -> Doubles:
        return _fit_two(inputs[used], offsets[used], wanted[used], counts[used], penalty)

    answers = _held_out(
        len(holds), len(anchors[0]), weights, lambda own, at: offsets[at] + inputs[at] @ own
    )
    answers.insert(0, corrected[0])
    chosen = _strongest([np.logaddexp(0, logits) - holds * logits for logits in answers])
    likely = expit(answers[chosen])
    if chosen == 0:
        return None, 0.0, likely
    threshold = 0.0
    if own_threshold and holds.sum() >= LEAST_HOLDING:
        threshold = _best_threshold(holds, likely)
    every = np.ones(len(offsets), dtype=bool)
    return weights(PENALTIES[chosen - 1], every), threshold, likely


def _sentiment_head(codes: Codes, corrected: Part, anchors: Part) -> tuple[Doubles | None, Doubles]:
    """Weights (4, inputs) of sentiment, and the logits of held-out corrections; no weights where
    the base does as well."""
    offsets, inputs = (np.concatenate(pair) for pair in zip(corrected, anchors, strict=True))
    said = np.eye(len(SENTIMENTS))[codes]
    wanted = np.concatenate([said, softmax(anchors[0], axis=1)])
    counts = _counts(len(codes), len(anchors[0]))

    def weights(penalty: float, used: Flags) -> Doubles:
        return _fit_many(inputs[used], offsets[used], wanted[used], counts[used], penalty)

    answers = _held_out(
        len(codes), len(anchors[0]), weights, lambda own, at: offsets[at] + inputs[at] @ own.T
    )
    answers.insert(0, corrected[0])
    chosen = _strongest([-(said * log_softmax(logits, axis=1)).sum(axis=1) for logits in answers])
    if chosen == 0:
        return None, answers[chosen]
    return weights(PENALTIES[chosen - 1], np.ones(len(offsets), dtype=bool)), answers[chosen]


def _held_out(
    corrections: int,
    anchors: int,
    weights: Callable[[float, Flags], Doubles],
    logits: Callable[[Doubles, Codes], Doubles],
) -> list[Doubles]:
    """For each penalty, the logits of every correction by weights that did not learn from it."""
    fold = folds(corrections)
    always = np.ones(anchors, dtype=bool)
    answers = []
    for penalty in PENALTIES:
        parts: list[tuple[Codes, Doubles]] = []
        for number in np.unique(fold):
            own = weights(penalty, np.concatenate([fold != number, always]))
            at = np.flatnonzero(fold == number)
            parts.append((at, logits(own, at)))
        places = np.concatenate([at for at, _ in parts])
        answers.append(np.concatenate([part for _, part in parts])[np.argsort(places)])
    return answers


def folds(count: int) -> Codes:
    """The fold of each of ``count`` corrections, the same for the same count."""
    return np.random.default_rng(_SEED).permutation(count) % FOLDS


def _strongest(losses: Sequence[Doubles]) -> int:
    """The first of the ways, strongest first, that loses no more than the best by one standard
    error of the difference; ``losses`` has the loss of each correction for each way.

    The first way, no head, is left for ``SURE`` standard errors only: with a head for every
    category, some would look better by chance.
    """
    best = min(range(len(losses)), key=lambda way: float(losses[way].mean()))
    for way, loss in enumerate(losses):
        more = loss - losses[best]
        if more.mean() <= (1 if way else SURE) * more.std() / np.sqrt(len(more)):
            return way
    return best


def _best_threshold(holds: Flags, likely: Doubles) -> float:
    """The probability from which F1 is highest, of those from which the category is more often
    rightly called than wrongly; the highest of equals, 0.5 where there is none."""
    right = [
        threshold
        for threshold in _THRESHOLDS
        if 2 * (called := likely >= threshold)[holds].sum() >= called.sum()
    ]
    return float(max(right, key=lambda edge: f1_of(holds, likely >= edge), default=_THRESHOLDS[0]))


def better(wrong_before: Flags, wrong_after: Flags) -> bool:
    """Whether more was mended than broken by more than one standard error of the difference, were
    either as likely (McNemar 1947)."""
    mended = int((wrong_before & ~wrong_after).sum())
    broken = int((wrong_after & ~wrong_before).sum())
    return bool(mended - broken > np.sqrt(mended + broken))


def f1_of(holds: Flags, called: Flags) -> float:
    """F1, 0 where nothing holds and nothing was called."""
    return 2 * float((holds & called).sum()) / max(1.0, float(holds.sum() + called.sum()))


def _inputs(vectors: Floats, mean: Floats) -> Doubles:
    """Vectors as the heads read them, (n, dim + 1): of length one, with a constant one."""
    rows = vectors.astype(np.float64) - mean
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    return np.column_stack([rows, np.ones(len(rows))])


def _logits(likely: Floats) -> Doubles:
    edge = expit(-_SUREST)
    safe = np.clip(likely.astype(np.float64), edge, 1 - edge)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def _logs(likely: Floats) -> Doubles:
    return np.asarray(np.log(np.maximum(likely.astype(np.float64), expit(-_SUREST))))


def _counts(corrections: int, anchors: int) -> Doubles:
    return np.concatenate([np.ones(corrections), np.full(anchors, ANCHOR_WEIGHT)])


def _fit_two(
    inputs: Doubles, offsets: Doubles, wanted: Doubles, counts: Doubles, penalty: float
) -> Doubles:
    """Weights (inputs,) of a logistic regression with offsets on soft targets."""

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        logits = offsets + inputs @ weights
        surprise = np.logaddexp(0, logits) - wanted * logits
        slope = inputs.T @ (counts * (expit(logits) - wanted))
        value = counts @ surprise + penalty / 2 * weights @ weights
        return float(value), slope + penalty * weights

    return _lowest(loss, inputs.shape[1])


def _fit_many(
    inputs: Doubles, offsets: Doubles, wanted: Doubles, counts: Doubles, penalty: float
) -> Doubles:
    """Weights (classes, inputs) of a softmax regression with offsets on soft targets."""
    classes = offsets.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        weights = flat.reshape(classes, -1)
        logits = offsets + inputs @ weights.T
        surprise = -(wanted * log_softmax(logits, axis=1)).sum(axis=1)
        slope = (counts[:, None] * (softmax(logits, axis=1) - wanted)).T @ inputs
        value = counts @ surprise + penalty / 2 * flat @ flat
        return float(value), (slope + penalty * weights).ravel()

    return _lowest(loss, classes * inputs.shape[1]).reshape(classes, -1)


def _lowest(loss: Loss, size: int) -> Doubles:
    """Where a convex loss, given with its slope, is lowest."""
    found = minimize(
        loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"ftol": _PRECISION}
    )
    return np.asarray(found.x)
