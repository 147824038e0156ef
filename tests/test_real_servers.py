"""Connectors against real servers, and the local ones compared with them: pytest -m real.

``python tests/servers/real.py install`` installs the servers; each test starts and stops its own.
"""

from __future__ import annotations

import imaplib
import re
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from servers import imap, matrix, real
from servers.imap import letter

from earful.records import Comment
from ingest.connectors.imap import Imap
from ingest.connectors.matrix import Matrix

pytestmark = pytest.mark.real

FIRST = 1_750_000_000
MAILS = [letter(f"m{n}@x", FIRST + n, f"A lid {n}") for n in range(3)]
CONVERSATION = [
    'LOGIN shop "wrong"',
    'LOGIN shop "sesame-9"',
    "EXAMINE nowhere",
    "EXAMINE INBOX",
    "UID SEARCH UID 1:*",
    "UID SEARCH UID 99:*",
    "UID SEARCH UID 2:* OR SINCE 13-Jun-2025 SENTSINCE 13-Jun-2025",
    'UID SEARCH HEADER Message-ID "<m1@x>"',
    "UID FETCH 1,3,77 (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.60>)",
    "FETCH 2:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
    "LOGOUT",
]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[int]:
    if shutil.which("dovecot") is None:
        pytest.skip("Dovecot is not installed: python tests/servers/real.py install")
    with real.dovecot() as port:
        client = imaplib.IMAP4("127.0.0.1", port)
        client.login("shop", "sesame-9")
        for n, raw in enumerate(MAILS):
            client.append("INBOX", "", imaplib.Time2Internaldate(FIRST + n), raw)
        client.logout()
        yield port


def converse(port: int) -> list[tuple[str, list[str]]]:
    """What a server answers to each command, without what differs from run to run."""
    told: list[tuple[str, list[str]]] = []
    with socket.create_connection(("127.0.0.1", port), 60) as plain:
        stream = plain.makefile("rwb")
        stream.readline()
        for number, command in enumerate(CONVERSATION):
            stream.write(f"a{number} {command}\r\n".encode())
            stream.flush()
            lines: list[str] = []
            while not lines or not lines[-1].startswith(f"a{number} "):
                lines.append(stream.readline().decode().strip())
            told.append((command, _plain(lines)))
    return told


def _plain(lines: list[str]) -> list[str]:
    """Untagged replies that clients read, in order, and the status; flags and words left out."""
    kept = [line for line in lines if re.match(r"\* (SEARCH|\d+ (EXISTS|FETCH))", line)]
    codes = re.findall(r"\[(UIDVALIDITY|UIDNEXT|READ-ONLY|AUTHENTICATIONFAILED)", " ".join(lines))
    date = re.compile(r'(INTERNALDATE) "[^"]+"')
    return [date.sub(r"\1", line) for line in kept] + sorted(codes) + [lines[-1].split()[1]]


def test_the_small_imap_server_answers_like_dovecot(dovecot: int) -> None:
    """Every command of the connector is answered in the same shape by both."""
    mailbox = imap.Mailbox()
    for n, raw in enumerate(MAILS):
        mailbox.folders["INBOX"].put(raw, FIRST + n)
    with imap.ImapServer(mailbox) as small:
        assert converse(small.port) == converse(dovecot)


