"""Labelling: which comments a person is asked about, and what the person may say of them.

No terminal and no page in here: ``earful label`` and the web page both work on it.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import log1p
from typing import TYPE_CHECKING

from classify.labels import CATEGORIES, FALLBACK
from earful.errors import ConfigurationError, DataError, did_you_mean
from earful.records import Ask, RequestType, Sentiment
from earful.sampling import lot
from earful.store import Correction, Labels, Ledger
from earful.store.corrections import text_hash
from earful.store.tagged import Tagged, prints_of_corrected, tagged, uncorrected

if TYPE_CHECKING:
    from classify.tagger import Tagger
    from earful.project import Project

SENTIMENT, CHANCE, ESTIMATE = "sentiment", "chance", "estimate"
"""Reasons to ask about a comment that are no category."""
CHANCE_EVERY = 5
"""Every so many-th comment is drawn by chance: of what the model is wrongly sure of, it is never
unsure."""
_SPARE = 8  # comments kept for each that is wanted, as near-copies fall out
_REPEATED = 0.8  # what a reason counts each time that it was the reason before
_EVEN = 0.5
_MIXED = 0.6
_READ_WELL = frozenset((*CATEGORIES, SENTIMENT, CHANCE))
REQUEST_GATE, WANTS_GATE = "request", "purchase_intent"

SENTIMENTS_TOLD: dict[Sentiment, str] = {
    "negative": "the writer is displeased; token praise inside anger stays negative",
    "neutral": "no feeling shows: questions, flat reports, ideas and wishes",
    "positive": "the writer is pleased; a minor blemish inside praise stays positive",
    "mixed": "real praise and real blame in one comment",
}
TYPES_TOLD: dict[RequestType, str] = {
    "new_offering": "a thing that does not exist yet",
    "bring_back": "a thing that once was",
    "availability": "an existing thing at another time, place, channel or platform",
    "change": "an existing thing done differently",
    "fix": "a failure mended for good",
    "price": "a lower price, a discount, a bigger portion, another plan",
    "service": "people, their hours, speed, cleanliness, help, refunds",
    "information": "to be told or shown something",
    "wants": "an existing thing that the writer will get (purchase_intent)",
}
STRENGTHS_TOLD: dict[int, str] = {
    1: "mild: maybe, could, would be nice",
    2: "plain: want, wish, should, please",
    3: "pressing: need, must, or they leave",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a comment stands among the signals: the biggest one it is part of, with its people."""

    signal: str
    people: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A comment to ask about, and why: the category (or ``SENTIMENT``) that is least sure,
    ``CHANCE``, or ``ESTIMATE`` (drawn by lot where a plan wants labels). ``doubt`` runs from 0,
    sure, to 1, on the edge; ``standing`` where it is in a signal."""

    uid: str
    reason: str
    doubt: float
    standing: Standing | None


def signal_standings(project: Project, ledger: Ledger) -> dict[str, Standing]:
    """By uid, the biggest of the current signals that a comment is part of."""
    from earful.pipeline import refresh_facts
    from reports.counted_signals import counted_signals
    from reports.fact_tables import Window

    facts = refresh_facts(project, ledger)
    standings: dict[str, Standing] = {}
    for signal in counted_signals(facts, Window(), project.settings).signals:
        for uid in signal.uids:
            if uid not in standings or standings[uid].people < signal.people:
                standings[uid] = Standing(signal.name, signal.people)
    return standings


@dataclass(frozen=True, slots=True)
class _Entry:
    worth: float
    choice: Choice
    prints: tuple[int, ...]


class _Best:
    """The most worthy of any number of entries, ``room`` of them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._heap: list[tuple[float, str, _Entry]] = []

    def add(self, entry: _Entry) -> None:
        ranked = (entry.worth, entry.choice.uid, entry)
        if len(self._heap) < self._room:
            heapq.heappush(self._heap, ranked)
        else:
            heapq.heappushpop(self._heap, ranked)

    def in_order(self) -> deque[_Entry]:
        ranked = sorted(self._heap, key=lambda one: (-one[0], one[1]))
        return deque(entry for _, _, entry in ranked)


