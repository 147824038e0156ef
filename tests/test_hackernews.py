"""The Hacker News connector against a local Algolia and a local Firebase."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from servers.hackernews import HackerNewsWorld, Item, options_for, serve
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, TerminalError, TransientError
from ingest.connectors.hackernews import HackerNews

FIRST = 1_750_000_000


@pytest.fixture
def world() -> HackerNewsWorld:
    return HackerNewsWorld()


@pytest.fixture
def server(world: HackerNewsWorld) -> Iterator[LocalServer]:
    with serve(world) as one:
        yield one


def connector(
    server: LocalServer, cursor: dict[str, Any] | None = None, **options: Any
) -> HackerNews:
    return HackerNews("hn", options_for(server.url, **options), cursor)


def ids(one: HackerNews, limit: int | None = None) -> list[int]:
    return [int(comment.native_id) for comment in one.pull(None, None, limit)]


def test_more_hits_than_one_query_serves(world: HackerNewsWorld, server: LocalServer) -> None:
    """5,000 comments, crowded in time, come without a gap though a query serves 1,000."""
    world.comments(2500, FIRST, every=3600)
    world.comments(2500, FIRST + 40_000, every=1, first_id=10_000)
    one = connector(server)
    assert sorted(ids(one)) == sorted(world.items)
    assert one.coverage.state == "complete"


def test_paging_inside_a_window(world: HackerNewsWorld, server: LocalServer) -> None:
    """Pages are turned within a window; small pages bring the same comments as large ones."""
    world.comments(250, FIRST)
    assert ids(connector(server, page_size=7)) == ids(connector(server, page_size=1000))


def test_many_on_one_second(world: HackerNewsWorld, server: LocalServer) -> None:
    """Comments that share a second are all pulled, also when the pull stops among them."""
    for number in range(1, 901):
        world.add(Item(number, FIRST + number // 300, "a wider hull", story=1, parent=1))
    first = connector(server)
    part = ids(first, limit=450)
    rest = ids(connector(server, first.cursor))
    assert sorted(part + rest) == sorted(world.items)


def test_a_second_that_is_too_full_is_said_to_be(
    world: HackerNewsWorld, server: LocalServer
) -> None:
    """What the search cuts within one second is recorded as capped, with what to do."""
    for number in range(1, 1201):
        world.add(Item(number, FIRST, "a wider hull", story=1, parent=1))
    world.add(Item(5000, FIRST + 100, "and a rudder", story=1, parent=1))
    one = connector(server)
    got = ids(one)
    assert len(got) == 1001
    assert 5000 in got
    assert one.coverage.state == "capped"
    assert "Narrow the queries" in one.coverage.detail


def test_fields(world: HackerNewsWorld, server: LocalServer) -> None:
    """A story and a comment bring their words as they came, their thread, parent and address."""
    world.comments(1, FIRST)
    story, comment = connector(server).pull(None, None, None)
    assert (story.kind, story.title, story.text, story.reach) == (
        "post",
        "Ask: which kayak?",
        "",
        12,
    )
    assert story.parent_uid is None
    assert story.thread_uid == story.uid == "hn:news.ycombinator.com:1"
    assert (comment.kind, comment.title, comment.author) == ("comment", None, "paddler1")
    assert comment.text == "A lighter paddle, please &#x2F; number 1"
    assert comment.parent_uid == comment.thread_uid == story.uid
    assert comment.url == "https://news.ycombinator.com/item?id=2"
    assert comment.created_at == datetime.fromtimestamp(FIRST + 60, UTC)


def test_queries_and_kinds(world: HackerNewsWorld, server: LocalServer) -> None:
    """Each query is its own search; stories or comments may be left out."""
    world.comments(20, FIRST)
    world.add(Item(100, FIRST + 5, "carbon spoons", story=1, parent=1))
    assert ids(connector(server, queries=["carbon"])) == [100]
    assert sorted(ids(connector(server, queries=["carbon", "kayak"]))) == [1, 100]
    assert ids(connector(server, comments=False)) == [1]
    assert 1 not in ids(connector(server, stories=False))


def test_a_new_query_is_read_from_the_start(world: HackerNewsWorld, server: LocalServer) -> None:
    """A query added later has no cursor of its own yet and is read from the beginning."""
    world.comments(5, FIRST)
    first = connector(server, queries=["kayak"])
    assert ids(first) == [1]
    assert len(ids(connector(server, first.cursor, queries=["kayak", "paddle"]))) == 5


def test_the_next_pull_brings_what_is_new(world: HackerNewsWorld, server: LocalServer) -> None:
    """Only what was posted since comes, also where the index shows it late."""
    now = int(datetime.now(UTC).timestamp())
    world.comments(30, now - 3000, every=60)
    first = connector(server)
    assert len(ids(first)) == 31
    world.add(Item(500, now - 1000, "shown late", story=1, parent=1))
    second = connector(server, first.cursor)
    assert ids(second) == [500]
    assert ids(connector(server, second.cursor)) == []


def test_one_that_vanishes_between_pages_hides_no_other(
    world: HackerNewsWorld, server: LocalServer
) -> None:
    """When a deletion moves the pages while they are turned, the window is read again."""
    world.comments(40, FIRST)
    answer = server.answer

    def delete_after_first_page(request: Any) -> Reply:
        reply = answer(request)
        if request.fields.get("page") == "0":
            world.items[41].deleted = True
        return reply

    server.answer = delete_after_first_page
    got = ids(connector(server, page_size=10))
    assert set(got) >= set(range(1, 41))


def test_deletions_and_edits_by_firebase(world: HackerNewsWorld, server: LocalServer) -> None:
    """Deleted and dead items become tombstones, an unknown id says nothing, others are as now."""
    world.comments(5, FIRST)
    world.items[2].deleted = True
    world.items[3].dead = True
    world.items[4].text = "Edited: also in green"
    again = {
        comment.native_id: comment
        for comment in connector(server).recheck(["1", "2", "3", "4", "999", "no number"])
    }
    assert set(again) == {"1", "2", "3", "4"}
    assert [again[key].deleted for key in "1234"] == [False, True, True, False]
    assert (again["3"].text, again["3"].author, again["3"].title) == ("", None, None)
    assert again["4"].text == "Edited: also in green"
    assert again["4"].parent_uid == again["1"].uid
    assert again["1"].reach == 12


@pytest.mark.parametrize(
    "fault",
    [
        Reply(content={"hits": [{"objectID": "1"}], "nbHits": 900}, cut=25),
        Reply(503, {"message": "back soon"}),
        Reply(429, {"message": "slowly"}, {"Retry-After": "0"}),
    ],
    ids=["truncated", "503", "429"],
)
def test_a_fault_is_got_over(world: HackerNewsWorld, server: LocalServer, fault: Reply) -> None:
    """A reply cut short, a 503 or a 429 is tried again, and nothing is lost or doubled."""
    world.comments(40, FIRST)
    server.fail("search_by_date", fault, fault)
    got = ids(connector(server, page_size=10))
    assert sorted(got) == sorted(world.items)
    assert not server.faults


def test_a_server_that_stays_down(world: HackerNewsWorld, server: LocalServer) -> None:
    """After the last try a TransientError says what and where; what came before stays good."""
    world.comments(40, FIRST)
    one = connector(server)
    first = connector(server)
    got = ids(first, limit=20)
    server.fail("search_by_date", *[Reply(503)] * 4)
    with pytest.raises(TransientError, match="status 503") as caught:
        ids(connector(server, first.cursor))
    assert "Hacker News search" in str(caught.value)
    assert "goes on where it stopped" in str(caught.value)
    assert not server.faults, "four attempts were made, no more"
    assert sorted(got + ids(connector(server, first.cursor))) == sorted(ids(one))


def test_a_refusal_is_not_tried_again(server: LocalServer) -> None:
    """A 404 or a 400 is told at once: no retry would help."""
    server.fail("search_by_date", Reply(400, {"message": "bad filter"}))
    with pytest.raises(TerminalError, match="status 400"):
        ids(connector(server))
    assert len(server.requests) == 1


def test_a_reply_without_hits(server: LocalServer) -> None:
    """A reply of another shape is an error that says so, not an empty pull."""
    server.fail("search_by_date", Reply(content={"message": "index moved"}))
    with pytest.raises(TerminalError, match="index moved"):
        ids(connector(server))


def test_wrong_options() -> None:
    """A misspelt option is guessed at; a source that would pull nothing is refused."""
    with pytest.raises(ConfigurationError, match="Did you mean 'queries'"):
        HackerNews("hn", {"querys": ["x"]}, None)
    with pytest.raises(ConfigurationError, match="nothing would be pulled"):
        HackerNews("hn", {"stories": False, "comments": False}, None)
    with pytest.raises(ConfigurationError, match="Did you mean 'attempts'"):
        HackerNews("hn", {"patience": {"atempts": 3}}, None)
