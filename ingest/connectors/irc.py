"""Channels of IRC: listened to for a while, or read from the server's history where it has one.

Most servers keep nothing: a pull enters the channels, hears what is said for as long as the
options say, and covers just that time. Where the server has the extension ``draft/chathistory``
(https://ircv3.net/specs/extensions/chathistory), a pull asks for what was said since the last one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import Field

from earful.credentials import credential
from earful.errors import ConfigurationError
from earful.records import Comment, Coverage
from ingest.connector import Need, Options, read_options, require_needs
from ingest.hosts import refuse_unencrypted
from ingest.http import Patience
from ingest.irc.lines import Line
from ingest.irc.server import IrcServer, Login
from ingest.walks import Climb, climb_in, in_seconds, keep_in, moment_of, seen_in_common

_PORTS = {"tls": 6697, "none": 6667}
_CHANNEL = re.compile(r"[#&+!][^\s,:\x00-\x20]+")
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_MOMENT = timedelta(milliseconds=1)
"""The finest step of time that servers tell."""


class IrcOptions(Options):
    """Options of an IRC source.

    ``listen`` is for how many seconds a pull stays where the server keeps no history. The newest
    ``overlap`` seconds of a history are read again by the next pull. ``security`` "none" is for a
    server on this machine.
    """

    host: str
    channels: tuple[str, ...] = Field(min_length=1)
    nick: str = "earful"
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["tls", "none"] = "tls"
    listen: float = Field(default=600, gt=0)
    overlap: int = Field(default=600, ge=0)
    allow_private: bool = False
    patience: Patience = Patience()


class Irc:
    """What is said in channels. The cursor holds, per channel, what of a history was read, and
    the newest moment that it showed."""

    name: ClassVar[str] = "irc"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "EARFUL_IRC_USER",
            "environment",
            "an account with the server's services",
            "Only where channels ask for one.",
            required=False,
        ),
        Need(
            "EARFUL_IRC_PASSWORD",
            "environment",
            "its password",
            "Chosen when the account was registered with NickServ.",
            required=False,
            secret=True,
        ),
        Need("host", "option", "the server's name", "As in irc.example.org."),
        Need("channels", "option", "channels to hear", "Like #kayaks.", several=True),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = False

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        require_needs(self.needs, source, options)
        self.options = read_options(IrcOptions, source, options)
        _check(self.options, source)
        self.instance = self.options.host.lower().replace(":", "_")
        self.cursor: dict[str, Any] = dict(cursor or {})
        self.stopping: Callable[[], bool] = lambda: False
        self.unbroken = False
        self._target = datetime.now(UTC)
        self._listened: tuple[datetime, IrcServer] | None = None
        self._climbs: dict[str, Climb] = {}
        self._shown_from: dict[str, int] = {}
        self._cut: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """The time listened to. Of a history, what all channels were walked through in common;
        where it may not reach back to the last pull, from the first line that it showed."""
        if self._listened is not None:
            begun, server = self._listened
            return Coverage(self.source, begun, max(begun, server.heard_until), "complete")
        spans = (
            (max(climb.low, self._shown_from.get(channel, 0)), climb.high)
            for channel, climb in self._climbs.items()
        )
        window = seen_in_common(spans, self._target, self._target)
        if not self._cut:
            return Coverage(self.source, *window, "complete")
        detail = (
            f"the server no longer shows all of {', '.join(self._cut)} since the last pull:"
            " pull more often."
        )
        return Coverage(self.source, *window, "capped", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is said while listening, or what a history holds of ``[since, until)``."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        self._target = target
        self._listened, self._climbs, self._shown_from, self._cut = None, {}, {}, []
        if limit == 0:
            return
        with self._server() as server:
            server.join(self.options.channels)
            self.unbroken = not server.keeps_history
            if server.keeps_history:
                yield from islice(self._remembered(server, since, target), limit)
            elif until is None or until > now:
                yield from islice(self._heard(server, until), limit)

    def _server(self) -> IrcServer:
        options = self.options
        login = Login(
            options.nick,
            credential("EARFUL_IRC_USER") or options.nick,
            credential("EARFUL_IRC_PASSWORD"),
        )
        for attempt in options.patience.tries():
            with attempt:
                return IrcServer(
                    options.host,
                    options.port or _PORTS[options.security],
                    login,
                    f"source {self.source!r}",
                    encrypted=options.security == "tls",
                    seconds=options.patience.read_timeout,
                    allow_private=options.allow_private,
                )
        raise AssertionError("stamina makes at least one attempt")

    # Listening

    def _heard(self, server: IrcServer, until: datetime | None) -> Iterator[Comment]:
        begun = datetime.now(UTC)
        self._listened = begun, server
        seconds = self.options.listen
        if until is not None:
            seconds = min(seconds, (until - begun).total_seconds())
        names = {channel.lower(): channel for channel in self.options.channels}
        for line in server.listen(seconds, self.stopping):
            channel = names.get(line.param(0).lower())
            if channel is None:
                continue
            comment = self._comment(channel, line, line.at or datetime.now(UTC))
            if comment is not None:
                yield comment

    # A history

    def _remembered(
        self, server: IrcServer, since: datetime | None, target: datetime
    ) -> Iterator[Comment]:
        start, stop = in_seconds(since, target)
        settled = int(datetime.now(UTC).timestamp()) - self.options.overlap
        for channel in self.options.channels:
            climb = self._climbs[channel] = climb_in(self, "channels", channel, 0, start, stop)
            if not self._reaches_back(server, channel) or start is not None:
                self._shown_from[channel] = stop
            read = partial(self._gap, server, channel, climb)
            yield from climb.up_to(stop, settled, read)

    def _reaches_back(self, server: IrcServer, channel: str) -> bool:
        """Whether the newest line that the last pull was shown is still shown."""
        newest = self.cursor.get("newest", {}).get(channel)
        if newest is None:
            return False
        moment = datetime.fromisoformat(newest)
        lines = server.history(channel, moment - _MOMENT, 1)
        if lines and lines[0].at == moment:
            return True
        self._cut.append(channel)
        return False

    def _gap(
        self, server: IrcServer, channel: str, climb: Climb, start: int, end: int
    ) -> Iterator[Comment]:
        after = moment_of(start) - _MOMENT
        while lines := _in_order(server.history(channel, after, server.page_size)):
            first, newest = int(lines[0][0].timestamp()), lines[-1][0]
            if channel in self._shown_from:
                self._shown_from[channel] = min(first, self._shown_from[channel])
            for moment, line in lines:
                second = int(moment.timestamp())
                comment = self._comment(channel, line, moment)
                if comment is None or not start <= second < end:
                    continue
                if not climb.knows(second, comment.native_id):
                    climb.passes(start, second, comment.native_id)
                    yield comment
            keep_in(self, "newest", channel, newest.isoformat())
            # The newest moment is asked for again: there may be more of it than a page held.
            if newest - _MOMENT > after:
                after = newest - _MOMENT
            elif len(lines) >= server.page_size:
                after = newest
                self._cut.append(channel)
            else:
                break
            if newest >= moment_of(end):
                break
        climb.through(start, end)

    # Comments

    def _comment(self, channel: str, line: Line, moment: datetime) -> Comment | None:
        """What somebody said in a channel; None for what is no message, or holds no words."""
        if line.command != "PRIVMSG" or not line.words or not line.nick:
            return None
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{channel.lower()}/{line.tags.get('msgid') or self._hash(line, moment)}",
            text=line.words,
            kind="message",
            channel=channel,
            author=line.tags.get("account") or line.nick,
            created_at=moment.replace(microsecond=0),
        )

    def _hash(self, line: Line, moment: datetime) -> str:
        """An id for a message that the server gives none."""
        told = (self.instance, line.param(0).lower(), line.nick, moment.isoformat(), line.words)
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:32]


def _in_order(lines: Iterable[Line]) -> list[tuple[datetime, Line]]:
    """Lines that tell when they were said, oldest first."""
    told = [(line.at, line) for line in lines]
    return sorted(
        ((moment, line) for moment, line in told if moment is not None), key=lambda pair: pair[0]
    )


def _check(options: IrcOptions, source: str) -> None:
    where = f"source {source!r}"
    for channel in options.channels:
        if not _CHANNEL.fullmatch(channel):
            raise ConfigurationError(
                f"{channel!r} is no name of a channel",
                where=f"{where}, option 'channels'",
                next_step="Write it like #kayaks, in quotes.",
            )
    if not _NICK.fullmatch(options.nick):
        raise ConfigurationError(
            f"{options.nick!r} is no nick",
            where=f"{where}, option 'nick'",
            next_step="Use letters, digits and hyphens, a letter first.",
        )
    refuse_unencrypted(options.security, where, allow_private=options.allow_private)
