"""Decks of sentences, dealt so that nobody gets one twice and none comes again soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Generic, TypeVar

APART = timedelta(days=13)
"""Longer than a burst of copies lasts, with a copy in between: what is heard again sooner may look
like one."""

Card = TypeVar("Card")


class Deck(Generic[Card]):
    """Sentences in a random order; what is dealt goes to the bottom."""

    def __init__(self, cards: Sequence[Card], rng: Random) -> None:
        self._cards = list(cards)
        self._order = rng.sample(range(len(cards)), len(cards))
        self._used: dict[int, list[datetime]] = defaultdict(list)
        self._given: set[tuple[str, int]] = set()

    def deal(self, person: str, when: datetime) -> tuple[Card, bool]:
        """A sentence for the person, and whether it is heard within ``APART`` of another use."""
        fresh = [card for card in self._order if (person, card) not in self._given] or self._order

        def nearest(card: int) -> timedelta:
            return min((abs(when - use) for use in self._used[card]), default=timedelta.max)

        card = next((card for card in fresh if nearest(card) > APART), None)
        soon = card is None
        if card is None:
            card = max(fresh, key=nearest)
        self._order.remove(card)
        self._order.append(card)
        self._used[card].append(when)
        self._given.add((person, card))
        return self._cards[card], soon
