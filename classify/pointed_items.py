"""Items of the languages that are not parsed: the words of the quote that the network points at."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from classify.answers import Answers, Tokens
from classify.phrasing import Asking
from classify.quoting import Quote, whole_words

_POINTED = 0.5
"""The probability from which a token counts as pointed at."""
_LEAST = 0.15
"""Where no token is sure, that of the best one from which it still counts."""
_WEAK = 0.5
_GAP = 3
"""Tokens between two that are pointed at which the item may take along: "de la"."""
_LONGEST = 10  # words of an item
_IN_ITEM = 2

FUNCTION_WORDS = frozenset(
    [
        *(
            "el",
            "la",
            "los",
            "las",
            "un",
            "una",
            "unos",
            "unas",
            "lo",
            "de",
            "del",
            "al",
            "a",
            "en",
        ),
        *("en", "con", "por", "para", "y", "o", "que", "se", "su", "mi", "tu"),
        *("le", "les", "du", "des", "une", "et", "ou", "au", "aux", "dans", "avec", "pour", "par"),
        *("sur", "ne", "pas", "ce", "cette", "mon", "ma", "votre", "vos", "d", "l"),
        *("der", "die", "das", "den", "dem", "ein", "eine", "einen", "einem", "einer", "und"),
        *("oder", "mit", "für", "von", "vom", "zu", "zum", "zur", "im", "am", "auf", "bitte"),
        *("os", "as", "um", "uma", "uns", "do", "da", "dos", "no", "na", "nos", "nas", "e", "ao"),
        *("com", "il", "i", "gli", "della", "dei", "delle", "nel", "nella", "di", "per", "ed"),
        *("w", "we", "z", "ze", "od", "oraz", "dla", "po", "u", "się", "to", "ten", "ta", "te"),
        *("proszę", "jest", "please", "the", "an", "of", "for"),
    ]
)
"""Words that carry no item by themselves, of the languages in Latin script."""

_BORDER = re.compile(r"^[\W_]+|[\W_]+$")
_PARTICLE = re.compile(r"(?<=[\uac00-\ud7a3]{2})(?:을|를|은|는|좀)$|(?<=.)[をはがもの]$")
"""Korean and Japanese particles of an object or a topic, written onto the word."""
_COURTESY = re.compile(
    r"\b(?:please|por favor|proszę|bitte|svp|stp|s'il vous pla[iî]t|per favore)\b"
    r"|제발|부탁(?:드려요|드립니다|해요)?|(?:해\s*)?주(?:세요|시면|십시오)|ください|お願いします"
    r"|من فضلك|कृपया",
    re.IGNORECASE,
)

_WISHES = re.compile(
    r"please|제발|부탁|주세요|주십시오|주시|해줘|해주|달라|좋겠|싶|원해|바라|바랍|필요|했으면|해야"
    r"|안\s*되나|안될까"
    r"|(?:ください|下さい|欲しい|ほしい|お願い|頼む|くれ|たい(?:です)?|べき|いただ|希望|必要)"
    r"|\b(?:prosz|popro|chc[eę]|chcia|chcemy|potrzeb|wróć|wroc|przywr|dodaj|zrób|zrob|napraw"
    r"|powinn|przyda|życz|marz|czekam na|domagam|oddaj|dajcie|wprowadź|wprowadz"
    r"|quier|querría|quisiera|ojal|por favor|necesit|deber[ií]|pon(?:ed|gan)"
    r"|volved|vuelv|traigan|agreg|añad|metan|hace falta|exijo|pido|me gustar|estaría bien"
    r"|bitte|wünsch|möchte|mocht|hätte gern|brauch|sollte|müsst|könnt ihr|führt|macht|bringt"
    r"|wäre (?:toll|schön|super|gut|der hammer)|will |bock auf|fordere"
    r"|svp|stp|s'il (?:vous|te)|je veux|on veut|voudr|souhait|besoin|faudrait|il faut|il me faut"
    r"|devri|remettez|ajoutez|mettez|serait|envie d|pourr(?:iez|ait)|rendez"
    r"|quero|gostaria|preciso|precis|deveri|tomara|coloquem|tragam|voltem|adicion|peço"
    r"|vorrei|voglio|vogliamo|dovre|aggiung|mettete|servirebbe|magari|riportate|ho bisogno|sarebbe)"
    r"|أريد|اريد|نريد|ياريت|يا ريت|أتمنى|اتمنى|نتمنى|لازم|محتاج|نحتاج|عايز|أرجو|من فضلك|رجاء"
    r"|चाहिए|चाहता|चाहती|कृपया|करो|कर दो|कीजिए|दीजिए|काश|อยาก|ขอ|ช่วย|ควร|ต้องการ",
    re.IGNORECASE,
)
"""Words that say a want outright."""


class PointedWords:
    """The words that the network points at in a quote, without particles and articles."""

    def explicit(self, quote: str) -> bool:
        """Whether a wish word of one of the languages stands in the quote."""
        return bool(_WISHES.search(quote))

    def items(
        self, texts: Sequence[str], answers: Sequence[Answers], asking: Sequence[Asking]
    ) -> list[str]:
        """The stretch of each quote that is pointed at most; the quote itself where none is."""
        return [
            tidied(_stretch(texts[at], answers[at].tokens, quote))
            or tidied(_COURTESY.sub(" ", texts[at][quote.start : quote.end]))
            or texts[at][quote.start : quote.end].lower()
            for at, quote, _ in asking
        ]


def _stretch(text: str, tokens: Tokens, quote: Quote) -> str:
    likely = tokens.spans[quote.first : quote.last + 1, _IN_ITEM]
    least = min(_POINTED, max(_LEAST, _WEAK * float(likely.max())))
    places = np.flatnonzero(likely >= least)
    if not places.size:
        return ""
    parts = np.split(places, np.flatnonzero(np.diff(places) > _GAP + 1) + 1)
    best = max(parts, key=lambda part: float(likely[part].sum()))
    first, last = int(best[0]) + quote.first, int(best[-1]) + quote.first
    first, last = whole_words(text, tokens.offsets, first, last)
    start, end = tokens.offsets[first, 0], tokens.offsets[last, 1]
    return text[max(quote.start, int(start)) : min(quote.end, int(end))]


def tidied(phrase: str) -> str:
    """Lower case, one line, no articles, particles or marks at the borders; may come out empty."""
    words = [_BORDER.sub("", word) for word in phrase.lower().replace("’", "'").split()]
    words = [word for word in words if word]
    while words and words[0] in FUNCTION_WORDS:
        words.pop(0)
    while words and words[-1] in FUNCTION_WORDS:
        words.pop()
    if words:
        words[-1] = _PARTICLE.sub("", words[-1])
    return " ".join(words[:_LONGEST])
