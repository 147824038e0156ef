"""A row's platform as one source asks it: comments page by page, within the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from earful.errors import TerminalError
from ingest.budget import Budget
from ingest.http import Answer, JsonClient
from ingest.rest.asking import Bound
from ingest.rest.given import Given, Words
from ingest.rest.items import Item, is_true
from ingest.rest.mapping import Mapped, Mapper
from ingest.rest.paging import Listing
from ingest.rest.row import Row
from ingest.rest.values import Value, fill, leaves_path, placeholders

_NO_REPLIES = "some replies could not be read"
_ENOUGH_TO_TELL = 5
"""So many different seconds on a page tell which way it runs; fewer may stand so by chance."""


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
        parameters = _filled(row.parameters, self._words, typed=row.send == "json")
        parameters |= _bound(row.order.since, since, -1) | _bound(row.order.until, until, 1)
        path = self._service.given.path(row.path, self._words)
        return Listing(row, path, parameters, self._service.where)

    def pages(self, listing: Listing) -> Iterator[list[Mapped]]:
        """The comments of a listing, page by page; all at once where its order is not known."""
        whole: list[Mapped] = []
        for items in self._asked(listing):
            page = self._mapped(self.row, items)
            self._tell_backwards(page)
            self._items += len(page)
            if self.row.order.first == "any":
                whole += page
            else:
                yield page
        if whole:
            yield whole

    def replies(self, entry: Mapped) -> Iterator[Mapped]:
        """The answers to a comment of the listing, where the row says how they are asked for.

        A thread that is gone or closed does not keep the others from being read.
        """
        try:
            yield from self._replies(self.row, entry)
        except TerminalError as error:
            if not any(cut.startswith(_NO_REPLIES) for cut in self._cuts):
                named = entry.comment.native_id
                self._cuts.append(f"{_NO_REPLIES}, for example to {named}: {error.message}")

    def _replies(self, row: Row, entry: Mapped) -> Iterator[Mapped]:
        replies = row.replies
        item = entry.item
        if replies is None or not _leads_to_replies(row, item):
            return
        texts = (replies.path, *(str(value) for value in replies.parameters.values()))
        names = {name for text in texts for name in placeholders(text)}
        found = {name: item.at(name) for name in names - self._words.keys()}
        words = {**self._words, **{k: v for k, v in found.items() if isinstance(v, str | int)}}
        if names - words.keys() or leaves_path(words):
            return
        path = self._service.given.path(replies.path, words)
        parameters = _filled(replies.parameters, words, typed=replies.send == "json")
        behind = row.of_replies
        listing = Listing(behind, path, parameters, self._service.where)
        for items in self._asked(listing):
            inside = [Item(one.value, one.around or item) for one in items]
            for reply in self._mapped(behind, inside):
                if reply.mark == entry.mark:
                    continue
                yield from self._replies(behind, reply)
                if reply.wanted:
                    yield reply

    def _asked(self, listing: Listing) -> Iterator[list[Item]]:
        service = self._service
        row = listing.row

        def ask(path: str, parameters: Mapping[str, str | int]) -> Answer:
            service.budget.before_call(row.paging.size)
            body = row.body(parameters)
            if body is None:
                return service.client.ask(path, parameters)
            return service.client.ask(path, body=body)

        for items in listing.pages(ask):
            service.budget.after_call(len(items))
            yield items

    def _mapped(self, row: Row, items: list[Item]) -> list[Mapped]:
        """The items that are comments, or that have comments behind them."""
        mapper = self._service.mapper
        page = []
        for item in items:
            wanted = mapper.is_comment(item)
            if not wanted and not _leads_to_replies(row, item):
                continue
            if (one := mapper.map(item, self._words)) is not None:
                only = row.replies is not None and row.replies.only
                page.append(replace(one, wanted=wanted and not only))
        return page

    def tell_capped(self) -> None:
        """Take note that the platform shows no more of this listing."""
        told = self.row.paging.cap or f"{self.row.paging.cap_pages} pages of"
        self._cuts.append(
            f"{self.row.title} serves at most {told} comments of one list"
            f"{f' ({self.key})' if self.key else ''}; what lies behind was not seen."
            " Pull more often."
        )

    def _tell_backwards(self, page: Sequence[Mapped]) -> None:
        """Take note of a first page whose times run against the order that the row tells."""
        told = self.row.order.first
        seconds = [entry.second for entry in page if entry.second is not None]
        if self._items or told == "any" or len(set(seconds)) < _ENOUGH_TO_TELL:
            return
        if seconds == sorted(seconds, reverse=told == "oldest"):
            shown = "newest" if told == "oldest" else "oldest"
            self._cuts.append(
                f"the row says that the {told} come first, but the list shows the {shown} first,"
                " so comments may be missed: correct 'first' in [order], or ask for the other order"
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


def _leads_to_replies(row: Row, item: Item) -> bool:
    replies = row.replies
    return replies is not None and (replies.when is None or is_true(item.at(replies.when)))


def _filled(
    parameters: Mapping[str, Value], words: Mapping[str, Value], *, typed: bool
) -> dict[str, str | int]:
    """Parameters with what stands for the names in braces; those that become empty are left out."""
    filled = {
        name: fill(value, words) if isinstance(value, str) else value
        for name, value in parameters.items()
    }
    return {name: _sent(value, typed=typed) for name, value in filled.items() if value != ""}


def _sent(value: Value, *, typed: bool = False) -> str | int:
    """A value as it stands in a query; whole numbers and truths stay such where it is posted."""
    if typed and isinstance(value, int):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bound(bound: Bound | None, second: int | None, towards: int) -> dict[str, str | int]:
    if bound is None or second is None:
        return {}
    # Nothing was written before 1970, and some servers refuse a time below zero.
    return bound.at(max(0, second + (towards if bound.exclusive else 0)))
