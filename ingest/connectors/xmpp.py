"""Rooms of XMPP (group chats), from the archives that their servers keep.

Source: https://xmpp.org/extensions/xep-0313.html. An archive is read oldest first; a correction
comes by as a message that names the one it replaces, and is yielded as that one in its new words,
a retraction as a tombstone. Reading an archive needs no presence in the room: nobody sees it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from earful.credentials import credential
from earful.errors import ConfigurationError, TerminalError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.hosts import refuse_unencrypted
from ingest.http import Patience
from ingest.walks import Climb, climb_in, in_seconds, moment_of, seen_in_common

if TYPE_CHECKING:
    from ingest.xmpp.archive import Said
    from ingest.xmpp.session import Session

LOOK_BACK = 10
"""Pages that are turned back for the message that a correction or a retraction means."""
_ADDRESS = re.compile(r"[^@/\s]+@[^@/\s]+")
_PORTS = {"starttls": 5222, "tls": 5223, "none": 5222}


class XmppOptions(Options):
    """Options of an XMPP source.

    ``rooms`` are addresses like kayaks@rooms.example. ``host`` is where the account's server is,
    if that is not the name behind the "@" of the account. ``security`` "none" is for a server on
    this machine. The newest ``overlap`` seconds are read again by the next pull, in case the
    server's clock and ours differ.
    """

    rooms: tuple[str, ...] = Field(min_length=1)
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    overlap: int = Field(default=600, ge=0)
    allow_private: bool = False
    patience: Patience = Patience()


class Xmpp:
    """What is said in rooms. The cursor holds, per room, what was read."""

    name: ClassVar[str] = "xmpp"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "EARFUL_XMPP_USER",
            "environment",
            "the address of an account",
            "Make an account for this, and write it like shop@server.example.",
        ),
        Need(
            "EARFUL_XMPP_PASSWORD",
            "environment",
            "its password",
            "Chosen when the account was made.",
            secret=True,
        ),
        Need("rooms", "option", "rooms to read", "Like kayaks@rooms.server.example.", several=True),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = True
    windows: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = "xmpp"
        require_needs(self.needs, source, options)
        self.options = read_options(XmppOptions, source, options)
        _check(self.options, source)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._target = datetime.now(UTC)
        self._climbs: dict[str, Climb] = {}

    @property
    def coverage(self) -> Coverage:
        """What all rooms were walked through in common."""
        spans = ((climb.low, climb.high) for climb in self._climbs.values())
        return Coverage(self.source, *seen_in_common(spans, self._target, self._target), "complete")

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield messages, corrections and retractions of ``[since, until)``, oldest first."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds(since, target)
        self._target = target
        self._climbs = {}
        if limit == 0:
            return
        settled = int(time.time()) - self.options.overlap
        self._climbs = {
            room: climb_in(self, "rooms", room, 0, start, stop) for room in self.options.rooms
        }
        with self._session() as session:
            found = (
                climb.up_to(stop, settled, partial(self._gap, session, room, climb))
                for room, climb in self._climbs.items()
            )
            yield from islice(chain.from_iterable(found), limit)

    def _session(self) -> Session:
        session = _library(self.source)
        user, options = credential("EARFUL_XMPP_USER"), self.options
        if not _ADDRESS.fullmatch(user):
            raise ConfigurationError(
                "EARFUL_XMPP_USER is no address of an account",
                where=f"source {self.source!r}",
                next_step="Write it like shop@server.example.",
            )
        for attempt in options.patience.tries():
            with attempt:
                opened: Session = session.Session(
                    session.Login(user, credential("EARFUL_XMPP_PASSWORD")),
                    options.host or user.partition("@")[2],
                    options.port or _PORTS[options.security],
                    options.security,
                    f"source {self.source!r}",
                    seconds=options.patience.read_timeout,
                    allow_private=options.allow_private,
                )
                return opened
        raise AssertionError("stamina makes at least one attempt")

    # The walk

    def _gap(
        self, session: Session, room: str, climb: Climb, start: int, end: int
    ) -> Iterator[Comment]:
        after = ""
        while True:
            page = session.page(room, moment_of(start), moment_of(end), after=after)
            for said in page.said:
                second = int(said.at.timestamp())
                if not start <= second < end or climb.knows(second, said.id):
                    continue
                comment = self._comment(session, room, said)
                if comment is not None:
                    climb.passes(start, second, said.id)
                    yield comment
            if page.complete or not page.last:
                break
            if page.last == after:
                raise TerminalError(
                    f"{room}: loop detected: the archive's next page is the last one again",
                    where=session.where,
                    next_step="Tell the server's administrator.",
                )
            after = page.last
        climb.through(start, end)

    # Comments

    def _comment(self, session: Session, room: str, said: Said) -> Comment | None:
        """The comment that a message is, changes or takes away; None where it is none of these."""
        if said.retracts:
            meant = self._meant(session, room, said, said.retracts)
            return None if meant is None else self._tombstone(room, meant)
        if not said.text or not said.nick:
            return None
        original = self._meant(session, room, said, said.replaces) if said.replaces else None
        # A correction of what cannot be found any more is a message: its words are not lost.
        return self._message(room, original or said, said)

    def _meant(self, session: Session, room: str, said: Said, name: str) -> Said | None:
        """The writer's own message called ``name``, looked for in what was said before.

        Others may not change it; the room itself (a moderator) may take away any. A correction
        of a correction means the first message.
        """
        before = said.id
        for _ in range(LOOK_BACK):
            page = session.page(room, before=before)
            for earlier in reversed(page.said):
                if name not in earlier.names or not (
                    earlier.same_writer(said) or (said.retracts and not said.nick)
                ):
                    continue
                if not earlier.replaces:
                    return earlier
                name = earlier.replaces
            if page.complete or not page.first or page.first == before:
                return None
            before = page.first
        return None

    def _message(self, room: str, original: Said, newest: Said) -> Comment:
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{room}/{original.id}",
            text=newest.text,
            kind="message",
            channel=room,
            author=original.address or original.nick,
            created_at=original.at,
            edited_at=None if newest is original else newest.at,
            parent_uid=self._uid(room, newest.answers),
        )

    def _tombstone(self, room: str, meant: Said) -> Comment:
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{room}/{meant.id}",
            text="",
            kind="message",
            channel=room,
            deleted=True,
        )

    def _uid(self, room: str, archive_id: str) -> str | None:
        if not archive_id:
            return None
        return make_uid(self.source, self.instance, f"{room}/{archive_id}")


def _check(options: XmppOptions, source: str) -> None:
    where = f"source {source!r}"
    for room in options.rooms:
        if not _ADDRESS.fullmatch(room):
            raise ConfigurationError(
                f"{room!r} is no address of a room",
                where=f"{where}, option 'rooms'",
                next_step="Write it like kayaks@rooms.server.example.",
            )
    refuse_unencrypted(options.security, where, allow_private=options.allow_private)


def _library(source: str) -> Any:
    """The part of ours that stands on slixmpp, an extra."""
    try:
        from ingest.xmpp import session
    except ImportError as error:
        raise ConfigurationError(
            "XMPP needs a package that is not installed",
            where=f"source {source!r}",
            next_step="Install it: pip install 'earful[xmpp]'.",
        ) from error
    return session
