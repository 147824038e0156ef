"""The Reddit connector, with the real praw, against a local Reddit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulling import again, pulled
from servers.local import LocalServer, Reply
from servers.reddit import CLIENT, ENVIRONMENT, RedditWorld, Thing, options_for, serve

from earful.errors import ConfigurationError, TerminalError, TransientError
from earful.records import Comment
from ingest.connectors.reddit import Reddit

FIRST = 1_750_000_000


@pytest.fixture
def world() -> RedditWorld:
    return RedditWorld()


@pytest.fixture
def server(world: RedditWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with serve(world) as one:
        yield one


def connector(server: LocalServer, cursor: dict[str, Any] | None = None, **options: Any) -> Reddit:
    if not {"subreddits", "queries", "threads"} & set(options):
        options["subreddits"] = ["kayaks"]
    return Reddit("reddit", options_for(server.url, **options), cursor)


def names(comments: list[Comment]) -> list[str]:
    return sorted(comment.native_id for comment in comments)


def test_past_one_page(world: RedditWorld, server: LocalServer) -> None:
    """A listing of several pages comes whole, newest first, submissions and comments."""
    world.submissions(320, FIRST)
    world.thread("t3_s1", 150, FIRST)
    one = connector(server)
    comments = pulled(one)
    assert names(comments) == sorted(world.things)
    posts = [comment.created_at for comment in comments if comment.kind == "post"]
    assert posts == sorted(posts, key=lambda at: at or datetime.min, reverse=True)
    assert one.coverage.state == "complete"
    assert server.paths().count("/r/kayaks/new") == 4


def test_submissions_or_comments_off(world: RedditWorld, server: LocalServer) -> None:
    """Either kind can be left out and is then not asked for."""
    world.submissions(3, FIRST)
    world.thread("t3_s1", 4, FIRST)
    assert {c.kind for c in pulled(connector(server, comments=False))} == {"post"}
    assert {c.kind for c in pulled(connector(server, submissions=False))} == {"comment"}
    with pytest.raises(ConfigurationError, match="nothing would be pulled"):
        connector(server, comments=False, submissions=False)


def test_fields(world: RedditWorld, server: LocalServer) -> None:
    """Words, score, thread, parent, board, address and the time of an edit are carried over."""
    world.submissions(1, FIRST)
    world.add(
        Thing("c1", FIRST + 90, "A rudder?", link="t3_s1", score=-4, edited=float(FIRST + 200))
    )
    world.add(Thing("c2", FIRST + 95, "Yes, one!", link="t3_s1", parent="t1_c1"))
    told = {comment.native_id: comment for comment in pulled(connector(server))}
    post, first, second = told["t3_s1"], told["t1_c1"], told["t1_c2"]
    assert (post.kind, post.title, post.reach) == ("post", "Short kayaks 1", 1)
    assert post.text == "Could there be a shorter kayak? Wish 1"
    assert (post.channel, post.author, post.parent_uid) == ("r/kayaks", "paddler1", None)
    assert post.uid == post.thread_uid == "reddit:reddit.com:t3_s1"
    assert first.edited_at == datetime.fromtimestamp(FIRST + 200, UTC)
    assert (first.reach, first.parent_uid, first.thread_uid) == (-4, post.uid, post.uid)
    assert (second.parent_uid, second.thread_uid) == (first.uid, post.uid)
    assert second.edited_at is None
    assert second.url == "https://www.reddit.com/r/kayaks/comments/s1/which_one/c2/"


def test_a_deleted_author_is_nobody(world: RedditWorld, server: LocalServer) -> None:
    """Words whose writer closed the account stay; they have no author."""
    world.add(Thing("s1", FIRST, "Still here", title="A wish", author=None))
    (comment,) = pulled(connector(server))
    assert comment.author is None
    assert not comment.deleted
    assert comment.text == "Still here"


def test_only_what_is_new(world: RedditWorld, server: LocalServer) -> None:
    """The next pull reads one page and stops at what it knows."""
    world.submissions(300, FIRST)
    first = connector(server, comments=False)
    pulled(first)
    server.requests.clear()
    world.submissions(5, FIRST + 40_000, first=600)
    second = connector(server, again(first), comments=False)
    assert len(pulled(second)) == 5
    assert server.paths().count("/r/kayaks/new") == 1
    assert second.coverage.since is not None
    assert second.coverage.since > datetime.fromtimestamp(FIRST, UTC)


def test_the_newest_known_comment_is_deleted(world: RedditWorld, server: LocalServer) -> None:
    """A deletion of the very comment the last pull ended at hides nothing (``before=`` would)."""
    world.submissions(20, FIRST)
    first = connector(server)
    newest = pulled(first)[0].native_id
    world.delete(newest)
    world.submissions(3, FIRST + 40_000, first=600)
    assert len(pulled(connector(server, first.cursor))) == 3
    assert not any("before" in request.fields for request in server.requests)


def test_a_deletion_between_pages(world: RedditWorld, server: LocalServer) -> None:
    """When the comment that the next page hangs on is deleted, the listing is walked again."""
    world.submissions(250, FIRST)
    answer = server.answer
    deleted: list[str] = []

    def delete_the_last_shown(request: Any) -> Reply:
        reply = answer(request)
        if request.path == "/r/kayaks/new" and not deleted:
            deleted.append(reply.content["data"]["after"])
            world.delete(deleted[0])
        return reply

    server.answer = delete_the_last_shown
    comments = pulled(connector(server, comments=False))
    assert names(comments) == sorted(world.things)
    assert len(deleted) == 1


def test_arrivals_while_pages_are_turned(world: RedditWorld, server: LocalServer) -> None:
    """New comments push others to the next page: those come once, the new with the next pull."""
    world.submissions(250, FIRST)
    answer = server.answer

    def post_more(request: Any) -> Reply:
        reply = answer(request)
        if request.path == "/r/kayaks/new" and len(world.things) < 260:
            world.submissions(5, FIRST + 40_000, first=600 + len(world.things))
        return reply

    server.answer = post_more
    first = connector(server, comments=False)
    one = names(pulled(first))
    two = names(pulled(connector(server, first.cursor, comments=False)))
    assert sorted(one + two) == sorted(world.things)


def test_a_listing_cut_at_1000(world: RedditWorld, server: LocalServer) -> None:
    """What Reddit does not serve is not passed over in silence: capped, and ways out are named."""
    world.submissions(2500, FIRST)
    one = connector(server, comments=False)
    comments = pulled(one)
    assert len(comments) == 1000
    coverage = one.coverage
    assert coverage.state == "capped"
    assert coverage.since == min(c.created_at for c in comments if c.created_at)
    for words in ("r/kayaks/new", "1,000", "queries", "earful import"):
        assert words in coverage.detail
    world.submissions(10, FIRST + 400_000, first=5000)
    second = connector(server, one.cursor, comments=False)
    assert len(pulled(second)) == 10
    assert second.coverage.state == "complete"


def test_a_gap_left_by_a_cut_is_said_to_be_one(world: RedditWorld, server: LocalServer) -> None:
    """When more than 1,000 came since the last pull, the pull between says capped."""
    world.submissions(10, FIRST)
    first = connector(server, comments=False)
    pulled(first)
    world.submissions(1500, FIRST + 40_000, first=100)
    second = connector(server, first.cursor, comments=False)
    assert len(pulled(second)) == 1000
    assert second.coverage.state == "capped"


def test_search(world: RedditWorld, server: LocalServer) -> None:
    """A query finds submissions everywhere, or only in the boards it is kept to."""
    world.submissions(120, FIRST)
    world.add(Thing("s900", FIRST, "a dry suit for children", title="Wish", board="drysuits"))
    world.add(Thing("s901", FIRST, "a dry suit for dogs", title="Wish", board="dogs"))
    assert names(pulled(connector(server, queries=["dry suit"]))) == ["t3_s900", "t3_s901"]
    kept = connector(server, queries=["dry suit"], search_in=["drysuits"])
    assert names(pulled(kept)) == ["t3_s900"]
    one = connector(server, queries=["kayaks wish"])
    assert len(pulled(one)) == 120
    assert pulled(connector(server, one.cursor, queries=["kayaks wish"])) == []


def test_a_search_that_is_cut(world: RedditWorld, server: LocalServer) -> None:
    """Search serves fewer than a listing; its cut is noticed too."""
    world.submissions(400, FIRST)
    world.page_cap = 240
    one = connector(server, queries=["kayak"])
    assert len(pulled(one)) == 240
    assert one.coverage.state == "capped"
    assert "r/all/search?q=kayak" in one.coverage.detail


@pytest.mark.parametrize(
    "thread", ["s1", "t3_s1", "https://www.reddit.com/r/kayaks/comments/s1/which_one/"]
)
def test_a_whole_thread(world: RedditWorld, server: LocalServer, thread: str) -> None:
    """A thread named by id or address comes whole, with what hides behind "more"."""
    world.submissions(1, FIRST)
    world.thread("t3_s1", 450, FIRST + 100, more_from=120)
    comments = pulled(connector(server, threads=[thread]))
    assert names(comments) == sorted(world.things)
    assert server.paths().count("/api/morechildren/") == 4


def test_a_thread_goes_on(world: RedditWorld, server: LocalServer) -> None:
    """The next pull of a thread brings its new replies only, also one that showed up late."""
    now = int(datetime.now(UTC).timestamp())
    world.submissions(1, now - 4000)
    world.thread("t3_s1", 40, now - 3900)
    first = connector(server, threads=["s1"])
    assert len(pulled(first)) == 41
    world.add(Thing("z1", now - 3000, "One that waited for a moderator", link="t3_s1"))
    world.add(Thing("z2", now - 1, "One more", link="t3_s1"))
    second = connector(server, first.cursor, threads=["s1"])
    assert names(pulled(second)) == ["t1_z1", "t1_z2"]
    assert pulled(connector(server, second.cursor, threads=["s1"])) == []


def test_a_thread_that_is_no_address(server: LocalServer) -> None:
    """An address that leads to no submission is told at once, with how one looks."""
    with pytest.raises(ConfigurationError, match="no address of a submission"):
        pulled(connector(server, threads=["https://www.reddit.com/r/kayaks/"]))


def test_recheck(world: RedditWorld, server: LocalServer) -> None:
    """Edited, deleted and removed comments are told in hundreds; the others are left out."""
    world.submissions(250, FIRST)
    world.things["t3_s3"].text, world.things["t3_s3"].edited = "Shorter, and in red", FIRST + 9000.0
    world.delete("t3_s4")
    world.add(Thing("c1", FIRST, "[removed]", link="t3_s1", author=None))
    server.requests.clear()
    again = {c.native_id: c for c in connector(server).recheck([*world.things, "t1_unknown"])}
    assert set(again) == {"t3_s3", "t3_s4", "t1_c1"}
    assert again["t3_s3"].text == "Shorter, and in red"
    assert again["t3_s3"].edited_at == datetime.fromtimestamp(FIRST + 9000, UTC)
    for gone in (again["t3_s4"], again["t1_c1"]):
        assert gone.deleted
        assert (gone.text, gone.author, gone.title) == ("", None, None)
    assert server.paths().count("/api/info/") == 3


def test_429_is_waited_for(world: RedditWorld, server: LocalServer) -> None:
    """A 429 is waited out as long as Reddit says, then the pull goes on without a gap."""
    world.submissions(150, FIRST)
    slow_down = {"x-ratelimit-remaining": "0", "x-ratelimit-used": "100", "x-ratelimit-reset": "1"}
    server.fail("/r/kayaks/new", Reply(429, {"message": "Too Many Requests"}, slow_down))
    started = time.monotonic()
    assert len(pulled(connector(server, comments=False))) == 150
    assert time.monotonic() - started >= 1.0


def test_429_for_longer_than_our_patience(world: RedditWorld, server: LocalServer) -> None:
    """A wait longer than the longest is not slept through: the error carries it."""
    world.submissions(1, FIRST)
    server.fail("/r/kayaks/new", Reply(429, {}, {"retry-after": "5000"}))
    with pytest.raises(TransientError, match="slow down") as caught:
        pulled(connector(server, comments=False))
    assert caught.value.retry_after == 5000


def test_a_rate_limit_told_in_words(world: RedditWorld, server: LocalServer) -> None:
    """The rate limit that /api/morechildren tells in its reply is slept off by praw."""
    world.submissions(1, FIRST)
    world.thread("t3_s1", 5, FIRST + 100, more_from=2)
    told = ["RATELIMIT", "Looks like you've been doing that a lot. Take 10 milliseconds.", "x"]
    server.fail("/api/morechildren", Reply(content={"json": {"errors": [told]}}))
    assert len(pulled(connector(server, threads=["s1"]))) == 6


def test_a_reply_cut_short(world: RedditWorld, server: LocalServer) -> None:
    """A reply that is no whole JSON is asked for again."""
    world.submissions(30, FIRST)
    server.fail("/r/kayaks/new", Reply(content={"kind": "Listing", "data": {}}, cut=12))
    assert len(pulled(connector(server, comments=False))) == 30


def test_missing_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is missing, how to get it, and that Reddit has to approve."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EARFUL_REDDIT_USER_AGENT", "linux:earful-tests:1")
    with pytest.raises(ConfigurationError) as caught:
        Reddit("forum", {"subreddits": ["kayaks"]}, None)
    told = str(caught.value)
    assert "EARFUL_REDDIT_CLIENT_ID" in told
    assert "EARFUL_REDDIT_CLIENT_SECRET" in told
    assert "EARFUL_REDDIT_USER_AGENT" not in told
    for words in ("forum", "prefs/apps", "November 2025", "contract", "earful import"):
        assert words in told


def test_wrong_credentials(
    world: RedditWorld, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 for the token is a ConfigurationError that names the variables, not their values."""
    monkeypatch.setenv("EARFUL_REDDIT_CLIENT_SECRET", "mistyped-secret")
    world.submissions(1, FIRST)
    with pytest.raises(ConfigurationError, match="EARFUL_REDDIT_CLIENT_SECRET") as caught:
        pulled(connector(server))
    assert "mistyped-secret" not in str(caught.value)
    assert server.paths() == ["/api/v1/access_token"], "asked once, not once more for each listing"


