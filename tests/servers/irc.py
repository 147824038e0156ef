"""A small IRC server. Its replies were compared with ngIRCd 26.1; its history, which ngIRCd does
not have, is what https://ircv3.net/specs/extensions/chathistory describes."""

from __future__ import annotations

import base64
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socket import socket
from socketserver import BaseRequestHandler
from typing import Any, BinaryIO, Self

from servers.tcp import PATIENCE, TcpServer

PASSWORD = "sesame-9"

ACCOUNT = {"EARFUL_IRC_USER": "shop", "EARFUL_IRC_PASSWORD": PASSWORD}
CHANNEL = "#tides"
MOST = 50
"""Lines of a page of history at most."""
NAME = "irc.kayaks.example"
_HISTORY = "message-tags server-time batch account-tag draft/chathistory draft/event-playback"


@dataclass
class Said:
    """A line of a channel's history: a message, or another event."""

    at: float
    nick: str
    text: str
    command: str = "PRIVMSG"
    tags: str = ""

    def line(self, channel: str, tags: str) -> str:
        """As it is sent, with tags."""
        told = f"@{tags} " if tags else ""
        rest = f" :{self.text}" if self.command in ("PRIVMSG", "NOTICE") else ""
        return f"{told}:{self.nick}!~{self.nick}@host.example {self.command} {channel}{rest}"


@dataclass
class IrcWorld:
    """The channels and what was said in them; ``greetings`` are lines that come as soon as
    somebody has joined. ``faults`` (part of a command, line to answer or "hang up") are given out
    one by one. ``capabilities`` are all that the server has."""

    channels: dict[str, list[Said]] = field(default_factory=lambda: {CHANNEL: []})
    capabilities: str = "multi-prefix"
    greetings: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    joined: Callable[[], object] = lambda: None

    @classmethod
    def with_history(cls) -> Self:
        """A server that remembers."""
        return cls(capabilities=f"{_HISTORY} sasl=PLAIN")

    def say(
        self, at: float, text: str, nick: str = "ada", command: str = "PRIVMSG", tags: str = ""
    ) -> str:
        """Something is said; answers its msgid."""
        said = self.channels[CHANNEL]
        msgid = f"msg{len(said)}"
        said.append(Said(at, nick, text, command, f"msgid={msgid}{tags}"))
        return msgid


class IrcServer(TcpServer):
    """Serves a world on a free port, encrypted where there is a context."""

    def __init__(self, world: IrcWorld, tls: ssl.SSLContext | None = None) -> None:
        self.world = world

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                # Clients that refuse our certificate are part of the tests.
                with contextlib.suppress(ConnectionError, ssl.SSLError, ValueError):
                    connection = self.request
                    if tls is not None:
                        connection = tls.wrap_socket(connection, server_side=True)
                    with connection, connection.makefile("rb") as incoming:
                        _Session(world, incoming, connection).serve()

        super().__init__(Handler)