def test_imap_against_dovecot(dovecot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails come once, new ones come by the next pull, and an expunged one is a tombstone."""
    for name, value in {**imap.ENVIRONMENT, "EARFUL_IMAP_USER": "ada"}.items():
        monkeypatch.setenv(name, value)
    client = imaplib.IMAP4("127.0.0.1", dovecot)
    client.login("ada", "sesame-9")
    client.create("&U,BTFw-")
    for folder in ("INBOX", "&U,BTFw-"):
        for n in range(30):
            raw = letter(f"{len(folder)}-{n}@x", FIRST + n, f"A lid {n}")
            client.append(folder, "", imaplib.Time2Internaldate(FIRST + n), raw)
    options = {
        "host": "127.0.0.1",
        "port": dovecot,
        "security": "none",
        "allow_private": True,
        "folders": ["INBOX", "台北"],
        "expunged": "gone",
    }
    one = Imap("support", options, None)
    got = list(one.pull(None, None, None))
    assert len({comment.uid for comment in got}) == 60
    second = Imap("support", options, one.cursor)
    assert list(second.pull(None, None, None)) == []
    client.append("INBOX", "", None, letter("new@x", FIRST + 99, "A hull"))
    assert [c.native_id for c in Imap("support", options, one.cursor).pull(None, None, None)] == [
        "new@x"
    ]
    client.select("INBOX")
    _, seen = client.search(None, "SEEN")
    assert seen == [b""], "reading leaves mails unseen"
    client.store("3", "+FLAGS", "\\Deleted")
    client.expunge()
    gone = list(one.recheck([comment.native_id for comment in got]))
    assert [(comment.native_id, comment.deleted) for comment in gone] == [("5-2@x", True)]
    client.logout()


# Matrix


@pytest.fixture(scope="module")
def homeserver() -> Iterator[str]:
    if not (real.SYNAPSE / "bin" / "synapse_homeserver").exists():
        pytest.skip("Synapse is not installed: python tests/servers/real.py install")
    with real.synapse() as url:
        yield url


class Account:
    """Somebody who writes in a room of the homeserver."""

    def __init__(self, url: str, name: str) -> None:
        self._client = httpx2.Client(base_url=f"{url}/_matrix/client/v3", timeout=60)
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": f"pw-{name}",
        }
        self.token = str(self.post("/login", login)["access_token"])
        self._client.headers["Authorization"] = f"Bearer {self.token}"
        self._sent = 0

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call that sends."""
        return dict(self._client.post(path, json=body).raise_for_status().json())

    def get(self, path: str) -> dict[str, Any]:
        """A call that asks."""
        return dict(self._client.get(path).raise_for_status().json())

    def send(self, room: str, content: dict[str, Any]) -> str:
        """An event is sent; its id."""
        self._sent += 1
        path = f"/rooms/{room}/send/m.room.message/t{self._sent}"
        return str(self._client.put(path, json=content).raise_for_status().json()["event_id"])

    def say(self, room: str, text: str, **relation: Any) -> str:
        """A message is sent; its id."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        return self.send(room, {**content, "m.relates_to": relation} if relation else content)

    def edit(self, room: str, event_id: str, text: str) -> str:
        """A message gets other words."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        return self.send(
            room, {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        )

    def redact(self, room: str, event_id: str) -> None:
        """A message is taken away."""
        self._sent += 1
        path = f"/rooms/{room}/redact/{event_id}/t{self._sent}"
        self._client.put(path, json={}).raise_for_status()


def test_matrix_against_synapse(homeserver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room is read over several pages; edits, redactions and threads come by; and the replies
    have the keys that the local homeserver's have."""
    alice = Account(homeserver, "alice")
    room = str(alice.post("/createRoom", {"room_alias_name": "tides"})["room_id"])
    sent = [alice.say(room, f"A lid {n}") for n in range(130)]
    monkeypatch.setenv("EARFUL_MATRIX_TOKEN", alice.token)
    options = {"server": homeserver, "rooms": ["#tides:localhost"], "allow_private": True}

    def pulled(cursor: Any) -> tuple[list[Comment], Matrix]:
        one = Matrix("rooms", options, cursor)
        return list(one.pull(None, None, None)), one

    got, one = pulled(None)
    assert [comment.native_id for comment in got] == [f"{room}/{event_id}" for event_id in sent]
    assert pulled(one.cursor)[0] == []
    alice.edit(room, sent[3], "A lid in blue")
    alice.redact(room, sent[4])
    thread = {"rel_type": "m.thread", "event_id": sent[5], "is_falling_back": True}
    alice.say(room, "In a thread", **thread, **{"m.in_reply_to": {"event_id": sent[5]}})
    edited, redacted, answer = pulled(one.cursor)[0]
    assert (edited.native_id, edited.text) == (f"{room}/{sent[3]}", "A lid in blue")
    assert edited.created_at == got[3].created_at
    assert (redacted.native_id, redacted.deleted) == (f"{room}/{sent[4]}", True)
    assert answer.thread_uid == answer.parent_uid == got[5].uid
    again = {comment.native_id: comment for comment in one.recheck([c.native_id for c in got[:9]])}
    assert set(again) == {edited.native_id, redacted.native_id}
    assert (again[edited.native_id].text, again[redacted.native_id].deleted) == (
        "A lid in blue",
        True,
    )
    small = matrix.Room()
    first = small.say(FIRST, "A lid")
    small.edit(FIRST, first, "A lid in blue")
    path = f"/rooms/{room}/messages?dir=f&limit=1000"
    true = [e for e in alice.get(path)["chunk"] if e["event_id"] == sent[3]]
    local = small.page(0, 10)["chunk"][0]
    assert _keys(local) <= _keys(true[0])
    alice.close()


def _keys(value: Any, path: str = "") -> set[str]:
    """Every key of a reply, as a path."""
    if not isinstance(value, dict):
        return set()
    return {f"{path}.{key}" for key in value}.union(
        *(_keys(inner, f"{path}.{key}") for key, inner in value.items())
    )
