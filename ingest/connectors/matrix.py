"""Matrix rooms over the client-server API, from their beginning on or from where one was joined.

Source: https://spec.matrix.org/v1.11/client-server-api/ (``/rooms/{id}/messages``, ``/event``).
A room is read forwards with the server's own tokens, so edits (``m.replace``) and redactions come
by as events of their own: an edit is yielded as the comment that it changes, a redaction as a
tombstone. ``/event`` tells the same of single events when they are looked up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar, Self
from urllib.parse import quote, urlsplit

from pydantic import Field

from earful.credentials import credential
from earful.errors import ConfigurationError, TerminalError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.http import JsonClient, Patience
from ingest.walks import in_seconds

PAGE = 100
LOOK_UPS = 50
"""Events that are looked up again by one pull; the walk itself meets edits and redactions."""
_WORDS = frozenset({"m.text", "m.emote", "m.image", "m.file", "m.video", "m.audio"})
_FUTURE = 86400
"""A writer's server may be wrong about the time; by more than a day, its time is not believed."""


class MatrixOptions(Options):
    """Options of a Matrix source.

    ``server`` is the homeserver's address, ``rooms`` are ids (!...) or aliases (#...) of rooms
    that the account has joined, or that anybody may read.
    """

    server: str
    rooms: tuple[str, ...] = Field(min_length=1)
    allow_private: bool = False
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk through a room stands.

    Every event before ``token`` (None: the room's beginning) was read, and of the page that
    begins there the events in ``ids``; those written before second ``floor`` were passed over,
    and those from ``below`` on, which another walk has read.
    """

    floor: int
    token: str | None = None
    ids: tuple[str, ...] = ()
    below: int | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The place that ``asdict`` made plain."""
        return cls(**{**stored, "ids": tuple(stored["ids"])})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "ids": list(self.ids)}


