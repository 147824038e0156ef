"""A small IMAP4rev1 server on 127.0.0.1. Its replies were checked against Dovecot 2.3.19."""

from __future__ import annotations

import contextlib
import re
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from socket import socket
from socketserver import BaseRequestHandler
from typing import Any

from servers.tcp import PATIENCE, TcpServer

ENVIRONMENT = {"EARFUL_IMAP_USER": "shop", "EARFUL_IMAP_PASSWORD": "sesame-9"}
_RANGE = re.compile(r"(\d+|\*)(?::(\d+|\*))?")


def letter(
    message_id: str | None,
    second: int,
    text: str,
    author: str = "Ada <ada@paddlers.example>",
    *,
    head: str = "",
) -> bytes:
    """A plain mail as programs send it; ``head`` are more header lines, each with its end."""
    date = format_datetime(datetime.fromtimestamp(second, UTC))
    known = f"Message-ID: <{message_id}>\r\n" if message_id else ""
    body = text.replace("\n", "\r\n")
    return (
        f"From: {author}\r\nTo: shop@kayaks.example\r\nDate: {date}\r\n{known}{head}"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    ).encode()


@dataclass
class Folder:
    """Mails by uid, each with the second of its arrival."""

    validity: int = 1_750_000_000
    mails: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    next_uid: int = 1

    def put(self, raw: bytes, second: int) -> int:
        """A mail arrives."""
        uid = self.next_uid
        self.mails[uid] = (second, raw)
        self.next_uid += 1
        return uid


