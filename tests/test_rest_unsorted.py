"""Lists in no known order, lists behind items, and credentials in what is posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from pulling import again, pulled
from servers.kiosk import PAGINGS, Kiosk, connector, ids, row, serve
from servers.local import LocalServer, Reply, Request

FIRST = 1_750_000_000
ANY = {"by": "created", "first": "any"}
NARROWED = {
    **ANY,
    "since": {"parameter": "since", "format": "unix"},
    "until": {"parameter": "until", "format": "unix"},
}


@pytest.fixture
def kiosk() -> Kiosk:
    one = Kiosk(mixed=True)
    one.world.size = 7
    one.world.fill(40, FIRST, every=10)
    return one


@pytest.fixture
def server(kiosk: Kiosk) -> Iterator[LocalServer]:
    with serve(kiosk) as one:
        yield one


@pytest.mark.parametrize("kind", PAGINGS)
def test_whatever_the_order(kiosk: Kiosk, server: LocalServer, kind: str) -> None:
    """A mixed list is read whole by every pull; every comment comes once, the oldest first."""
    with time_machine.travel(FIRST + 4000, tick=True):
        first = connector(row(kind, order=ANY), server)
        got = pulled(first)
    assert [int(comment.native_id) for comment in got] == list(range(1, 41))
    assert first.coverage.state == "complete"
    kiosk.world.fill(5, FIRST + 5000, first=41)
    with time_machine.travel(FIRST + 9000, tick=True):
        second = connector(row(kind, order=ANY), server, again(first))
        assert ids(pulled(second)) == [41, 42, 43, 44, 45]


def test_a_mixed_list_that_is_left_in_the_middle(kiosk: Kiosk, server: LocalServer) -> None:
    """Stopped after any comment, while others arrive late: all come, each once."""
    for stop in range(1, 40, 6):
        kiosk.world.remarks.pop(41, None)
        late = kiosk.world.remarks.pop(37)
        with time_machine.travel(FIRST + 450, tick=True):
            one = connector(row("cursor", order=ANY), server)
            got = pulled(one, stop)
            kiosk.world.remarks[37] = late
            kiosk.world.fill(1, FIRST + 420, first=41)
            two = connector(row("cursor", order=ANY), server, again(one))
            got += pulled(two, 3)
            got += pulled(connector(row("cursor", order=ANY), server, again(two)))
        assert ids(got) == list(range(1, 42)), stop


def test_a_mixed_list_is_read_in_steps(kiosk: Kiosk, server: LocalServer) -> None:
    """With since and until no more than a step is asked for at once, and all of time in all."""
    order = {**NARROWED, "step": 100, "beginning": "2025-06-15T15:06:00Z", "overlap": 30}
    with time_machine.travel(FIRST + 400, tick=True):
        one = connector(row("page", order=order), server)
        assert ids(pulled(one)) == list(range(1, 41))
    spans = {(int(r.fields["since"]), int(r.fields["until"])) for r in server.requests}
    assert max(until - since for since, until in spans) == 100
    ends = sorted(spans)
    assert all(ends[n][1] == ends[n + 1][0] for n in range(len(ends) - 1))
    before = len(server.requests)
    with time_machine.travel(FIRST + 450, tick=True):
        assert pulled(connector(row("page", order=order), server, again(one))) == []
    assert {r.fields["since"] for r in server.requests[before:]} == {str(FIRST + 370)}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"order": {**ANY, "step": 60}}, "step needs since and until"),
        (
            {"order": ANY, "paging": {**PAGINGS["page"], "cap": 14}},
            "a list that is cut must say how it is sorted",
        ),
        (
            {"replies": {"path": "/{id}", "graphql": "{ all }", "paging": {"kind": "none"}}},
            'graphql is posted: add send = "json"',
        ),
        (
            {
                "auth": {
                    "kind": "body",
                    "name": "key",
                    "environment": "EARFUL_KEY",
                    "what": "a key",
                    "how": "Ask.",
                }
            },
            "auth.kind is 'body', but nothing is posted",
        ),
    ],
)
def test_mistakes_are_explained(changes: dict[str, Any], told: str) -> None:
    """What does not fit together is named."""
    with pytest.raises(ValueError, match=told):
        row(**changes)


THREADS = {
    "path": "/behind/{id}",
    "items": "items",
    "paging": {"kind": "none"},
    "replies": {"path": "/behind/{id}", "items": "items", "paging": {"kind": "none"}},
}


def _threads(kiosk: Kiosk, request: Request) -> Reply:
    """Behind 10 stand 101 and 102, behind 101 stands 103; all written at odd times."""
    behind = {"10": [101, 102], "101": [103]}
    if not request.path.startswith("/behind/"):
        return kiosk.answer(request)
    numbers = behind.get(request.path.removeprefix("/behind/"), [])
    items = [{"id": n, "body": f"Answer {n}", "at": FIRST + 7000 - n} for n in numbers]
    return Reply(content={"items": items})


@pytest.mark.parametrize("first", ["oldest", "newest", "any"])
def test_answers_of_answers(kiosk: Kiosk, server: LocalServer, first: str) -> None:
    """Lists behind items, and behind those, are read in every order, also after a stop."""
    kiosk.mixed, kiosk.newest = first == "any", first == "newest"
    server.answer = lambda request: _threads(kiosk, request)
    everything = [*range(1, 41), 101, 102, 103]
    made = row("cursor", order={"by": "created", "first": first}, replies=THREADS)
    with time_machine.travel(FIRST + 400, tick=True):
        assert ids(pulled(connector(made, server))) == everything
        for stop in (9, 10, 11, 12, 13, 31, 32, 33, 34):
            one = connector(made, server)
            got = pulled(one, stop)
            two = connector(made, server, again(one))
            got += pulled(two)
            assert ids(got) == everything, stop
            assert pulled(connector(made, server, again(two))) == []


@pytest.mark.parametrize("first", ["oldest", "newest", "any"])
def test_an_item_that_is_no_comment_leads_to_comments(
    kiosk: Kiosk, server: LocalServer, first: str
) -> None:
    """What keep and drop leave out is not brought, the answers to it are."""
    kiosk.mixed, kiosk.newest = first == "any", first == "newest"
    server.answer = lambda request: _threads(kiosk, request)
    order = {"by": "created", "first": first}
    with time_machine.travel(FIRST + 400, tick=True):
        one = connector(row("cursor", order=order, replies=THREADS, drop={"id": [10, 11]}), server)
        assert ids(pulled(one)) == sorted({*range(1, 41), 101, 102, 103} - {10, 11})


def test_posted_lists_and_credentials(
    kiosk: Kiosk, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key goes into every body, of the list and of what is behind it, and into no address."""
    monkeypatch.setenv("EARFUL_KEY", "sesame")
    heard: list[tuple[str, dict[str, Any]]] = []

    def answer(request: Request) -> Reply:
        heard.append((request.path, json.loads(request.body)))
        assert not request.fields
        if request.path == "/behind":
            return Reply(content={"items": []})
        return kiosk.answer(Request("GET", request.path, {}, request.headers))

    server.answer = answer
    kiosk.world.size = 40
    made = row(
        "cursor",
        send="json",
        parameters={"limit": 40},
        auth={"kind": "body", "name": "key", "environment": "EARFUL_KEY", "what": "", "how": "."},
        replies={
            "path": "/behind",
            "send": "json",
            "parameters": {"of.comment": "{id}", "limit": 5},
            "items": "items",
            "paging": {"kind": "none"},
        },
    )
    assert ids(pulled(connector(made, server))) == list(range(1, 41))
    assert heard[0] == ("/said", {"limit": 40, "key": "sesame"})
    assert heard[1] == ("/behind", {"of": {"comment": "1"}, "limit": 5, "key": "sesame"})
    assert len(heard) == 41


def test_a_header_that_an_option_fills(server: LocalServer) -> None:
    """What stands in braces in a header is the source's option."""
    options = {"version": {"what": "the version", "pattern": r"\d{6}"}}
    made = row(headers={"X-Version": "v{version}"}, options=options)
    pulled(connector(made, server, version="202611"))
    assert {call.headers["X-Version"] for call in server.requests} == {"v202611"}


def test_an_id_for_items_and_another_for_answers(kiosk: Kiosk, server: LocalServer) -> None:
    """Where a template has a gap, the path beside it counts."""
    kiosk.mixed = False
    server.answer = lambda request: _threads(kiosk, request)
    fields = {
        "id": {"template": "{^.id}-{id}", "path": "id"},
        "text": "body",
        "created": "at",
    }
    got = pulled(connector(row("cursor", fields=fields, replies=THREADS), server))
    named = {comment.native_id for comment in got}
    assert {"9", "10", "10-101", "10-102", "101-103"} <= named
