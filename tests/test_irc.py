"""The IRC connector against local servers, with a history and without."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.certificates import certificate, server_tls
from servers.door import admit
from servers.irc import ACCOUNT, CHANNEL, MOST, PASSWORD, IrcServer, IrcWorld, options_for

from earful.errors import ConfigurationError, TransientError
from earful.project import Project
from earful.records import Comment
from earful.settings import Source
from earful.store import Ledger
from earful.watch.logs import Secrets
from earful.watch.puller import Puller, SharedDoor
from earful.watch.status import Board
from ingest.connectors.irc import Irc
from ingest.irc.lines import read_line
from ingest.pull import pull_source
from ingest.registry import discover

FIRST = 1_750_000_000


def said(who: str, words: str) -> str:
    return f":{who}!~u@host.example PRIVMSG {CHANNEL} :{words}"


def pulled(server: IrcServer, cursor: Any = None, **options: Any) -> tuple[list[Comment], Irc]:
    one = Irc("channels", options_for(server, **options), cursor)
    return list(one.pull(None, None, None)), one


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> IrcWorld:
    for name in ACCOUNT:
        monkeypatch.delenv(name, raising=False)
    return IrcWorld()


@pytest.fixture
def server(world: IrcWorld) -> Iterator[IrcServer]:
    with IrcServer(world) as one:
        yield one


@pytest.fixture
def kept() -> IrcWorld:
    return IrcWorld.with_history()


@pytest.fixture
def keeper(world: IrcWorld, kept: IrcWorld) -> Iterator[IrcServer]:
    with IrcServer(kept) as one:
        yield one


# Lines


def test_parts_of_a_line() -> None:
    """Tags, who sent it, the command and its parameters, the last of which may hold blanks."""
    line = read_line(
        b"@time=2025-06-15T10:00:00.250Z;msgid=a\\:b\\s\\\\;account=ada"
        b" :gull!~u@host PRIVMSG #tides :A lid: please\r"
    )
    assert line is not None
    assert (line.command, line.params) == ("PRIVMSG", ("#tides", "A lid: please"))
    assert (line.nick, line.tags["msgid"], line.tags["account"]) == ("gull", "a;b \\", "ada")
    assert line.at == datetime(2025, 6, 15, 10, 0, 0, 250_000, UTC)
    ping = read_line(b"PING server")
    assert ping is not None
    assert (ping.command, ping.params, ping.at) == ("PING", ("server",), None)
    assert read_line(b"\r") is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x02Bold\x02 and \x0304,12red\x0f 5", "Bold and red 5"),
        (b"\x01ACTION wants a lid\x01", "wants a lid"),
        (b"\x01VERSION\x01", ""),
        ("für 5 €".encode(), "für 5 €"),
        ("für 5 €".encode("cp1252"), "für 5 €"),
        (b"\x1d \x1f", ""),
    ],
)
def test_words_of_a_message(raw: bytes, words: str) -> None:
    """Colours go, actions are words, programs' talk is none, and old charsets are guessed."""
    line = read_line(b":a!b@c PRIVMSG #tides :" + raw)
    assert line is not None
    assert line.words == words


@given(st.binary(max_size=200))
def test_no_line_breaks_the_reader(raw: bytes) -> None:
    """Whatever a server sends is a line or none."""
    line = read_line(raw)
    assert line is None or (line.command and isinstance(line.words, str))


# Listening


def test_what_is_said_while_listening(world: IrcWorld, server: IrcServer) -> None:
    """Messages come with nick, channel and the time they were heard at; what is said to others,
    by programs or without words does not."""
    world.greetings = [
        said("ada", "A lid, please"),
        ":irc.kayaks.example NOTICE #tides :Restart at noon",
        ":eve!~u@host.example PRIVMSG {nick} :psst",
        said("bot", "\x01PING 5\x01"),
        "PING :there?",
        ":bo!~u@host.example PRIVMSG #TIDES :\x02Wider\x02 hatches",
    ]
    begun = datetime.now(UTC).replace(microsecond=0)
    comments, one = pulled(server)
    assert [(comment.text, comment.author) for comment in comments] == [
        ("A lid, please", "ada"),
        ("Wider hatches", "bo"),
    ]
    first = comments[0]
    assert (first.kind, first.channel, first.instance) == ("message", CHANNEL, "127.0.0.1")
    assert first.native_id.startswith(f"{CHANNEL}/")
    assert first.created_at is not None
    assert begun <= first.created_at <= datetime.now(UTC)
    assert "PONG :there?" in world.commands
    assert (one.unbroken, one.cursor) == (True, {})


