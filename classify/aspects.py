"""What a comment of divided feelings says of each thing that it names.

"The app is fast but support is slow" is cut into clauses, the network reads each clause by itself,
and the things in a clause take what it says. The things are noun chunks of spaCy and a project's
products. A comment of one feeling has no aspects: its sentiment tells all there is to tell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from spacy.tokens import Doc, Span
from spacy.tokens import Token as Word

from classify import english
from classify.answers import Floats
from classify.clauses import Clause, clauses
from classify.items import tidy
from classify.labels import SENTIMENTS
from classify.network import Reads
from classify.network_reader import Calibration
from classify.products import Products
from earful.records import Aspect

MOST_ASPECTS = 6
READ = 1000
"""Characters of a comment in which things are sought; longer ones have named enough by then."""
DIVIDED = 0.2
"""The probability of mixed feelings, or of the less likely of praise and blame, from which a
comment is looked into."""
DIVIDED_BY_CONTRAST = 0.05
"""The same where a contrast word stands between two clauses."""

_NEGATIVE, _POSITIVE, _MIXED = map(SENTIMENTS.index, ("negative", "positive", "mixed"))

_CONTRASTING = (
    r"(?:but|however|although|though|tho|while|whereas|except|despite|in spite of|unfortunately"
    r"|sadly|nevertheless|nonetheless|on the other hand|(?:and )?yet)\b"
)
_BETWEEN = re.compile(
    r"(?<=\w)(?<!\bnothing)(?<!\banything)(?<!\bnone)(?<!\ball)[\s,;.!?…–—-]+"
    rf"(?={_CONTRASTING}\W*\w+\W+\w)",
    re.IGNORECASE,
)
"""What stands before a contrast word that has words on either side."""
_AHEAD = re.compile(
    rf"(?:^|[.!?…\n])\W{{0,5}}(?:even )?(?={_CONTRASTING})[^,.!?…\n]+,(?=\s*\w+\W+\w)",
    re.IGNORECASE,
)
"""The first half of a sentence that opens with its contrast word: "While it is cheap, ..."."""
_CONTRASTS = re.compile(rf"\W*(?:and |even )?{_CONTRASTING}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…\n][\"'”’)\]]*\s*$")
_POINTS_BACK = re.compile(
    rf"\W*(?:and |even )?(?:{_CONTRASTING}\W*)?(?:it|its|which)\b", re.IGNORECASE
)
_JOINING = r"(?:and|but|however|although|though|even though|while|whereas|yet|also)\b"
_JOINED = re.compile(
    rf"^\W*(?:{_JOINING}\W+)+(?=\w)|(?:\W{{1,5}}{_JOINING})?[\s,;:–—-]*$", re.IGNORECASE
)
"""Words that tie a clause to another; alone they make the network suspect the other's feeling."""

