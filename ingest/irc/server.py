"""A connection to an IRC server: logging in, joining channels, asking for history, listening.

The protocol is lines, and a dozen of its commands are all that is needed, so there is no library:
the two that are kept (pydle, irc) bring event loops of their own, no history, and sockets that
would have to be replaced for the host guard.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from earful.closing import Closing
from earful.errors import ConfigurationError, TransientError
from ingest.hosts import connected, not_trusted, verified_tls
from ingest.irc.lines import Line, read_line

PAGE = 100
_HISTORY = "draft/chathistory"
_WANTED = frozenset(
    {"message-tags", "server-time", "account-tag", "batch", _HISTORY, "draft/event-playback"}
)
"""Capabilities that are asked for. Playback of events shows joins in a page of history, without
which one that holds nothing else would look like the end."""
_NICKS = 4
_LONGEST_LINE = 64 * 1024
_QUIET_SECONDS = 60.0
"""After so long without a line the server is asked whether it is still there."""
_TURN_SECONDS = 0.5
_SASL_CHUNK = 400
_LATER = "Pull again later; it goes on where it stopped."

_NOT_LET_IN: dict[str, tuple[str, str]] = {
    "432": ("the server does not allow this nick", "Choose another 'nick'."),
    "464": ("the server wants a password", "It is not for everybody; ask its administrator."),
    "465": ("the server does not let us in", "Ask its administrator."),
    "902": ("the account is locked", "Unlock it with the server's services."),
    "904": ("the server does not accept the login", "Check user and password."),
    "905": ("the server does not accept the login", "Check user and password."),
    "908": ("the server wants another way to log in than SASL PLAIN", "Use another account."),
}
_NOT_JOINED: dict[str, tuple[str, str]] = {
    "403": ("there is no such channel", "Write its name like #kayaks."),
    "405": ("we are in too many channels", "Read fewer channels by one source."),
    "470": ("it sends us to another channel", "Name that one, or ask its operators."),
    "471": ("it is full", "Ask its operators."),
    "473": ("it is for invited people", "Ask its operators for an invitation."),
    "474": ("we are banned from it", "Ask its operators."),
    "475": ("it has a key", "Rooms with a key are not read: they are not public."),
    "476": ("this is no name of a channel", "Write it like #kayaks."),
    "477": (
        "it is for people with an account",
        "Register one and set EARFUL_IRC_USER and EARFUL_IRC_PASSWORD.",
    ),
    "489": ("it is for encrypted connections", 'Use security = "tls".'),
}
"""Number of a reply -> what it means, and what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """The nick that is taken, and an account where there is one."""

    nick: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Login(...)"


