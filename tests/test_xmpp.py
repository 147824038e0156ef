"""The XMPP connector against a local server with archived rooms."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from servers.certificates import certificate, server_tls
from servers.xmpp import (
    ENVIRONMENT,
    MOST,
    PASSWORD,
    ROOM,
    Room,
    XmppServer,
    XmppWorld,
    options_for,
)

from earful.errors import ConfigurationError, TerminalError, TransientError
from earful.records import Comment
from ingest.connectors.xmpp import LOOK_BACK, Xmpp

FIRST = 1_750_000_000


def lately() -> int:
    """A second not long ago: what is said from then on is new to a pull that was just made."""
    return int(datetime.now(UTC).timestamp()) - 300


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> XmppWorld:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return XmppWorld()


@pytest.fixture
def room(world: XmppWorld) -> Room:
    return world.rooms[ROOM]


@pytest.fixture
def server(world: XmppWorld) -> Iterator[XmppServer]:
    with XmppServer(world) as one:
        yield one


def pulled(server: XmppServer, cursor: Any = None, **options: Any) -> tuple[list[Comment], Xmpp]:
    one = Xmpp("rooms", options_for(server, **options), cursor)
    return list(one.pull(None, None, None)), one


def test_fields(room: Room, server: XmppServer) -> None:
    """A message has the archive's id, its writer's nick, and the time of its stamp; an answer
    names what it answers and leaves out the quote for old programs."""
    first = room.say(FIRST, "The hatch lets water in")
    room.say(
        FIRST + 60,
        "> The hatch lets water in\nMine too",
        "bo",
        inner=f"<reply xmlns='urn:xmpp:reply:0' id='{first}'/>"
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
        "<body start='0' end='26'/></fallback>",
    )
    one, answer = pulled(server)[0]
    assert one.native_id == f"{ROOM}/{first}"
    assert (one.kind, one.author, one.channel) == ("message", "ada", ROOM)
    assert one.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert (answer.text, answer.author, answer.parent_uid) == ("Mine too", "bo", one.uid)


def test_an_address_goes_before_a_nick(room: Room, server: XmppServer) -> None:
    """Where the room shows who is behind a nick, that is the author, without the program used."""
    shown = (
        "<x xmlns='http://jabber.org/protocol/muc#user'>"
        "<item affiliation='none' jid='ada@kayaks.example/phone' role='participant'/></x>"
    )
    room.say(FIRST, "Smaller sizes, please", "gull", inner=shown)
    assert pulled(server)[0][0].author == "ada@kayaks.example"


def test_what_is_no_comment(room: Room, server: XmppServer) -> None:
    """Topics, reactions, what is encrypted, and what the room says itself are passed over."""
    room.put(FIRST, "ada", "<subject>Spring meeting</subject>")
    room.put(FIRST, "", "<body>This room is not anonymous</body>")
    room.say(FIRST, "+1", inner="<reactions xmlns='urn:xmpp:reactions:0' id='x'/>")
    room.say(FIRST, "Encrypted", inner="<encrypted xmlns='eu.siacs.conversations.axolotl'/>")
    room.say(FIRST, " ")
    room.say(FIRST, "Fix the rudder & the <skeg>")
    assert [comment.text for comment in pulled(server)[0]] == ["Fix the rudder & the <skeg>"]


def test_corrections_come_by(room: Room, server: XmppServer) -> None:
    """A correction brings its message again in the new words, with the first one's time; one of
    a correction as well."""
    begin = lately()
    first = room.say(begin, "A lib")
    _, one = pulled(server)
    room.say(begin + 20, "Yes!", "bo")
    second = room.correct(begin + 50, room.message_id(first), "A lid?")
    room.correct(begin + 60, room.message_id(second), "A lid")
    answer, *again = pulled(server, one.cursor)[0]
    assert answer.text == "Yes!"
    assert [(comment.native_id, comment.text) for comment in again] == [
        (f"{ROOM}/{first}", "A lid?"),
        (f"{ROOM}/{first}", "A lid"),
    ]
    assert again[1].created_at == datetime.fromtimestamp(begin, UTC)
    assert again[1].edited_at == datetime.fromtimestamp(begin + 60, UTC)


def test_nobody_corrects_or_retracts_for_another(room: Room, server: XmppServer) -> None:
    """Such a correction is a message of its own writer, such a retraction is nothing."""
    first = room.say(FIRST, "I love the green one")
    forged = room.correct(FIRST + 5, room.message_id(first), "I hate it", "eve")
    room.retract(FIRST + 9, first, "eve")
    comments = pulled(server)[0]
    assert [(comment.native_id, comment.author) for comment in comments] == [
        (f"{ROOM}/{first}", "ada"),
        (f"{ROOM}/{forged}", "eve"),
    ]


def test_one_who_took_another_nick_is_known_by_the_occupant_id(
    room: Room, server: XmppServer
) -> None:
    """Nicks change, and are taken over by others; the id that the room gives stays."""
    first = room.say(FIRST, "My number is 5")
    room.put(
        FIRST + 5,
        "gone-fishing",
        f"<retract xmlns='urn:xmpp:message-retract:1' id='{first}'/>"
        + room.said[0][2].partition("</body>")[2].removesuffix("</message>"),
    )
    assert [comment.deleted for comment in pulled(server)[0]] == [False, True]


@pytest.mark.parametrize(
    "how",
    [
        "<retract xmlns='urn:xmpp:message-retract:1' id='{id}'/>",
        "<apply-to xmlns='urn:xmpp:fasten:0' id='{id}'>"
        "<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
    ],
    ids=["today", "earlier"],
)
def test_retractions_come_by(room: Room, server: XmppServer, how: str) -> None:
    """A writer takes a message back, in either form; the words for old programs are no comment."""
    begin = lately()
    first = room.say(begin, "Call me at 5")
    _, one = pulled(server)
    room.say(begin + 50, "took a message back", inner=how.format(id=first))
    (gone,) = pulled(server, one.cursor)[0]
    assert (gone.native_id, gone.deleted, gone.text, gone.author) == (
        f"{ROOM}/{first}",
        True,
        "",
        None,
    )


def test_a_moderator_takes_away(room: Room, server: XmppServer) -> None:
    """The room says so itself, and may take away what anybody said."""
    first = room.say(FIRST, "Cheap canoes at ...", "spammer")
    moderated = "<moderated xmlns='urn:xmpp:message-moderate:1' by='x'/>"
    room.put(
        FIRST + 9,
        "",
        f"<retract xmlns='urn:xmpp:message-retract:1' id='{first}'>{moderated}</retract>",
    )
    comments = pulled(server)[0]
    assert [(one.native_id, one.deleted) for one in comments] == [
        (f"{ROOM}/{first}", False),
        (f"{ROOM}/{first}", True),
    ]


def test_a_correction_of_what_is_out_of_reach(room: Room, server: XmppServer) -> None:
    """It is a message of its own, so that its words are not lost; the search ends."""
    first = room.say(FIRST, "Wider hatches")
    for n in range(LOOK_BACK * MOST + 5):
        room.say(FIRST + 10, f"Hello {n}", "bo")
    late = room.correct(FIRST + 99, room.message_id(first), "Wider hatches at the stern")
    comment = pulled(server)[0][-1]
    assert (comment.native_id, comment.edited_at) == (f"{ROOM}/{late}", None)


def test_only_what_is_new_is_asked_for(world: XmppWorld, room: Room, server: XmppServer) -> None:
    """The first pull turns pages; the next one asks from the overlap on, not from the start."""
    for n in range(120):
        room.say(FIRST + n, f"Lid {n}")
    got, one = pulled(server)
    assert len(got) == 120
    assert len(world.queries) == 3
    world.queries.clear()
    assert pulled(server, one.cursor)[0] == []
    assert len(world.queries) == 1


def test_what_a_slow_clock_showed_late(room: Room, server: XmppServer) -> None:
    """A message stamped within the overlap that was not there before comes, the others do not."""
    room.say(lately() + 30, "Here already")
    _, one = pulled(server)
    _, without = pulled(server, overlap=0)
    room.said.insert(0, ("late", lately(), room.said[0][2].replace("Here already", "Late")))
    assert [comment.text for comment in pulled(server, one.cursor)[0]] == ["Late"]
    assert pulled(server, without.cursor)[0] == []


def test_a_server_that_hangs_up(world: XmppWorld, room: Room, server: XmppServer) -> None:
    """What was read before stays good, and the next pull goes on from there."""
    for n in range(120):
        room.say(FIRST + n, f"Lid {n}")
    one = Xmpp("rooms", options_for(server), None)
    stream = one.pull(None, None, None)
    got = list(islice(stream, MOST))
    world.faults.append("hang up")
    with pytest.raises(TransientError, match="goes on where it stopped"):
        next(stream)
    rest, _ = pulled(server, one.cursor)
    assert len({comment.uid for comment in (*got, *rest)}) == len(got) + len(rest) == 120


def test_what_a_room_answers(world: XmppWorld, server: XmppServer) -> None:
    """A room that is not there, is closed, or keeps nothing says so; trouble may pass."""
    with pytest.raises(ConfigurationError, match="no such room"):
        pulled(server, rooms=["none@rooms.localhost"])
    world.forbidden.add(ROOM)
    with pytest.raises(ConfigurationError, match="may not read"):
        pulled(server)
    world.faults.append("service-unavailable")
    with pytest.raises(TerminalError, match="keeps no archive"):
        pulled(server)
    world.faults.append("resource-constraint")
    with pytest.raises(TransientError, match="resource-constraint"):
        pulled(server)


def test_a_page_that_comes_again(world: XmppWorld, room: Room, server: XmppServer) -> None:
    """A server that turns no page is told of, and not asked for ever."""
    for n in range(120):
        room.say(FIRST, f"Lid {n}")
    world.stuck = True
    with pytest.raises(TerminalError, match="loop detected"):
        pulled(server)


def test_a_wrong_login(server: XmppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the reader's to correct; the password is never shown."""
    monkeypatch.setenv("EARFUL_XMPP_PASSWORD", f"{PASSWORD}-old")
    with pytest.raises(ConfigurationError, match="does not accept the login") as caught:
        pulled(server)
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(Xmpp("rooms", options_for(server), None).__dict__)