_SAYING = frozenset(["ADJ", "VERB", "AUX"])
_SPEAKERS = frozenset(["i", "we", "you", "me", "us"])
_FEELING = frozenset(
    (
        *("good", "great", "nice", "fine", "okay", "ok", "excellent", "amazing", "awesome"),
        *("fantastic", "wonderful", "lovely", "perfect", "best", "brilliant", "superb", "cool"),
        *("decent", "solid", "beautiful", "gorgeous", "delicious", "tasty", "yummy", "friendly"),
        *("helpful", "polite", "kind", "attentive", "fun", "happy", "love", "pleasant", "cute"),
        *("clean", "fast", "quick", "long", "short", "cheap", "affordable", "reasonable"),
        *("easy", "smooth", "reliable", "useful", "fair", "generous", "bad", "terrible"),
        *("horrible", "awful", "miserable", "dreadful", "atrocious", "appalling", "laughable"),
        *("worst", "poor", "slow", "rude", "dirty", "expensive", "pricey", "overpriced", "mean"),
        *("disgusting", "gross", "nasty", "lousy", "mediocre", "bland", "boring", "annoying"),
        *("useless", "broken", "buggy", "laggy", "clunky", "confusing", "disappointing", "sad"),
        *("stupid", "ridiculous", "ugly", "stale", "soggy", "unreliable", "unhelpful", "lazy"),
        *("incompetent", "average", "weird", "frustrating", "impressive", "outstanding"),
        *("favorite", "favourite", "little", "big", "huge", "tiny", "whole", "same", "only"),
        *("other", "real", "pretty", "very", "many", "few", "much", "most", "several", "first"),
        *("own", "more", "less", "such", "so", "too", "no", "better", "nicer", "friendlier"),
        *("kinder", "cleaner", "faster", "fastest", "quicker", "longer", "longest", "shorter"),
        *("cheaper", "cheapest", "easier", "smoother", "worse", "poorer", "slower", "slowest"),
        *("ruder", "rudest", "dirtier", "bigger", "biggest", "smaller", "fewer", "greatest"),
    )
)
"""Words before a thing that judge or count it: they do not belong to its name."""
_NAMES_NOTHING = frozenset(
    (
        *("thing", "things", "stuff", "something", "anything", "everything", "nothing", "someone"),
        *("anyone", "everyone", "people", "person", "guy", "guys", "way", "ways", "lot", "lots"),
        *("bit", "kind", "sort", "type", "part", "reason", "point", "fact", "case", "problem"),
        *("problems", "issue", "issues", "idea", "time", "times", "day", "days", "today"),
        *("tonight", "yesterday", "tomorrow", "week", "weeks", "month", "months", "year", "years"),
        *("hour", "minute", "minutes", "second", "seconds", "moment", "while", "morning"),
        *("afternoon", "evening", "night", "weekend", "couple", "star", "stars", "shame", "joke"),
        *("one", "two", "three", "four", "five", "six", "ten", "half", "rest", "end", "start"),
        *("example", "experience", "opinion", "love", "hate", "hope", "god", "lol", "wow", "ugh"),
        *("thanks", "thank", "sense", "matter", "luck", "fan", "friend", "friends", "family"),
        *("wife", "husband", "kid", "kids", "son", "daughter", "mom", "dad", "pm", "am", "etc"),
    )
)
"""Words that no team can be told a feeling about: empty ones, times, and who came along."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that a comment names: ``text[start:end]``, tidied to ``name``."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A clause, the probabilities (4,) of the sentiments in it, and the things it speaks of."""

    clause: Clause
    sentiments: Floats
    things: tuple[Thing, ...]


class AspectReader:
    """Finds the aspects of English comments; ``products`` are named as the settings write them.

    ``network`` and ``calibration`` are those that read the whole comments, ``pipeline`` is the
    spaCy pipeline. Without a trained pipeline only products are found.
    """

    def __init__(
        self, network: Reads, calibration: Calibration, pipeline: str, products: Products
    ) -> None:
        self._network = network
        self._calibration = calibration
        self._pipeline = pipeline
        self._products = products

    def read(self, texts: Sequence[str], sentiments: Floats) -> list[tuple[Aspect, ...]]:
        """The aspects of each text in text order; none where its feelings are not divided.

        ``sentiments`` (n, 4) are the probabilities that were read in the whole texts.
        """
        aspects: list[tuple[Aspect, ...]] = [()] * len(texts)
        places = [at for at, text in enumerate(texts) if divided(text, sentiments[at])]
        said = self.said([texts[at] for at in places], empty=False)
        for at, own in zip(places, said, strict=True):
            aspects[at] = _aspects(own)
        return aspects

    def said(self, texts: Sequence[str], *, empty: bool = True) -> list[list[Said]]:
        """What each clause of each text says, in order, whatever the feelings of the text; without
        the clauses that name nothing unless ``empty`` ones are wanted too."""
        if not texts:
            return []
        with english.passing(self._pipeline):
            docs = english.parsed(self._pipeline, [text[:READ] for text in texts])
            named = [
                [one for one in self._named(text, doc) if one[1] or empty]
                for text, doc in zip(texts, docs, strict=True)
            ]
        pieces = [
            _JOINED.sub("", text[clause.start : clause.end])
            for text, own in zip(texts, named, strict=True)
            for clause, _ in own
        ]
        if not pieces:
            return [[] for _ in texts]
        answers = self._network.read(pieces)
        likely = iter(self._calibration.sentiments(np.stack([one.sentiments for one in answers])))
        return [[Said(clause, next(likely), found) for clause, found in own] for own in named]

    def _named(self, text: str, doc: Doc) -> Iterator[tuple[Clause, tuple[Thing, ...]]]:
        """The clauses of ``doc``, the parsed beginning of ``text``, with the things in each."""
        chunks = noun_chunks(doc)
        found = things(text[: len(doc.text)], chunks, self._products)
        for clause in spoken_clauses(text, doc, chunks):
            yield clause, tuple(one for one in found if clause.start <= one.start < clause.end)


