"""The engine: a connector whose platform is described by a row.

Listings that show the newest first are walked down to what was read before, those that show the
oldest first are walked up; both keep what was read as stretches of time in the cursor (see
``ingest.stretches``). A listing that is sorted by the last change is walked in the time of the
change: ``since`` and ``until`` then mean when a comment was last changed, and an edited comment
comes again.
"""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import regex
from pydantic import Field

from earful.errors import ConfigurationError, EarfulError, TerminalError
from earful.records import Comment, Coverage
from ingest.budget import Budget, BudgetSpentError, Limits
from ingest.connector import Need, Options, read_options, require_needs
from ingest.hosts import refuse_private_literal
from ingest.http import Answer, JsonClient, Patience
from ingest.rest.drift import Shape
from ingest.rest.items import items_at
from ingest.rest.mapping import Mapped, Mapper
from ingest.rest.memory import Memory
from ingest.rest.paging import Listing
from ingest.rest.row import Bound, Row, RowOption, Value, placeholders
from ingest.rest.times import write_second
from ingest.stretches import OldestFirst

_FUTURE = 3600
"""Seconds of the future that are read, so that a clock of ours that is slow hides nothing."""
_MOST_SLIDES = 100_000
_FEW = 3
"""So many comments may be gone without one that is still there."""


class RestOptions(Options):
    """Options that every row has besides its own.

    ``base_url`` replaces the row's ``base``. ``allow_private`` lets it be an address of this
    machine or of the private network. ``budget`` is what may be spent in a day.
    ``calls_per_minute`` replaces the row's.
    """

    base_url: str | None = None
    allow_private: bool = False
    budget: Limits = Limits()
    patience: Patience = Patience()
    calls_per_minute: float | None = Field(default=None, gt=0)


