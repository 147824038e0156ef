"""When a thing is wanted, as far as the words of an ask say so."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classify.clock_times import Clock
from classify.cues import cues_of
from classify.language import ENGLISH

_WORDS = "words"
_WHEN = "<when>"
_PARTS, _DAYS, _SEASONS, _EVENTS = "parts", "days", "seasons", "events"
_KINDS = (_PARTS, _DAYS, _SEASONS, _EVENTS)
_JOINED = (_SEASONS, _DAYS, _PARTS)
"""The kinds of which those that stand together are one moment, in this order."""
_CLOCK = "clock"
_NEVER = "(?!)"
_ZEROS = (0x0660, 0x06F0, 0x0966, 0x0E50, 0xFF10)
"""The noughts of Arabic, Persian, Hindi, Thai, and of full width."""
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "´": "'", "\u00a0": " ", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ـ": None}
    | {chr(code): None for code in range(0x064B, 0x0653)}  # the vowel signs of Arabic
    | {chr(zero + n): str(n) for zero in _ZEROS for n in range(10)}
)
_NEAR = {
    "overnight": "night",
    "morning": "am",
    "afternoon": "pm",
    "evening": "pm",
    "night": "night",
}
"""What a part of the day that is named says of the hours beside it."""
_BOTH = frozenset({"saturday", "sunday"})
_MOST = 4  # moments named by one ask
_REACH = 80  # characters before and behind a quote that may be of its clause
_Piece = dict[str, list[str]]  # kind -> what is named of it
_MARKS = re.compile(r"[,.;:!?()\[\]…–—\n、。！？،؛؟।]")


@dataclass(frozen=True, slots=True)
class _Wording:
    """How one language says when: a table of moments.toml.

    ``names`` holds kind, label and pattern of each name, ``cues`` letters and the places in
    ``names`` of those that need them, ``letters`` the cues that hold no other.
    """

    names: tuple[tuple[str, str, str], ...]
    cues: tuple[tuple[str, tuple[int, ...]], ...]
    letters: tuple[str, ...]
    no_time: re.Pattern[str]
    past: re.Pattern[str]
    apart: re.Pattern[str]
    split: re.Pattern[str]
    split_by: str
    clock: Clock

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> _Wording:
        before, behind = table.get("edges", (r"\b", r"\b"))
        names: list[tuple[str, str, str]] = []
        cues: dict[str, list[int]] = {}
        for kind in _KINDS:
            for label, words in table.get(kind, {}).items():
                for cue in cues_of(words.replace(_WHEN, "")):
                    cues.setdefault(cue, []).append(len(names))
                whole = words.replace(_WHEN, table.get("when", ""))
                names.append((kind, label, f"{before}(?:{whole}){behind}"))
        return cls(
            names=tuple(names),
            cues=tuple((cue, tuple(places)) for cue, places in cues.items()),
            letters=tuple(cue for cue in cues if not any(one in cue for one in cues if one != cue)),
            no_time=re.compile(table["no_time"]),
            past=re.compile(table["past"]),
            apart=re.compile(table["apart"]),
            split=re.compile(table.get("split", _NEVER)),
            split_by=table.get("split_by", ""),
            clock=Clock.from_table(table["clock"]),
        )

    def likely(self, text: str) -> list[int]:
        """The places in ``names`` of those that ``text`` holds the letters for."""
        if not any(map(text.__contains__, self.letters)):
            return []
        return [place for cue, places in self.cues if cue in text for place in places]

    def named_in(self, text: str, likely: Sequence[int]) -> list[tuple[int, str, str]]:
        """The names in ``text``: place, kind and label, in text order; of overlapping ones the
        first."""
        found: list[tuple[int, str, str]] = []
        spans = sorted(
            (match.start(), place, match.end())
            for place in set(likely)
            for match in _compiled(self.names[place][2]).finditer(text)
        )
        free = 0
        for start, place, end in spans:
            if start < free:
                continue
            free = end
            kind, label, _ = self.names[place]
            if label == _WORDS:
                label = " ".join(text[start:end].split())
            found.append((start, kind, label))
        return found


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("moments.toml").read_text(encoding="utf-8"))


@cache
def _wording(lang: str) -> _Wording | None:
    table = _tables().get(lang)
    return None if table is None else _Wording.from_table(table)


def moment_of(quote: str, lang: str = ENGLISH, before: str = "", behind: str = "") -> str:
    """The moment that the words of an ask tie it to, in the codebook's English names.

    A daypart ("night"), weekday ("sunday"), season, month or occasion ("lent", "after the game");
    what stands together is named together: "sunday morning", "summer night". Several are parted
    by "; " ("evening; weekend"). Empty where the words name none, date a visit ("was there last
    night"), want it at all hours ("24/7"), or are of a language that is not served. ``before``
    and ``behind`` are what stands around the quote in its sentence: where the quote names no
    moment, the words count that no mark or "and" parts from it. Never raises.
    """
    wording = _wording(lang)
    if wording is None:
        return ""
    quote = _plain(quote)
    clause = quote
    if before or behind:
        around = (_plain(before[-_REACH:]), _plain(behind[:_REACH]))
        clause = _clause(quote, *around, wording.apart)
    likely = wording.likely(clause)
    if not likely and not wording.clock.may_tell(clause):
        return ""
    named = _named(quote, wording, likely)
    return named if named or clause == quote else _named(clause, wording, likely)


def _plain(words: str) -> str:
    words = words.lower()
    return words if words.isascii() else words.translate(_PLAIN)


def _clause(quote: str, before: str, behind: str, apart: re.Pattern[str]) -> str:
    """The quote with the words on either side that belong to its clause."""
    for marks in (_MARKS, apart):
        before = before[max((mark.end() for mark in marks.finditer(before)), default=0) :]
        end = marks.search(behind)
        behind = behind[: end.start()] if end else behind
    if _MARKS.match(quote[-1:]):
        behind = ""
    return f"{before}{quote}{behind}"


def _named(words: str, wording: _Wording, likely: Sequence[int]) -> str:
    text = wording.split.sub(wording.split_by, wording.no_time.sub(" ", words))
    names = wording.named_in(text, likely)
    near = {_NEAR.get(label, "") for _, kind, label in names if kind == _PARTS}
    times = wording.clock.told(text, near.pop() if len(near) == 1 else "")
    if not (names or any(parts for _, _, parts in times)) or wording.past.search(text):
        return ""
    borders = [
        at for mark in wording.apart.finditer(text) if not _inside(times, at := mark.start())
    ]
    pieces: list[_Piece] = [{} for _ in range(len(borders) + 1)]
    for start, kind, label in names:
        if kind == _PARTS and _inside(times, start):
            continue
        pieces[bisect(borders, start)].setdefault(kind, []).append(label)
    for start, _, parts in times:
        if parts:
            pieces[bisect(borders, start)].setdefault(_CLOCK, []).extend(parts)
    for piece in pieces:
        # the hour says it better than the word: "in the evening, after 10"
        piece[_PARTS] = piece.pop(_CLOCK, []) or piece.get(_PARTS, [])
    return "; ".join(list(dict.fromkeys(_joined(pieces)))[:_MOST])


def _inside(times: Sequence[tuple[int, int, list[str]]], at: int) -> bool:
    return any(begin <= at < end for begin, end, _ in times)


def _joined(pieces: Sequence[_Piece]) -> list[str]:
    """The moments of pieces that words such as "and" part.

    What stands together in a piece is one moment ("sunday morning"). A piece takes over what only
    the next one says, where both name something of one kind: "Friday and Saturday nights".
    """
    for piece, following in zip(reversed(pieces[:-1]), reversed(pieces[1:]), strict=True):
        if any(piece.get(kind) and following.get(kind) for kind in _JOINED):
            for kind in _JOINED:
                piece[kind] = piece.get(kind) or following.get(kind, [])
    moments: list[str] = []
    for piece in pieces:
        joined = [""]
        for kind in _JOINED:
            names = list(dict.fromkeys(piece.get(kind, ()))) or [""]
            joined = [f"{one} {name}".strip() for one in joined for name in names]
        moments += [name for name in joined if name] + piece.get(_EVENTS, [])
    if set(moments) >= _BOTH:
        moments = ["weekend" if name == "saturday" else name for name in moments]
        moments.remove("sunday")
    return moments
