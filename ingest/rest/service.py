"""A row's platform as one source asks it: comments page by page, within the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.budget import Budget
from ingest.http import Answer, JsonClient
from ingest.rest.asking import Bound
from ingest.rest.given import Given, Words, fill
from ingest.rest.mapping import Mapped, Mapper
from ingest.rest.paging import Listing
from ingest.rest.row import Row


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a walk or a look-up needs to ask the platform."""

    row: Row
    given: Given
    client: JsonClient
    mapper: Mapper
    budget: Budget
    where: str


class Board:
    """One listing of a source, which may be read in several stretches of time.

    ``key`` is its name in the cursor, ``words`` are the options' values for it. ``cuts`` collects
    what could not be seen, in sentences.
    """

    def __init__(self, service: Service, key: str, words: Words, cuts: list[str]) -> None:
        self.key = key
        self.row = service.row
        self._service = service
        self._words = words
        self._cuts = cuts
        self._items = 0

    def between(self, since: int | None, until: int | None) -> Listing:
        """The listing, narrowed to seconds as far as the platform knows how to."""
        row = self.row
        parameters: dict[str, str | int] = {}
        for name, value in row.parameters.items():
            text = fill(value, self._words) if isinstance(value, str) else value
            if text != "":
                parameters[name] = str(text).lower() if isinstance(text, bool) else str(text)
        parameters |= _bound(row.order.since, since, -1) | _bound(row.order.until, until, 1)
        path = self._service.given.path(row.path, self._words)
        return Listing(row, path, parameters, self._service.where)

    def pages(self, listing: Listing) -> Iterator[list[Mapped]]:
        """The comments of a listing, page by page."""
        service = self._service

        def ask(path: str, parameters: Mapping[str, str | int]) -> Answer:
            service.budget.before_call(self.row.paging.size)
            return service.client.ask(path, parameters)

        for items in listing.pages(ask):
            service.budget.after_call(len(items))
            wanted = (item for item in items if service.mapper.is_comment(item))
            mapped = [service.mapper.map(item, self._words) for item in wanted]
            page = [one for one in mapped if one is not None]
            self._items += len(page)
            yield page

    def tell_capped(self) -> None:
        """Take note that the platform shows no more of this listing."""
        told = self.row.paging.cap or f"{self.row.paging.cap_pages} pages of"
        self._cuts.append(
            f"{self.row.title} serves at most {told} comments of one list"
            f"{f' ({self.key})' if self.key else ''}; what lies behind was not seen."
            " Pull more often."
        )

    def tells_nothing(self) -> bool:
        """Whether no comment came where that does not mean "nothing"; takes note of it."""
        if self._items or self.row.empty != "unknown":
            return False
        self._cuts.append(f"{self.key or 'the list'} came back empty, which here is not 'nothing'")
        return True


def timed(page: Sequence[Mapped], before: int) -> list[tuple[Mapped, int]]:
    """Every comment with its second; one that tells none stands where it was listed."""
    every = []
    for entry in page:
        before = entry.second if entry.second is not None else before
        every.append((entry, before))
    return every


def _bound(bound: Bound | None, second: int | None, towards: int) -> dict[str, str | int]:
    if bound is None or second is None:
        return {}
    return bound.at(second + (towards if bound.exclusive else 0))
