"""A small XMPP server with archived rooms. Its replies were compared with Prosody 0.12.3."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socketserver import BaseRequestHandler
from typing import Any
from xml.etree.ElementTree import Element, XMLPullParser
from xml.sax.saxutils import escape, quoteattr

from servers.tcp import PATIENCE, TcpServer

USER, PASSWORD = "shop@localhost", "sesame-9"
ENVIRONMENT = {"EARFUL_XMPP_USER": USER, "EARFUL_XMPP_PASSWORD": PASSWORD}
ROOM = "tides@rooms.localhost"
MOST = 50
"""Messages of a page at most, whatever is asked for; Prosody's default."""
_SALT, _ROUNDS = b"low tide", 64
_STREAM = "{http://etherx.jabber.org/streams}stream"
_FIELD = "{jabber:x:data}x/{jabber:x:data}field[@var='%s']/{jabber:x:data}value"


@dataclass
class Room:
    """What was said in a room, oldest first: (archive's id, second, the message in XML)."""

    said: list[tuple[str, int, str]] = field(default_factory=list)

    def put(self, second: int, nick: str, inner: str, message_id: str = "") -> str:
        """A message comes in; answers its id in the archive. ``nick`` "" is the room itself."""
        archive_id = f"arch-{len(self.said):04}"
        whole = (
            f"<message xmlns='jabber:client' type='groupchat' id={quoteattr(message_id)}"
            f" from={quoteattr(f'{ROOM}/{nick}' if nick else ROOM)}>{inner}</message>"
        )
        self.said.append((archive_id, second, whole))
        return archive_id

    def say(
        self, second: int, text: str, nick: str = "ada", *, id: str = "", inner: str = ""
    ) -> str:
        """Somebody says something; ``inner`` are more elements."""
        occupant = hashlib.sha256(nick.encode()).hexdigest()[:12]
        shown = f"<occupant-id xmlns='urn:xmpp:occupant-id:0' id='{occupant}'/>"
        body = f"<body>{escape(text)}</body>"
        return self.put(second, nick, body + shown + inner, id or f"m{len(self.said)}")

    def correct(self, second: int, message_id: str, text: str, nick: str = "ada") -> str:
        """Somebody corrects a message, called by its writer's id for it."""
        named = f"<replace xmlns='urn:xmpp:message-correct:0' id={quoteattr(message_id)}/>"
        return self.say(second, text, nick, inner=named)

    def retract(self, second: int, archive_id: str, nick: str = "ada") -> str:
        """Somebody takes a message back; programs of old are told so in words."""
        named = f"<retract xmlns='urn:xmpp:message-retract:1' id={quoteattr(archive_id)}/>"
        told = "took a message back, which your program does not show"
        return self.say(second, told, nick, inner=named)

    def message_id(self, archive_id: str) -> str:
        """What its writer called a message."""
        whole = next(xml for one, _, xml in self.said if one == archive_id)
        found = re.search(r" id='?\"?([^'\" ]+)", whole)
        assert found
        return found[1]


@dataclass
class XmppWorld:
    """The rooms, and what goes wrong: ``faults`` are given to queries one by one, "hang up" or
    the condition of an error; ``stuck`` shows the first page for ever. ``tls`` is offered where
    there is one."""

    rooms: dict[str, Room] = field(default_factory=lambda: {ROOM: Room()})
    forbidden: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    stuck: bool = False
    queries: list[Element] = field(default_factory=list)
    tls: ssl.SSLContext | None = None


class XmppServer(TcpServer):
    """Serves a world on a free port."""

    def __init__(self, world: XmppWorld) -> None:
        self.world = world

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    _Session(world, self.request).serve()

        super().__init__(Handler)