def divided(text: str, sentiments: Floats) -> bool:
    """Whether a comment is worth its aspects: its feelings are mixed, or may be.

    ``sentiments`` (4,) are the probabilities of the whole comment. Mixed feelings, or praise and
    blame at once, must have some probability; less will do where a contrast word parts two clauses.
    """
    opposed = min(float(sentiments[_NEGATIVE]), float(sentiments[_POSITIVE]))
    both = max(float(sentiments[_MIXED]), opposed)
    return both >= DIVIDED or (both >= DIVIDED_BY_CONTRAST and contrasts(text[:READ]))


def contrasts(text: str) -> bool:
    """Whether a contrast word parts two clauses."""
    return bool(_BETWEEN.search(text) or _AHEAD.search(text))


def noun_chunks(doc: Doc) -> list[Span]:
    """The noun chunks of a document; none where it is not parsed."""
    return list(doc.noun_chunks) if doc.has_annotation("DEP") else []


def spoken_clauses(text: str, doc: Doc, chunks: Sequence[Span]) -> list[Clause]:
    """The clauses of ``doc``, the parsed beginning of ``text``, cut finer and joined again.

    ``chunks`` are its noun chunks. Beside the borders of ``classify.clauses``, a contrast word
    begins a clause, and so does "and" or a comma between two halves that each name a thing and say
    something of it. What points back or names nothing ("which was cold") belongs to the clause
    before.
    """
    read = text[: len(doc.text)]
    borders = {one.start for one in clauses(read)}
    borders |= {match.end() for match in _BETWEEN.finditer(read)}
    borders |= {match.end() for match in _AHEAD.finditer(read)}
    roots = {chunk.root.i for chunk in chunks if chunk.root.lower_ not in _SPEAKERS}
    named = {chunk.root.i for chunk in chunks if chunk.root.pos_ != "PRON"}
    words = list(doc)
    places = [word.idx for word in words]
    for begin, end in pairwise(sorted({*borders, len(read)})):
        own = words[bisect_left(places, begin) : bisect_left(places, end)]
        borders.update(_halves(own, roots, named))
    found: list[Clause] = []
    for begin, end in pairwise(sorted({*borders, len(read)})):
        piece = read[begin:end]
        start = begin + len(piece) - len(piece.lstrip())
        stop = begin + len(piece.rstrip())
        if not any(character.isalnum() for character in piece):
            continue
        if found and _belongs_before(read, found[-1], Clause(start, stop), doc, named):
            found[-1] = Clause(found[-1].start, stop)
        else:
            found.append(Clause(start, stop))
    return found


def _halves(words: Sequence[Word], roots: set[int], named: set[int]) -> Iterator[int]:
    """Where a clause falls into halves that each say something: the places they begin at."""
    begin = 0
    for at, word in enumerate(words):
        if word.lower_ not in {",", "and", "/", "+"} or at <= begin:
            continue
        if _says(words[begin:at], roots) and _says(words[at + 1 :], named):
            yield word.idx + len(word)
            begin = at + 1


