"""The condition that the words of an ask tie it to: "if it were gluten free", "unless it rains".

Only what is said in so many words: a clause that begins with a word for a condition, up to the next
mark. "It would be nice if you had oat milk" names the wish and no condition, so a clause that holds
the item, or that such words stand before, is none. "If it were free" is one only behind what the
writer would do then ("I'd buy it").
"""

from __future__ import annotations

import re

from reports.phrases import content, phrase, words_of

LONGEST = 60
_BEGINS = {
    "en": r"(?:only |even )?(?:if|unless|as long as|provided(?: that)?|in case)",
    "de": r"(?:nur )?(?:wenn|falls|sofern|solange)",
    "fr": r"(?:à condition (?:que|de)|sauf si|tant que|si)",
    "es": r"(?:siempre (?:y cuando|que)|a menos que|con tal de que|si)",
    "pt": r"(?:desde que|a menos que|contanto que|se)",
    "it": r"(?:a condizione che|a meno che|purché|se)",
    "pl": r"(?:pod warunkiem że|chyba że|o ile|jeśli|jeżeli)",
}
_NO_CONDITION = re.compile(
    r"\b(?:nice|great|good|better|best|cool|awesome|amazing|helpful|useful|perfect|wonderful"
    r"|love it|like it|appreciate(?:d)?(?: it)?|happy|happier|prefer(?: it)?|glad|grateful"
    r"|wonder(?:ing)?|know|see|ask|asking|check|sure|doubt|curious|idea|care|matter|what|as|idk"
    r"|kill you|thank you|schön|toll|gut|super|besser|wissen|fragen|bien|génial|sympa|mieux|savoir"
    r"|bueno|genial|mejor|saber|bom|ótimo|melhor|bello|meglio|bene|sapere|fajnie|miło|lepiej)"
    r"\W*$"
)
_OF_THE_WISH = re.compile(
    r"^\W*(?:only|even)?\s*if (?:you|they|we|i|there|it|u) (?:guys )?"
    r"(?:could|can|would|had|were to)\b"
)
_POLITE = re.compile(
    r"^if (?:possible|you please|you (?:don't|do not) mind|not|so|any\w*|ever|at all)\b"
)
_AS_IF = re.compile(
    r"^(?:even if|if \w*(?: \w+){0,4}? (?:was|were|wasn't|did|made|had|could|would|offered|earned"
    r"|gave|got|came|added|sold|brought)\b)"
)
_WILL = re.compile(
    r"\b(?:i|we)(?:'d|'ll| would| will)(?: \w+)? (?:buy|pay|come|go|order|return|switch|subscribe"
    r"|eat|get|use|be|visit|stay|upgrade|have|take|drink)\b"
)
_MARKS = re.compile(r"[.!?;:,()\n…–—]")


def condition_of(words: str, item: str, lang: str = "en") -> str:
    """The condition in the words of an ask, as it was written in lower case; "" for none."""
    begins = _BEGINS.get(lang)
    if begins is None:
        return ""
    text = " ".join(words.lower().replace("’", "'").split())
    wanted = content(phrase(item).key)
    for match in re.finditer(rf"(?<!\w){begins}(?!\w)", text):
        end = _MARKS.search(text, match.end())
        clause = text[match.start() : end.start() if end else len(text)].strip()
        as_if = _AS_IF.match(clause) and not _WILL.search(text[: match.start()])
        if (
            as_if
            or _NO_CONDITION.search(text[: match.start()])
            or _OF_THE_WISH.match(clause)
            or _POLITE.match(clause)
            or len(clause) > LONGEST
            or len(clause) <= len(match[0]) + 1
            or wanted & words_of(clause)
        ):
            continue
        return clause
    return ""