def choose(
    comments: Iterable[Tagged],
    thresholds: Mapping[str, float],
    standings: Mapping[str, Standing],
    count: int,
    seen: Set[int] = frozenset(),
    category: str | None = None,
) -> list[Choice]:
    """The ``count`` comments that are most worth a person's time, most worthy first.

    Worth is doubt, up to doubled by the size of the signal that the comment is part of; what has
    been asked for the same reason before counts less each time. Of a user's own category, which the
    model may hardly know, the likeliest comments are always among them, whatever signal they are
    part of; with ``category`` nothing but this one counts. ``thresholds`` are the probabilities
    from which categories hold (0.5 where not named), ``seen`` the fingerprints of comments that
    were labelled before: of near-copies one is asked. One pass over ``comments``; memory grows with
    ``count`` only. The same comments give the same choice.
    """
    most = log1p(max((standing.people for standing in standings.values()), default=0)) or 1.0
    room = count * _SPARE
    doubtful: dict[str, _Best] = defaultdict(lambda: _Best(room))
    drawn = _Best(room)
    for comment in comments:
        doubts = doubts_about(comment, thresholds)
        standing = standings.get(comment.uid)
        weight = 1 + (log1p(standing.people) / most if standing else 0)
        for reason in _reasons(doubts, category):
            choice = Choice(comment.uid, reason, doubts[reason], standing)
            worth = doubts[reason] * (weight if reason in _READ_WELL else 1)
            doubtful[reason].add(_Entry(worth, choice, comment.prints))
        if category is None:
            choice = Choice(comment.uid, CHANCE, 0.0, standing)
            drawn.add(_Entry(lot(comment.uid), choice, comment.prints))
    queues = {reason: doubtful[reason].in_order() for reason in sorted(doubtful)}
    # What the model hardly knows is never near its edge: its likeliest count as if they were.
    scale = {
        reason: 1 / (queue[0].worth or 1.0) if reason not in _READ_WELL else 1.0
        for reason, queue in queues.items()
    }
    lots = drawn.in_order()
    chosen: list[Choice] = []
    uids: set[str] = set()
    prints = set(seen)
    times = Counter[str]()
    while len(chosen) < count and (queues or lots):
        if lots and (not queues or len(chosen) % CHANCE_EVERY == CHANCE_EVERY - 1):
            reason, queue = CHANCE, lots
        else:
            reason = max(
                queues, key=lambda r: queues[r][0].worth * scale[r] * _REPEATED ** times[r]
            )
            queue = queues[reason]
        entry = queue.popleft()
        if not queue:
            queues.pop(reason, None)
        if entry.choice.uid in uids or not prints.isdisjoint(entry.prints):
            continue
        chosen.append(entry.choice)
        uids.add(entry.choice.uid)
        prints.update(entry.prints)
        times[reason] += 1
    return chosen


def _reasons(doubts: Mapping[str, float], category: str | None) -> Iterable[str]:
    """Why a comment may be asked about: what is least sure of it, and every category of a user's
    own; or one category alone."""
    if category is not None:
        return [category] if category in doubts else []
    own = [name for name in doubts if name not in _READ_WELL]
    return dict.fromkeys([max(doubts, key=lambda name: doubts[name]), *own])


def doubts_about(comment: Tagged, thresholds: Mapping[str, float]) -> dict[str, float]:
    """How unsure the model is of each decision about a comment, from 0 to 1.

    A category is the less sure the nearer its probability lies to its threshold, on the way from
    there to 0 or 1. Of sentiment only the polarity is known: near zero for a pleased or displeased
    writer, far from it for a neutral one, it is unsure; mixed feelings are hardly ever sure.
    """
    doubts = {SENTIMENT: _sentiment_doubt(comment.labels.sentiment, comment.sentiment_score)}
    for category, likely in comment.scores.items():
        if category != FALLBACK:
            edge = thresholds.get(category, _EVEN)
            way = edge if likely < edge else 1 - edge
            doubts[category] = 1 - abs(likely - edge) / max(way, 1e-6)
    return doubts


def reason_for(
    comment: Tagged, thresholds: Mapping[str, float], standing: Standing | None
) -> Choice:
    """The choice of a comment that somebody named."""
    doubts = doubts_about(comment, thresholds)
    reason = max(doubts, key=lambda name: doubts[name])
    return Choice(comment.uid, reason, doubts[reason], standing)


def _sentiment_doubt(sentiment: Sentiment, polarity: float) -> float:
    if sentiment == "mixed":
        return _MIXED
    return min(1.0, 2 * abs(polarity)) if sentiment == "neutral" else 1 - abs(polarity)


# What a person says of a comment: labels are never changed, new ones are made.


def with_sentiment(labels: Labels, sentiment: Sentiment) -> Labels:
    """The labels with another sentiment."""
    return replace(labels, sentiment=sentiment)


def toggled(labels: Labels, category: str) -> Labels:
    """The labels with a category on that was off, or off that was on.

    The fallback stands alone and where nothing else does; without the category of asks their asks
    go too.
    """
    if category in labels.categories:
        kept = tuple(name for name in labels.categories if name != category)
        asks = tuple(ask for ask in labels.asks if _gate(ask) != category)
        return replace(labels, categories=kept or (FALLBACK,), asks=asks)
    if category == FALLBACK:
        return replace(labels, categories=(FALLBACK,), asks=())
    kept = tuple(name for name in labels.categories if name != FALLBACK)
    return replace(labels, categories=(*kept, category))


def with_ask(labels: Labels, ask: Ask) -> Labels:
    """The labels with one more ask, and the category that it calls for.

    Raises ``DataError`` where it overlaps another.
    """
    for number, other in enumerate(labels.asks, 1):
        if ask.start < other.end and other.start < ask.end:
            raise DataError(
                f"these words overlap ask {number}, {other.quote!r}",
                next_step="Delete that one first.",
            )
    asks = tuple(sorted((*labels.asks, ask), key=lambda one: one.start))
    labels = replace(labels, asks=asks)
    gate = _gate(ask)
    return labels if gate in labels.categories else toggled(labels, gate)


