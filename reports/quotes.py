"""Which words stand for a signal: typical, readable, of different people, spread over time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from earful.records import Quote
from reports.json_values import iso

SHORTEST, LONGEST = 25, 220
"""Quotes of this many characters read well on a page."""
READS_WELL = 1.0
SOURCE_TURN = 0.15
"""What a source loses of its merit each time it was quoted."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ask that could be quoted.

    ``typical`` tells whether its item is the signal's main one, ``named`` whether the words
    themselves say it, so that the quote is understood alone.
    """

    uid: str
    person: str
    source: str
    quote: str
    created_at: datetime | None
    typical: bool
    named: bool
    certainty: float

    @property
    def merit(self) -> float:
        """How well it would stand for the signal, 0 to 2.4."""
        length = len(self.quote)
        readable = min(1.0, length / SHORTEST, LONGEST / length) if length else 0.0
        return readable + 0.5 * self.typical + 0.5 * self.named + 0.4 * self.certainty


def choose(candidates: Sequence[Candidate], wanted: int) -> list[Candidate]:
    """At most ``wanted`` quotes of different people: the best of each stretch of time.

    The last stretch gives the newest that reads well; among equals, sources take turns. Best first;
    the choice does not depend on the order given.
    """
    best: dict[str, Candidate] = {}
    words: set[str] = set()
    for candidate in sorted(candidates, key=_order):
        plain = " ".join(candidate.quote.casefold().split())
        if candidate.person not in best and plain not in words:
            best[candidate.person] = candidate
            words.add(plain)
    if len(best) <= wanted or wanted < 1:
        return list(best.values())[:wanted]
    dated = sorted(best.values(), key=lambda c: (c.created_at or _EARLIEST, c.uid))
    cuts = [round(n * len(dated) / wanted) for n in range(wanted + 1)]
    *stretches, last = (dated[a:b] for a, b in pairwise(cuts))
    newest = next((c for c in reversed(last) if c.merit >= READS_WELL), last[-1])
    used = Counter([newest.source])
    chosen = [newest]
    for stretch in stretches:
        pick = min(stretch, key=lambda c: (used[c.source] * SOURCE_TURN - c.merit, *_order(c)))
        used[pick.source] += 1
        chosen.append(pick)
    return sorted(chosen, key=_order)


def _order(candidate: Candidate) -> tuple[float, str, str]:
    # Among equals a hash decides: an order by uid would favour one source.
    drawn = hashlib.sha256(candidate.uid.encode()).hexdigest()
    return -candidate.merit, drawn, candidate.quote


def quote_record(quote: Quote) -> dict[str, Any]:
    """A quote in the shape of ``out/signals.json``."""
    return asdict(quote) | {"created_at": iso(quote.created_at)}


def in_context(text: str, start: int, end: int) -> str:
    """The slice of ``text`` that shows ``text[start:end]`` within its sentence.

    A slice that reads well by itself stays as it is; a short one is widened to its sentence, and to
    no more than ``LONGEST`` characters. Always a slice of ``text``.
    """
    if end - start >= 2 * SHORTEST:
        return text[start:end]
    left, right = start, end
    while left > 0 and not _is_border(text, left):
        left -= 1
    while right < len(text) and not _is_border(text, right):
        right += 1
    if right - left > LONGEST:
        left, right = _at_words(text, start, end)
    return text[left:right].strip()


def _is_border(text: str, position: int) -> bool:
    before = text[position - 1]
    if before in ".!?…":
        # Not inside a number ("10.30") or an address.
        return position == len(text) or text[position].isspace()
    return before in "\n。！？"


def _at_words(text: str, start: int, end: int) -> tuple[int, int]:
    room = max(0, LONGEST - (end - start)) // 2
    left, right = max(0, start - room), min(len(text), end + room)
    while left < start and left > 0 and not text[left - 1].isspace():
        left += 1
    while right > end and right < len(text) and not text[right].isspace():
        right -= 1
    return left, right
