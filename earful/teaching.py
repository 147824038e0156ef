"""Teaching: people's corrections become heads beside the shipped model, if they do it good.

Only English is taught so far; corrections of other languages count in the reports all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from earful.errors import ConfigurationError, DataError, did_you_mean
from earful.pipeline import CURRENT, tagger_loading
from earful.project import Project
from earful.store import Correction, Ledger
from earful.store.tagged import sample, tagged

if TYPE_CHECKING:
    from classify.heads import BaseScores, Truth
    from classify.heads_folder import HeadsRecord
    from classify.lessons import Comparison
    from classify.tagger import Tagger

LEAST = 20
"""Corrections without which nothing is learned: fewer could not show whether it did any good."""
ANCHORS = 300
"""Comments that nobody corrected, which hold the heads where the base model has them."""
LANGUAGE = "en"
_BATCH = 32

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of learning. ``switched`` is None where nothing new was taken into use: no head was
    useful, or something would be ``comparison.worse``. ``compared_with`` is what was in use before;
    ``left_out`` counts corrections in other languages."""

    comparison: Comparison
    switched: HeadsRecord | None
    compared_with: str
    left_out: int


def learn_from_corrections(
    project: Project, *, without: Sequence[str] = (), say: Say = lambda _: None
) -> Lesson:
    """Learn heads from all corrections that count, and use those that do good on held-out ones,
    unless something gets worse than it is.

    ``without`` names categories (or "sentiment") that are left to the base model. Raises
    ``DataError`` where there are fewer than ``LEAST`` corrections in English.
    """
    from classify.heads import SENTIMENT, learn
    from classify.heads_folder import HeadsFolder
    from classify.lessons import compare

    with project.ledger() as ledger:
        corrections, words, left_out = _in_english(ledger)
        if len(corrections) < LEAST:
            raise _too_few(len(corrections), left_out)
        anchors = sample(ledger.connection, ledger.get_meta(CURRENT) or "", LANGUAGE, ANCHORS)
    tagger = tagger_loading(project, heads=False)()
    known = (*tagger.categories, SENTIMENT)
    for name in without:
        if name not in known:
            raise ConfigurationError(
                f"there is no category {name!r}",
                where="--without",
                next_step=did_you_mean(name, known),
            )
    say(f"reading {len(words):,} corrected comments and {len(anchors):,} others")
    base = _base_scores(tagger, [*words, *anchors])
    corrected = base.rows(np.arange(len(words)))
    others = base.rows(np.arange(len(words), len(base)))
    truth = truth_of(corrections, tagger.categories)
    folder = HeadsFolder(project.settings.heads_path)
    in_use = folder.in_use()
    if in_use is not None and in_use.base != tagger.base_version:
        in_use = None
    earlier = None
    if in_use is not None:
        earlier = np.array([one.id <= in_use.last_correction for one in corrections])
    say(f"learning from {len(words):,} corrections")
    comparison = compare(corrected, truth, others, without, earlier)
    switched = None
    useless = [label for label in known if label not in comparison.useful]
    heads = learn(tagger.base_version, corrected, truth, others, useless)
    if heads.learned and not comparison.worse:
        switched = folder.add(
            heads,
            corrections=len(corrections),
            last_correction=max(one.id for one in corrections),
            figures=tuple(asdict(change) for change in comparison.changes),
        )
    return Lesson(
        comparison,
        switched,
        in_use.version if in_use else tagger.base_version,
        left_out,
    )


def truth_of(corrections: Sequence[Correction], labels: Sequence[str]) -> Truth:
    """What the corrections say of each label; unknown where it was not offered."""
    from classify.heads import Truth
    from classify.labels import SENTIMENTS

    return Truth(
        np.array([[label in one.labels.categories for label in labels] for one in corrections]),
        np.array([[label in one.offered for label in labels] for one in corrections]),
        np.array([SENTIMENTS.index(one.labels.sentiment) for one in corrections]),
    )


def roll_back(project: Project) -> tuple[str, str]:
    """Use the heads again that were in use before; (version left, version gone back to).

    Raises ``ConfigurationError`` where no heads are in use.
    """
    from classify.heads_folder import HeadsFolder
    from classify.shipped import read_artifact

    folder = HeadsFolder(project.settings.heads_path)
    left = folder.in_use()
    base = read_artifact().version
    now = folder.roll_back(base)
    return left.version if left else "", now.version if now else base


def _in_english(ledger: Ledger) -> tuple[list[Correction], list[str], int]:
    """The corrections that can be learned from, their words, and how many others there are."""
    current = ledger.get_meta(CURRENT) or ""
    every = ledger.corrections()
    pairs = [(one, tagged(ledger.connection, one.uid, current)) for one in every]
    usable = [
        (one, comment) for one, comment in pairs if comment is not None and comment.lang == LANGUAGE
    ]
    return (
        [one for one, _ in usable],
        [comment.words for _, comment in usable],
        len(every) - len(usable),
    )


def _too_few(there_are: int, left_out: int) -> DataError:
    missing = LEAST - there_are
    others = f" ({left_out:,} in other languages do not count here)" if left_out else ""
    return DataError(
        f"{LEAST} corrections in English are needed to learn from and to check it by;"
        f" there are {there_are}{others}: {missing} are missing",
        where="earful train --from corrections",
        next_step=f"Label some more: earful label --count {missing}",
    )


def _base_scores(tagger: Tagger, words: Sequence[str]) -> BaseScores:
    from classify.heads import BaseScores

    parts = [tagger.base_scores(words[at : at + _BATCH]) for at in range(0, len(words), _BATCH)]
    return BaseScores(
        parts[0].labels,
        parts[0].thresholds,
        np.concatenate([part.categories for part in parts]),
        np.concatenate([part.free for part in parts]),
        np.concatenate([part.sentiments for part in parts]),
        np.concatenate([part.vectors for part in parts]),
    )