@dataclass
class Mailbox:
    """The folders. ``faults`` are given out one by one: "hang up", "NO", or a line to answer."""

    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    faults: list[tuple[str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class ImapServer(TcpServer):
    """Serves a mailbox on a free port. Where there is a context the connection is encrypted, from
    the start or, where it is ``upgraded``, once the client asks for it (STARTTLS)."""

    def __init__(
        self, mailbox: Mailbox, tls: ssl.SSLContext | None = None, *, upgraded: bool = False
    ) -> None:
        self.mailbox = mailbox

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                # Clients that refuse our certificate are part of the tests.
                with contextlib.suppress(ConnectionError, ssl.SSLError, ValueError):
                    offered = tls if upgraded else None
                    with contextlib.closing(_Session(mailbox, self.request, offered)) as session:
                        if tls is not None and not upgraded:
                            session.encrypt(tls)
                        session.serve()

        super().__init__(Handler)


class _Session:
    def __init__(self, mailbox: Mailbox, connection: socket, tls: ssl.SSLContext | None) -> None:
        self.mailbox = mailbox
        self.connection = connection
        self.tls = tls
        self.incoming = connection.makefile("rb")
        self.folder: Folder | None = None

    def close(self) -> None:
        self.incoming.close()
        self.connection.close()

    def encrypt(self, tls: ssl.SSLContext) -> None:
        self.incoming.close()
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.incoming = self.connection.makefile("rb")

    def say(self, line: str | bytes) -> None:
        self.connection.sendall((line.encode() if isinstance(line, str) else line) + b"\r\n")

    @property
    def capabilities(self) -> str:
        offered = " STARTTLS" if self.tls else ""
        return f"CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE{offered}"

    def serve(self) -> None:
        self.say(f"* OK [{self.capabilities}] ready.")
        while line := self.incoming.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            self.mailbox.commands.append(rest if not rest.startswith("LOGIN") else "LOGIN")
            fault = self._fault(rest)
            if fault == "hang up":
                return
            if fault:
                self.say(f"{tag} {fault}" if fault.startswith("NO") else fault)
                continue
            word = rest.split(" ")[0].upper()
            if word == "UID":
                word, rest = rest.split(" ")[1].upper(), rest.partition(" ")[2]
                answer = getattr(self, f"uid_{word.lower()}")(rest.partition(" ")[2])
            else:
                answer = getattr(self, word.lower())(rest.partition(" ")[2])
            self.say(f"{tag} {answer}")
            if word == "STARTTLS":
                assert self.tls
                self.encrypt(self.tls)
            if word == "LOGOUT":
                return

    def _fault(self, rest: str) -> str:
        for number, (part, fault) in enumerate(self.mailbox.faults):
            if part in rest:
                del self.mailbox.faults[number]
                return fault
        return ""

    def capability(self, _: str) -> str:
        self.say(f"* {self.capabilities} AUTH=PLAIN")
        return "OK Pre-login capabilities listed, post-login capabilities have more."

    def starttls(self, _: str) -> str:
        return "OK Begin TLS negotiation now." if self.tls else "BAD TLS support isn't enabled."

    def login(self, told: str) -> str:
        if told == 'shop "sesame-9"':
            return "OK [CAPABILITY IMAP4rev1] Logged in"
        return "NO [AUTHENTICATIONFAILED] Authentication failed."

    def examine(self, told: str) -> str:
        self.folder = self.mailbox.folders.get(told.strip('"'))
        if self.folder is None:
            return f"NO Mailbox doesn't exist: {told} (0.001 + 0.000 secs)."
        self.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self.say("* OK [PERMANENTFLAGS ()] Read-only mailbox.")
        self.say(f"* {len(self.folder.mails)} EXISTS")
        self.say("* OK [UNSEEN 1] First unseen.")
        self.say(f"* OK [UIDVALIDITY {self.folder.validity}] UIDs valid")
        self.say(f"* OK [UIDNEXT {self.folder.next_uid}] Predicted next UID")
        return "OK [READ-ONLY] Examine completed (0.001 + 0.000 secs)."

    def list(self, _: str) -> str:
        for name in self.mailbox.folders:
            self.say(f'* LIST (\\HasNoChildren) "." {name}')
        return "OK List completed (0.001 + 0.000 secs)."

    def uid_search(self, told: str) -> str:
        assert self.folder
        mails = self.folder.mails
        found = list(mails)
        if match := re.search(r"UID (\S+)", told):
            found = _in_range(match[1], list(mails))
        if match := re.search(r'HEADER Message-ID "(.*)"', told):
            found = [uid for uid in found if f"Message-ID: {match[1]}".encode() in mails[uid][1]]
        if match := re.search(r"OR SINCE (\S+) SENTSINCE", told):
            since = datetime.strptime(match[1], "%d-%b-%Y").replace(tzinfo=UTC).timestamp()
            found = [uid for uid in found if mails[uid][0] >= since]
        self.say(" ".join(["* SEARCH", *map(str, found)]))
        return "OK Search completed (0.001 + 0.000 secs)."

    def uid_fetch(self, told: str) -> str:
        assert self.folder
        wanted, _, what = told.partition(" ")
        partial = re.search(r"<0\.(\d+)>", what)
        order = list(self.folder.mails)
        for uid in _in_range(wanted, order):
            second, raw = self.folder.mails[uid]
            date = datetime.fromtimestamp(second, UTC).strftime("%d-%b-%Y %H:%M:%S +0000")
            part = raw[: int(partial[1])] if partial else raw
            self.say(
                f'* {order.index(uid) + 1} FETCH (UID {uid} INTERNALDATE "{date}"'
                f" RFC822.SIZE {len(raw)} BODY[]<0> {{{len(part)}}}\r\n".encode()
                + part
                + b")"
            )
        return "OK Fetch completed (0.001 + 0.000 secs)."

    def fetch(self, told: str) -> str:
        assert self.folder
        order = list(self.folder.mails)
        for number in _in_range(told.partition(" ")[0], list(range(1, len(order) + 1))):
            raw = self.folder.mails[order[number - 1]][1]
            match = re.search(rb"(?im)^message-id:[^\r]*\r\n", raw)
            part = (match[0] if match else b"") + b"\r\n"
            self.say(
                f"* {number} FETCH (BODY[HEADER.FIELDS (MESSAGE-ID)] {{{len(part)}}}\r\n".encode()
                + part
                + b")"
            )
        return "OK Fetch completed (0.001 + 0.000 secs)."

    def logout(self, _: str) -> str:
        self.say("* BYE Logging out")
        return "OK Logout completed (0.001 + 0.000 secs)."


def _in_range(told: str, there: list[int]) -> list[int]:
    """What of ``there`` a sequence set means; "*" is the highest, and ranges know no direction."""
    highest = max(there, default=0)
    wanted: set[int] = set()
    for part in told.split(","):
        match = _RANGE.fullmatch(part)
        assert match, told
        first = highest if match[1] == "*" else int(match[1])
        last = first if match[2] is None else highest if match[2] == "*" else int(match[2])
        low, high = sorted((first, last))
        wanted.update(number for number in there if low <= number <= high)
    return sorted(wanted)


def options_for(server: ImapServer, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server, follow deletions, and wait no longer than a
    blink."""
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "allow_private": True,
        "expunged": "gone",
        "patience": PATIENCE,
        **options,
    }