def without_ask(labels: Labels, number: int) -> Labels:
    """The labels without the ask ``number``, from 0; the category that called for it goes with the
    last of its kind."""
    gate = _gate(labels.asks[number])
    kept = tuple(ask for at, ask in enumerate(labels.asks) if at != number)
    labels = replace(labels, asks=kept)
    if gate in labels.categories and not any(_gate(ask) == gate for ask in kept):
        labels = toggled(labels, gate)
    return labels


def _gate(ask: Ask) -> str:
    return WANTS_GATE if ask.type == "wants" else REQUEST_GATE


def find_words(text: str, words: str) -> tuple[int, int] | None:
    """Where words that somebody typed stand in a text, as (start, end); None where they do not.

    Letter case, the amount of white space and the shape of quotation marks may differ.
    """
    parts = [_MARKS.sub(_any_mark, re.escape(part)) for part in words.split()]
    if not parts:
        return None
    found = re.search(r"\s+".join(parts), text, re.IGNORECASE)
    return None if found is None else found.span()


_MARKS = re.compile("['’‘ʼ`´]|[\"“”„«»]")


def _any_mark(mark: re.Match[str]) -> str:
    return "['’‘ʼ`´]" if mark.group() in "'’‘ʼ`´" else '["“”„«»]'


@dataclass(frozen=True, slots=True)
class Progress:
    """Of so many corrections that were saved in this pass, how many said: right as it was."""

    saved: int
    confirmed: int


class Labelling:
    """A person's pass over a project's comments; everything is stored as it is said.

    ``tagger`` says what it makes of words that are marked.
    """

    def __init__(self, ledger: Ledger, tagger: Tagger, by: str) -> None:
        self._ledger = ledger
        self._tagger = tagger
        self._by = by
        self._saved: dict[str, bool] = {}

    @property
    def categories(self) -> tuple[str, ...]:
        """What there is to choose from."""
        return self._tagger.categories

    @property
    def progress(self) -> Progress:
        """What was saved in this pass."""
        return Progress(len(self._saved), sum(self._saved.values()))

    def queue(
        self,
        count: int,
        standings: Mapping[str, Standing],
        sources: Sequence[str] = (),
        category: str | None = None,
    ) -> list[Choice]:
        """The comments to ask about; see ``choose``.

        Raises ``ConfigurationError`` where there is no such category.
        """
        if category is not None and category not in self.categories:
            raise ConfigurationError(
                f"there is no category {category!r}",
                where="--category",
                next_step=did_you_mean(category, self.categories),
            )
        return choose(
            uncorrected(self._ledger.connection, self._current(), sources),
            self._tagger.thresholds,
            standings,
            count,
            prints_of_corrected(self._ledger.connection),
            category,
        )

    def comment(self, uid: str) -> Tagged:
        """One comment with the model's tags.

        Raises ``DataError`` where there is none of that uid, or none that a model has read.
        """
        found = tagged(self._ledger.connection, uid, self._current())
        if found is None:
            raise DataError(
                f"no comment {uid!r} has been read by a model",
                next_step="'earful search' shows uids; 'earful tag' reads what is new. Comments in "
                "a language that is not served cannot be labelled.",
            )
        return found

    def labels(self, comment: Tagged) -> Labels:
        """What counts now: what a person said of these words, else the model's tags."""
        said = self._ledger.correction(comment.uid)
        return comment.labels if said is None else said.labels

    def asked(self, comment: Tagged, words: str) -> Ask:
        """The ask that ``words`` of a comment carry, as the model would read them.

        Raises ``DataError`` where they do not stand there.
        """
        place = find_words(comment.words, words)
        if place is None:
            raise DataError(
                "these words do not stand in the comment", next_step="Paste them from it."
            )
        return self._tagger.ask_in(comment.words, *place, comment.lang)

    def save(self, comment: Tagged, labels: Labels) -> None:
        """Store what the person says of a comment, at once; the same again is not stored twice."""
        said = self._ledger.correction(comment.uid)
        right = same_labels(labels, comment.labels)
        self._saved[comment.uid] = right
        if said is not None and same_labels(said.labels, labels):
            return
        correction = Correction(
            uid=comment.uid,
            text_hash=text_hash(comment.words),
            by=self._by,
            at=datetime.now(UTC),
            model_version=comment.model_version,
            offered=self.categories,
            shown=comment.labels,
            labels=labels,
        )
        vectors = self._tagger.ask_vectors(
            [ask.item for ask in labels.asks], [ask.quote for ask in labels.asks]
        )
        with self._ledger.transaction():
            self._ledger.add_correction(correction, vectors.tolist(), self._tagger.vector_version)

    def _current(self) -> str:
        return self._ledger.get_meta("model_version") or ""


def same_labels(one: Labels, other: Labels) -> bool:
    """Whether two readers say the same, in whatever order they name the categories."""
    return (
        one.sentiment == other.sentiment
        and set(one.categories) == set(other.categories)
        and [_told(ask) for ask in one.asks] == [_told(ask) for ask in other.asks]
    )


def _told(ask: Ask) -> tuple[object, ...]:
    return ask.start, ask.end, ask.item, ask.type, ask.strength, ask.moment