class Matrix:
    """What is said in rooms. The cursor holds, per room, the place of the walk."""

    name: ClassVar[str] = "matrix"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "EARFUL_MATRIX_TOKEN",
            "environment",
            "an access token of an account that is in the rooms",
            "Log in with an account made for this, and copy the token from its settings.",
            secret=True,
        ),
        Need("server", "option", "the homeserver's address", "As in https://matrix.example."),
        Need("rooms", "option", "rooms to read", "Ids (!...) or aliases (#...).", several=True),
    )
    follows_edits: ClassVar[bool] = True
    follows_deletions: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        require_needs(self.needs, source, options)
        self.options = read_options(MatrixOptions, source, options)
        self.instance = "matrix"
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._coverage = Coverage(source, datetime.now(UTC), datetime.now(UTC), "complete")

    @property
    def coverage(self) -> Coverage:
        """The time asked for, once every room was read to its end."""
        return self._coverage

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield messages of ``[since, until)``, and edits and redactions of that time.

        ``until`` ends the walk at the first event that is not older.
        """
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds(since, target)
        self._coverage = Coverage(self.source, target, target, "complete")
        if limit == 0:
            return
        yield from islice(self._rooms(start, None if target == now else stop, since, target), limit)

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Look events up again: edited ones with their newest words, redacted ones as tombstones.

        An event that the account is not shown says nothing.
        """
        with self._client() as client:
            for native_id in native_ids[:LOOK_UPS]:
                room, _, event_id = native_id.partition("/")
                event = self._event(client, room, event_id)
                if event is None:
                    continue
                if not event.get("content"):
                    yield self._tombstone(room, event_id)
                elif _edit_of(event) and (comment := self._comment(event, room)) is not None:
                    yield comment

    def _client(self) -> JsonClient:
        token = credential("EARFUL_MATRIX_TOKEN")
        return JsonClient(
            f"{self.options.server.rstrip('/')}/_matrix/client/v3",
            f"source {self.source!r}, {urlsplit(self.options.server).hostname}",
            self.options.patience,
            {"Authorization": f"Bearer {token}"},
            allow_private=self.options.allow_private,
        )

    # The walk

    def _rooms(
        self, since: int | None, stop: int | None, asked: datetime | None, target: datetime
    ) -> Iterator[Comment]:
        with self._client() as client:
            for name in self.options.rooms:
                room = self._room_id(client, name)
                known = self._place(room, "ahead")
                if known is not None and since is not None and since < known.floor:
                    yield from self._behind(client, room, known, since, stop)
                    known = replace(known, floor=since)
                place = known or _Place(since or 0)
                if since is not None:
                    place = replace(place, floor=since)
                for after, comment in self._walk(client, room, place, stop):
                    self._keep(room, ahead=after)
                    if comment is not None:
                        yield comment
        self._coverage = Coverage(self.source, asked, target, "complete")

    def _behind(
        self, client: JsonClient, room: str, ahead: _Place, since: int, stop: int | None
    ) -> Iterator[Comment]:
        """What an earlier walk passed over, since it was too old then."""
        place = self._place(room, "behind")
        if place is None or place.floor != since:
            place = _Place(since, below=ahead.floor)
        for after, comment in self._walk(client, room, place, stop):
            if comment is not None:
                self._keep(room, behind=after)
                yield comment
        self._keep(room, ahead=replace(ahead, floor=since))

    def _walk(
        self, client: JsonClient, room: str, place: _Place, stop: int | None
    ) -> Iterator[tuple[_Place, Comment | None]]:
        """Every event from ``place`` on, with the place after it; newest last."""
        while True:
            parameters: dict[str, str | int] = {"dir": "f", "limit": PAGE}
            if place.token is not None:
                parameters["from"] = place.token
            page = client.get(f"{_room_path(room)}/messages", parameters)
            events, end = _read_page(page, client.where)
            for event in events:
                event_id, second = str(event["event_id"]), int(event["origin_server_ts"]) // 1000
                if event_id in place.ids:
                    continue
                if stop is not None and second >= stop:
                    return
                place = replace(place, ids=(*place.ids, event_id))
                wanted = second >= place.floor and (place.below is None or second < place.below)
                comment = self._of_event(client, event, room) if wanted else None
                if comment is not None:
                    yield place, comment
            if end is None or end == place.token or not events:
                yield place, None
                return
            place = replace(place, token=end, ids=())

    def _room_id(self, client: JsonClient, name: str) -> str:
        if name.startswith("!"):
            return name
        answer = client.ask(f"/directory/room/{quote(name, safe='')}", expected=(400, 404))
        told = answer.content.get("room_id") if isinstance(answer.content, Mapping) else None
        if answer.status != 200 or not isinstance(told, str):
            raise ConfigurationError(
                f"there is no room {name!r}",
                where=client.where,
                next_step="Give its id (!...) or an alias (#name:server).",
            )
        return told

    def _place(self, room: str, name: str) -> _Place | None:
        stored = self.cursor.get("rooms", {}).get(room, {}).get(name)
        return None if stored is None else _Place.from_json(stored)

    def _keep(self, room: str, **places: _Place) -> None:
        rooms = self.cursor.get("rooms", {})
        kept = {**rooms.get(room, {}), **{name: one.to_json() for name, one in places.items()}}
        if "behind" not in places:
            kept.pop("behind", None)
        self.cursor = {"rooms": {**rooms, room: kept}}

    # Comments

    def _event(self, client: JsonClient, room: str, event_id: str) -> Mapping[str, Any] | None:
        path = f"{_room_path(room)}/event/{quote(event_id, safe='')}"
        answer = client.ask(path, expected=(403, 404))
        found = answer.content
        return found if answer.status == 200 and isinstance(found, Mapping) else None

    def _of_event(self, client: JsonClient, event: Mapping[str, Any], room: str) -> Comment | None:
        """The comment that an event is, changes or takes away; None where it is none of these."""
        content = event.get("content")
        if not isinstance(content, Mapping):
            return None
        if event.get("type") == "m.room.redaction":
            redacts = event.get("redacts") or content.get("redacts")
            return self._tombstone(room, redacts) if isinstance(redacts, str) else None
        if event.get("type") != "m.room.message":
            return None
        relation = content.get("m.relates_to")
        if not isinstance(relation, Mapping) or relation.get("rel_type") != "m.replace":
            return self._comment(event, room)
        # The server knows which edit is the newest, and that its writer is the first one's.
        original = self._event(client, room, str(relation.get("event_id")))
        newest = None if original is None else _edit_of(original)
        if original is None or newest is None or newest.get("event_id") != event["event_id"]:
            return None
        return self._comment(original, room)

    def _comment(self, event: Mapping[str, Any], room: str) -> Comment | None:
        """A message in its newest words; None where it holds none, or was redacted."""
        content, edit = event.get("content"), _edit_of(event)
        if not isinstance(content, Mapping) or not content:
            return None
        changed = None if edit is None else edit.get("content", {}).get("m.new_content")
        newest = changed if isinstance(changed, Mapping) else content
        if newest.get("msgtype") not in _WORDS:
            return None
        relation = content.get("m.relates_to")
        relation = relation if isinstance(relation, Mapping) else {}
        thread = relation.get("event_id") if relation.get("rel_type") == "m.thread" else None
        answered = relation.get("m.in_reply_to")
        parent = answered.get("event_id") if isinstance(answered, Mapping) else None
        if relation.get("is_falling_back"):
            parent = thread
        text = _words(newest, is_answer=parent is not None)
        if not text:
            return None
        created = _moment(event.get("origin_server_ts"))
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{room}/{event['event_id']}",
            text=text,
            kind="message",
            channel=room,
            author=str(event.get("sender")) if event.get("sender") else None,
            created_at=created,
            created_precision="none" if created is None else "second",
            edited_at=_moment(edit.get("origin_server_ts")) if edit else None,
            parent_uid=self._uid(room, parent),
            thread_uid=self._uid(room, thread),
            url=f"https://matrix.to/#/{quote(room)}/{quote(str(event['event_id']))}",
        )

    def _tombstone(self, room: str, event_id: str) -> Comment:
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{room}/{event_id}",
            text="",
            kind="message",
            channel=room,
            deleted=True,
        )

    def _uid(self, room: str, event_id: Any) -> str | None:
        if not isinstance(event_id, str):
            return None
        return make_uid(self.source, self.instance, f"{room}/{event_id}")


