"""The engine of rows: every kind of paging, and everything that can go wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from pulling import again, pulled
from servers.kiosk import PAGINGS, Kiosk, connector, ids, row, serve
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, TerminalError, TransientError
from earful.records import Comment
from ingest.connector import Rechecks
from ingest.rest.paging import PagingLoopError, UnexpectedReplyError

FIRST = 1_750_000_000
NEWEST = {"order": {"by": "created", "first": "newest"}}


@pytest.fixture
def kiosk() -> Kiosk:
    one = Kiosk()
    one.world.size = 7
    one.world.fill(40, FIRST, every=10)
    return one


@pytest.fixture
def server(kiosk: Kiosk) -> Iterator[LocalServer]:
    with serve(kiosk) as one:
        yield one


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("kind", PAGINGS)
def test_every_kind_of_paging(kiosk: Kiosk, server: LocalServer, kind: str, newest: bool) -> None:
    """Whatever names the next page, every comment comes once, and the next pull brings the new."""
    kiosk.newest = newest
    told = NEWEST if newest else {}
    with time_machine.travel(FIRST + 4000, tick=True):
        first = connector(row(kind, **told), server)
        assert ids(pulled(first)) == list(range(1, 41))
    assert first.coverage.state == "complete"
    kiosk.world.fill(5, FIRST + 5000, first=41)
    with time_machine.travel(FIRST + 9000, tick=True):
        second = connector(row(kind, **told), server, again(first))
        assert ids(pulled(second)) == [41, 42, 43, 44, 45]


@pytest.mark.parametrize("kind", ["cursor", "page", "next", "object", "link"])
def test_a_loop_is_an_error_of_its_own(kiosk: Kiosk, server: LocalServer, kind: str) -> None:
    """A page that comes again as the next one ends the pull with what was read kept."""
    kiosk.repeats = True
    one = connector(row(kind), server)
    got: list[Comment] = []
    with pytest.raises(PagingLoopError, match="loop detected"):
        got.extend(one.pull(None, None, None))
    kiosk.repeats = False
    rest = pulled(connector(row(kind), server, again(one)))
    assert ids(rest)[-1] == 40
    assert len(server.requests) < 20


def test_a_cursor_that_repeats_may_be_the_end(kiosk: Kiosk, server: LocalServer) -> None:
    """Where a row says so, a page that names itself is the last, not an error."""
    kiosk.world.remarks = {n: r for n, r in kiosk.world.remarks.items() if n <= 12}
    kiosk.repeats = True
    paging = {**PAGINGS["page"], "repeat_ends": True}
    assert ids(pulled(connector(row(paging), server))) == list(range(1, 13))


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_time_is_walked_past_a_cap(kiosk: Kiosk, server: LocalServer, newest: bool) -> None:
    """Where the platform serves only so many of a list, the next window begins where it ended."""
    kiosk.newest, kiosk.cap = newest, 14
    bound = {"parameter": "until" if newest else "since", "format": "unix"}
    order = {"by": "created", "first": "newest" if newest else "oldest"}
    order["until" if newest else "since"] = bound
    one = connector(row({**PAGINGS["cursor"], "cap": 14}, order=order), server)
    assert ids(pulled(one)) == list(range(1, 41))
    assert one.coverage.state == "complete"


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_a_cap_that_nothing_gets_past_is_told(
    kiosk: Kiosk, server: LocalServer, newest: bool
) -> None:
    """Without a way past it, the coverage says capped and only claims what was seen."""
    kiosk.newest, kiosk.cap = newest, 14
    told = NEWEST if newest else {}
    one = connector(row({**PAGINGS["cursor"], "cap": 14}, **told), server)
    assert len(pulled(one)) == 14
    assert one.coverage.state == "capped"
    assert "at most 14 comments" in one.coverage.detail
    if newest:
        assert one.coverage.since == datetime.fromtimestamp(FIRST + 260, UTC)


def test_more_than_a_cap_in_one_second(kiosk: Kiosk, server: LocalServer) -> None:
    """A second that holds more than the platform serves is told, and the walk goes on behind it."""
    for number in range(10, 30):
        kiosk.world.remarks[number].second = FIRST + 90
    kiosk.cap = 14
    order = {
        "by": "created",
        "first": "oldest",
        "since": {"parameter": "since", "format": "unix"},
    }
    one = connector(row({**PAGINGS["cursor"], "cap": 14}, order=order), server)
    got = ids(pulled(one))
    assert one.coverage.state == "capped"
    assert got == list(range(1, 24))


@pytest.mark.parametrize("kind", ["page", "page+more", "offset"])
def test_deletions_while_pages_are_turned(kiosk: Kiosk, server: LocalServer, kind: str) -> None:
    """What is deleted moves the others up; none of them slips past the reader."""
    order = {"by": "created", "first": "oldest", "since": {"parameter": "since", "format": "unix"}}
    one = connector(row(kind, order=order), server)
    got: list[Comment] = []
    for comment in one.pull(None, None, None):
        got.append(comment)
        if len(got) in (3, 10, 20):
            kiosk.world.delete(len(got) - 1)
    assert ids(got) == list(range(1, 41))
    # Six new ones a page, since each begins with the second that the last one ended in.
    assert len(server.requests) <= 9


def test_server_errors_are_tried_again(kiosk: Kiosk, server: LocalServer) -> None:
    """5xx, truncated bodies and refusals in the middle of a walk lose and double nothing."""
    server.fail("said", Reply(500), Reply(content=["x" * 99], cut=20), Reply(503))
    one = connector(row("cursor"), server)
    stream = one.pull(None, None, None)
    got = [next(stream)]
    server.fail("said", Reply(502), Reply(429, headers={"Retry-After": "0.01"}))
    got += list(stream)
    assert ids(got) == list(range(1, 41))


def test_a_server_that_stays_down(kiosk: Kiosk, server: LocalServer) -> None:
    """After the last try the pull ends; the next one goes on where it stopped."""
    one = connector(row("cursor"), server)
    stream = one.pull(None, None, None)
    got = [next(stream) for _ in range(7)]
    server.fail("said", *[Reply(503)] * 4)
    with pytest.raises(TransientError, match="status 503"):
        next(stream)
    rest = pulled(connector(row("cursor"), server, again(one)))
    assert ids(got + rest) == list(range(1, 41))


def test_a_login_page_is_no_empty_list(server: LocalServer) -> None:
    """A reply without the list is an error that says what the reply holds."""
    server.fail("said", Reply(content={"login": "please", "code": 7}))
    one = connector(row(), server)
    with pytest.raises(UnexpectedReplyError, match=r"'items'\. It holds: login, code"):
        pulled(one)


def test_an_empty_list(kiosk: Kiosk, server: LocalServer) -> None:
    """No comments are no error; where empty is not nothing, the coverage claims nothing."""
    kiosk.world.remarks.clear()
    for told in ({}, NEWEST):
        sure = connector(row(**told), server)
        assert pulled(sure) == []
        assert sure.coverage.state == "complete"
        unsure = connector(row(empty="unknown", **told), server)
        assert pulled(unsure) == []
        assert unsure.coverage.state == "capped"
        assert "came back empty" in unsure.coverage.detail


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_clocks_that_differ(kiosk: Kiosk, server: LocalServer, newest: bool) -> None:
    """With our clock slow or the platform's fast, what is dated ahead comes later, and once."""
    kiosk.newest = newest
    told = NEWEST if newest else {}
    with time_machine.travel(FIRST + 195, tick=True):
        first = connector(row("cursor", **told), server)
        got = pulled(first)
    with time_machine.travel(FIRST + 9000, tick=True):
        rest = pulled(connector(row("cursor", **told), server, again(first)))
    assert ids(got + rest) == list(range(1, 41))


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_what_appears_late_is_found(kiosk: Kiosk, server: LocalServer, newest: bool) -> None:
    """A comment that shows up behind newer ones comes, within the overlap; nothing comes twice."""
    kiosk.newest = newest
    order = {"by": "created", "first": "newest" if newest else "oldest", "overlap": 300}
    late = kiosk.world.remarks.pop(35)
    with time_machine.travel(FIRST + 400, tick=True):
        first = connector(row("cursor", order=order), server)
        assert 35 not in ids(pulled(first))
        kiosk.world.remarks[35] = late
    with time_machine.travel(FIRST + 500, tick=True):
        second = connector(row("cursor", order=order), server, again(first))
        assert ids(pulled(second)) == [35]
    with time_machine.travel(FIRST + 600, tick=True):
        assert pulled(connector(row("cursor", order=order), server, again(second))) == []


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_edits_within_the_overlap(kiosk: Kiosk, server: LocalServer, newest: bool) -> None:
    """Where an item tells of its edit, an edited comment of the overlap comes again, once."""
    kiosk.newest = newest
    changes = {
        "order": {"by": "created", "first": "newest" if newest else "oldest", "overlap": 300},
        "fields": {"id": "id", "text": "body", "created": "at", "edited": "changed"},
    }
    with time_machine.travel(FIRST + 400, tick=True):
        first = connector(row("cursor", **changes), server)
        pulled(first)
    kiosk.world.edit(30, "Rather three straps")
    for wanted in (["Rather three straps"], []):
        with time_machine.travel(FIRST + 450, tick=True):
            first = connector(row("cursor", **changes), server, again(first))
            assert [comment.text for comment in pulled(first)] == wanted