class _Session:
    def __init__(self, world: XmppWorld, connection: socket.socket) -> None:
        self.world = world
        self.connection = connection
        self.encrypted = self.known = False
        self.resource = f"{USER}/{secrets.token_hex(4)}"
        self.proof: Callable[[str], str | None] = lambda _: None

    def send(self, text: str) -> None:
        self.connection.sendall(text.encode())

    def serve(self) -> None:
        while self._stream():
            pass
        self.connection.close()

    def _stream(self) -> bool:
        """One stream, up to where it is begun anew (True) or ends."""
        parser, depth = XMLPullParser(("start", "end")), 0
        while data := self.connection.recv(65536):
            parser.feed(data)
            for event, element in parser.read_events():
                assert isinstance(element, Element)
                depth += 1 if event == "start" else -1
                if event == "start" and element.tag == _STREAM:
                    self._greet()
                elif event == "end" and depth == 0:
                    self.send("</stream:stream>")
                    return False
                elif event == "end" and depth == 1:
                    again = self._stanza(element)
                    if again is not None:
                        return again
        return False

    def _greet(self) -> None:
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='s1' from='localhost'"
            " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>"
        )
        if self.known:
            self.send("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
        elif self.world.tls and not self.encrypted:
            self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>")
        else:
            self.send(
                "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                "<mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
            )
        self.send("</stream:features>")

    def _stanza(self, element: Element) -> bool | None:
        """Answer a stanza; True where a new stream begins, False where the session ends."""
        match element.tag.partition("}")[2]:
            case "starttls":
                assert self.world.tls
                self.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                self.connection = self.world.tls.wrap_socket(self.connection, server_side=True)
                self.encrypted = True
                return True
            case "auth":
                self._challenge(base64.b64decode(element.text or "").decode())
            case "response":
                return self._judge(base64.b64decode(element.text or "").decode())
            case "iq":
                return self._asked(element)
        return None

    # SCRAM-SHA-1 (RFC 5802)

    def _challenge(self, first: str) -> None:
        bare = first.partition(",,")[2]
        nonce = bare.partition(",r=")[2] + secrets.token_hex(6)
        salt = base64.b64encode(_SALT).decode()
        challenge = f"r={nonce},s={salt},i={_ROUNDS}"

        def proof(final: str) -> str | None:
            without, _, told = final.rpartition(",p=")
            salted = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), _SALT, _ROUNDS)
            signed = f"{bare},{challenge},{without}".encode()
            client = hmac.digest(salted, b"Client Key", "sha1")
            stored = hashlib.sha1(client).digest()
            signature = hmac.digest(stored, signed, "sha1")
            wanted = bytes(a ^ b for a, b in zip(client, signature, strict=True))
            if not hmac.compare_digest(wanted, base64.b64decode(told)):
                return None
            server = hmac.digest(salted, b"Server Key", "sha1")
            return "v=" + base64.b64encode(hmac.digest(server, signed, "sha1")).decode()

        self.proof = proof
        told = base64.b64encode(challenge.encode()).decode()
        self.send(f"<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{told}</challenge>")

    def _judge(self, final: str) -> bool | None:
        verdict = self.proof(final)
        if verdict is None:
            self.send(
                "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"
            )
            return None
        told = base64.b64encode(verdict.encode()).decode()
        self.send(f"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{told}</success>")
        self.known = True
        return True

    # Stanzas

    def _asked(self, iq: Element) -> bool | None:
        query = iq.find("{urn:xmpp:mam:2}query")
        if query is not None:
            return self._archive(iq, query)
        if iq.find("{urn:ietf:params:xml:ns:xmpp-bind}bind") is not None:
            self._reply(
                iq,
                f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{self.resource}</jid></bind>",
            )
            return None
        self._refuse(iq, "cancel", "service-unavailable")
        return None

    def _archive(self, iq: Element, query: Element) -> bool | None:
        self.world.queries.append(query)
        place = iq.get("to", "")
        if self.world.faults:
            fault = self.world.faults.pop(0)
            if fault == "hang up":
                self.connection.shutdown(socket.SHUT_RDWR)
                return False
            self._refuse(iq, "wait", fault)
            return None
        if place in self.world.forbidden:
            self._refuse(iq, "auth", "forbidden")
        elif place not in self.world.rooms:
            self._refuse(iq, "cancel", "item-not-found")
        else:
            self._page(iq, query, self.world.rooms[place])
        return None

    def _page(self, iq: Element, query: Element, room: Room) -> None:
        start, end = (query.findtext(_FIELD % name) for name in ("start", "end"))
        low = 0 if start is None else datetime.fromisoformat(start).timestamp()
        high = 2**40 if end is None else datetime.fromisoformat(end).timestamp()
        said = [one for one in room.said if low <= one[1] <= high]
        asked = "{http://jabber.org/protocol/rsm}set/{http://jabber.org/protocol/rsm}"
        after, before = query.findtext(f"{asked}after"), query.findtext(f"{asked}before")
        most = min(MOST, int(query.findtext(f"{asked}max") or MOST))
        ids = [archive_id for archive_id, _, _ in room.said]
        for mark in filter(None, (after, before)):
            if mark not in ids:
                self._refuse(iq, "modify", "item-not-found")
                return
        if after and not self.world.stuck:
            said = [one for one in said if ids.index(one[0]) > ids.index(after)]
        if before:
            said = [one for one in said if ids.index(one[0]) < ids.index(before)]
        page = said[:most] if before is None else said[-most:]
        for archive_id, second, whole in page:
            stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.send(
                f"<message to='{self.resource}' from='{iq.get('to')}'>"
                f"<result xmlns='urn:xmpp:mam:2' queryid={quoteattr(query.get('queryid', ''))}"
                f" id='{archive_id}'><forwarded xmlns='urn:xmpp:forward:0'>"
                f"<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>{whole}"
                "</forwarded></result></message>"
            )
        ends = f"<first>{page[0][0]}</first><last>{page[-1][0]}</last>" if page else ""
        complete = " complete='true'" if len(page) == len(said) else ""
        self._reply(
            iq,
            f"<fin xmlns='urn:xmpp:mam:2'{complete}><set xmlns='http://jabber.org/protocol/rsm'>"
            f"{ends}<count>{len(said)}</count></set></fin>",
        )

    def _reply(self, iq: Element, inner: str) -> None:
        told = f" from='{iq.get('to')}'" if iq.get("to") else ""
        self.send(
            f"<iq type='result' id={quoteattr(iq.get('id', ''))} to='{self.resource}'{told}>"
            f"{inner}</iq>"
        )

    def _refuse(self, iq: Element, kind: str, condition: str) -> None:
        told = f" from='{iq.get('to')}'" if iq.get("to") else ""
        self.send(
            f"<iq type='error' id={quoteattr(iq.get('id', ''))} to='{self.resource}'{told}>"
            f"<error type='{kind}'>"
            f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )


def options_for(server: XmppServer, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server, and wait no longer than a blink."""
    return {
        "rooms": [ROOM],
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "allow_private": True,
        "patience": PATIENCE,
        **options,
    }
