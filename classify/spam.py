"""How likely a comment is spam or an advert: what the network says, and many signs.

The network has seen few adverts, so its doubt counts only down to a floor, and signs are added as
log odds: wordings of many trades of spam, links, phones and prices, and what customers say, which
speaks against. The signs stand in ``spam.toml``; what each weighs was learned by a logistic
regression on adverts against ordinary comments (``spam_weights.json``).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SIGNS_FILE = Path(__file__).parent / "spam.toml"
WEIGHTS_FILE = Path(__file__).parent / "spam_weights.json"
FLOOR = -5.0
"""The lowest log odds of noise that count: one in a hundred and fifty."""
_SMALLEST = 1e-6
_CLOSE_LOOK = -2.0  # log odds below which what speaks against is not sought: it would not matter
_READ = 600  # characters of a comment that are read
_SHORT = 400  # characters; in a longer comment wordings stand by chance, so they weigh less
_WORD = re.compile(r"\w+")
_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\u3040-\ud7ff]")
_STRAIGHT = {ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"'}


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which a sign shows: ``pattern``, sought where one of its ``cues`` stands.

    Cues are words or single characters, of which at least ``least`` must stand; without a pattern
    that is enough. Where there is no cue it is sought in other scripts than Latin. Patterns are
    written for a text as ``plain`` makes it.
    """

    cues: frozenset[str]
    least: int
    pattern: re.Pattern[str] | None

    def stands_in(self, text: str, cues: frozenset[str]) -> bool:
        """Whether it is found in a plain ``text`` of these words and characters."""
        if self.least > 1 and len(self.cues & cues) < self.least:
            return False
        return self.pattern is None or self.pattern.search(text) is not None


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign, which any of its wordings shows.

    ``reasoned`` is what a person would add for it to the log odds, below zero where it speaks
    against spam, and ``most`` what may be added at most, whatever is learned.
    """

    name: str
    reasoned: float
    most: float
    wordings: tuple[Wording, ...]


class _Sought:
    """Signs by the cues that bring them up: most comments bring up next to none."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        self._wordings = [(sign.name, wording) for sign in signs for wording in sign.wordings]
        by_cue: dict[str, list[int]] = {}
        for at, (_, wording) in enumerate(self._wordings):
            for cue in wording.cues:
                by_cue.setdefault(cue, []).append(at)
        self._by_cue = by_cue
        self._cues = frozenset(by_cue)
        self._of_other_scripts = [
            at for at, (_, wording) in enumerate(self._wordings) if not wording.cues
        ]

    def found(self, text: str, cues: frozenset[str]) -> set[str]:
        """The names of the signs that a plain ``text`` of these words and characters shows."""
        brought_up: set[int] = set()
        for cue in self._cues & cues:
            brought_up.update(self._by_cue[cue])
        if not text.isascii() and _OTHER_SCRIPT.search(text):
            brought_up.update(self._of_other_scripts)
        found: set[str] = set()
        for at in brought_up:
            name, wording = self._wordings[at]
            if name not in found and wording.stands_in(text, cues):
                found.add(name)
        return found


@cache
def shipped_signs() -> tuple[Sign, ...]:
    """The signs of ``spam.toml``, in its order."""
    content = tomllib.loads(SIGNS_FILE.read_text(encoding="utf-8"))
    return tuple(
        Sign(
            one["name"],
            float(one["reasoned"]),
            float(one.get("most", math.inf)),
            tuple(_wording(wording) for wording in one["wordings"]),
        )
        for one in content["signs"]
    )


def _wording(content: dict[str, Any]) -> Wording:
    return Wording(
        frozenset([*content.get("words", "").split(), *content.get("marks", "")]),
        content.get("least", 1),
        re.compile(content["find"]) if "find" in content else None,
    )


@cache
def shipped_weights() -> Mapping[str, float]:
    """What each sign adds to the log odds, as it was learned, by name."""
    return {
        str(name): float(weight)
        for name, weight in json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")).items()
    }


@cache
def _sought() -> tuple[_Sought, _Sought]:
    """What speaks for spam, and what against."""
    signs = shipped_signs()
    return (
        _Sought(sign for sign in signs if sign.reasoned > 0),
        _Sought(sign for sign in signs if sign.reasoned < 0),
    )


@cache
def spam_version() -> str:
    """Eight hex digits of SHA-256 over signs and weights, for the model version."""
    return hashlib.sha256(SIGNS_FILE.read_bytes() + WEIGHTS_FILE.read_bytes()).hexdigest()[:8]


def plain(text: str) -> str:
    """The part of a comment that is read, in lower case, with plain letters and quotes."""
    head = text[:_READ]
    if not head.isascii():
        # letters in fancy dress, full width or bold, become plain ones
        head = unicodedata.normalize("NFKC", head).translate(_STRAIGHT)
    return head.lower()


def signs_in(text: str) -> set[str]:
    """The names of all signs that a comment shows, for and against."""
    low = plain(text)
    cues = _cues_of(low)
    speaks_for, against = _sought()
    return speaks_for.found(low, cues) | against.found(low, cues)


def _cues_of(low: str) -> frozenset[str]:
    """The words and the characters of a plain text."""
    return frozenset(_WORD.findall(low)).union(low)


def dilution(text: str) -> float:
    """What a sign for spam counts in a comment of this length: 1 up to 400 characters."""
    return min(1.0, _SHORT / max(1, min(len(text), _READ)))


def spam_score(text: str, noise: float) -> float:
    """The probability that a comment is spam, where the network gives ``noise`` for that.

    Any text has a score, which depends on nothing but the two. ``noise`` is 0 where no network
    read the text.
    """
    weights = shipped_weights()
    speaks_for, against = _sought()
    known = min(max(noise, _SMALLEST), 1 - _SMALLEST)
    odds = max(math.log(known / (1 - known)), FLOOR)
    low = plain(text)
    cues = _cues_of(low)
    # fsum: sums that do not depend on the order of a set
    odds += dilution(text) * math.fsum(weights[name] for name in speaks_for.found(low, cues))
    if odds > _CLOSE_LOOK:
        odds += math.fsum(weights[name] for name in against.found(low, cues))
    return 1 / (1 + math.exp(-odds))
