"""What heads do on corrections that they did not learn from, and which of them are worth having."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from classify.heads import (
    FOLDS,
    SENTIMENT,
    BaseScores,
    Codes,
    Flags,
    Heads,
    Truth,
    f1_of,
    folds,
    learn,
)
from classify.labels import FALLBACK


@dataclass(frozen=True, slots=True)
class Score:
    """F1 (of sentiment: the mean over the sentiments that occur) and the share that is right."""

    f1: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one category, or of sentiment, on held-out corrections.

    Of ``comments``, it holds for ``holding`` (of sentiment: all). ``mended`` are those that were
    read wrongly before and are read rightly after, ``broken`` the reverse. A head is ``useful``
    where it mends more than it breaks of what the base model says, ``tried`` being how many it does
    of each; without that it is not used, and ``after`` is the base model's.
    """

    label: str
    comments: int
    holding: int
    before: Score
    after: Score
    mended: int
    broken: int
    useful: bool
    tried: tuple[int, int]

    @property
    def harmful(self) -> bool:
        """Whether a head was tried that broke more than it mended."""
        return self.tried[1] > self.tried[0]

    @property
    def worse(self) -> bool:
        """Whether more broke than mended by more than chance explains: one standard error of the
        difference, were either as likely (McNemar 1947)."""
        return _worse(self.mended, self.broken)


EVERYTHING = "all together"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after, by cross-validation in ``folds`` parts over ``corrections``."""

    changes: tuple[Change, ...]
    corrections: int
    folds: int

    @property
    def useful(self) -> tuple[str, ...]:
        """What is worth a head, by name."""
        return tuple(change.label for change in self.changes if change.useful)

    @property
    def harmful(self) -> tuple[str, ...]:
        """What no head is used for because it got worse with one."""
        return tuple(change.label for change in self.changes if change.harmful)

    @property
    def worse(self) -> tuple[str, ...]:
        """What would get worse than it is, by name; ``EVERYTHING`` where all labels together do."""
        names = [change.label for change in self.changes if change.worse]
        mended = sum(change.mended for change in self.changes)
        broken = sum(change.broken for change in self.changes)
        return (*names, EVERYTHING) if _worse(mended, broken) else tuple(names)


def _worse(mended: int, broken: int) -> bool:
    return broken - mended > sqrt(broken + mended)


def compare(
    base: BaseScores,
    truth: Truth,
    anchors: BaseScores,
    without: Sequence[str] = (),
    earlier: Flags | None = None,
) -> Comparison:
    """Heads against what there is, on corrections that neither has learned from.

    ``earlier`` (n,) says from which corrections the heads in use have learned: what they say of a
    held-out one is told by heads that learn anew from the others of them. Without it, what there
    is, is the base alone. There are no heads for the labels ``without``.
    """
    fold = folds(len(base))
    alone = _decided(base, None)
    taught = _held_out(base, truth, anchors, without, np.ones(len(base), dtype=bool), fold)
    now = alone if earlier is None else _held_out(base, truth, anchors, (), earlier, fold)
    changes = [
        _change(
            label,
            truth.categories[known, at],
            *(decided[0][known, at] for decided in (alone, now, taught)),
        )
        for at, label in enumerate(base.labels)
        if label != FALLBACK and (known := truth.known[:, at]).any()
    ]
    sentiments = (decided[1] for decided in (alone, now, taught))
    changes.append(_change(SENTIMENT, truth.sentiments, *sentiments))
    return Comparison(tuple(changes), len(base), FOLDS)


_Decisions = tuple[Flags, Codes]
"""Which categories hold (n, labels), and the sentiment (n,)."""


def _decided(base: BaseScores, heads: Heads | None) -> _Decisions:
    if heads is None:
        holds = (base.categories >= base.thresholds) & base.free
        return holds, base.sentiments.argmax(axis=1)
    scores = heads.category_scores(base.labels, base.categories, base.vectors)
    return (
        (scores >= heads.holding_from(base.labels, base.thresholds)) & base.free,
        heads.sentiment_scores(base.sentiments, base.vectors).argmax(axis=1),
    )


def _held_out(
    base: BaseScores,
    truth: Truth,
    anchors: BaseScores,
    without: Sequence[str],
    usable: Flags,
    fold: Codes,
) -> _Decisions:
    """What heads say of each fold that have learned from those of the others that are usable."""
    categories, sentiments = np.zeros_like(truth.categories), np.zeros_like(truth.sentiments)
    for number in range(FOLDS):
        learned, at = np.flatnonzero((fold != number) & usable), np.flatnonzero(fold == number)
        heads = learn("", base.rows(learned), truth.rows(learned), anchors, without)
        categories[at], sentiments[at] = _decided(base.rows(at), heads)
    return categories, sentiments


def _change(
    label: str,
    said: Flags | Codes,
    alone: Flags | Codes,
    now: Flags | Codes,
    taught: Flags | Codes,
) -> Change:
    """``said`` by people, and what is decided by the base alone, now, and with new heads."""
    tried = _moved(said, alone, taught)
    useful = tried[0] > tried[1]
    after = taught if useful else alone
    mended, broken = _moved(said, now, after)
    return Change(
        label,
        len(said),
        int(said.sum()) if said.dtype == np.bool_ else len(said),
        _score(said, now),
        _score(said, after),
        mended,
        broken,
        useful,
        tried,
    )


def _moved(said: Flags | Codes, before: Flags | Codes, after: Flags | Codes) -> tuple[int, int]:
    """How many were mended, and how many broken."""
    was, now = before == said, after == said
    return int((now & ~was).sum()), int((was & ~now).sum())


def _score(said: Flags | Codes, decided: Flags | Codes) -> Score:
    values = [True] if said.dtype == np.bool_ else np.unique(said)
    each = [f1_of(said == value, decided == value) for value in values]
    return Score(float(np.mean(each)), float((said == decided).mean()))
