"""Planting: a scenario and a seed become a feed, the same one each time.

People come as a Poisson process whose weekly rate follows the scenario; some ask again, or for
something else as well, after some weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from benchmarks.planted.deck import Deck
from benchmarks.planted.feed import (
    BACKGROUND,
    BRIGADE,
    COPY,
    LOUD,
    ORDINARY,
    Asked,
    Feed,
    Row,
)
from benchmarks.planted.people import People, Person
from benchmarks.planted.scenario import Scenario
from benchmarks.planted.sentences import (
    Brand,
    Cause,
    Item,
    Piece,
    Wording,
    brands,
    ways_to_ask,
    ways_to_ask_for_two,
)
from benchmarks.planted.tides import Tides, poisson
from benchmarks.planted.voice import Spoken, speak

AGAIN_WEEKS = 6.0
"""How long those who ask once more wait, on average."""
TWO_ASKS = 0.08
"""The share of comments that carry two asks, of items that have such sentences."""
COPIED_WORDS = 8
"""Texts that are at least so long are copied."""
_REMARKS = {
    "praise": 30, "complaint": 22, "problem": 18, "question": 10, "remark": 14, "intent": 3,
    "advert": 3,
}  # fmt: skip
_RATINGS = {"praise": (4, 5), "complaint": (1, 2), "problem": (1, 2, 3), "": (2, 3, 4, 5)}


def plant(scenario: Scenario, seed: int) -> Feed:
    """The feed of a scenario; equal for equal seeds."""
    planting = _Planting(scenario, seed)
    for brand in (brands()[key] for key in scenario.brands):
        planting.items(brand)
        planting.background(brand)
        planting.campaigns(brand)
    planting.copies()
    rows = sorted(planting.rows, key=lambda row: (row.created_at, row.id))
    return Feed(scenario, seed, tuple(rows))


class _Planting:
    """A feed that grows row by row."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.rows: list[Row] = []
        self._scenario = scenario
        self._tides = Tides(scenario)
        self._rng = Random(f"{scenario.name} {seed}")
        self._people = People(scenario.languages, self._rng)
        self._decks: dict[tuple[str, ...], Deck[Wording]] = {}

    def items(self, brand: Brand) -> None:
        """Everybody who asks for an item of the brand."""
        for rank, item in enumerate(brand.items, 1):
            expected = self._expected(rank)
            langs = tuple(ways_to_ask(brand.key, item.key))
            for week in range(self._scenario.weeks):
                rate = expected / self._scenario.weeks
                rate *= self._tides.volume(week) * self._tides.demand(item.key, week)
                for _ in range(poisson(rate, self._rng)):
                    person = self._people.new(brand, langs)
                    when = self._tides.moment_in(week, self._rng)
                    self._ask(person, item, when)
                    self._return(person, item, when)

    def background(self, brand: Brand) -> None:
        """All who ask for nothing, each at one time."""
        per_week = self._scenario.background / len(self._scenario.brands)
        cards: dict[str, dict[str, list[Wording]]] = {}
        for remark in brand.remarks:
            if self._scenario.languages.get(remark.lang):
                card = Wording((Piece(remark.text),), remark.lang, 0, "")
                cards.setdefault(remark.kind, {}).setdefault(remark.lang, []).append(card)
        kinds = [kind for kind in _REMARKS if kind in cards]
        weights = [_REMARKS[kind] for kind in kinds]
        for week in range(self._scenario.weeks if kinds else 0):
            for _ in range(poisson(per_week * self._tides.volume(week), self._rng)):
                kind = self._rng.choices(kinds, weights)[0]
                person = self._people.new(brand, sorted(cards[kind]))
                deck = self._deck((brand.key, kind, person.lang), cards[kind][person.lang])
                self._say(person, deck, self._tides.moment_in(week, self._rng), BACKGROUND, kind)

    def campaigns(self, brand: Brand) -> None:
        """The loud persons and the brigades."""
        for cause in brand.causes:
            for loud in (one for one in self._scenario.loud if one.cause == cause.key):
                self._shout(brand, cause, loud.times, loud.week, loud.weeks)
            for brigade in (one for one in self._scenario.brigade if one.cause == cause.key):
                self._march(brand, cause, brigade.accounts, brigade.week, brigade.hours)

    def copies(self) -> None:
        """Long asks posted again within days: by their authors, or by somebody else."""
        asks = [row for row in self.rows if row.story == ORDINARY and row.asks]
        for row in asks:
            if len(row.text.split()) < COPIED_WORDS or self._rng.random() >= self._scenario.copies:
                continue
            author = self._people[row.person]
            if self._rng.random() < 0.5:
                author = self._people.new(author.brand, (row.lang,))
            when = row.created_at + timedelta(hours=self._rng.uniform(1, 120))
            self._post(replace(row, person=author.handle, story=COPY), when)

    def _expected(self, rank: int) -> float:
        return max(self._scenario.least, self._scenario.people * float(rank**-self._scenario.zipf))

    def _return(self, person: Person, item: Item, when: datetime) -> None:
        """Who asked may ask for the same again, and for something else."""
        others = [
            other
            for other in person.brand.items
            if other.label != item.label and person.lang in ways_to_ask(person.brand.key, other.key)
        ]
        for share, choices in ((self._scenario.again, [item]), (self._scenario.several, others)):
            if self._rng.random() >= share or not choices:
                continue
            ranks = [1 + person.brand.items.index(other) for other in choices]
            weights = [self._expected(rank) for rank in ranks]
            wanted = self._rng.choices(choices, weights)[0]
            later = when + timedelta(weeks=self._rng.expovariate(1 / AGAIN_WEEKS))
            # What was launched is not asked for again either.
            if self._rng.random() < self._tides.demand(wanted.key, self._tides.week_of(later)):
                self._ask(person, wanted, later)

    def _ask(self, person: Person, item: Item, when: datetime) -> None:
        both = ways_to_ask_for_two(person.brand.key, item.key).get(person.lang, ())
        two = bool(both) and self._rng.random() < TWO_ASKS
        cards = both if two else ways_to_ask(person.brand.key, item.key)[person.lang]
        deck = self._deck((person.brand.key, item.key, str(two), person.lang), cards)
        self._say(person, deck, when, ORDINARY)

    def _shout(self, brand: Brand, cause: Cause, times: int, week: int, weeks: int) -> None:
        person = self._people.new(brand, ("en",))
        deck = self._deck((brand.key, cause.key), cause.wordings)
        for time in range(times):
            at = week + time * weeks // times
            self._say(person, deck, self._tides.moment_in(at, self._rng), LOUD)

    def _march(self, brand: Brand, cause: Cause, accounts: int, week: int, hours: float) -> None:
        wording = cause.wordings[0]
        begin = self._tides.moment_in(week, self._rng)
        source = self._rng.choice(brand.sources)
        for _ in range(accounts):
            person = replace(self._people.new(brand, ("en",)), source=source)
            when = begin + timedelta(hours=self._rng.uniform(0, hours))
            self._write(person, wording, as_written(wording), when, BRIGADE)

    def _deck(self, key: tuple[str, ...], cards: Sequence[Wording]) -> Deck[Wording]:
        if key not in self._decks:
            self._decks[key] = Deck(cards, self._rng)
        return self._decks[key]

    def _say(
        self, person: Person, deck: Deck[Wording], when: datetime, story: str, remark: str = ""
    ) -> None:
        if not self._tides.heard(person.source.name, when):
            return
        wording, soon = deck.deal(person.handle, when)
        spoken = speak(wording, person.brand.asides, person.habit, self._rng, long=soon)
        self._write(person, wording, spoken, when, story, remark)

    def _write(
        self,
        person: Person,
        wording: Wording,
        spoken: Spoken,
        when: datetime,
        story: str,
        remark: str = "",
    ) -> None:
        asking = [piece for piece in wording.pieces if piece.item is not None]
        row = Row(
            id="",
            brand=person.brand.key,
            source=person.source.name,
            kind=person.source.kind,
            person=person.handle,
            created_at=when,
            arrives=when,
            text=spoken.text,
            lang=wording.lang,
            story=story,
            remark=remark,
            asks=tuple(
                Asked(
                    piece.item or "", piece.said, piece.text, start, end,
                    wording.strength, wording.moment,
                )
                for piece, (start, end) in zip(asking, spoken.quotes, strict=True)
            ),
            place=_one_of(person.source.places, self._rng),
            version=_one_of(person.source.versions, self._rng),
            rating=self._rng.choice(_RATINGS.get(remark, _RATINGS[""]))
            if person.source.kind == "review"
            else None,
            likes=poisson(2.0, self._rng),
        )  # fmt: skip
        self._post(row, when)

    def _post(self, row: Row, when: datetime) -> None:
        if self._tides.heard(row.source, when):
            number = f"c{len(self.rows):05d}"
            arrives = self._tides.arrival(row.source, when)
            self.rows.append(replace(row, id=number, created_at=when, arrives=arrives))


def as_written(wording: Wording) -> Spoken:
    """The sentence without anybody's habits, as a brigade pastes it."""
    quotes: list[tuple[int, int]] = []
    text = ""
    for piece in wording.pieces:
        if piece.item is not None:
            quotes.append((len(text), len(text) + len(piece.text)))
        text += piece.text
    return Spoken(text, tuple(quotes))


def _one_of(choices: Sequence[str], rng: Random) -> str | None:
    return rng.choice(choices) if choices else None
