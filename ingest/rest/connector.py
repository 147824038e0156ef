"""The engine: a connector whose platform is described by a row.

Listings that show the newest first are walked down to what was read before, those that show the
oldest first are walked up; both keep what was read as stretches of time in the cursor (see
``ingest.stretches``). A listing that is sorted by the last change is walked in the time of the
change: ``since`` and ``until`` then mean when a comment was last changed, and an edited comment
comes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, ClassVar

from earful.errors import ConfigurationError, EarfulError, TerminalError
from earful.records import Comment, Coverage
from ingest.budget import Budget, BudgetSpentError, Limits
from ingest.connector import Need, read_options, require_needs
from ingest.http import JsonClient
from ingest.rest.auth import credentials
from ingest.rest.drift import Shape
from ingest.rest.given import Given, RestOptions
from ingest.rest.looking import look_up
from ingest.rest.mapping import Mapper
from ingest.rest.newest_first import Descent
from ingest.rest.oldest_first import Ascent
from ingest.rest.row import Row
from ingest.rest.service import Board, Service
from ingest.walks import in_seconds, seen_in_common


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
        self._given = Given(row, source, options)
        require_needs(self.needs, source, {**options, **self._given.values})
        self._base = self._given.base(self.options)
        self.instance = self._given.instance(self._base)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._budget = Budget(self.options.budget, row.prices, self.cursor.get("spent"))
        self._shape = self._new_shape()
        self._asked: tuple[datetime | None, datetime] = (None, datetime.now(UTC))
        self._walks: dict[str, Ascent | Descent] = {}
        self._cuts: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """What all listings were walked through in common; capped where one was cut."""
        since, until = seen_in_common((walk.span for walk in self._walks.values()), *self._asked)
        detail = "; ".join([*self._cuts, *self._shape.notes])
        return Coverage(self.source, since, until, "capped" if self._cuts else "complete", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is new in every listing of the source, one listing after the other."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds(since, target)
        self._asked = (since, target)
        self._cuts = []
        self._shape = self._new_shape()
        listings = dict(self._given.listings())
        self._walks = {key: self._walk(key, start, stop, int(now.timestamp())) for key in listings}
        with self._client() as client:
            service = self._service(client)
            boards = (Board(service, key, words, self._cuts) for key, words in listings.items())
            yield from islice(self._everything(boards), limit)

    def _everything(self, boards: Iterator[Board]) -> Iterator[Comment]:
        failed: EarfulError | None = None
        for board in boards:
            try:
                yield from self._walks[board.key].comments(board)
            except BudgetSpentError as error:
                self._cuts.append(error.message)
                break
            except (ConfigurationError, TerminalError) as error:
                # One board that is gone or closed does not keep the others from being read.
                failed = failed or error
        self.cursor = {**self.cursor, "shape": self._shape.known, **self._spent()}
        if failed is not None:
            raise failed

    def _walk(self, key: str, since: int | None, stop: int, now: int) -> Ascent | Descent:
        order = self.row.order
        stored = self.cursor.get("listings", {}).get(key)
        keep = partial(self._keep, key)
        if order.first == "newest":
            return Descent(stored, since, stop, now, order, keep)
        return Ascent(stored, order.first_second, since, stop, now, keep)

    def _keep(self, key: str, state: dict[str, Any]) -> None:
        listings = {**self.cursor.get("listings", {}), key: state}
        self.cursor = {**self.cursor, "listings": listings, **self._spent()}

    def _spent(self) -> dict[str, Any]:
        limited = self.options.budget != Limits()
        return {"spent": self._budget.spent} if limited else {}

    def _new_shape(self) -> Shape:
        mapped = {name: extract.paths for name, extract in self.row.fields.given()}
        return Shape(self.cursor.get("shape", ()), mapped, (self.row.order.by,))

    def _service(self, client: JsonClient) -> Service:
        mapper = Mapper(self.row, self.source, self.instance, self._shape)
        return Service(self.row, self._given, client, mapper, self._budget, client.where)

    def _client(self) -> JsonClient:
        bearing = credentials(self.row.auth, self._login_client)
        per_minute = self.options.calls_per_minute or self.row.calls_per_minute
        return JsonClient(
            self._base,
            f"source {self.source!r}, {self.row.title}",
            self.options.patience,
            {"Accept": "application/json", **self._given.headers(), **bearing.headers},
            secrets=bearing.parameters,
            posted=bearing.body,
            allow_private=self.options.allow_private,
            pace=60 / per_minute if per_minute else 0.0,
        )

    def _login_client(self, address: str) -> JsonClient:
        elsewhere = self.options.login_url or (address if "://" in address else None)
        return JsonClient(
            elsewhere or self._base,
            f"source {self.source!r}, login of {self.row.title}",
            self.options.patience,
            {"Accept": "application/json"},
            allow_private=self.options.allow_private,
        )


class LookingRestConnector(RestConnector):
    """A row that says how comments are asked for by id."""

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Look ids up, the newest first, as many as the row allows in one pull."""
        look = self.row.look_up
        assert look is not None
        with self._client() as client:
            yield from look_up(self._service(client), look, self.source, self.instance, native_ids)
        self.cursor = {**self.cursor, **self._spent()}


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
    auth = row.auth
    if auth is not None:
        for name in auth.every_variable.values():
            secret = name == auth.environment
            yield Need(name, "environment", auth.what, auth.how, auth.required, secret)
    for name, option in row.options.items():
        required = option.required and option.default is None
        how = option.how or "Set it in the source's options in earful.toml."
        yield Need(name, "option", option.what, how, required)