def test_a_pinned_comment_hides_nothing(kiosk: Kiosk, server: LocalServer) -> None:
    """An old comment that stands on top of a newest-first list does not end the walk."""
    kiosk.newest = True
    one = connector(row("cursor", **NEWEST), server)
    kiosk.world.shown = lambda key, newest: sorted(  # type: ignore[method-assign]
        kiosk.world.remarks.values(), key=lambda r: (r.number != 2, -r.second)
    )
    assert ids(pulled(one)) == list(range(1, 41))
    kiosk.world.fill(9, FIRST + 5000, first=41)
    assert ids(pulled(connector(row("cursor", **NEWEST), server, again(one)))) == list(
        range(41, 50)
    )


def test_an_interrupted_walk_down_leaves_no_gap(kiosk: Kiosk, server: LocalServer) -> None:
    """Killed after any comment, twice, with new ones between: all come, each once."""
    kiosk.newest = True
    for stop in range(1, 40, 6):
        kiosk.world.remarks = {n: r for n, r in kiosk.world.remarks.items() if n <= 40}
        one = connector(row("page", **NEWEST), server)
        got = pulled(one, stop)
        kiosk.world.fill(6, FIRST + 1000, every=5, first=41)
        two = connector(row("page", **NEWEST), server, again(one))
        got += pulled(two, 3)
        got += pulled(connector(row("page", **NEWEST), server, again(two)))
        assert ids(got) == list(range(1, 47)), stop