def _says(words: Sequence[Word], things: set[int]) -> bool:
    return any(word.i in things for word in words) and any(word.pos_ in _SAYING for word in words)


def _belongs_before(text: str, before: Clause, clause: Clause, doc: Doc, named: set[int]) -> bool:
    """Whether a clause of one sentence with the one before goes on speaking of its things."""
    if _SENTENCE_END.search(text, before.start, before.end):
        return False
    piece = text[clause.start : clause.end]
    if any(clause.start <= doc[at].idx < clause.end for at in named):
        return piece.lower().startswith("which ")
    contrasting = _CONTRASTS.match(piece) or _CONTRASTS.match(text, before.start, before.end)
    return not contrasting or bool(_POINTS_BACK.match(piece))


def things(text: str, chunks: Sequence[Span], products: Products) -> list[Thing]:
    """The things that ``text`` names, in order, none overlapping: products, and what the noun
    ``chunks`` of it name."""
    found = [Thing(name, start, end) for name, start, end in products.places(text)]
    for chunk in chunks:
        thing = _thing(text, chunk)
        if thing and not any(one.start < thing.end and thing.start < one.end for one in found):
            found.append(thing)
    return sorted(found, key=lambda one: one.start)


def _thing(text: str, chunk: Span) -> Thing | None:
    """The name in a noun chunk, without what judges or counts it; None where it names nothing."""
    if chunk.root.pos_ == "PRON" or _tells_of_another(chunk.root):
        return None
    words = list(chunk)
    while words and (not tidy(words[-1].text) or words[-1].like_url):
        words.pop()
    while words and _is_no_name(words[0], chunk.root):
        words.pop(0)
    if not words:
        return None
    start, end = words[0].idx, words[-1].idx + len(words[-1])
    name = tidy(text[start:end])
    if not name or all(word in _NAMES_NOTHING or not word.isalpha() for word in name.split()):
        return None
    if text[start - 1 : start] == "[" and text[end : end + 1] == "]":
        return None  # what redaction left in the place of a name or number
    return Thing(name, start, end)


def _tells_of_another(root: Word) -> bool:
    """Whether a noun says what another thing is: "the fee is a rip-off"."""
    return root.dep_ == "attr" and any(
        word.dep_ == "nsubj" and word.pos_ in {"NOUN", "PROPN"} for word in root.head.lefts
    )


def _is_no_name(word: Word, root: Word) -> bool:
    if not tidy(word.text) or word.pos_ in {"ADV", "NUM", "DET", "PRON"} or word.like_url:
        return word is not root
    return word is not root and word.lower_ in _FEELING


def _aspects(said: Sequence[Said]) -> tuple[Aspect, ...]:
    """One aspect a name, those of the strongest feelings where there are too many."""
    mentions: dict[str, list[tuple[Thing, Floats]]] = {}
    for one in said:
        for thing in one.things:
            mentions.setdefault(thing.name, []).append((thing, one.sentiments))
    aspects = sorted(
        (_aspect(own) for own in mentions.values()),
        key=lambda one: (one.sentiment == "neutral", -abs(one.score)),
    )
    return tuple(sorted(aspects[:MOST_ASPECTS], key=lambda one: one.start))


def _aspect(mentions: Sequence[tuple[Thing, Floats]]) -> Aspect:
    """A thing named once or several times: praised here and blamed there, it is mixed."""
    called = [SENTIMENTS[int(row.argmax())] for _, row in mentions]
    felt = [at for at, name in enumerate(called) if name != "neutral"] or [0]
    feelings = {called[at] for at in felt}
    thing = mentions[felt[0]][0]
    score = float(np.mean([mentions[at][1][_POSITIVE] - mentions[at][1][_NEGATIVE] for at in felt]))
    sentiment = called[felt[0]] if len(feelings) == 1 else "mixed"
    return Aspect(thing.name, thing.start, thing.end, sentiment, round(score, 4))  # type: ignore[arg-type]  # one of SENTIMENTS