def test_options_and_hosts(server: XmppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are checked, private hosts and missing encryption refused unless allowed, and a
    server that is not there may be there later."""
    with pytest.raises(ConfigurationError, match="no address of a room"):
        pulled(server, rooms=["kayaks"])
    with pytest.raises(ConfigurationError, match="in the clear"):
        pulled(server, allow_private=False)
    with pytest.raises(ConfigurationError, match="no public address"):
        pulled(server, allow_private=False, security="starttls")
    with pytest.raises(TransientError, match="was not made"):
        pulled(server, port=1)
    monkeypatch.setenv("EARFUL_XMPP_USER", "shop")
    with pytest.raises(ConfigurationError, match="EARFUL_XMPP_USER"):
        pulled(server)


def test_nothing_is_sent_to_a_server_without_encryption(room: Room, server: XmppServer) -> None:
    """Where the options ask for STARTTLS and the server does not have it, nobody logs in."""
    room.say(FIRST, "A lid")
    with pytest.raises(ConfigurationError, match="none that is safe"):
        pulled(server, security="starttls")


def test_certificates_are_verified(
    world: XmppWorld,
    room: Room,
    server: XmppServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that nobody trusts is refused, also on this machine; a trusted one is accepted, and
    one for another name is not."""
    room.say(FIRST, "A lid")
    public, private = certificate(tmp_path, "localhost")
    world.tls = server_tls(public, private)
    with pytest.raises(ConfigurationError, match="not to be trusted"):
        pulled(server, security="starttls")
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    assert [comment.text for comment in pulled(server, security="starttls")[0]] == ["A lid"]
    monkeypatch.setenv("EARFUL_XMPP_USER", "shop@elsewhere.example")
    with pytest.raises(ConfigurationError, match="not to be trusted"):
        pulled(server, security="starttls")


def test_a_missing_package_is_named(server: XmppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """slixmpp is an extra; who lacks it is told how to install it."""
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith(("slixmpp", "ingest.xmpp")):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"earful\[xmpp\]"):
        pulled(server)