class _Session:
    def __init__(self, world: IrcWorld, incoming: BinaryIO, connection: socket) -> None:
        self.world = world
        self.incoming = incoming
        self.connection = connection
        self.nick = "*"
        self.user = self.negotiating = self.welcomed = False
        self.granted: set[str] = set()
        self.batches = 0

    def send(self, line: str) -> None:
        self.connection.sendall(line.encode("utf-8", "surrogateescape") + b"\r\n")

    def tell(self, number: str, rest: str) -> None:
        self.send(f":{NAME} {number} {self.nick} {rest}")

    def serve(self) -> None:
        while raw := self.incoming.readline():
            told = raw.decode().strip()
            self.world.commands.append(told)
            command, _, rest = told.partition(" ")
            fault = self._fault(told)
            if fault == "hang up":
                return
            if fault:
                self.send(fault.format(nick=self.nick))
                continue
            if command == "QUIT":
                self.send("ERROR :Closing connection")
                return
            answer = getattr(self, f"on_{command.lower()}", None)
            if answer is None:
                self.tell("421", f"{command} :Unknown command")
            else:
                answer(rest)
            self._welcome()

    def _fault(self, told: str) -> str:
        for number, (part, fault) in enumerate(self.world.faults):
            if part in told:
                del self.world.faults[number]
                return fault
        return ""

    def _welcome(self) -> None:
        if self.welcomed or self.negotiating or not self.user or self.nick == "*":
            return
        self.welcomed = True
        self.tell("001", f":Welcome to the Internet Relay Network {self.nick}!~earful@127.0.0.1")
        limit = f"CHATHISTORY={MOST} " if "draft/chathistory" in self.granted else ""
        self.tell("005", f"CASEMAPPING=ascii {limit}CHANTYPES=#&+ :are supported on this server")
        self.tell("376", ":End of MOTD command")

    def on_cap(self, rest: str) -> None:
        kind, _, told = rest.partition(" ")
        if kind == "LS":
            self.negotiating = True
            # In two lines, as servers with many do.
            first, _, others = self.world.capabilities.partition(" ")
            if others:
                self.send(f":{NAME} CAP {self.nick} LS * :{first}")
            self.send(f":{NAME} CAP {self.nick} LS :{others or first}")
        elif kind == "REQ":
            wanted = told.removeprefix(":").split()
            there = {name.partition("=")[0] for name in self.world.capabilities.split()}
            kind = "ACK" if there.issuperset(wanted) else "NAK"
            self.granted |= set(wanted) if kind == "ACK" else set()
            self.send(f":{NAME} CAP {self.nick} {kind} :{' '.join(wanted)}")
        elif kind == "END":
            self.negotiating = False

    def on_authenticate(self, rest: str) -> None:
        if rest == "PLAIN":
            self.send("AUTHENTICATE +")
            return
        wanted = f"shop\0shop\0{PASSWORD}"
        if rest == base64.b64encode(wanted.encode()).decode():
            self.tell("900", f"{self.nick}!~earful@127.0.0.1 shop :You are now logged in as shop")
            self.tell("903", ":SASL authentication successful")
        else:
            self.tell("904", ":SASL authentication failed")

    def on_nick(self, rest: str) -> None:
        if rest in self.world.taken:
            self.tell("433", f"{rest} :Nickname already in use")
        else:
            self.nick = rest

    def on_user(self, _: str) -> None:
        self.user = True

    def on_ping(self, rest: str) -> None:
        self.send(f":{NAME} PONG {NAME} {rest if rest.startswith(':') else f':{rest}'}")

    def on_pong(self, _: str) -> None:
        pass

    def on_join(self, rest: str) -> None:
        if rest.lower() not in self.world.channels:
            self.tell("403", f"{rest} :No such channel")
            return
        self.send(f":{self.nick}!~earful@127.0.0.1 JOIN :{rest}")
        self.tell("353", f"= {rest} :@ada {self.nick}")
        self.tell("366", f"{rest} :End of NAMES list")
        for line in self.world.greetings:
            self.send(line.format(nick=self.nick))
        self.world.joined()

    def on_chathistory(self, rest: str) -> None:
        if "draft/chathistory" not in self.granted:
            self.tell("421", "CHATHISTORY :Unknown command")
            return
        kind, channel, mark, most = rest.split()
        assert kind == "AFTER"
        after = datetime.fromisoformat(mark.removeprefix("timestamp=")).timestamp()
        shown = [
            one
            for one in self.world.channels[channel.lower()]
            if one.at > after + 0.0005
            and (one.command == "PRIVMSG" or "draft/event-playback" in self.granted)
        ]
        self.batches += 1
        self.send(f":{NAME} BATCH +b{self.batches} chathistory {channel}")
        for one in shown[: min(MOST, int(most))]:
            moment = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds")
            time = moment.removesuffix("+00:00") + "Z"
            self.send(one.line(channel, f"batch=b{self.batches};time={time};{one.tags}"))
        self.send(f":{NAME} BATCH -b{self.batches}")


def options_for(server: IrcServer, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server, and wait no longer than a blink."""
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "allow_private": True,
        "channels": [CHANNEL],
        "listen": 0.05,
        "patience": PATIENCE,
        **options,
    }