def test_new_and_missing_fields_are_told_once(kiosk: Kiosk, server: LocalServer) -> None:
    """Drift is told with an example that quotes nobody; rows are kept; the next pull is quiet."""
    kiosk.newest = True
    first = connector(row(**NEWEST), server)
    pulled(first)
    assert first.coverage.detail == ""
    kiosk.world.fill(30, FIRST + 5000, first=41)
    kiosk.world.extra = {"mood": "a secret of somebody", "by": {"login": "ada"}}
    second = connector(row(**NEWEST), server, again(first))
    assert len(pulled(second)) == 30
    told = second.coverage.detail
    assert "new field 'mood' (text of 20 characters, in item 70)" in told
    assert "author was in none of 35 items, and was there before" in told
    assert "secret" not in told
    kiosk.world.fill(1, FIRST + 9000, first=71)
    third = connector(row(**NEWEST), server, again(second))
    assert len(pulled(third)) == 1
    assert third.coverage.detail == ""


def test_a_text_that_is_missing(kiosk: Kiosk, server: LocalServer) -> None:
    """A row whose path leads nowhere is told at the first pull; the comments come without it."""
    fields = {"id": "id", "text": "content", "created": "at"}
    one = connector(row(fields=fields), server)
    got = pulled(one)
    assert {comment.text for comment in got} == {""}
    assert "text is missing in 40 of 40 items (looked for at content;" in one.coverage.detail


def test_an_item_without_an_id_is_set_aside(kiosk: Kiosk, server: LocalServer) -> None:
    """What cannot be named is left out and told; what has no time keeps its place."""
    odd = {"items": [{"body": "?"}, {"id": 7, "body": "No time", "at": "soon"}], "total": 2}
    server.fail("said", Reply(content=odd))
    one = connector(row("offset"), server)
    got = pulled(one)
    assert [(comment.native_id, comment.created_precision) for comment in got] == [("7", "none")]
    assert "an item has no id that could be used" in one.coverage.detail
    assert "created could not be read as a time (in item 7)" in one.coverage.detail


