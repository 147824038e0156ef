"""Takes out of a text what identifies a person, before the text is stored.

Each kind of span is replaced by a placeholder in brackets, so a reader still sees what stood
there: "call me at [phone]". Places, dates, ages, titles, brands and nationalities stay: demand
needs them, and alone they name nobody. See docs/privacy.md for what is measured to slip through.
"""

# ruff: noqa: SIM905 - words read better without quotation marks

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import regex

from ingest.redaction import addresses, contacts, names, numbers, phones
from ingest.redaction.spans import Range, fold
from ingest.relevance import any_of
from ingest.relevance import fold as fold_case

PLACEHOLDERS = "email handle ip card iban ssn id birthdate phone address zip name".split()
"""Every kind of span, in the order of precedence where two overlap."""


class NameDetector(Protocol):
    """Finds names of people by reading sentences; given to the door by whoever wires the stages."""

    def names(self, texts: Sequence[str]) -> list[list[Range]]:
        """Half-open ranges of characters, for each text in the order given."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with placeholders, and how many spans of each kind were replaced."""

    text: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text, which hold something of this ``kind``."""

    start: int
    end: int
    kind: str


class Redactor:
    """Replaces personal data. ``kept_words`` are the settings' brands and products.

    ``detector`` finds names that no cue announces; without one, and with ``names`` true, names
    are found by cues alone. With ``names`` false, names of people stay.
    """

    def __init__(
        self,
        kept_words: Iterable[str] = (),
        *,
        detector: NameDetector | None = None,
        names: bool = True,
    ) -> None:
        self._detector = detector if names else None
        self._names = names
        kept = tuple(kept_words)
        self._kept = any_of(kept)
        self._kept_handles = frozenset(filter(None, map(_bare, kept)))

    def redact(self, text: str) -> Redacted:
        """One text; see ``redact_all`` for many, which is faster where names are detected."""
        return self.redact_all([text])[0]

    def redact_all(self, texts: Sequence[str]) -> list[Redacted]:
        """The texts with placeholders, in the order given."""
        detected: Sequence[Sequence[Range]] = [()] * len(texts)
        if self._detector is not None:
            detected = self._detector.names(texts)
        return [
            _replace(text, self.spans(text, found))
            for text, found in zip(texts, detected, strict=True)
        ]

    def spans(self, text: str, detected_names: Sequence[Range] = ()) -> list[Span]:
        """What would be replaced, in the order of the text, none overlapping another."""
        if not text:
            return []
        folded = fold(text)
        taken: list[Span] = []
        shelter = [Span(*found, "url") for found in contacts.urls(folded)]
        for kind, sheltered, find in self._finders():
            for start, end in find(folded):
                closed = [*taken, *shelter] if sheltered else taken
                taken += [Span(a, b, kind) for a, b in _free(start, end, closed)]
        if self._names:
            for start, end in (*names.stated_names(folded), *detected_names):
                if self._names_a_brand(text[start:end]):
                    continue
                closed = [*taken, *shelter]
                taken += [
                    Span(a, b, "name")
                    for a, b in _free(start, end, closed)
                    if any(character.isalpha() for character in text[a:b])
                ]
        return sorted(taken, key=lambda span: span.start)

    def _finders(self) -> Iterator[tuple[str, bool, Callable[[str], Iterable[Range]]]]:
        """Kind, whether links are closed to it, and the finder, in the order of precedence."""
        yield "email", False, contacts.emails
        yield "handle", False, lambda text: contacts.handles(text, self.keeps)
        yield "ip", True, contacts.network_addresses
        yield from _DIGIT_FINDERS

    def _names_a_brand(self, words: str) -> bool:
        return self._kept is not None and self._kept.search(fold_case(words)) is not None

    def keeps(self, handle: str) -> bool:
        """Whether a handle is the brand's own: its name, or its name and a word like "support"."""
        bare = _bare(handle)
        if bare in self._kept_handles:
            return True
        return any(
            bare.startswith(kept) and bare[len(kept) :] in _BRAND_SUFFIXES
            for kept in self._kept_handles
        )


def _with_digits(find: Callable[[str], Iterable[Range]]) -> Callable[[str], Iterable[Range]]:
    return lambda text: find(text) if _DIGITS.search(text) else ()


_DIGITS = regex.compile(r"\d")
_DIGIT_FINDERS: tuple[tuple[str, bool, Callable[[str], Iterable[Range]]], ...] = (
    ("card", True, _with_digits(numbers.cards)),
    ("iban", True, _with_digits(numbers.ibans)),
    ("ssn", True, _with_digits(numbers.social_security)),
    ("id", True, numbers.identifiers),
    ("birthdate", True, _with_digits(numbers.birth_dates)),
    ("phone", True, _with_digits(phones.phones)),
    ("address", True, addresses.addresses),
    ("zip", True, _with_digits(addresses.postcodes)),
)
_BRAND_SUFFIXES = frozenset(
    "support help care cares service team official hq app news us usa uk ca canada au in india de "
    "fr es it eu ie nz jp kr mx br eats air airlines airways games gaming store shop deals "
    "customerservice custserv assist".split()
)


def _bare(words: str) -> str:
    return "".join(character for character in words.casefold() if character.isalnum())


def _free(start: int, end: int, taken: Iterable[Span]) -> list[Range]:
    """What is left of a range when the spans already taken are cut out of it."""
    pieces = [(start, end)]
    for span in taken:
        cut: list[Range] = []
        for low, high in pieces:
            if span.end <= low or high <= span.start:
                cut.append((low, high))
                continue
            cut += [(low, span.start)] if low < span.start else []
            cut += [(span.end, high)] if span.end < high else []
        pieces = cut
    return pieces


def _replace(text: str, spans: Sequence[Span]) -> Redacted:
    if not spans:
        return Redacted(text, {})
    parts: list[str] = []
    end = 0
    previous: Span | None = None
    for span in spans:
        between = text[end : span.start]
        adjoining = previous is not None and previous.kind == span.kind and not between.strip(" ,")
        if not adjoining:
            parts += [between, f"[{span.kind}]"]
        end = span.end
        previous = span
    parts.append(text[end:])
    return Redacted("".join(parts), dict(Counter(span.kind for span in spans)))
