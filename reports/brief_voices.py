"""The words behind the figures of the brief, looked up by signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from earful.records import DemandSignal, Quote
from reports import wording
from reports.demand import Demand
from reports.moments import moments_of


@dataclass(frozen=True, slots=True)
class Voice:
    """Words that somebody said. ``url`` is a web address or None; ``lang`` may be ""."""

    uid: str
    quote: str
    source: str
    said_on: str
    url: str | None
    lang: str
    item: str
    moment: str


class Voices:
    """The evidence of a demand, looked up by signal."""

    def __init__(self, demand: Demand) -> None:
        self._asks = demand.asks
        self._rows = demand.asks.groupby("signal", sort=False).indices
        self._by_uid = demand.asks.drop_duplicates("uid").set_index("uid")

    def of(self, signal: DemandSignal) -> pd.DataFrame:
        """The asks behind a signal, oldest first."""
        return self._asks.iloc[self._rows[signal.id]]

    def evidence(self, asks: pd.DataFrame, most: int) -> tuple[Voice, ...]:
        """One voice per comment, newest first."""
        newest = asks.drop_duplicates("uid").iloc[::-1].head(most)
        return tuple(self._voice(row) for row in newest.itertuples())

    def by_side(self, signal: DemandSignal, *, solicited: bool, most: int) -> tuple[Voice, ...]:
        """What was said of a signal when asked, or unasked."""
        asks = self.of(signal)
        return self.evidence(asks[asks["solicited"].astype(bool) == solicited], most)

    def quotes(self, signal: DemandSignal) -> tuple[Voice, ...]:
        """The chosen quotes of a signal."""
        return self.of_quotes(signal.quotes)

    def of_quotes(self, quotes: Sequence[Quote]) -> tuple[Voice, ...]:
        """Quotes with what is known of their comments."""
        return tuple(
            Voice(
                uid=quote.uid,
                quote=quote.quote,
                source=str(self._by_uid.at[quote.uid, "source"]),
                said_on=wording.day(quote.created_at),
                url=web_address(quote.url),
                lang=_text(self._by_uid.at[quote.uid, "lang"]),
                item="",
                moment="",
            )
            for quote in quotes
        )

    def solicited_share(self, signal: DemandSignal) -> float:
        """The share of its people who were asked in a survey."""
        people = self.of(signal).groupby("person")["solicited"].all()
        return float(people.mean())

    def _voice(self, row: Any) -> Voice:
        return Voice(
            uid=row.uid,
            quote=row.passage,
            source=row.source,
            said_on=wording.day(None if pd.isna(row.created_at) else row.created_at),
            url=web_address(_text(row.url)),
            lang=_text(row.lang),
            item=row.item,
            moment=", ".join(moments_of(_text(row.moment))),
        )


def web_address(url: str | None) -> str | None:
    """The address where it is one of the web, else None: a link must not run anything."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
