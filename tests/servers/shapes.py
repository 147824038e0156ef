"""Many platforms by one server: each is data, in the shape that its manual shows.

What differs from platform to platform is where the list stands, what an item looks like, how the
next page is asked for, what narrows the list, and how one item is looked up. None of this was
checked against the real platforms, only against their manuals (see the rows' ``manual``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from servers.local import Reply, Request
from servers.rest import Remark, Service, World, plain_id

Make = Callable[[Remark], dict[str, Any]]
Read = Callable[[str], float]
TOKEN = "sesame"
BEARER = ("Authorization", f"Bearer {TOKEN}")
NOT_FOUND = Reply(404, {"error": "not found"})
REPLIES = range(21, 26)
"""Remarks that answer remark 20, on platforms that show answers behind an item only."""


@dataclass(frozen=True)
class Page:
    """What was found: the items of the page, where the next begins (None at the end), of all."""

    items: list[dict[str, Any]]
    following: str | None
    address: str | None
    total: int


@dataclass(frozen=True)
class Shape:
    """One platform.

    ``listing`` is the path of the list, ``item`` what an element looks like, ``reply`` what holds
    the list. ``turn`` says what ``parameter`` is: a "token", a "page", an "offset", the "last"
    item's native name, an "address" that the reply holds, or a "link" in a header. ``since``
    (with whether it leaves out the moment itself) and ``until`` are parameters, and how they are
    read. ``one`` is the path of items by name, and the parameter or group that holds the names;
    ``found`` is what holds them, ``gone`` what is said where none is there. ``behind`` is the path
    of answers, and what names the item that they answer; ``behind_reply`` is what holds them,
    ``behind_size`` how many stand on a page; ``holder`` is the item where it is no comment itself.
    ``mixed``: the list is in no order that could be told. ``login`` is the path that gives out
    tokens, a check of what was sent to it, and where the token stands. ``credential`` is a header
    or parameter and what it must match.
    """

    listing: str
    item: Make
    reply: Callable[[Page], Any]
    native_id: Callable[[Remark], str]
    options: Mapping[str, Any]
    environment: Mapping[str, str]
    credential: tuple[str, str]
    newest: bool = True
    mixed: bool = False
    by_change: bool = False
    size: str = "limit"
    turn: str = "token"
    parameter: str = "cursor"
    name: Callable[[Remark], str] = plain_id
    since: tuple[str, Read, bool] | None = None
    until: tuple[str, Read] | None = None
    one: tuple[str, str] | None = None
    found: Callable[[list[dict[str, Any]]], Any] = lambda items: items[0]
    gone: Reply = NOT_FOUND
    behind: tuple[str, str] | None = None
    behind_item: Make | None = None
    behind_reply: Callable[[Page], Any] | None = None
    behind_size: int = 3
    holder: Make | None = None
    login: tuple[str, Callable[[Request], bool], str] | None = None
    recent: bool = False
    authors: bool = True

    def answer(self, world: World, request: Request) -> Reply:
        """Reply as the platform does."""
        if self.login is not None and request.path == self.login[0]:
            known = self.login[1](request)
            token = {self.login[2]: TOKEN, "token_type": "Bearer"}
            return (
                Reply(content=token) if known else Reply(401, {"error": "AuthenticationRequired"})
            )
        asked = posted(request)
        where, value = self.credential
        given = request.headers.get(where, asked.get(where, ""))
        if not re.fullmatch(value, given):
            return Reply(401, {"error": "invalid_auth"})
        if (named := _named(self.behind, request.path, asked)) is not None:
            return self._behind(world, *named)
        if re.fullmatch(self.listing, request.path):
            return self._list(world, request, asked)
        if (named := _named(self.one, request.path, asked)) is not None:
            return self._one(world, *named)
        return Reply(404, {"error": "no such address"})

    def _list(self, world: World, request: Request, asked: Mapping[str, str]) -> Reply:
        def key(remark: Remark) -> tuple[int, int]:
            return (remark.changed if self.by_change else remark.second), remark.number

        found = world.shown(_mixed if self.mixed else key, newest=self.newest)
        if self.behind is not None:
            found = [remark for remark in found if remark.number not in REPLIES]
        if self.since is not None and self.since[0] in asked:
            name, read, exclusive = self.since
            low = read(asked[name])
            found = [r for r in found if key(r)[0] > low or (key(r)[0] == low and not exclusive)]
        if self.until is not None and self.until[0] in asked:
            high = self.until[1](asked[self.until[0]])
            found = [r for r in found if key(r)[0] < high]
        size = min(world.size, int(asked.get(self.size, "20")))
        start = self._start(asked, found, size)
        page = found[start : start + size]
        after = start + size if start + size < len(found) else None
        following = address = None
        if after is not None:
            following = {
                "page": str(after // size + 1),
                "last": self.name(page[-1]),
            }.get(self.turn, f"p{after}")
            query = urlencode({**request.fields, self.parameter: following})
            address = f"http://{request.headers['Host']}{request.path}?{query}"
        make = self.holder or self.item
        items = [{**make(remark), **world.extra} for remark in page]
        headers = {}
        if address is not None and self.turn == "link":
            headers["Link"] = f'<{address}>; rel="next"'
        return Reply(
            content=self.reply(Page(items, following, address, len(found))), headers=headers
        )

    def _start(self, asked: Mapping[str, str], found: list[Remark], size: int) -> int:
        value = asked.get(self.parameter)
        if value is None:
            return 0
        if self.turn == "page":
            return (int(value) - 1) * size
        if self.turn == "offset":
            return int(value)
        if self.turn == "last":
            return [self.name(remark) for remark in found].index(value) + 1
        return int(value.removeprefix("p"))

    def _behind(self, world: World, at: str, asked: Mapping[str, str]) -> Reply:
        """What stands behind an item, in short pages; the item itself comes first in some."""
        [before] = [r for r in world.remarks.values() if self.name(r) == at]
        if before.deleted:
            return self.gone
        shown = [remark for remark in self._answers(world, before, asked) if not remark.deleted]
        start = int(asked.get(self.parameter, "p0").removeprefix("p"))
        after = start + self.behind_size if start + self.behind_size < len(shown) else None
        make = self.behind_item or self.item
        items = [make(remark) for remark in shown[start : start + self.behind_size]]
        following = None if after is None else f"p{after}"
        reply = self.behind_reply or self.reply
        return Reply(content=reply(Page(items, following, None, len(shown))))

    def _answers(self, world: World, before: Remark, asked: Mapping[str, str]) -> list[Remark]:
        first = [before] if self.holder is not None or self.behind_item is None else []
        return first + ([world.remarks[n] for n in REPLIES] if before.number == 20 else [])

    def _one(self, world: World, names: str, _: Mapping[str, str]) -> Reply:
        by_name = {self.name(remark): remark for remark in world.remarks.values()}
        alive = [by_name[name] for name in names.split(",") if not by_name[name].deleted]
        if not alive:
            return self.gone
        make = self.behind_item or self.item
        return Reply(content=self.found([make(remark) for remark in alive]))

    def service(self) -> Service:
        """As the contract test takes it."""
        return Service(
            self.answer,
            self.native_id,
            dict(self.options),
            dict(self.environment),
            self.recent,
            self.authors,
        )


def _named(
    place: tuple[str, str] | None, path: str, asked: Mapping[str, str]
) -> tuple[str, Mapping[str, str]] | None:
    """What is named at this place, with everything that was asked; None where nothing is."""
    if place is None or (match := re.fullmatch(place[0], path)) is None:
        return None
    told = match.groupdict() | asked
    return (told[place[1]], told) if place[1] in told else None


def _mixed(remark: Remark) -> tuple[int, int]:
    """A place in a list that says nothing about when a remark was written, and does not change."""
    return remark.number * 7919 % 101, remark.number


def posted(request: Request) -> dict[str, str]:
    """The query, and what was posted as a form or as JSON, under dotted names."""
    told = json.loads(request.body) if request.body.startswith("{") else {}
    return {**request.fields, **dict(_flat(told, ""))}


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict | list):
        yield name, str(value)
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _flat(inner, f"{name}.{key}" if name else str(key))