def _edit_of(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The newest edit of an event, as the server bundles it (spec, 11.31)."""
    unsigned = event.get("unsigned")
    related = unsigned.get("m.relations") if isinstance(unsigned, Mapping) else None
    edit = related.get("m.replace") if isinstance(related, Mapping) else None
    return edit if isinstance(edit, Mapping) and "event_id" in edit else None


def _room_path(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}"


def _read_page(page: Any, where: str) -> tuple[list[Mapping[str, Any]], str | None]:
    """(events that have an id and a time, the token after them)."""
    chunk = page.get("chunk") if isinstance(page, Mapping) else None
    if not isinstance(chunk, list):
        raise TerminalError(
            "the reply holds no list of events",
            where=where,
            next_step="See whether 'server' is the address of a Matrix homeserver.",
        )
    whole = [
        event
        for event in chunk
        if isinstance(event, Mapping)
        and isinstance(event.get("event_id"), str)
        and isinstance(event.get("origin_server_ts"), int)
    ]
    end = page.get("end")
    return whole, end if isinstance(end, str) else None


def _words(content: Mapping[str, Any], *, is_answer: bool) -> str:
    """The words of a message; the quote that old programs put before an answer is left out."""
    body = content.get("body")
    if not isinstance(body, str):
        return ""
    if content.get("msgtype") not in ("m.text", "m.emote"):
        # A caption, where there is one; else the body is the file's name.
        return body if content.get("filename") not in (None, body) else ""
    if is_answer and body.startswith("> <"):
        _, _, body = body.partition("\n\n")
    return body.encode("utf-8", "replace").decode().strip()


def _moment(milliseconds: Any) -> datetime | None:
    if not isinstance(milliseconds, int):
        return None
    try:
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    ahead = (moment - datetime.now(UTC)).total_seconds()
    return None if ahead > _FUTURE else moment