def test_just_the_time_listened_to_is_covered(world: IrcWorld, server: IrcServer) -> None:
    """From when all channels were entered to the server's last sign; the next pull begins anew,
    so that what lies between is a gap."""
    world.channels["#reef"] = []
    begun = datetime.now(UTC)
    windows = [pulled(server, channels=[CHANNEL, "#reef"])[1].coverage for _ in range(2)]
    (first, second), ended = windows, datetime.now(UTC)
    assert first.since is not None
    assert first.until is not None
    assert second.since is not None
    assert second.until is not None
    assert begun <= first.since <= first.until < second.since <= second.until <= ended
    assert first.state == "complete"


def test_the_past_was_not_listened_to(world: IrcWorld, server: IrcServer) -> None:
    """Asked for a time that is over, a pull hears nothing and covers nothing."""
    world.greetings = [said("ada", "A lid")]
    one = Irc("channels", options_for(server, listen=600), None)
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert list(one.pull(noon, noon + timedelta(hours=1), None)) == []
    assert one.coverage.since == one.coverage.until


def test_a_stop_ends_the_listening(world: IrcWorld, server: IrcServer, tmp_path: Path) -> None:
    """A pull that would listen for an hour ends when it is asked to, and keeps what it heard."""
    stop = Event()
    world.greetings = [said("ada", "A lid")]
    world.joined = stop.set
    with Ledger.open(tmp_path / "ledger.sqlite", create=True) as ledger:
        connector = Irc("channels", options_for(server, listen=3600), None)
        result = pull_source(ledger, connector, admit, stopping=stop.is_set)
        assert result.added == 1
        (window,) = ledger.coverage("channels")
    assert window.state == "complete"


@pytest.mark.parametrize(
    "fault", ["hang up", "ERROR :Closing link", ":ada!u@h KICK #tides {nick} :no bots"]
)
def test_what_was_heard_before_a_break_is_kept(
    world: IrcWorld, server: IrcServer, tmp_path: Path, fault: str
) -> None:
    """A lost connection, a server that goes and a kick end the pull; the window ends there."""
    world.greetings = [said("ada", "A lid")]
    world.faults.append(("PING :the-end", fault))
    with Ledger.open(tmp_path / "ledger.sqlite", create=True) as ledger:
        connector = Irc("channels", options_for(server), None)
        with pytest.raises(TransientError):
            pull_source(ledger, connector, admit)
        assert len(ledger.recent_native_ids("channels", "127.0.0.1", 9)) == 1
        (window,) = ledger.coverage("channels")
    assert window.state == "failed"
    assert window.since is not None
    assert window.until is not None
    assert window.since <= window.until <= datetime.now(UTC)


def test_a_server_that_falls_silent(world: IrcWorld, server: IrcServer) -> None:
    """Without a sign at the end nobody knows what was missed: that is no success."""
    world.faults.append(("PING :the-end", ":irc.kayaks.example NOTICE {nick} :busy"))
    with pytest.raises(TransientError, match="does not answer in time"):
        pulled(server, patience={"read_timeout": 0.2, "attempts": 1})


def test_a_line_without_an_end() -> None:
    """A server that sends no line breaks is not listened to for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def flood() -> None:
            with listening.accept()[0] as connection, suppress(OSError):
                while True:
                    connection.sendall(b"x" * 4096)

        thread = Thread(target=flood)
        thread.start()
        options = {"host": "127.0.0.1", "port": listening.getsockname()[1], "allow_private": True}
        patience = {"attempts": 1, "read_timeout": 30}
        one = Irc(
            "channels",
            {**options, "security": "none", "channels": [CHANNEL], "patience": patience},
            None,
        )
        with pytest.raises(TransientError, match="a line without an end"):
            list(one.pull(None, None, None))
        thread.join()


# Being let in


@pytest.mark.parametrize("history", [True, False], ids=["with history", "without"])
def test_an_account(monkeypatch: pytest.MonkeyPatch, history: bool) -> None:
    """The password goes by SASL where the server has it, else by the command of the services,
    and never to somebody who calls himself NickServ."""
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    world = IrcWorld.with_history() if history else IrcWorld()
    with IrcServer(world) as server:
        pulled(server)
    told = "\n".join(world.commands)
    assert ("AUTHENTICATE PLAIN" in told) == history
    assert (f"NICKSERV IDENTIFY shop {PASSWORD}" in told) == (not history)
    assert "PRIVMSG" not in told


def test_a_wrong_password(keeper: IrcServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the reader's to correct, and is never shown."""
    monkeypatch.setenv("EARFUL_IRC_USER", "shop")
    monkeypatch.setenv("EARFUL_IRC_PASSWORD", f"{PASSWORD}-old")
    with pytest.raises(ConfigurationError, match="does not accept the login") as caught:
        pulled(keeper)
    assert PASSWORD not in str(caught.value)
    monkeypatch.setenv("EARFUL_IRC_PASSWORD", "a\r\nJOIN 0")
    with IrcServer(IrcWorld()) as server, pytest.raises(ConfigurationError, match="line break"):
        pulled(server)


