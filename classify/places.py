"""Where a thing is wanted, as far as the words around an ask say so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classify.language import ENGLISH

_BEFORE = 60
"""Characters before a place in which what is opened or reached there may stand."""
_READ = 600  # characters of a sentence
_CAPITAL = "A-ZÀ-ÖØ-ÞĄĆĘŁŃÓŚŹŻ"
_NAME = re.compile(
    rf"(?:the\s+|[Ll]a\s+|[Ll]e\s+|[Ll]os\s+|[Ee]l\s+)?[{_CAPITAL}][\w'’-]+"
    rf"(?:\s+(?:of\s+|de\s+|del\s+|da\s+|do\s+|am\s+|upon\s+)?[{_CAPITAL}][\w'’-]+){{0,3}}"
    rf"(?:,\s?(?:[A-Z]{{2}}\b|[{_CAPITAL}][a-z]\w+))?"
)
_ENDING = re.compile(
    r",\s?[A-Z]{2}$"
    r"|\b(?:Beach|Street|Road|Avenue|Boulevard|Station|Airport|Mall|County|University|Hospital"
    r"|Heights|Springs|Junction|Square)$"
)
"""What the name of a place alone ends with: a state's letters, or what it is a name of."""
_LOWER = re.compile(r"(?:the\s+)?([^\W\d_]+(?:\s+[^\W\d_]+)?)")
_SHORTEST = 2
_AIRPORT = 3  # capitals of an airport's code; other capitals in a row are an acronym's


@dataclass(frozen=True, slots=True)
class _Wording:
    """How one language says where: a table of places.toml, compiled; None where it lacks a part."""

    near: re.Pattern[str] | None
    kinds: re.Pattern[str] | None
    own: re.Pattern[str] | None
    heads: re.Pattern[str] | None
    to_heads: re.Pattern[str] | None
    direct: re.Pattern[str] | None
    loose: bool

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> _Wording:
        patterns = {
            name: re.compile(table[name]) if name in table else None
            for name in ("near", "kinds", "own", "heads", "to_heads", "direct")
        }
        return cls(**patterns, loose=bool(table.get("loose")))


@dataclass(frozen=True, slots=True)
class _Names:
    """What all languages share: names that are places, and words that are none."""

    known: frozenset[str]
    known_in_lower_case: frozenset[str]
    not_places: re.Pattern[str]
    on_screen: re.Pattern[str]

    @classmethod
    def from_table(cls, table: Mapping[str, str]) -> _Names:
        known, capital = _listed(table["known"]), _listed(table["needs_capital"])
        return cls(
            known | capital,
            known - capital,
            re.compile(table["not_places"]),
            re.compile(table["on_screen"]),
        )


def _listed(names: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in names.split(","))


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))


@cache
def _names() -> _Names:
    return _Names.from_table(_tables()["shared"])


@cache
def _wording(lang: str) -> _Wording | None:
    table = _tables().get(lang)
    return None if table is None or lang == "shared" else _Wording.from_table(table)


def place_words_of(text: str, lang: str = ENGLISH) -> str:
    """The words of ``text`` that name where a thing is wanted ("Fresno", "the airport", "near me").

    ``text`` is the sentence of an ask, as it was written. A name counts where it is one of a known
    place, or stands where only a place can ("a branch in Wexcombe"). Months, platforms and brands
    count as none. Empty where nothing does, or where the language is not served. Never raises.
    """
    wording = _wording(lang)
    if wording is None:
        return ""
    text = text[:_READ]
    if wording.direct is not None:
        match = wording.direct.search(text)
        return match.group(match.lastgroup or 0).strip() if match else ""
    kind = ""
    for match in wording.near.finditer(text) if wording.near else ():
        name = _name_at(text, match, wording)
        if name:
            return name
        if not kind and wording.kinds and (found := wording.kinds.match(text, match.end())):
            kind = found.group()
    own = wording.own.search(text) if wording.own and not kind else None
    return kind or (own.group() if own else "")


def _name_at(text: str, near: re.Match[str], wording: _Wording) -> str:
    """The name of a place that stands behind ``near``, or an empty string."""
    names, at = _names(), near.end()
    if near.group().lower().startswith("on"):
        return ""
    match = _NAME.match(text, at)
    if match is None:
        lower = _LOWER.match(text, at)
        words = lower.group(1).lower().split() if lower else []
        found = next(
            (n for n in (2, 1) if " ".join(words[:n]) in names.known_in_lower_case and words), 0
        )
        return " ".join(words[:found])
    name = _trimmed(match.group())
    if len(name) < _SHORTEST or names.on_screen.match(text, match.end()):
        return ""
    words = name.removeprefix("the ").split(",")[0].lower().split()
    if any(" ".join(words[:n]) in names.known for n in range(len(words), 0, -1)):
        return name
    if _ENDING.search(name):
        return name
    before = text[max(0, near.start() - _BEFORE) : near.start()]
    goes = wording.to_heads is not None and wording.to_heads.search(before) is not None
    if name.isupper():
        return name if goes and len(name) == _AIRPORT else ""
    if near.group().lower().startswith("to "):
        return name if goes else ""
    stands = wording.heads is not None and wording.heads.search(before) is not None
    return name if stands or (wording.loose and not name.isupper()) else ""


def _trimmed(name: str) -> str:
    """A name without the months, days and brands at its end; empty where it begins with one."""
    words = name.split()
    while words and _names().not_places.fullmatch(words[-1].rstrip(",")):
        words.pop()
    kept = " ".join(words)
    return "" if kept.islower() or _names().not_places.match(kept) else kept