def test_deletions_that_a_list_tells(kiosk: Kiosk, server: LocalServer) -> None:
    """A comment that is listed as deleted is a tombstone: no words, no writer, no link."""
    fields = {"id": "id", "text": "body", "created": "at", "deleted": {"any": ["gone", "hidden"]}}
    kiosk.world.extra = {"gone": True}
    got = pulled(connector(row(fields=fields, deletions="listed"), server))
    assert all(comment.deleted and comment.text == "" and not comment.url for comment in got)
    kiosk.world.extra = {"gone": False}
    assert not any(c.deleted for c in pulled(connector(row(fields=fields), server)))


def test_a_deletion_without_words_is_no_drift(kiosk: Kiosk, server: LocalServer) -> None:
    """A tombstone that lacks the text is what a tombstone is; a comment that does is told."""
    fields = {"id": "id", "text": "content", "created": "at", "deleted": "gone"}
    kiosk.world.extra = {"gone": True}
    one = connector(row(fields=fields, deletions="listed"), server)
    assert all(comment.deleted for comment in pulled(one))
    assert one.coverage.detail == ""


def test_a_time_of_another_format(kiosk: Kiosk, server: LocalServer) -> None:
    """What is said of a time that cannot be read names the format that was tried."""
    fields = {"id": "id", "text": "body", "created": {"path": "at", "format": "%Y-%m-%d"}}
    one = connector(row(fields=fields), server)
    pulled(one)
    told = one.coverage.detail
    assert "created could not be read as a time of the format '%Y-%m-%d' (in item 1)" in told


def test_an_exclusive_since_is_never_below_zero(kiosk: Kiosk, server: LocalServer) -> None:
    """The first pull asks from 1970 on, not from the second before it, which servers refuse."""
    since = {"parameter": "since", "format": "unix", "exclusive": True}
    order = {"by": "created", "first": "oldest", "since": since}
    assert ids(pulled(connector(row(order=order), server))) == list(range(1, 41))
    assert server.requests[0].fields["since"] == "0"


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_a_row_that_tells_the_wrong_order(kiosk: Kiosk, server: LocalServer, newest: bool) -> None:
    """A list that runs the other way is told, and the pull claims no complete window."""
    kiosk.newest = newest
    one = connector(row(**({} if newest else NEWEST)), server)
    pulled(one)
    assert one.coverage.state == "capped"
    assert "correct 'first' in [order]" in one.coverage.detail


def test_look_ups_do_not_believe_that_all_is_gone(server: LocalServer) -> None:
    """A site that was closed answers 404 to everything: nobody's comments are erased for that."""
    look = {"path": "/one/{id}", "most": 20}
    one = connector(row(look_up=look, deletions="looked up"), server)
    assert isinstance(one, Rechecks)
    server.answer = lambda _: Reply(404)
    assert list(one.recheck([str(n) for n in range(1, 11)])) == []
    here = {"id": 3, "body": "Still here", "at": FIRST}
    server.answer = lambda r: Reply(content=here) if r.path == "/one/3" else Reply(404)
    again = {comment.native_id: comment for comment in one.recheck(["1", "2", "3", "4", "5"])}
    assert not again["3"].deleted
    assert all(again[n].deleted for n in ("1", "2", "4", "5"))
    server.answer = lambda _: Reply(404)
    assert [comment.deleted for comment in one.recheck(["3"])] == [True]


def test_look_ups_are_polite(server: LocalServer) -> None:
    """No more is asked for in one pull than the row says; ids cannot leave their place."""
    one = connector(row(look_up={"path": "/one/{id}", "most": 4}, edits="looked up"), server)
    assert isinstance(one, Rechecks)
    server.answer = lambda _: Reply(404)
    list(one.recheck(["../admin", "a/b?c=1", *map(str, range(50))]))
    assert [path for path in server.paths() if path.startswith("/one/")] == [
        "/one/a%2Fb%3Fc%3D1",
        "/one/0",
        "/one/1",
    ]


