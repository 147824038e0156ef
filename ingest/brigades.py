"""Brigades: many accounts that appear within two days to say the same, or to ask for the same.

Short identical words of different people are different people, and an outcry brings new people. So
a burst alone sets nobody aside: nearly all of its accounts must be new, beyond what chance gives
where the share of new accounts is that of everything else in the source at that time (an exact
binomial test). Where every account is seen only once, as in most app stores, the test can tell
nothing until a burst is very large. Long texts that are spread are copies already, and what is
left of them is one voice; the oldest comment of a brigade is left as its voice in the same way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from scipy.special import betainc

BURST_DAYS: Final = 2
"""Days (UTC) that a burst spans, and for which an account is new after its first comment."""
LEAST_ACCOUNTS: Final = 8
LEAST_WORDS: Final = 4
"""Shorter texts ("good app", "bring it back") are the same by chance."""
TIMES_USUAL: Final = 5.0
"""How many times its usual rate a thing must be said at for a burst."""
CHANCE: Final = 1e-6
"""The probability of so many new accounts by chance, from which down a burst is a brigade."""
SETTLED_DAYS: Final = 30
"""Days at the start of a source in which nobody can be told to be new."""
DAY_MS: Final = 24 * 60 * 60 * 1000

BrigadeReason = Literal["same_words", "new_accounts"]


@dataclass(frozen=True, slots=True)
class BrigadeRow:
    """What the rule needs of a comment that has an author and a date.

    ``created_at`` is in milliseconds UTC; ``exact_print`` and ``words`` are those of
    ``ingest.fingerprints``; ``items`` what it asks for. A ``copy`` only tells since when its author
    is known.
    """

    uid: str
    source: str
    author_key: str
    created_at: int
    exact_print: int
    words: int
    items: tuple[str, ...]
    copy: bool

    @property
    def day(self) -> int:
        """Whole days since 1970."""
        return self.created_at // DAY_MS


@dataclass(frozen=True, slots=True)
class Brigaded:
    """``uid`` belongs to the brigade whose oldest comment is ``voice``."""

    uid: str
    voice: str
    reason: BrigadeReason


@dataclass(frozen=True, slots=True)
class _Daily:
    """Comments of a source: all and those of new accounts, by day and in total."""

    first: int
    last: int
    every: Counter[int]
    new: Counter[int]

    def share_of_new(self, day: int, without: int, without_new: int) -> float:
        """The share of new accounts' comments among the others of a burst that begins on ``day``,
        or among all of the source where that is larger."""
        span = range(day, day + BURST_DAYS)
        others = sum(self.every[each] for each in span) - without
        new = sum(self.new[each] for each in span) - without_new
        overall = (self.new.total() - without_new + 1) / (self.every.total() - without + 2)
        return max(overall, (new + 1) / (others + 2) if others else 0.0)


def find_brigades(rows: Iterable[BrigadeRow]) -> Iterator[Brigaded]:
    """Every comment of a brigade but its voice; the result does not depend on the rows' order.

    A comment of two brigades is told once. Time grows as n log n; memory holds the rows.
    """
    ordered = sorted(rows, key=lambda row: (row.created_at, row.uid))
    known_since: dict[tuple[str, str], int] = {}
    for row in ordered:
        known_since.setdefault((row.source, row.author_key), row.created_at)
    said = [row for row in ordered if not row.copy]
    new = {
        row.uid
        for row in said
        if row.created_at - known_since[row.source, row.author_key] < BURST_DAYS * DAY_MS
    }
    sources = _by_source(said, new)
    told: set[str] = set()
    kinds: tuple[tuple[BrigadeReason, list[list[BrigadeRow]]], ...] = (
        ("same_words", _same_words(said)),
        ("new_accounts", _same_item(said)),
    )
    for reason, groups in kinds:
        for group in groups:
            for brigade in _brigades_of(group, new, sources[group[0].source], reason):
                voice, *others = brigade
                for row in others:
                    if row.uid not in told:
                        told.add(row.uid)
                        yield Brigaded(row.uid, voice.uid, reason)


def _by_source(said: list[BrigadeRow], new: set[str]) -> dict[str, _Daily]:
    by_source: dict[str, list[BrigadeRow]] = defaultdict(list)
    for row in said:
        by_source[row.source].append(row)
    return {
        source: _Daily(
            rows[0].day,
            rows[-1].day,
            Counter(row.day for row in rows),
            Counter(row.day for row in rows if row.uid in new),
        )
        for source, rows in by_source.items()
    }


def _same_words(said: list[BrigadeRow]) -> list[list[BrigadeRow]]:
    """Comments of the same words in one source that ask for something."""
    return _large(
        ((row.source, row.exact_print), row)
        for row in said
        if row.words >= LEAST_WORDS and row.items
    )


def _same_item(said: list[BrigadeRow]) -> list[list[BrigadeRow]]:
    """Comments of one source that ask for the same item."""
    return _large(((row.source, item), row) for row in said for item in set(row.items))


def _large(keyed: Iterable[tuple[Hashable, BrigadeRow]]) -> list[list[BrigadeRow]]:
    groups: dict[Hashable, list[BrigadeRow]] = defaultdict(list)
    for key, row in keyed:
        groups[key].append(row)
    return [rows for rows in groups.values() if len(rows) >= LEAST_ACCOUNTS]


def _brigades_of(
    group: list[BrigadeRow], new: set[str], source: _Daily, reason: BrigadeReason
) -> Iterator[list[BrigadeRow]]:
    """The comments of new accounts in each burst of a group that is a brigade, oldest first."""
    by_day: dict[int, list[BrigadeRow]] = defaultdict(list)
    for row in group:
        by_day[row.day].append(row)
    brigade: list[BrigadeRow] = []
    for day in sorted(by_day):
        burst = [row for each in range(day, day + BURST_DAYS) for row in by_day.get(each, ())]
        if not _is_brigade(burst, len(group), day, new, source, reason):
            continue
        if brigade and brigade[-1].day < day:
            yield brigade
            brigade = []
        known = {row.uid for row in brigade}
        brigade += [row for row in burst if row.uid in new and row.uid not in known]
    if brigade:
        yield brigade


def _is_brigade(
    burst: list[BrigadeRow],
    in_group: int,
    day: int,
    new: set[str],
    source: _Daily,
    reason: BrigadeReason,
) -> bool:
    accounts = {row.author_key: row.uid in new for row in burst}
    if len(accounts) < LEAST_ACCOUNTS or day - source.first < SETTLED_DAYS:
        return False
    windows = max(1.0, (source.last - source.first + 1) / BURST_DAYS - 1)
    if len(burst) < TIMES_USUAL * (in_group - len(burst)) / windows:
        return False
    share = source.share_of_new(day, len(burst), sum(row.uid in new for row in burst))
    if reason == "new_accounts":
        # news brings new people: half of those who would be known are granted to be new
        share = (1 + share) / 2
    found = sum(accounts.values())
    # P(X >= found) of a binomial
    return bool(found and betainc(found, len(accounts) - found + 1, share) <= CHANCE)