class IrcServer(Closing):
    """A connection that is let in. To be used as a context manager.

    ``where`` names the source in messages, ``heard_until`` is the last moment at which the server
    showed that it was there. Raises ``ConfigurationError`` where it does not let us in,
    ``TransientError`` where it cannot be reached or falls silent.
    """

    def __init__(
        self,
        host: str,
        port: int,
        login: Login,
        where: str,
        *,
        encrypted: bool,
        seconds: float,
        allow_private: bool,
    ) -> None:
        self.where = f"{where}, {host}"
        self.heard_until = datetime.now(UTC)
        self._seconds = seconds
        self._login = login
        self._nick = login.nick
        self._granted: set[str] = set()
        self._supported: dict[str, str] = {}
        self._buffer = bytearray()
        self._waiting: deque[Line] = deque()
        try:
            self._socket = connected(host, port, seconds, self.where, allow_private=allow_private)
        except OSError as error:
            raise self._broken("it cannot be reached") from error
        try:
            if encrypted:
                self._encrypt(host)
            self._enter()
        except BaseException:
            self._socket.close()
            raise

    @property
    def keeps_history(self) -> bool:
        """Whether it can be asked for what was said before."""
        return {_HISTORY, "batch", "server-time"} <= self._granted

    @property
    def page_size(self) -> int:
        """How many lines of history are asked for at once."""
        told = self._supported.get("CHATHISTORY", "")
        return min(PAGE, int(told)) if told.isdecimal() and int(told) else PAGE

    def close(self) -> None:
        """Say goodbye, as far as the connection still allows it."""
        with suppress(OSError, TransientError):
            self._send("QUIT")
        self._socket.close()

    def join(self, channels: Iterable[str]) -> None:
        """Enter channels; raises ``ConfigurationError`` for one that does not let us in."""
        for channel in channels:
            self._send(f"JOIN {channel}")
            for line in self._replies():
                named = line.param(1).lower() == channel.lower()
                if line.command == "366" and named:
                    break
                if line.command in _NOT_JOINED and named:
                    raise self._refused(f"{channel}: ", *_NOT_JOINED[line.command])
                self._waiting.append(line)

    def history(self, channel: str, after: datetime, most: int) -> list[Line]:
        """The oldest ``most`` lines that a channel's history has behind a moment."""
        told = after.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        self._send(f"CHATHISTORY AFTER {channel} timestamp={told}Z {most}")
        reference, found = "", list[Line]()
        for line in self._replies():
            opening = line.command == "BATCH" and line.param(1) == "chathistory"
            if line.command == "FAIL" and line.param(0) == "CHATHISTORY":
                raise self._broken(f"{channel}: no history is given ({line.param(1)})")
            if opening and line.param(2).lower() == channel.lower():
                reference = line.param(0).removeprefix("+")
            elif reference and line.command == "BATCH" and line.param(0) == f"-{reference}":
                return found
            elif reference and line.tags.get("batch") == reference:
                found.append(line)
        raise AssertionError("replies end by an error only")

    def listen(self, seconds: float, stopping: Callable[[], bool]) -> Iterator[Line]:
        """Lines as they come in, for so long, or until ``stopping`` says so.

        At the end the server is asked for a sign: what was said before has come then.
        """
        yield from self._waited_for()
        end = time.monotonic() + seconds
        asked = False
        heard = time.monotonic()
        while time.monotonic() < end and not stopping():
            line = self._next(min(end, time.monotonic() + _TURN_SECONDS))
            quiet = time.monotonic() - heard
            if line is not None:
                heard, asked = time.monotonic(), False
                yield from self._of_channel(line)
            elif quiet > _QUIET_SECONDS + self._seconds:
                raise self._broken("it has fallen silent")
            elif quiet > _QUIET_SECONDS and not asked:
                self._send("PING :still-there")
                asked = True
        self._send("PING :the-end")
        for line in self._replies():
            if line.command == "PONG" and line.params[-1:] == ("the-end",):
                return
            yield from self._of_channel(line)

    def _waited_for(self) -> Iterator[Line]:
        """What came in while channels were joined."""
        while self._waiting:
            yield from self._of_channel(self._waiting.popleft())

    def _of_channel(self, line: Line) -> Iterator[Line]:
        if line.command == "KICK" and line.param(1) == self._nick:
            raise self._broken(f"we were sent out of {line.param(0)}")
        yield line

    # Being let in

    def _encrypt(self, host: str) -> None:
        try:
            self._socket = verified_tls().wrap_socket(self._socket, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise not_trusted(self.where, "option 'host'") from error
        except OSError as error:
            raise self._broken("it does not speak TLS here, or broke off") from error

    def _enter(self) -> None:
        self._send("CAP LS 302")
        self._send(f"NICK {self._nick}")
        self._send(f"USER {self._login.nick} 0 * :earful")
        offered: dict[str, str] = {}
        for line in self._replies():
            match line.command:
                case "CAP":
                    self._agree(line, offered)
                case "AUTHENTICATE":
                    self._authenticate()
                case "903":
                    self._send("CAP END")
                case "433" | "436":
                    self._take_another_nick()
                case "001":
                    self._nick = line.param(0)
                case "005":
                    told = (word.partition("=") for word in line.params[1:-1])
                    self._supported.update({name: value for name, _, value in told})
                case "376" | "422":
                    break
                case number if number in _NOT_LET_IN:
                    raise self._refused("", *_NOT_LET_IN[number])
        if self._login.password and "sasl" not in self._granted:
            # As a command of its own it goes to the services; a message to the nick "NickServ"
            # would go to whoever has taken it.
            self._send(f"NICKSERV IDENTIFY {self._login.user} {self._login.password}")

    def _agree(self, line: Line, offered: dict[str, str]) -> None:
        """Ask for the capabilities that the server has and we use."""
        kind = line.param(1)
        told = (word.partition("=") for word in line.params[-1].split())
        if kind == "LS":
            offered.update({name: value for name, _, value in told})
            if line.param(2) == "*":
                return
            wanted = _WANTED & offered.keys()
            ways = offered.get("sasl", "PLAIN") or "PLAIN"
            if self._login.password and "sasl" in offered and "PLAIN" in ways.split(","):
                wanted |= {"sasl"}
            self._send(f"CAP REQ :{' '.join(sorted(wanted))}" if wanted else "CAP END")
        elif kind == "ACK":
            self._granted |= {name for name, _, _ in told}
            self._send("AUTHENTICATE PLAIN" if "sasl" in self._granted else "CAP END")
        elif kind == "NAK":
            self._send("CAP END")

    def _authenticate(self) -> None:
        login = self._login
        pair = base64.b64encode(f"{login.user}\0{login.user}\0{login.password}".encode()).decode()
        # A last piece of full length is followed by an empty one, so that the end is seen.
        for start in range(0, len(pair) + 1, _SASL_CHUNK):
            self._send(f"AUTHENTICATE {pair[start : start + _SASL_CHUNK] or '+'}")

    def _take_another_nick(self) -> None:
        self._nick += "_"
        if len(self._nick) - len(self._login.nick) >= _NICKS:
            raise self._refused("", "the nick is taken", "Choose another 'nick'.")
        self._send(f"NICK {self._nick}")

    # Lines

    def _send(self, line: str) -> None:
        if any(sign in line for sign in "\r\n\0"):
            raise self._refused("", "a line break in a value that is sent", "Take it out.")
        try:
            self._socket.settimeout(self._seconds)
            self._socket.sendall(line.encode() + b"\r\n")
        except OSError as error:
            raise self._broken("the connection broke") from error

    def _replies(self) -> Iterator[Line]:
        """Lines, of which the next one must come in time."""
        while True:
            line = self._next(time.monotonic() + self._seconds)
            if line is None:
                raise self._broken("it does not answer in time")
            yield line

    def _next(self, latest: float) -> Line | None:
        """The next line; None where none has come by then. Signs of life are given on the way."""
        while True:
            raw = self._take(latest)
            line = None if raw is None else read_line(raw)
            if raw is None:
                return None
            if line is None:
                continue
            self.heard_until = datetime.now(UTC)
            if line.command == "PING":
                self._send(f"PONG :{line.param(0)}")
            elif line.command == "ERROR":
                raise self._broken("the server ended the connection")
            else:
                return line

    def _take(self, latest: float) -> bytes | None:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                raise self._broken("it sends a line without an end")
            left = latest - time.monotonic()
            if left <= 0:
                return None
            try:
                self._socket.settimeout(left)
                received = self._socket.recv(16_384)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError as error:
                raise self._broken("the connection broke") from error
            if not received:
                raise self._broken("the connection broke")
            self._buffer += received
        raw, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        return raw

    def _refused(self, what: str, message: str, next_step: str) -> ConfigurationError:
        return ConfigurationError(f"{what}{message}", where=self.where, next_step=next_step)

    def _broken(self, message: str) -> TransientError:
        return TransientError(message, where=self.where, next_step=_LATER)
