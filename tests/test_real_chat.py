"""Chat connectors against real servers, and the local ones compared with them: pytest -m real.

``python tests/servers/real.py install`` installs the servers; each test starts and stops its own.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from xml.etree.ElementTree import Element

import pytest
from servers import irc, real, xmpp
from servers.certificates import certificate
from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError

from earful.errors import ConfigurationError
from earful.records import Comment
from ingest.connectors.irc import Irc
from ingest.connectors.xmpp import Xmpp

pytestmark = pytest.mark.real


# XMPP


@pytest.fixture(scope="module")
def prosody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    if shutil.which("prosody") is None:
        pytest.skip("Prosody is not installed: python tests/servers/real.py install")
    public, private = certificate(tmp_path_factory.mktemp("tls"), "localhost")
    with real.prosody(public, private) as port:
        yield port, public


class Account:
    """Somebody in rooms of a server on this machine."""

    def __init__(self, address: str, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        mechanisms = {"feature_mechanisms": {"unencrypted_scram": True}}
        self.client = ClientXMPP(address, xmpp.PASSWORD, mechanisms, loop=self._loop)
        self.client.enable_starttls = self.client.enable_direct_tls = False
        self.client.enable_plaintext = True
        for plugin in ("xep_0045", "xep_0313"):
            self.client.register_plugin(plugin)
        self.client.connect("127.0.0.1", port)
        self.run(self.client.wait_until("session_start", 60))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        async def leave() -> None:
            await asyncio.wait({self.client.disconnect(wait=2)})
            left = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        self.run(leave())
        self._loop.close()

    def run(self, work: Any) -> Any:
        """What comes of a coroutine."""
        return self._loop.run_until_complete(work)

    def join(self, room: str, nick: str, *, own_addresses: bool = False) -> None:
        """Enter a room, which is made where there is none; with ``own_addresses`` everybody in
        it sees who the others are."""
        self.run(self.client.plugin["xep_0045"].join_muc_wait(JID(room), nick, timeout=60))
        form = self.client.plugin["xep_0004"].make_form(ftype="submit")
        form.add_field(var="FORM_TYPE", value="http://jabber.org/protocol/muc#roomconfig")
        form.add_field(
            var="muc#roomconfig_whois", value="anyone" if own_addresses else "moderators"
        )
        form.add_field(var="muc#roomconfig_persistentroom", value="1")
        self.run(self.client.plugin["xep_0045"].set_room_config(JID(room), form))

    def say(self, room: str, text: str, message_id: str, inner: str = "") -> None:
        """Something is said, and has come back from the room."""
        self.client.send_raw(
            f"<message to='{room}' type='groupchat' id='{message_id}'>"
            f"<body>{text}</body>{inner}</message>"
        )
        self.run(self.client.plugin["xep_0030"].get_info(jid=JID(room), timeout=60))

    def archive(self, room: str, rsm: dict[str, Any]) -> list[Element]:
        """What a room answers to a query, in raw; the error where it is one."""
        asked = self.client.plugin["xep_0313"].retrieve(jid=JID(room), rsm=rsm, timeout=60)
        try:
            reply = self.run(asked)
        except IqError as error:
            return [error.iq.xml]
        return [*(one.xml for one in reply["mam"]["results"]), reply.xml]


def shape(element: Element, inside: str = "") -> set[str]:
    """The elements and attributes below one, as paths; values and words left out."""
    path = f"{inside}/{element.tag}"
    told = {path, *(f"{path}@{name}" for name in element.attrib if "lang" not in name)}
    return told.union(*(shape(child, path) for child in element))


def test_the_small_xmpp_server_answers_like_prosody(prosody: tuple[int, Path]) -> None:
    """Pages, their ends, and errors have the same elements; pages hold the same messages."""
    world = xmpp.XmppWorld()
    with (
        Account("shop@localhost", prosody[0]) as account,
        xmpp.XmppServer(world) as small,
        Account("shop@localhost", small.port) as other,
    ):
        room = xmpp.ROOM
        account.join(room, "ada")
        for n in range(130):
            account.say(room, f"A lid {n}", f"m{n}")
            world.rooms[room].say(1_750_000_000 + n, f"A lid {n}", id=f"m{n}")
        first = account.archive(room, {"max": 100})
        other_first = other.archive(room, {"max": 100})
        assert len(first) == len(other_first) == xmpp.MOST + 1
        for asked in ({"max": 100}, {"max": 100, "after": True}, {"max": 7, "before": True}):
            told = []
            for one, page in ((account, first), (other, other_first)):
                mark = page[-2].find("{urn:xmpp:mam:2}result")
                assert mark is not None
                named = {name: mark.get("id") if v is True else v for name, v in asked.items()}
                answer = one.archive(room, named)
                bodies = [part.text for e in answer for part in e.iter("{jabber:client}body")]
                told.append((set().union(*map(shape, answer)), bodies))
            assert told[0][1] == told[1][1], asked
            assert told[0][0] == told[1][0], asked
        for place, named in (("none@rooms.localhost", {}), (room, {"after": "nothing"})):
            (true,), (local,) = account.archive(place, named), other.archive(place, named)
            assert shape(local) <= shape(true)


def test_xmpp_against_prosody(prosody: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A room is read over several pages without entering it; corrections, retractions and new
    messages come by the next pull; encryption is verified."""
    port, public = prosody
    for name, value in xmpp.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    room = "reef@rooms.localhost"
    options = {"rooms": [room], "host": "127.0.0.1", "port": port, "allow_private": True}
    with pytest.raises(ConfigurationError, match="not to be trusted"):
        list(Xmpp("rooms", options, None).pull(None, None, None))
    monkeypatch.setenv("SSL_CERT_FILE", str(public))

    def pulled(cursor: Any) -> tuple[list[Comment], Xmpp]:
        one = Xmpp("rooms", options, cursor)
        return list(one.pull(None, None, None)), one

    with pytest.raises(ConfigurationError, match="no such room"):
        pulled(None)
    with Account("ada@localhost", port) as ada:
        ada.join(room, "gull")
        for n in range(60):
            ada.say(room, f"A lid {n}", f"m{n}")
        got, one = pulled(None)
        assert [comment.text for comment in got] == [f"A lid {n}" for n in range(60)]
        assert {comment.author for comment in got} == {"gull"}
        assert pulled(one.cursor)[0] == []
        ada.say(
            room,
            "A lid in blue",
            "n1",
            "<replace xmlns='urn:xmpp:message-correct:0' id='m3'/>",
        )
        taken = got[4].native_id.partition("/")[2]
        ada.say(
            room,
            "took a message back",
            "n2",
            f"<retract xmlns='urn:xmpp:message-retract:1' id='{taken}'/>",
        )
        ada.join(room, "gull", own_addresses=True)
        ada.say(room, "And who am I?", "n3")
    edited, gone, shown = pulled(one.cursor)[0]
    assert (edited.native_id, edited.text) == (got[3].native_id, "A lid in blue")
    assert edited.created_at == got[3].created_at
    assert (gone.native_id, gone.deleted) == (got[4].native_id, True)
    assert (shown.text, shown.author) == ("And who am I?", "ada@localhost")


