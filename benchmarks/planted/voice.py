"""How a person writes: the habits that make one sentence look different in every mouth.

Whatever happens to the letters, it is known where the words of an ask stand in the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.planted.sentences import Aside, Piece, Wording

_WORD = re.compile(r"[a-zA-Z]{5,}")
_EMOJI = ("🙏", "😩", "😭", "🍜", "🌿", "🥲", "👀", "😅", "💚", "🤷", "🫠", "✨")
_MARKED = ("pl", "es", "de")
_PLAIN = str.maketrans("łŁß", "lLs")


@dataclass(frozen=True, slots=True)
class Habit:
    """One person's way to write. ``typos`` and ``emoji`` are probabilities, per long word and per
    comment; ``chatty`` that of an aside at either end; ``case`` is "kept", "lower" or "upper"."""

    case: str
    typos: float
    accents: bool
    dots: bool
    emoji: float
    chatty: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A comment as it was written; ``quotes`` are the (start, end) of its asks, in order."""

    text: str
    quotes: tuple[tuple[int, int], ...]


def habit(lang: str, rng: Random) -> Habit:
    """A person's habits, drawn once."""
    return Habit(
        case=rng.choices(("kept", "lower", "upper"), (0.66, 0.31, 0.03))[0],
        typos=rng.choices((0.0, 0.02, 0.08), (0.6, 0.3, 0.1))[0],
        accents=lang not in _MARKED or rng.random() < 0.75,
        dots=rng.random() < 0.8,
        emoji=rng.choices((0.0, 0.5), (0.75, 0.25))[0],
        chatty=rng.choice((0.15, 0.4, 0.7)),
    )


def speak(
    wording: Wording, asides: Sequence[Aside], habit: Habit, rng: Random, *, long: bool = False
) -> Spoken:
    """The wording in a person's mouth, with asides around it; ``long`` has one at both ends."""
    pieces = list(wording.pieces)
    if long or rng.random() < habit.chatty:
        opening = _aside(asides, wording.lang, "before", rng)
        pieces.insert(0, Piece(opening + _joint(opening, rng)))
    if long or rng.random() < habit.chatty:
        said = pieces[-1].text.rstrip()
        pieces.append(Piece(_joint(said, rng) + _aside(asides, wording.lang, "after", rng)))
    if rng.random() < habit.emoji:
        pieces.append(Piece(" " + rng.choice(_EMOJI) * rng.choice((1, 1, 2))))
    return _written([_mouthed(piece, habit, rng) for piece in pieces])


def _aside(asides: Sequence[Aside], lang: str, place: str, rng: Random) -> str:
    return rng.choice([one for one in asides if one.lang == lang and one.place == place]).text


def _joint(said: str, rng: Random) -> str:
    return " " if said[-1:] in ".!?…" else rng.choice((". ", "... ", "\n", " - "))


def _mouthed(piece: Piece, habit: Habit, rng: Random) -> Piece:
    text = piece.text
    if habit.typos:
        text = _WORD.sub(lambda word: _mistyped(word[0], habit.typos, rng), text)
    if not habit.accents:
        letters = unicodedata.normalize("NFD", text.translate(_PLAIN))
        text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if not habit.dots:
        text = text.replace(". ", " ").replace(",", "")
    if habit.case != "kept":
        text = text.lower() if habit.case == "lower" else text.upper()
    return Piece(text, piece.item, piece.said)


def _mistyped(word: str, rate: float, rng: Random) -> str:
    if rng.random() >= rate:
        return word
    at = rng.randrange(1, len(word) - 1)
    before, here, after, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    return rng.choice(
        (
            f"{before}{after}{here}{rest}",
            f"{before}{after}{rest}",
            f"{before}{here}{here}{after}{rest}",
        )
    )


def _written(pieces: Sequence[Piece]) -> Spoken:
    text = "".join(piece.text for piece in pieces)
    quotes: list[tuple[int, int]] = []
    start = 0
    for piece in pieces:
        if piece.item is not None:
            quotes.append((start, start + len(piece.text)))
        start += len(piece.text)
    # The store strips what it is given; offsets have to count in what is left.
    left = len(text) - len(text.lstrip())
    return Spoken(text.strip(), tuple((start - left, end - left) for start, end in quotes))