def test_a_budget_of_calls(kiosk: Kiosk, server: LocalServer) -> None:
    """The pull stops before the limit, says so, keeps what it has, and counts across pulls."""
    with time_machine.travel(FIRST + 9000, tick=True):
        one = connector(row("cursor"), server, budget={"calls_per_day": 3})
        got = pulled(one)
        assert len(got) == 21
        assert len(server.requests) == 3
        assert one.coverage.state == "capped"
        assert "budget of 3 calls a day" in one.coverage.detail
        assert one.coverage.until == datetime.fromtimestamp(FIRST + 200, UTC)
        two = connector(row("cursor"), server, again(one), budget={"calls_per_day": 3})
        assert pulled(two) == []
        assert len(server.requests) == 3
    with time_machine.travel(FIRST + 9000 + 86_400, tick=True):
        rest = pulled(connector(row("cursor"), server, again(two), budget={"calls_per_day": 9}))
    assert ids(got + rest) == list(range(1, 41))


def test_a_budget_of_money(kiosk: Kiosk, server: LocalServer) -> None:
    """Paid by the comment, the pull stops before a page could cost more than is left."""
    paging = {**PAGINGS["cursor"], "size": 7}
    one = connector(
        row(paging, prices={"per_comment": 0.005}), server, budget={"money_per_day": 0.08}
    )
    assert len(pulled(one)) == 14
    assert one.cursor["spent"]["money"] == pytest.approx(0.07)
    assert "0.08 USD a day" in one.coverage.detail


def test_one_closed_board_does_not_stop_the_others(kiosk: Kiosk, server: LocalServer) -> None:
    """A list that is gone is told at the end; the others are read."""
    said = kiosk.answer
    server.answer = lambda r: Reply(404) if "b" in r.path.split("/") else said(r)
    boards = row(
        path="/said/{boards}",
        each=["boards"],
        options={"boards": {"what": "boards to read"}},
    )
    one = connector(boards, server, boards=["b", "c"])
    got: list[Comment] = []
    with pytest.raises(TerminalError, match="status 404"):
        got.extend(one.pull(None, None, None))
    assert ids(got) == list(range(1, 41))


def test_options_are_checked(server: LocalServer) -> None:
    """Options that are missing, misspelt, of a wrong form, or that would leave the path."""
    boards = row(
        path="/said/{board}",
        options={"board": {"what": "the board", "how": "Its name.", "pattern": "[a-z./]+"}},
    )
    with pytest.raises(ConfigurationError, match=r"missing: board \(the board\)"):
        connector(boards, server)
    with pytest.raises(ConfigurationError, match="there is no option 'bord'"):
        connector(boards, server, board="a", bord="b")
    with pytest.raises(ConfigurationError, match="not what is expected: the board"):
        connector(boards, server, board="A?")
    with pytest.raises(ConfigurationError, match="cannot be part of an address"):
        connector(boards, server, board="../admin")


def test_credentials_come_from_the_environment(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind is sent where the platform wants it; a missing one is named with its way."""
    auth = {"environment": "EARFUL_KIOSK_KEY", "what": "a key", "how": "Ask at the kiosk."}
    with pytest.raises(ConfigurationError, match="EARFUL_KIOSK_KEY"):
        connector(row(auth={"kind": "bearer", **auth}), server)
    monkeypatch.setenv("EARFUL_KIOSK_KEY", "sesame")
    monkeypatch.setenv("EARFUL_KIOSK_USER", "ada")
    for kind, more, header, value in (
        ("bearer", {}, "Authorization", "Bearer sesame"),
        ("basic", {"user": "EARFUL_KIOSK_USER"}, "Authorization", "Basic YWRhOnNlc2FtZQ=="),
        ("header", {"name": "X-Key"}, "X-Key", "sesame"),
    ):
        pulled(connector(row(auth={"kind": kind, **auth, **more}), server))
        assert server.requests[-1].headers[header] == value
    pulled(connector(row("next", auth={"kind": "parameter", "name": "key", **auth}), server))
    assert {request.fields.get("key") for request in server.requests[-6:]} == {"sesame"}


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("http://forum.example.org", "not encrypted"),
        ("https://127.0.0.1:8080", "no public address"),
        ("https://ada:secret@forum.example.org", "without a name or password"),
        ("ftp://forum.example.org", "no address of a web service"),
    ],
)
def test_addresses_of_users(base: str, told: str) -> None:
    """An address from the settings is public, encrypted and free of credentials."""
    from ingest.rest.connector import connector_of

    with pytest.raises(ConfigurationError, match=told):
        connector_of(row())("kiosk", {"base_url": base}, None)