class RestConnector:
    """A platform described by ``row``; ``connector_of`` makes the class of one."""

    row: ClassVar[Row]
    name: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]]
    follows_edits: ClassVar[bool]
    follows_deletions: ClassVar[bool]
    backfills: ClassVar[bool]
    windows: ClassVar[bool]
    retention_days: ClassVar[int | None]

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        row = self.row
        self.source = source
        general = {k: v for k, v in options.items() if k not in row.options}
        self.options = read_options(RestOptions, source, general)
        self._given = _given(row, source, options)
        require_needs(self.needs, source, {**options, **self._given})
        self._base = self._base_url()
        words = {k: v for k, v in self._given.items() if not isinstance(v, tuple)}
        host = urlsplit(self._base).hostname or ""
        self.instance = (_fill(row.instance, words) if row.instance else host).replace(":", "_")
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._budget = Budget(self.options.budget, row.prices, self.cursor.get("spent"))
        self._shape = self._new_shape()
        self._asked: tuple[datetime | None, datetime] = (None, datetime.now(UTC))
        self._reached: dict[str, tuple[int, int]] = {}
        self._cut: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """What all listings were walked through in common; capped where one was cut."""
        since, until = self._asked
        if self._reached:
            low = max(start for start, _ in self._reached.values())
            since = None if low <= 0 else min(until, _moment(low))
            high = _moment(min(end for _, end in self._reached.values()))
            until = min(until, max(high, since)) if since else min(until, high)
        detail = "; ".join([*self._cut, *self._shape.notes])
        return Coverage(self.source, since, until, "capped" if self._cut else "complete", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is new in every listing of the source, one listing after the other."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start = None if since is None else math.ceil(since.timestamp())
        stop = math.ceil(target.timestamp())
        self._asked = (since, target)
        self._cut = []
        self._shape = self._new_shape()
        listings = dict(self._listings())
        newest = self.row.order.first == "newest"
        self._reached = {
            key: (stop, stop) if newest else self._first_gap(key, start, stop) for key in listings
        }
        with self._client() as client:
            yield from islice(
                self._everything(client, listings, start, stop, int(now.timestamp())),
                limit,
            )

    def _everything(
        self,
        client: JsonClient,
        listings: Mapping[str, Mapping[str, Value]],
        start: int | None,
        stop: int,
        now: int,
    ) -> Iterator[Comment]:
        failed: EarfulError | None = None
        for key, words in listings.items():
            try:
                if self.row.order.first == "newest":
                    ahead = _FUTURE if stop >= now else 0
                    yield from self._down(client, key, words, start, stop + ahead, now)
                else:
                    yield from self._up(client, key, words, start, stop, now)
            except BudgetSpentError as error:
                self._cut.append(error.message)
                break
            except (ConfigurationError, TerminalError) as error:
                # One board that is gone or closed does not keep the others from being read.
                failed = failed or error
        self.cursor = {**self.cursor, "shape": self._shape.known, **self._spent()}
        if failed is not None:
            raise failed

    # Newest first

    def _down(
        self,
        client: JsonClient,
        key: str,
        words: Mapping[str, Value],
        since: int | None,
        stop: int,
        now: int,
    ) -> Iterator[Comment]:
        """Walk down to what was read before, to ``since``, or to the end of the listing."""
        memory = Memory.from_json(self._stored(key)).begun(since, now - self.row.order.overlap)
        known = memory.state
        floor = (known.floor or 0) if since is None else since
        if since is None:
            floor = max(floor, self._beginning())
        self._keep(key, memory.to_json())
        seen: set[str] = set()
        bound, count = stop, 0
        for _ in range(_MOST_SLIDES):
            listing = self._listing(words, None, bound if bound < now else None)
            lowest = bound
            for page in self._pages(client, listing, words):
                count += len(page)
                for entry, second, in_place in _placed(page, bound):
                    if second >= stop or second < floor:
                        continue
                    fresh = not (
                        entry.mark in seen
                        or entry.mark in memory.late
                        or known.holds(second, entry.mark)
                    )
                    seen.add(entry.mark)
                    memory = memory.passed(second, entry.mark, in_place=in_place)
                    self._keep(key, memory.to_json(), reached=second if in_place else None)
                    if fresh:
                        yield entry.comment
                ordered = [second for _, second, in_place in _placed(page, bound) if in_place]
                lowest = min([lowest, *ordered])
                if lowest < floor:
                    self._finish_down(key, memory.reached(floor), floor)
                    return
                if known.ends_at(lowest, floor):
                    self._finish_down(key, memory, floor)
                    return
            if not listing.capped:
                break
            if self.row.order.until is None or lowest + 1 >= bound:
                # What lies deeper cannot be had, so the cursor does not send later walks there.
                self._cut.append(self._capped(key))
                self._finish_down(key, memory.reached(floor), self._reached[key][0])
                return
            bound = lowest + 1
        if not count and self.row.empty == "unknown":
            self._cut.append(f"{key or 'the list'} came back empty, which here is not 'nothing'")
            return
        self._finish_down(key, memory.reached(floor), floor)

    def _finish_down(self, key: str, memory: Memory, reached: int) -> None:
        self._keep(key, memory.ended().to_json(), reached=reached)

    # Oldest first

    def _up(
        self,
        client: JsonClient,
        key: str,
        words: Mapping[str, Value],
        since: int | None,
        stop: int,
        now: int,
    ) -> Iterator[Comment]:
        order = self.row.order
        stop = min(stop, now - order.lag)
        settled = now - order.lag - order.overlap
        walk = self._walk(key, since)
        if walk.horizon is not None:
            # A walk that was stopped is finished before its newest stretch is looked at again.
            yield from self._climb(client, key, words, since, min(stop, walk.horizon))
            if stop < walk.horizon:
                return
            self._keep_walk(key, self._walk(key, since).ended())
        self._keep_walk(key, self._walk(key, since).begun(since, stop, settled))
        yield from self._climb(client, key, words, since, stop)
        self._keep_walk(key, self._walk(key, since).ended())

    def _climb(
        self,
        client: JsonClient,
        key: str,
        words: Mapping[str, Value],
        since: int | None,
        stop: int,
    ) -> Iterator[Comment]:
        """Read every gap between ``since`` and ``stop``, oldest first."""
        count = 0
        # Counted pages shift when something is deleted or changed meanwhile: where the platform
        # can be asked from a moment on, the next page is asked for from the last one's end.
        counted = self.row.paging.kind in ("page", "offset", "link")
        slides = counted and self.row.order.since is not None
        for start, end in self._walk(key, since).gaps(since, stop):
            low = start
            for _ in range(_MOST_SLIDES):
                listing = self._listing(words, low, end)
                last = low
                for page in self._pages(client, listing, words):
                    count += len(page)
                    ordered = sorted(_timed(page, last), key=lambda pair: pair[1])
                    for entry, second in ordered:
                        walk = self._walk(key, since)
                        if not start <= second < end or walk.knows(second, entry.mark):
                            continue
                        self._keep_walk(key, walk.after(start, second, entry.mark), at=second)
                        yield entry.comment
                    last = max([last, *(second for _, second in ordered)])
                    if (ordered and ordered[0][1] >= end) or (slides and last > low):
                        break
                if slides and low < last < end and not listing.at_end:
                    low = last
                    continue
                if not listing.capped:
                    self._keep_walk(key, self._walk(key, since).through(start, end), at=end)
                    break
                if self.row.order.since is None or last <= low:
                    self._cut.append(self._capped(key))
                    self._keep_walk(key, self._walk(key, since).through(start, end), at=end)
                    break
                low = last
        if not count and self.row.empty == "unknown":
            self._cut.append(f"{key or 'the list'} came back empty, which here is not 'nothing'")
        self._keep_walk(key, self._walk(key, since), at=stop)

    def _capped(self, key: str) -> str:
        told = self.row.paging.cap or f"{self.row.paging.cap_pages} pages of"
        return (
            f"{self.row.title} serves at most {told} comments of one list"
            f"{f' ({key})' if key else ''}; what lies behind was not seen. Pull more often."
        )

    # Looking again

    def _look_up(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Ask for comments by id: what they are now, or a tombstone where they are gone."""
        look = self.row.look_up
        assert look is not None
        wanted = iter(list(native_ids)[: look.most])
        mapper = Mapper(self.row, self.source, self.instance, self._shape)
        gone: list[Comment] = []
        found = 0
        with self._client() as client:
            while chunk := list(islice(wanted, look.at_once)):
                try:
                    for comment in self._looked_up(client, mapper, chunk):
                        if comment.deleted:
                            gone.append(comment)
                        else:
                            found += 1
                            yield comment
                except BudgetSpentError:
                    break
        self.cursor = {**self.cursor, **self._spent()}
        # A site that hides everything at once was closed, or wants a login: nothing was deleted.
        if found or len(gone) <= _FEW:
            yield from gone

    def _looked_up(self, client: JsonClient, mapper: Mapper, chunk: list[str]) -> Iterator[Comment]:
        look = self.row.look_up
        assert look is not None
        words: dict[str, Value] = {
            name: value for name, value in self._given.items() if not isinstance(value, tuple)
        }
        words["id"], words["ids"] = chunk[0], look.separator.join(chunk)
        if look.pattern is not None:
            match = regex.fullmatch(look.pattern, chunk[0])
            if match is None:
                return
            words.update(match.groupdict())
        if any(".." in str(word).split("/") for word in words.values()):
            return  # an id that a platform made up to lead us elsewhere
        path = _fill(look.path, self._in_path(words, look.separator))
        parameters = {name: _fill(str(value), words) for name, value in look.parameters.items()}
        self._budget.before_call(len(chunk))
        answer = client.ask(path, parameters, expected=look.gone)
        if answer.status in look.gone:
            yield from (self._tombstone(native_id) for native_id in chunk)
            return
        items = items_at(answer.content, look.items) or []
        self._budget.after_call(len(items))
        found = {}
        for item in items:
            if mapper.is_comment(item) and (mapped := mapper.map(item, words)) is not None:
                found[mapped.comment.native_id] = mapped.comment
        for native_id in chunk:
            if native_id in found:
                yield found[native_id]
            elif look.missing == "deleted":
                yield self._tombstone(native_id)

    def _tombstone(self, native_id: str) -> Comment:
        return Comment(self.source, self.instance, native_id, "", kind=self.row.kind, deleted=True)

    # Listings

    def _listings(self) -> Iterator[tuple[str, dict[str, Value]]]:
        """(key in the cursor, the options' values) for every listing of the source."""
        single: dict[str, Value] = {}
        for name, value in self._given.items():
            if not isinstance(value, tuple):
                single[name] = value
            elif name not in self.row.each:
                single[name] = ",".join(map(str, value))
        many = [[(name, one) for one in _several(self._given.get(name))] for name in self.row.each]
        for choice in product(*many):
            words = {**single, **dict(choice)}
            yield " ".join(f"{name}={value}" for name, value in choice), words

    def _listing(self, words: Mapping[str, Value], since: int | None, until: int | None) -> Listing:
        row = self.row
        parameters: dict[str, str | int] = {}
        for name, value in row.parameters.items():
            text = _fill(value, words) if isinstance(value, str) else value
            if text != "":
                parameters[name] = str(text).lower() if isinstance(text, bool) else str(text)
        parameters |= _bound(row.order.since, since, -1) | _bound(row.order.until, until, 1)
        return Listing(row, _fill(row.path, self._in_path(words)), parameters, self._where())

    def _in_path(self, words: Mapping[str, Value], separator: str = "") -> dict[str, Value]:
        """The words as parts of a path: what would change its shape is escaped."""
        with_slashes = {name for name, option in self.row.options.items() if option.slashes}
        return {
            name: quote(str(value), safe="/" if name in with_slashes else separator)
            for name, value in words.items()
        }

    def _pages(
        self, client: JsonClient, listing: Listing, words: Mapping[str, Value]
    ) -> Iterator[list[Mapped]]:
        mapper = Mapper(self.row, self.source, self.instance, self._shape)

        def ask(path: str, parameters: Mapping[str, str | int]) -> Answer:
            self._budget.before_call(self.row.paging.size)
            return client.ask(path, parameters)

        for items in listing.pages(ask):
            self._budget.after_call(len(items))
            mapped = (mapper.map(item, words) for item in items if mapper.is_comment(item))
            yield [one for one in mapped if one is not None]

    def _client(self) -> JsonClient:
        credentials, secrets = _credentials(self.row)
        per_minute = self.options.calls_per_minute or self.row.calls_per_minute
        return JsonClient(
            self._base,
            self._where(),
            self.options.patience,
            {"Accept": "application/json", **self.row.headers, **credentials},
            secrets=secrets,
            allow_private=self.options.allow_private,
            pace=60 / per_minute if per_minute else 0.0,
        )

    def _where(self) -> str:
        return f"source {self.source!r}, {self.row.title}"

    def _base_url(self) -> str:
        words = {k: v for k, v in self._given.items() if not isinstance(v, tuple)}
        base = self.options.base_url or _fill(self.row.base, words)
        where = f"source {self.source!r}, option 'base_url'"
        if "://" not in base:
            base = f"https://{base}"
        parts = urlsplit(base)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
            raise ConfigurationError(
                f"{base!r} is no address of a web service",
                where=where,
                next_step="Write it like https://forum.example.org, without a name or password.",
            )
        if not self.options.allow_private:
            refuse_private_literal(parts.hostname, where)
            if parts.scheme == "http":
                raise ConfigurationError(
                    "the address is not encrypted",
                    where=where,
                    next_step="Begin it with https://; http:// is for private addresses only.",
                )
        return base.rstrip("/")

    # The cursor

    def _stored(self, key: str) -> Any:
        return self.cursor.get("listings", {}).get(key)

    def _keep(self, key: str, state: dict[str, Any], reached: int | None = None) -> None:
        listings = self.cursor.get("listings", {})
        self.cursor = {**self.cursor, "listings": {**listings, key: state}, **self._spent()}
        if reached is not None:
            self._reached[key] = (min(self._reached[key][0], reached), self._reached[key][1])

    def _walk(self, key: str, since: int | None) -> OldestFirst:
        stored = self._stored(key)
        if stored is not None:
            return OldestFirst.from_json(stored)
        beginning = self._beginning()
        return OldestFirst(beginning if since is None else max(since, beginning))

    def _beginning(self) -> int:
        first = self.row.order.beginning
        return 0 if first is None else int(first.replace(tzinfo=first.tzinfo or UTC).timestamp())

    def _keep_walk(self, key: str, walk: OldestFirst, at: int | None = None) -> None:
        self._keep(key, walk.to_json())
        if at is not None:
            self._reached[key] = (self._reached[key][0], max(self._reached[key][1], at))

    def _first_gap(self, key: str, since: int | None, stop: int) -> tuple[int, int]:
        walk = self._walk(key, since)
        if walk.horizon is None:
            walk = walk.begun(since, stop, stop)
        gaps = walk.gaps(since, stop)
        first = gaps[0][0] if gaps else stop
        return first, first

    def _spent(self) -> dict[str, Any]:
        limited = self.options.budget != Limits()
        return {"spent": self._budget.spent} if limited else {}

    def _new_shape(self) -> Shape:
        mapped = {name: extract.paths for name, extract in self.row.fields.given()}
        return Shape(self.cursor.get("shape", ()), mapped, (self.row.order.by,))


class LookingRestConnector(RestConnector):
    """A row that says how comments are asked for by id."""

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Look ids up, the newest first, as many as the row allows in one pull."""
        yield from self._look_up(native_ids)


def connector_of(row: Row) -> type[RestConnector]:
    """The connector class of a row, for the registry."""
    base = RestConnector if row.look_up is None else LookingRestConnector
    return type(
        f"Rest_{row.name}",
        (base,),
        {
            "__doc__": f"{row.title}, by its row.",
            "row": row,
            "name": row.name,
            "needs": tuple(_needs(row)),
            "follows_edits": row.look_up is not None and row.edits != "unseen",
            "follows_deletions": row.look_up is not None and row.deletions != "unseen",
            "retention_days": row.terms.retention_days,
            "backfills": row.paging.cap is None and row.paging.cap_pages is None,
            "windows": (row.order.since if row.order.first == "oldest" else row.order.until)
            is not None,
        },
    )


def _needs(row: Row) -> Iterator[Need]:
    if row.auth is not None:
        for name in filter(None, (row.auth.user, row.auth.environment)):
            secret = name == row.auth.environment
            yield Need(name, "environment", row.auth.what, row.auth.how, row.auth.required, secret)
    for name, option in row.options.items():
        required = option.required and option.default is None
        how = option.how or "Set it in the source's options in earful.toml."
        yield Need(name, "option", option.what, how, required)


def _given(
    row: Row, source: str, options: Mapping[str, Any]
) -> dict[str, Value | tuple[Value, ...]]:
    """The values of a row's own options, checked, defaults filled in."""
    values: dict[str, Value | tuple[Value, ...]] = {}
    for name, option in row.options.items():
        value = options.get(name, option.default)
        if value is None:
            if not option.required:
                values[name] = ""
            continue
        several = tuple(value) if isinstance(value, list | tuple) else None
        if several is None and name in row.each:
            several = (value,)
        for one in (value,) if several is None else several:
            _check_value(name, option, one, source)
        values[name] = value if several is None else several
    return values


def _check_value(name: str, option: RowOption, value: object, source: str) -> None:
    where = f"source {source!r}, option {name!r}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigurationError(
            f"{value!r} is neither text nor a number", where=where, next_step=option.how
        )
    text = str(value)
    if ".." in text.split("/") or any(ord(sign) < 32 for sign in text):
        raise ConfigurationError(
            f"{text!r} cannot be part of an address", where=where, next_step=option.how
        )
    if option.pattern is not None and not regex.fullmatch(option.pattern, text):
        raise ConfigurationError(
            f"{text!r} is not what is expected: {option.what}",
            where=where,
            next_step=option.how,
        )


def _credentials(row: Row) -> tuple[dict[str, str], dict[str, str]]:
    """(headers, parameters) that hold the credential, where there is one."""
    auth = row.auth
    value = os.environ.get(auth.environment, "") if auth else ""
    if auth is None or not value:
        return {}, {}
    match auth.kind:
        case "bearer":
            return {"Authorization": f"Bearer {value}"}, {}
        case "basic":
            pair = f"{os.environ.get(auth.user or '', '')}:{value}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        case "header":
            return {auth.name or "": value}, {}
        case "parameter":
            return {}, {auth.name or "": value}


def _bound(bound: Bound | None, second: int | None, towards: int) -> dict[str, str | int]:
    if bound is None or second is None:
        return {}
    return {
        bound.parameter: write_second(second + (towards if bound.exclusive else 0), bound.format)
    }


def _fill(text: str, words: Mapping[str, Value]) -> str:
    for name in placeholders(text):
        if name in words:
            text = text.replace(f"{{{name}}}", str(words[name]))
    return text


def _several(value: Value | tuple[Value, ...] | None) -> tuple[Value, ...]:
    if value is None or value == "":
        return ()
    return value if isinstance(value, tuple) else (value,)


def _timed(page: Sequence[Mapped], before: int) -> list[tuple[Mapped, int]]:
    """Every comment with its second; one that tells none stands where it was listed."""
    timed = []
    for entry in page:
        before = entry.second if entry.second is not None else before
        timed.append((entry, before))
    return timed


def _placed(page: Sequence[Mapped], before: int) -> list[tuple[Mapped, int, bool]]:
    """(comment, second, whether it stands in the order) of a page that goes down in time.

    What is older than something below it on the page was pinned, or came late: it says nothing
    about what was read.
    """
    newest_below = -math.inf
    placed: list[tuple[Mapped, int, bool]] = []
    for entry, second in reversed(_timed(page, before)):
        placed.append((entry, second, second >= newest_below))
        newest_below = max(newest_below, second)
    return placed[::-1]


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