def test_a_nick_that_is_taken(world: IrcWorld, server: IrcServer) -> None:
    """Another one is tried, a few times."""
    world.taken = {"earful"}
    pulled(server)
    assert "NICK earful_" in world.commands
    world.taken = {"earful" + "_" * n for n in range(9)}
    with pytest.raises(ConfigurationError, match="the nick is taken"):
        pulled(server)


@pytest.mark.parametrize(
    ("number", "told"),
    [("471", "full"), ("473", "invit"), ("474", "banned"), ("475", "key"), ("477", "account")],
)
def test_a_channel_that_is_closed(
    world: IrcWorld, server: IrcServer, number: str, told: str
) -> None:
    """The message names the channel and says why, and what to do."""
    world.faults.append(("JOIN", f":irc.kayaks.example {number} {{nick}} #tides :No"))
    with pytest.raises(ConfigurationError, match=f"#tides: .*{told}"):
        pulled(server)


def test_options_and_hosts(server: IrcServer) -> None:
    """Names are checked, so that nothing else can be sent by them; private hosts and missing
    encryption are refused unless allowed."""
    for channel in ("kayaks", "#a,#b", "#a\r\nQUIT"):
        with pytest.raises(ConfigurationError, match="no name of a channel"):
            pulled(server, channels=[channel])
    with pytest.raises(ConfigurationError, match="is no nick"):
        pulled(server, nick="a b")
    with pytest.raises(ConfigurationError, match="no such channel"):
        pulled(server, channels=["#none"])
    with pytest.raises(ConfigurationError, match="in the clear"):
        pulled(server, allow_private=False)
    with pytest.raises(ConfigurationError, match="no public address"):
        pulled(server, allow_private=False, security="tls")
    with pytest.raises(TransientError, match="cannot be reached"):
        pulled(server, port=1)
    with pytest.raises(TransientError, match="does not speak TLS"):
        pulled(server, security="tls")


