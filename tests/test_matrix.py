"""The Matrix connector against a local homeserver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from servers.local import LocalServer, Reply
from servers.matrix import ENVIRONMENT, ROOM, TOKEN, Room, options_for, serve, too_fast

from earful.errors import ConfigurationError, TerminalError, TransientError
from earful.records import Comment
from ingest.connectors.matrix import Matrix

FIRST = 1_750_000_000


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Room()


@pytest.fixture
def server(room: Room) -> Iterator[LocalServer]:
    with serve(room) as one:
        yield one


def pulled(server: LocalServer, cursor: Any = None, **options: Any) -> tuple[list[Comment], Matrix]:
    one = Matrix("rooms", options_for(server.url, **options), cursor)
    return list(one.pull(None, None, None)), one


def test_fields_and_threads(room: Room, server: LocalServer) -> None:
    """A message, an answer with the quote of old programs, and a thread bring who answers whom."""
    first = room.say(FIRST, "A lid, please")
    room.say(FIRST + 1, "> <@ada:x> A lid\n\nYes!", **{"m.in_reply_to": {"event_id": first}})
    room.say(
        FIRST + 2,
        "In blue",
        rel_type="m.thread",
        event_id=first,
        is_falling_back=True,
        **{"m.in_reply_to": {"event_id": "$e1"}},
    )
    comments, _ = pulled(server)
    assert [comment.text for comment in comments] == ["A lid, please", "Yes!", "In blue"]
    one, answer, thread = comments
    assert one.native_id == f"{ROOM}/{first}"
    assert (one.kind, one.author, one.channel) == ("message", "@ada:kayaks.example", ROOM)
    assert one.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert answer.parent_uid == one.uid
    assert answer.thread_uid is None
    assert thread.thread_uid == thread.parent_uid == one.uid


def test_what_is_no_comment(room: Room, server: LocalServer) -> None:
    """Joins, reactions, notices of bots and files without a caption are passed over."""
    room.put(FIRST, {"membership": "join"}, type="m.room.member")
    room.put(FIRST, {"m.relates_to": {"key": "+1"}}, type="m.reaction")
    room.put(FIRST, {"msgtype": "m.notice", "body": "Build failed"})
    room.put(FIRST, {"msgtype": "m.image", "body": "boat.png"})
    room.put(FIRST, {"msgtype": "m.image", "body": "It leaks here", "filename": "boat.png"})
    room.put(FIRST, {"msgtype": "m.text", "body": 7})
    assert [comment.text for comment in pulled(server)[0]] == ["It leaks here"]


def test_edits_come_by(room: Room, server: LocalServer) -> None:
    """An edit brings its message again, in the newest words and with the first one's time."""
    first = room.say(FIRST, "A lib")
    _, one = pulled(server)
    room.edit(FIRST + 50, first, "A lid?")
    room.edit(FIRST + 60, first, "A lid")
    (again,), _ = pulled(server, one.cursor)
    assert (again.native_id, again.text) == (f"{ROOM}/{first}", "A lid")
    assert again.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert again.edited_at == datetime.fromtimestamp(FIRST + 60, UTC)


def test_redactions_come_by(room: Room, server: LocalServer) -> None:
    """A redaction is a tombstone, also for a message whose walk was long ago."""
    first = room.say(FIRST, "My number is 5")
    _, one = pulled(server)
    room.redact(FIRST + 50, first)
    (gone,), _ = pulled(server, one.cursor)
    assert (gone.native_id, gone.deleted, gone.text, gone.author) == (
        f"{ROOM}/{first}",
        True,
        "",
        None,
    )


def test_only_what_is_new_is_asked_for(room: Room, server: LocalServer) -> None:
    """The next pull begins at the server's token, not at the room's beginning."""
    for n in range(250):
        room.say(FIRST + n, f"Lid {n}")
    got, one = pulled(server)
    assert len(got) == 250
    room.say(FIRST + 999, "And a hull")
    server.requests.clear()
    assert [comment.text for comment in pulled(server, one.cursor)[0]] == ["And a hull"]
    assert server.requests[0].fields["from"] == "t250"


def test_a_clock_that_is_wrong(room: Room, server: LocalServer) -> None:
    """A time far ahead is no time, and does not keep the walk from going on."""
    ahead = int((datetime.now(UTC) + timedelta(days=400)).timestamp())
    room.say(ahead, "From the future")
    room.say(FIRST, "From now")
    first, second = pulled(server)[0]
    assert (first.created_at, first.created_precision) == (None, "none")
    assert second.created_at is not None


@pytest.mark.parametrize(
    "fault", [too_fast(5), Reply(502), Reply(200, {"chunk": []}, cut=8)], ids=["429", "502", "cut"]
)
def test_a_fault_is_got_over(room: Room, server: LocalServer, fault: Reply) -> None:
    """A refusal with retry_after_ms, a 502 and a reply cut short are got over without loss."""
    for n in range(150):
        room.say(FIRST + n, f"Lid {n}")
    server.fail("messages", fault, fault)
    assert len(pulled(server)[0]) == 150


def test_a_server_that_stays_down(room: Room, server: LocalServer) -> None:
    """What was read before stays good, and the next pull goes on from there."""
    for n in range(150):
        room.say(FIRST + n, f"Lid {n}")
    one = Matrix("rooms", options_for(server.url), None)
    stream = one.pull(None, None, None)
    got = list(islice(stream, 100))
    server.fail("messages", *[Reply(503)] * 4)
    with pytest.raises(TransientError, match="503"):
        next(stream)
    rest, _ = pulled(server, one.cursor)
    assert len(got) + len(rest) == 150


def test_refusals(room: Room, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token, room or address says so; the token is never shown."""
    with pytest.raises(ConfigurationError, match="no room '#none:x'"):
        pulled(server, rooms=["#none:x"])
    assert pulled(server, rooms=["#tides:kayaks.example"])[0] == []
    server.fail("messages", Reply(content={"hello": "world"}))
    with pytest.raises(TerminalError, match="no list of events"):
        pulled(server)
    with pytest.raises(ConfigurationError, match="no public address"):
        pulled(server, allow_private=False)
    monkeypatch.setenv("EARFUL_MATRIX_TOKEN", f"{TOKEN}-old")
    with pytest.raises(ConfigurationError, match="credentials") as caught:
        pulled(server)
    assert TOKEN not in str(caught.value)