# IRC

TALK = [
    "CAP LS 302",
    "NICK ada",
    "USER earful 0 * :earful",
    "CAP REQ :multi-prefix",
    "CAP REQ :draft/chathistory",
    "CAP END",
    "NICKSERV IDENTIFY shop secret",
    "CHATHISTORY AFTER #tides timestamp=2025-06-15T10:00:00.000Z 10",
    "JOIN tides",
    "JOIN #tides",
    "PING :the-end",
]


@pytest.fixture(scope="module")
def ngircd() -> Iterator[int]:
    if shutil.which("ngircd") is None:
        pytest.skip("ngIRCd is not installed: python tests/servers/real.py install")
    with real.ngircd() as port:
        yield port


class Guest:
    """Somebody on an IRC server, by hand."""

    def __init__(self, port: int, nick: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._stream = self._socket.makefile("rwb")
        self.nick = nick

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, line: str) -> None:
        """A line is sent."""
        self._stream.write(line.encode() + b"\r\n")
        self._stream.flush()

    def until(self, pattern: str) -> list[str]:
        """The lines up to one that matches."""
        lines = [""]
        while not re.search(pattern, lines[-1]):
            raw = self._stream.readline()
            assert raw, f"the server hung up before {pattern!r}"
            lines.append(raw.decode().strip())
        return lines[1:]


def talk(port: int) -> list[str]:
    """What a server answers to the commands of the connector: the numbers and the parameters that
    are read, without words and what differs from run to run."""
    with Guest(port, "ada") as guest:
        for line in TALK:
            guest.send(line)
        told = guest.until("PONG")
    told = [re.sub(r"^:[^ ]+!~[^ ]+@[^ ]+", ":ada", line) for line in told]
    read = re.compile(r"(CAP|NICK|JOIN|PONG|001|366|376|403|421|433) ")
    return [
        re.sub(r"(?<= )(001|366|376|403|421|433)( .*?) :.*", r"\1\2", line)
        for line in told
        if read.search(line)
    ]


def test_the_small_irc_server_answers_like_ngircd(ngircd: int) -> None:
    """Every command of the connector that ngIRCd knows, and those that it does not know."""
    with irc.IrcServer(irc.IrcWorld()) as small:
        assert talk(small.port) == talk(ngircd)


def test_irc_against_ngircd(ngircd: int) -> None:
    """What is said while listening is heard, by whom and where; a stop ends the listening."""
    with Guest(ngircd, "gull") as gull:
        gull.send("NICK gull")
        gull.send("USER gull 0 * :gull")
        gull.send("JOIN #reef")
        gull.until(" 366 ")
        options = {
            "host": "127.0.0.1",
            "port": ngircd,
            "security": "none",
            "allow_private": True,
            "channels": ["#Reef"],
            "nick": "gull",  # which is taken: another one is tried
            "listen": 3600,
        }
        one, stop, heard = Irc("channels", options, None), Event(), list[Comment]()
        one.stopping = stop.is_set
        listening = Thread(target=lambda: heard.extend(one.pull(None, None, None)))
        listening.start()
        gull.until("^:gull_!.* JOIN ")
        gull.send("PRIVMSG #reef :A lid, für kalte Tage")
        gull.send("PRIVMSG #reef :\x01ACTION wants one, too\x01")
        gull.send("NOTICE #reef :maintenance at noon")
        gull.send("PING :said")
        gull.until("PONG")
        stop.set()
        listening.join()
    assert [(comment.text, comment.author, comment.channel) for comment in heard] == [
        ("A lid, für kalte Tage", "gull", "#Reef"),
        ("wants one, too", "gull", "#Reef"),
    ]
    assert one.unbroken
    window = one.coverage
    assert window.since is not None
    assert window.until is not None
    assert window.since < window.until