def test_no_secret_reaches_a_log(
    world: RedditWorld, server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level neither the secret nor the token is written down."""
    world.submissions(2, FIRST)
    server.fail("/r/kayaks/new", Reply(429, {}, {"retry-after": "0"}))
    with caplog.at_level(logging.DEBUG):
        pulled(connector(server))
    assert "kayaks" in caplog.text
    assert CLIENT[1] not in caplog.text
    assert "a-token" not in caplog.text


def test_no_praw_ini_is_obeyed(
    world: RedditWorld, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and addresses that praw would take from its own variables are not used."""
    monkeypatch.setenv("praw_username", "somebody")
    monkeypatch.setenv("praw_password", "something")
    world.submissions(1, FIRST)
    assert len(pulled(connector(server))) == 1
    assert not any("username" in request.fields for request in server.requests)


def test_a_closed_board_does_not_stop_the_others(world: RedditWorld, server: LocalServer) -> None:
    """Boards that can be read are read; the error of the other comes afterwards."""
    world.submissions(3, FIRST)
    world.closed_boards = frozenset({"secrets"})
    one = connector(server, subreddits=["secrets", "kayaks"])
    stream = one.pull(None, None, None)
    assert len([next(stream) for _ in range(3)]) == 3
    with pytest.raises(TerminalError, match=r"r/secrets/new.*private"):
        next(stream)


def test_a_board_that_is_not_there(server: LocalServer) -> None:
    """A misspelt board is a ConfigurationError that names it."""
    with pytest.raises(ConfigurationError, match="r/kajaks/new"):
        pulled(connector(server, subreddits=["kajaks"]))


def test_the_option_limit(world: RedditWorld, server: LocalServer) -> None:
    """The option bounds a pull that names no limit, and the smaller of the two holds."""
    world.submissions(20, FIRST)
    assert len(pulled(connector(server, limit=7))) == 7
    assert len(pulled(connector(server, limit=7), limit=3)) == 3
    assert len(pulled(connector(server, limit=7), limit=12)) == 7
