"""The letters that a text must hold for a pattern to match: a cheap look before a dear search.

The idea is that of RE2's FilteredRE2 (Cox 2012, "Regular expression matching with a trigram
index"): of each alternative of a pattern take the longest run of plain letters, and search only
where one of these stands. Patterns may use alternatives, groups, sets, repeats and look-arounds.
"""

from __future__ import annotations

_BREAKS = ".^$"
_LOOK = ("?=", "?!", "?<=", "?<!")


def cues_of(pattern: str) -> frozenset[str]:
    """Strings one of which stands in every text that ``pattern`` matches; empty where none need."""
    found, _ = _alternatives(pattern, 0)
    return found


def _alternatives(pattern: str, at: int) -> tuple[frozenset[str], int]:
    """The cues of the alternatives from ``at`` to the end of their group, and where it ends."""
    every: list[frozenset[str]] = []
    while True:
        found, at = _sequence(pattern, at)
        every.append(found)
        if at >= len(pattern) or pattern[at] == ")":
            return (frozenset().union(*every) if all(every) else frozenset()), at
        at += 1


def _sequence(pattern: str, at: int) -> tuple[frozenset[str], int]:
    """The best cues of what stands in a row from ``at`` on, and where it ends."""
    offers: list[frozenset[str]] = []
    run = ""
    while at < len(pattern) and pattern[at] not in "|)":
        letter, inner, at = _item(pattern, at)
        optional, repeated, at = _repeat(pattern, at)
        if letter and not optional:
            run += letter
        if not letter or optional or repeated:
            offers += [frozenset([run])] if run else []
            run = ""
        if inner and not optional:
            offers.append(inner)
    offers += [frozenset([run])] if run else []
    return max(offers, key=_worth, default=frozenset()), at


def _worth(offer: frozenset[str]) -> tuple[int, int]:
    """Long cues stand in few texts, and few are looked for quickly."""
    return min(map(len, offer)), -len(offer)


def _item(pattern: str, at: int) -> tuple[str, frozenset[str], int]:
    """One letter, or the cues of one group, and where it ends; neither of anything else."""
    nothing: frozenset[str] = frozenset()
    first = pattern[at]
    if first == "\\":
        following = pattern[at + 1]
        return ("" if following.isalnum() else following), nothing, at + 2
    if first == "[":
        return "", nothing, pattern.index("]", at + 2) + 1
    if first != "(":
        return ("" if first in _BREAKS else first), nothing, at + 1
    inside = at + 1
    look = pattern.startswith(_LOOK, inside)
    if pattern.startswith("?P<", inside):
        inside = pattern.index(">", inside) + 1
    elif pattern.startswith("?:", inside):
        inside += 2
    elif look:
        inside += 3 if pattern.startswith("?<", inside) else 2
    found, end = _alternatives(pattern, inside)
    return "", (nothing if look else found), end + 1


def _repeat(pattern: str, at: int) -> tuple[bool, bool, int]:
    """Whether what stands before ``at`` may be missing or stand again, and where that ends."""
    if at >= len(pattern) or pattern[at] not in "?*+{":
        return False, False, at
    sign = pattern[at]
    end = pattern.index("}", at) + 1 if sign == "{" else at + 1
    optional = sign in "?*" or pattern.startswith("{0", at) or pattern.startswith("{,", at)
    if end < len(pattern) and pattern[end] == "?":
        end += 1
    return optional, True, end
