"""The figures of one report on one feed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

from sklearn.metrics import normalized_mutual_info_score

from benchmarks.planted.feed import BRIGADE, LOUD, ORDINARY
from benchmarks.planted.matching import Fate, Matching

TOP = 20
MERGED_PEOPLE, MERGED_SHARE = 2, 0.1
"""Two near misses are merged where the smaller one has so many people in the other's signal."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pair counting over all pairs of asks: together in the report against together in truth."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 where no pair is right."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; shares of 1 unless said otherwise.

    ``recall``: items found in one pure signal. ``precision``: shared signals that are the one of an
    item found; ``pure``: shared signals that are mainly about one item, whole or a part of it.
    ``people_error``: median over the items. ``near_merged``: signals of the top 20 in which two
    near misses meet. ``particulars``: people of a particular who are in its theme's signal.
    ``moments``: items that are tied to a moment whose signal names that moment first.
    ``brigade``, ``loud``: the most people that either brings into a signal (should be 1).
    ``covered``: items whose true people lie within the estimate's interval; of those found, and of
    all. None where there is nothing to judge.
    """

    recall: float
    precision: float
    pure: float
    pair_f1: float
    pair_precision: float
    pair_recall: float
    nmi: float
    people_error: float
    people_error_found: float | None
    near_merged: int
    particulars: float | None
    moments: float | None
    brigade: int
    loud: int
    covered_found: float | None
    covered: float
    signals: int


def figures(matching: Matching) -> Figures:
    """All figures of one report."""
    fates = matching.fates
    found = [fate for fate in fates if fate.found]
    shared = [signal for signal in matching.shared if matching.own(signal)]
    right = {fate.signal.id for fate in found if fate.signal}
    labels, clusters = labels_and_clusters(matching)
    pairs = pair_counting(labels, clusters)
    return Figures(
        recall=_share(len(found), len(fates)),
        precision=_share(sum(signal.id in right for signal in shared), len(shared)),
        pure=_share(
            sum(matching.purity(s, matching.mainly(s) or "-") >= 0.8 for s in shared), len(shared)
        ),
        pair_f1=pairs.f1,
        pair_precision=pairs.precision,
        pair_recall=pairs.recall,
        nmi=float(normalized_mutual_info_score(labels, clusters)) if labels else 0.0,
        people_error=median([fate.error for fate in fates]) if fates else 0.0,
        people_error_found=median([fate.error for fate in found]) if found else None,
        near_merged=near_merged(matching),
        particulars=particulars(matching),
        moments=_moments(matching, found),
        brigade=matching.story_people(BRIGADE),
        loud=matching.story_people(LOUD),
        covered_found=_share(sum(map(_covers, found)), len(found)) if found else None,
        covered=_share(sum(map(_covers, fates)), len(fates)),
        signals=len(shared),
    )


def labels_and_clusters(matching: Matching) -> tuple[list[str], list[str]]:
    """Every ask's true group and the one it was put into; what stands alone is its own group."""
    labels = [
        f"nothing {n}" if laid.label is None else laid.label for n, laid in enumerate(matching.asks)
    ]
    clusters = [
        f"nowhere {n}" if laid.signal is None else laid.signal.id
        for n, laid in enumerate(matching.asks)
    ]
    return labels, clusters


def pair_counting(labels: Sequence[Hashable], clusters: Sequence[Hashable]) -> Pairs:
    """Precision and recall of the pairs put together."""
    together = sum(comb(n, 2) for n in Counter(zip(labels, clusters, strict=True)).values())
    told = sum(comb(n, 2) for n in Counter(clusters).values())
    true = sum(comb(n, 2) for n in Counter(labels).values())
    return Pairs(_share(together, told), _share(together, true))


def near_merged(matching: Matching) -> int:
    """Signals among the first ``TOP`` in which two near misses meet."""
    inside: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for laid in matching.asks:
        if laid.signal is not None and laid.label is not None:
            inside[laid.signal.id][laid.label].add(laid.row.person)
    merged = 0
    for signal in matching.signals[:TOP]:
        least = max(MERGED_PEOPLE, MERGED_SHARE * len(matching.persons[signal.id][""]))
        labels = {label for label, who in inside[signal.id].items() if len(who) >= least}
        merged += any(pair <= labels for pair in matching.feed.near)
    return merged


def particulars(matching: Matching) -> float | None:
    """The share of those who ask for a particular of a theme that is in the theme's signal."""
    signals = {fate.label: fate.signal for fate in matching.fates}
    inside = total = 0
    for row in matching.feed.rows:
        for asked in row.asks if row.story == ORDINARY else ():
            item = matching.feed.items[asked.item]
            if item.theme is not None:
                signal = signals.get(item.theme)
                total += 1
                inside += signal is not None and row.uid in signal.uids
    return _share(inside, total) if total else None


def _moments(matching: Matching, found: Sequence[Fate]) -> float | None:
    planted: dict[str, Counter[str]] = {}
    for row in matching.feed.rows:
        for asked in row.asks:
            planted.setdefault(matching.feed.label(asked.item), Counter())[asked.moment] += 1
    right = total = 0
    for fate in found:
        moment, count = planted[fate.label].most_common(1)[0]
        if moment and 2 * count > planted[fate.label].total() and fate.signal is not None:
            told = fate.signal.moments
            total += 1
            right += max(told, key=lambda name: told[name], default="") == moment
    return _share(right, total) if total else None


def _covers(fate: Fate) -> bool:
    return fate.signal is not None and fate.signal.low <= fate.people <= fate.signal.high


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
