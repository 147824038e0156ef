"""A mail server over IMAP4rev1 (RFC 3501), read only.

The standard library's imaplib is enough: it leaves the connection and the reading of literals to
be overridden, which is where the host guard and the size limit belong, and five commands are all
that is asked. Folders are opened with EXAMINE and bodies read with PEEK, so no mail is ever marked
as seen.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from earful.closing import Closing
from earful.errors import ConfigurationError, TerminalError, TransientError
from ingest.hosts import connected, not_trusted, verified_tls

HEAD_SIZE = 256 * 1024
"""Bytes of a mail that are read: its words come before its attachments."""
_LITERAL_LIMIT = 4 * 2**20
_UID = re.compile(rb"\bUID (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_MESSAGE_ID = re.compile(rb"<([^<>\s]+)>")
_LISTED = re.compile(rb'\) (?:"[^"]*"|NIL) "?([^"]+)"?$')
_LATER = "Pull again later; it goes on where it stopped."

Security = Literal["tls", "starttls", "none"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in: a password, or an OAuth access token (XOAUTH2) in its place."""

    user: str
    secret: str
    is_token: bool

    def __repr__(self) -> str:
        return "Login(...)"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message of a folder: its head and beginning, and its full size in bytes."""

    uid: int
    received: datetime | None
    size: int
    raw: bytes


class _Guarded(imaplib.IMAP4):
    """imaplib on a socket to an address that was checked, with literals of a bounded length."""

    def __init__(self, reach: Callable[[], socket.socket]) -> None:
        self._reach = reach
        super().__init__()

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._reach()

    def read(self, size: int) -> bytes:
        """Bytes of a literal; more than any message that we ask for is refused."""
        if size > _LITERAL_LIMIT:
            raise self.abort(f"a literal of {size:,} bytes, where {HEAD_SIZE:,} were asked for")
        return super().read(size)


class MailServer(Closing):
    """A connection that is logged in. To be used as a context manager.

    ``where`` names the source in messages. Raises ``ConfigurationError`` where the server does
    not accept the login, ``TransientError`` where it cannot be reached.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        login: Login,
        where: str,
        *,
        seconds: float,
        allow_private: bool,
    ) -> None:
        self.where = f"{where}, {host}"

        def connect() -> socket.socket:
            plain = connected(host, port, seconds, self.where, allow_private=allow_private)
            if security == "tls":
                return verified_tls().wrap_socket(plain, server_hostname=host)
            return plain

        self._imap = self._asked(lambda: _Guarded(connect))
        try:
            if security == "starttls":
                self._imap.host = host  # the name that the certificate must be for
                self._asked(lambda: self._imap.starttls(verified_tls()))
            self._log_in(login)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Log out, as far as the connection still allows it."""
        try:
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError):
            # a handshake that failed has taken the socket away
            with suppress(OSError):
                self._imap.shutdown()

    def open(self, folder: str) -> tuple[int, int]:
        """Open a folder to be read: its UIDVALIDITY, and how many messages it holds."""
        try:
            status, told = self._asked(lambda: self._imap.select(_quoted(folder), readonly=True))
        except TerminalError:
            status, told = "NO", [None]
        if status != "OK":
            raise ConfigurationError(
                f"there is no folder {folder!r}, or it may not be read",
                where=self.where,
                next_step=f"There are: {', '.join(self._folders()) or 'none'}.",
            )
        validity = self._imap.untagged_responses.get("UIDVALIDITY") or [b"0"]
        return _whole(validity[-1]), _whole(told[0])

    def search(self, *criteria: str) -> list[int]:
        """The uids of the open folder's messages that meet the criteria, in order."""
        found = self._uid("SEARCH", *criteria)
        return sorted(int(uid) for line in found if line for uid in line.split())

    def fetch(self, uids: Iterable[int]) -> Iterator[Fetched]:
        """These messages, as far as they are still there."""
        wanted = ",".join(map(str, uids))
        what = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{HEAD_SIZE}>)"
        for head, raw in _messages(self._uid("FETCH", wanted, what)):
            if uid := _UID.search(head):
                size = _SIZE.search(head)
                yield Fetched(int(uid[1]), _received(head), int(size[1]) if size else len(raw), raw)

    def message_ids(self, first: int) -> set[str]:
        """The Message-IDs of the open folder, from its message number ``first`` on."""
        what = "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
        _, told = self._asked(lambda: self._imap.fetch(f"{first}:*", what))
        return {
            found[1].decode("utf-8", "replace")
            for _, raw in _messages(told)
            if (found := _MESSAGE_ID.search(raw))
        }

    def holds(self, message_id: str) -> bool:
        """Whether the open folder has a message of this id."""
        return bool(self.search("HEADER", "Message-ID", _quoted(f"<{message_id}>")))

    # Calls

    def _log_in(self, login: Login) -> None:
        told = f"user={login.user}\x01auth=Bearer {login.secret}\x01\x01".encode()
        try:
            if login.is_token:
                self._imap.authenticate("XOAUTH2", lambda _: told)
            else:
                self._imap.login(login.user, login.secret)
        except imaplib.IMAP4.abort as error:
            raise self._broken() from error
        except imaplib.IMAP4.error as error:
            # What the server says may repeat what it was sent.
            raise ConfigurationError(
                "the server does not accept the login",
                where=self.where,
                next_step="Check user and password; many providers want an app password.",
            ) from error
        except OSError as error:
            raise self._broken() from error

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        status, told = self._asked(lambda: self._imap.uid(command, *arguments))
        if status != "OK":
            raise TransientError(
                f"the server refuses {command}", where=self.where, next_step=_LATER
            )
        return [line for line in told if line is not None]

    def _folders(self) -> list[str]:
        _, told = self._asked(lambda: self._imap.list())
        found = [_LISTED.search(line) for line in told if isinstance(line, bytes)]
        return [match[1].decode("ascii", "replace") for match in found if match]

    def _asked(self, call: Callable[[], T]) -> T:
        """Turn what imaplib raises into our errors, by what the reader can do."""
        try:
            return call()
        except ssl.SSLCertVerificationError as error:
            raise not_trusted(self.where, "option 'host'") from error
        except (imaplib.IMAP4.abort, OSError) as error:
            raise self._broken() from error
        except imaplib.IMAP4.error as error:
            raise TerminalError(
                "the server does not understand, or does not allow, what it is asked",
                where=self.where,
                next_step="Check host, port and security in the source's options.",
            ) from error

    def _broken(self) -> TransientError:
        return TransientError("the connection broke", where=self.where, next_step=_LATER)


def _messages(told: Iterable[Any]) -> Iterator[tuple[bytes, bytes]]:
    """(what was said of a message, its literal); the uid may stand before or behind it."""
    parts = list(told)
    for number, part in enumerate(parts):
        if isinstance(part, tuple):
            after = parts[number + 1] if number + 1 < len(parts) else b""
            yield part[0] + (after if isinstance(after, bytes) else b""), part[1]


def _received(head: bytes) -> datetime | None:
    found = _DATE.search(head)
    if found is None:
        return None
    try:
        told = datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return told.astimezone(UTC)


def _whole(told: object) -> int:
    return int(told) if isinstance(told, bytes) and told.isdigit() else 0


def _quoted(text: str) -> str:
    """A quoted string of the protocol; folder names beyond ASCII are written in modified UTF-7."""
    encoded = re.sub(r"[^\x20-\x7e]+|&", _modified, text)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _modified(match: re.Match[str]) -> str:
    """RFC 3501, 5.1.3: "&" begins base64 of UTF-16, with "," for "/", and "-" ends it."""
    if match[0] == "&":
        return "&-"
    plain = match[0].encode("utf-7").decode("ascii")
    return "&" + plain.strip("+-").replace("/", ",") + "-"