def test_certificates_are_verified(
    world: IrcWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that nobody trusts is refused, also on this machine; a trusted one is accepted."""
    world.greetings = [said("ada", "A lid")]
    public, private = certificate(tmp_path, "localhost")
    with IrcServer(world, server_tls(public, private)) as server:
        with pytest.raises(ConfigurationError, match="not to be trusted"):
            pulled(server, security="tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        assert [comment.text for comment in pulled(server, security="tls")[0]] == ["A lid"]


# A history


def lately() -> float:
    """A moment not long ago: what is said from then on is new to a pull that was just made."""
    return float(int(datetime.now(UTC).timestamp()) - 300)


def test_fields_of_a_history(kept: IrcWorld, keeper: IrcServer) -> None:
    """The server's id and time are taken, and the account where it tells one."""
    msgid = kept.say(FIRST + 0.25, "A lid, please", "gull", tags=";account=ada")
    (comment,), one = pulled(keeper)
    assert comment.native_id == f"{CHANNEL}/{msgid}"
    assert comment.author == "ada"
    assert comment.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert one.unbroken is False


def test_without_ids_a_message_is_known_by_what_it_is(kept: IrcWorld, keeper: IrcServer) -> None:
    """Server, channel, nick, moment and words make an id that is the same the next time."""
    kept.say(FIRST, "A lid")
    kept.say(FIRST + 0.5, "A lid")
    for one in kept.channels[CHANNEL]:
        one.tags = ""
    got, again = pulled(keeper)[0], pulled(keeper)[0]
    assert len({comment.uid for comment in got}) == 2
    assert [comment.uid for comment in got] == [comment.uid for comment in again]


def test_pages_of_joins_are_no_end(kept: IrcWorld, keeper: IrcServer) -> None:
    """Events are asked for, too: a page that holds nothing else is not the last one."""
    kept.say(FIRST, "A lid")
    for n in range(3 * MOST):
        kept.say(FIRST + 10 + n, "", f"guest{n}", "JOIN")
    kept.say(FIRST + 999, "A hull")
    assert [comment.text for comment in pulled(keeper)[0]] == ["A lid", "A hull"]


def test_many_in_one_moment(kept: IrcWorld, keeper: IrcServer) -> None:
    """Pages that end within a moment lose nothing; more in one than a page holds is told."""
    for n in range(MOST - 1):
        kept.say(FIRST + n // 10, f"Lid {n}")
    for n in range(MOST - 1):
        kept.say(FIRST + 60, f"Hull {n}")
    got, one = pulled(keeper)
    assert len({comment.uid for comment in got}) == 2 * (MOST - 1)
    assert one.coverage.state == "complete"
    for n in range(3):
        kept.say(FIRST + 60, f"Skeg {n}")
    kept.say(FIRST + 90, "Rudder")
    got, one = pulled(keeper)
    assert got[-1].text == "Rudder"
    assert (one.coverage.state, len(got)) == ("capped", 2 * MOST)


def test_a_history_covers_what_it_shows(kept: IrcWorld, keeper: IrcServer) -> None:
    """A first pull claims no more than the time from the first message on; a later one all of
    the time since the last pull, as long as that one's newest line is still there."""
    begin = lately()
    kept.say(begin, "A lid")
    got, one = pulled(keeper)
    assert one.coverage.since == got[0].created_at
    kept.say(begin + 100, "A hull")
    (new,), second = pulled(keeper, one.cursor)
    assert new.text == "A hull"
    assert second.coverage.since is not None
    assert one.coverage.until is not None
    assert second.coverage.since <= one.coverage.until
    assert second.coverage.state == "complete"


def test_a_history_that_was_cut(kept: IrcWorld, keeper: IrcServer) -> None:
    """Where the newest line of the last pull is gone, others may be: the pull says capped."""
    begin = lately()
    kept.say(begin, "A lid")
    _, one = pulled(keeper)
    kept.channels[CHANNEL].clear()
    kept.say(begin + 100, "A hull", tags=";x=1")
    kept.channels[CHANNEL][0].tags = "msgid=other"
    got, second = pulled(keeper, one.cursor)
    assert [comment.text for comment in got] == ["A hull"]
    assert second.coverage.state == "capped"
    assert "pull more often" in second.coverage.detail
    assert second.coverage.since == got[0].created_at


@pytest.mark.parametrize(
    "fault", ["hang up", ":irc.kayaks.example FAIL CHATHISTORY MESSAGE_ERROR AFTER #tides :No"]
)
def test_a_broken_history(kept: IrcWorld, keeper: IrcServer, fault: str) -> None:
    """What was read before stays good, and the next pull goes on from there."""
    for n in range(3 * MOST):
        kept.say(FIRST + n, f"Lid {n}")
    one = Irc("channels", options_for(keeper), None)
    stream = one.pull(None, None, None)
    got = list(islice(stream, MOST))
    kept.faults.append(("CHATHISTORY", fault))
    with pytest.raises(TransientError, match="goes on where it stopped"):
        next(stream)
    rest, _ = pulled(keeper, one.cursor)
    assert len({comment.uid for comment in (*got, *rest)}) == len(got) + len(rest) == 3 * MOST


# The watch


def test_the_watch_goes_on_listening_at_once(
    world: IrcWorld,
    server: IrcServer,
    project: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However quiet a channel is, it waits no longer than it must; a history can wait."""
    kept = IrcWorld.with_history()
    caplog.set_level("INFO", "earful.watch.puller")
    with IrcServer(kept) as keeper:
        pauses = {one: _pauses(project, one, caplog) for one in (server, keeper)}
    assert pauses == {server: [15.0, 15.0], keeper: [15.0, 900.0]}


def _pauses(project: Path, server: IrcServer, caplog: pytest.LogCaptureFixture) -> list[float]:
    """The waits after two pulls of a source of this server."""
    caplog.clear()
    opened, stop = Project.open(project), Event()
    board = Board(datetime.now(UTC), ["channels"])
    options = options_for(server)
    puller = Puller(
        opened,
        Source(name="channels", connector="irc", options=options),
        discover(),
        SharedDoor(opened.door(), board, 5000, stop),
        board,
        Secrets(),
        stop,
        lambda: None,
    )
    puller.pull_once()
    puller.pull_once()
    return [vars(record)["fields"]["pause"] for record in caplog.records]
