"""The connector for feeds against a local blog, and the reader of documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulling import pulled
from servers.feeds import Blog, Said, options_for, serve
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, TerminalError, TransientError
from ingest.connectors.feeds import Feeds
from ingest.feeds.reading import is_whole, read_feed

FIRST = 1_750_000_000


@pytest.fixture
def blog() -> Blog:
    made = Blog()
    for n in range(1, 31):
        made.add(Said(n, FIRST + n * 60, f"A drier bag, number {n}"))
    return made


@pytest.fixture
def server(blog: Blog) -> Iterator[LocalServer]:
    with serve(blog) as one:
        yield one


def feeds(
    server: LocalServer, cursor: dict[str, Any] | None = None, *paths: str, **options: Any
) -> Feeds:
    return Feeds("blogs", options_for(server.url, *paths, **options), cursor)


def test_fields(blog: Blog, server: LocalServer) -> None:
    """A post and its comment bring words, writer, link and thread; made-up titles are left out."""
    blog.said = {}
    blog.add(Said(1, FIRST, "A drier bag &amp; a lid"))
    blog.add(Said(2, FIRST + 9, "And a wider hull", "bo", post=1))
    post, comment = pulled(feeds(server))
    assert (post.kind, post.title, post.channel) == ("post", "Post 1", "Kayak notes")
    assert post.text == "<p>A drier bag &amp; a lid</p>"
    assert post.author == "ada_paddles"
    assert post.url == "https://blog.example/1/"
    assert post.uid == post.thread_uid == "blogs:127.0.0.1:https://blog.example/?p=1"
    assert post.parent_uid is None
    assert (comment.kind, comment.title, comment.channel) == ("comment", None, "Kayak notes")
    assert comment.parent_uid == comment.thread_uid == post.uid
    assert comment.native_id == "https://blog.example/?p=1#comment-2"


def test_not_modified_is_believed(blog: Blog, server: LocalServer) -> None:
    """The second pull sends the validators, is answered 304, and yields nothing but says so."""
    first = feeds(server)
    assert len(pulled(first)) == 30
    second = feeds(server, first.cursor)
    assert pulled(second) == []
    assert server.requests[-1].headers["If-None-Match"]
    assert second.coverage.state == "complete"
    assert second.coverage.since == datetime.fromtimestamp(FIRST + 60, UTC)


def test_new_edited_and_known_entries(blog: Blog, server: LocalServer) -> None:
    """The next pull brings what is new and what was edited, and nothing else."""
    first = feeds(server)
    pulled(first)
    blog.said[7].text = "A drier bag, in yellow"
    blog.add(Said(31, FIRST + 9000, "A lid"))
    got = [comment.text for comment in pulled(feeds(server, first.cursor))]
    assert got == ["<p>A drier bag, in yellow</p>", "<p>A lid</p>"]


def test_entries_that_came_and_went_are_owned_up_to(blog: Blog, server: LocalServer) -> None:
    """A feed that shares nothing with the last one makes the pull "capped", and says for how long
    a feed lasts; the next one that overlaps is complete from there on."""
    blog.size = 10
    first = feeds(server)
    assert len(pulled(first)) == 10
    assert first.coverage.since == datetime.fromtimestamp(FIRST + 21 * 60, UTC)
    assert "newest entries only" in first.coverage.detail
    for n in range(31, 60):
        blog.add(Said(n, FIRST + n * 60, "A lid"))
    second = feeds(server, first.cursor)
    assert len(pulled(second)) == 10
    assert second.coverage.state == "capped"
    assert "pull more often" in second.coverage.detail
    third = feeds(server, second.cursor)
    assert pulled(third) == []
    assert third.coverage.state == "complete"
    assert third.coverage.since == datetime.fromtimestamp(FIRST + 50 * 60, UTC)


def test_an_empty_feed_is_no_silence(blog: Blog, server: LocalServer) -> None:
    """A feed that had entries and has none now is reported, not taken for a quiet day."""
    first = feeds(server)
    pulled(first)
    blog.said = {}
    second = feeds(server, first.cursor)
    assert pulled(second) == []
    assert second.coverage.state == "capped"
    assert "came back empty" in second.coverage.detail


def test_comment_feeds_that_show_fewer_than_there_are(blog: Blog, server: LocalServer) -> None:
    """Where a post has more comments than its feed shows, the pull says so and what to do."""
    blog.size = 30
    for n in range(100, 150):
        blog.add(Said(n, FIRST + 5000 + n, "And a lid", post=30))
    one = feeds(server)
    assert len(pulled(one)) == 60
    assert one.coverage.state == "capped"
    assert "feed of all comments" in one.coverage.detail


def test_a_feed_of_several_pages(blog: Blog, server: LocalServer) -> None:
    """Older pages (RFC 5005) are turned on the first pull, and no further than needed after."""
    blog.size = 7
    first = feeds(server, None, "/atom")
    assert len(pulled(first)) == 30
    assert len(server.requests) == 5
    blog.add(Said(31, FIRST + 9000, "A lid"))
    assert len(pulled(feeds(server, first.cursor, "/atom"))) == 1
    assert len(server.requests) == 6
    cut = feeds(server, None, "/atom", pages=2)
    assert len(pulled(cut)) == 14
    assert cut.coverage.state == "capped"


def test_a_loop_of_pages(blog: Blog, server: LocalServer) -> None:
    """A page that names itself as the next one is an error of its own."""
    blog.size = 7
    answer = server.answer

    def looping(request: Any) -> Reply:
        reply = answer(request)
        return Reply(200, reply.content.replace(b"start=15", b"start=8"), reply.headers)

    server.answer = looping
    with pytest.raises(TerminalError, match="loop detected"):
        pulled(feeds(server, None, "/atom"))


@pytest.mark.parametrize(
    "fault",
    [
        Reply(503, b"back soon"),
        Reply(429, b"slowly", {"Retry-After": "0"}),
        Reply(200, b'<?xml version="1.0"?><rss version="2.0"><channel><item><ti'),
        Reply(200, b""),
    ],
    ids=["503", "429", "truncated", "nothing"],
)
def test_a_fault_is_got_over(server: LocalServer, fault: Reply) -> None:
    """A document cut short, a 503 or a 429 is asked for again, and nothing is lost."""
    server.fail("feed", fault, fault)
    assert len(pulled(feeds(server))) == 30
    assert not server.faults


def test_one_bad_feed_does_not_stop_the_others(server: LocalServer) -> None:
    """The other feeds are read, then the first error is raised; a server down is transient."""
    one = feeds(server, None, "/nothing", "/feed/")
    got = []
    with pytest.raises(TerminalError, match="404"):
        got += [comment.uid for comment in one.pull(None, None, None)] or got
    again = feeds(server, one.cursor, "/feed/")
    assert pulled(again) == [], "what the good feed showed was read"
    server.fail("feed", *[Reply(503)] * 4)
    with pytest.raises(TransientError, match="503"):
        pulled(feeds(server))


def test_closed_comments_are_no_failure(blog: Blog, server: LocalServer) -> None:
    """A comment feed that is gone is left out and told of; everything else is read."""
    blog.add(Said(100, FIRST + 5000, "And a lid", post=30))
    server.fail("/30/feed/", Reply(404))
    one = feeds(server)
    assert len(pulled(one)) == 30
    assert "closed or gone" in one.coverage.detail


def test_hosts_and_addresses(server: LocalServer) -> None:
    """Private hosts are refused unless allowed, and an option must be an address."""
    with pytest.raises(ConfigurationError, match="no public address"):
        pulled(feeds(server, allow_private=False))
    with pytest.raises(ConfigurationError, match="begins with https"):
        Feeds("blogs", {"feeds": ["file:///etc/passwd"]}, None)
    with pytest.raises(ConfigurationError, match="missing: feeds"):
        Feeds("blogs", {}, None)


def rss(inside: str, head: str = "") -> bytes:
    return f'{head}<rss version="2.0"><channel>{inside}</channel></rss>'.encode()


def test_entries_without_id_or_date() -> None:
    """An entry is known by its link or its words; a date that is none is no date."""
    document = rss(
        "<item><link>https://a.example/1</link><title>One</title></item>"
        "<item><title>Two</title><pubDate>some day</pubDate></item><item></item>"
    )
    feed = read_feed(document, "https://a.example/feed", {})
    assert {entry.title for entry in feed.entries} == {"One", "Two"}
    assert {entry.created for entry in feed.entries} == {None}
    assert "https://a.example/1" in {entry.entry_id for entry in feed.entries}
    assert feed.empty == 1


def test_replies_in_an_atom_thread() -> None:
    """Atom's thread elements (RFC 4685) name the comment feed and the entry answered."""
    entry = (
        "<entry><id>tag:b,1:c1</id><title>t</title><updated>2025-06-15T16:00:00+02:00</updated>"
        "<published>2025-06-15T15:00:00+02:00</published>"
        '<link rel="replies" type="application/atom+xml" href="/feeds/1/comments"/>'
        '<link rel="replies" type="text/html" href="/1#comments"/>'
        '<thr:in-reply-to ref="tag:b,1:p1"/><thr:total>4</thr:total></entry>'
    )
    document = (
        '<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xmlns:thr="http://purl.org/syndication/thread/1.0"><title>B</title>{entry}</feed>'
    )
    (read,) = read_feed(document.encode(), "https://b.example/atom", {}).entries
    assert read.answers == "tag:b,1:p1"
    assert read.comment_feed == "https://b.example/feeds/1/comments"
    assert read.comment_count == 4
    assert read.created == datetime(2025, 6, 15, 13, tzinfo=UTC)
    assert read.edited == datetime(2025, 6, 15, 14, tzinfo=UTC)


PHPBB = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<link rel="self" type="application/atom+xml" href="https://paddle.example/app.php/feed" />
<title>Paddle talk</title><updated>2025-06-15T16:00:00+02:00</updated>
<author><name><![CDATA[Paddle talk]]></name></author>
<id>https://paddle.example/app.php/feed</id>
<entry><author><name><![CDATA[ada_paddles]]></name></author>
<updated>2025-06-15T15:00:00+02:00</updated><published>2025-06-15T15:00:00+02:00</published>
<id>https://paddle.example/viewtopic.php?p=12#p12</id>
<link href="https://paddle.example/viewtopic.php?p=12#p12"/>
<title type="html"><![CDATA[Boats • Re: a lid for the hatch]]></title>
<category term="Boats" scheme="https://paddle.example/viewforum.php?f=3" label="Boats"/>
<content type="html" xml:base="https://paddle.example/viewtopic.php?p=12#p12"><![CDATA[
Note: mine leaks<br>A lid with a seal, please.<p>Statistik: Verfasst von
<a href="https://paddle.example/memberlist.php?u=7">ada_paddles</a> — 15. Juni 2025</p><hr />
]]></content></entry></feed>
"""
VBULLETIN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Paddle talk</title><link>https://paddle.example/</link><generator>vBulletin</generator>
<item><title>A lid for the hatch</title>
<link>https://paddle.example/showthread.php?t=12&amp;goto=newpost</link>
<pubDate>Sun, 15 Jun 2025 13:00:00 GMT</pubDate>
<description>Note: mine leaks A lid with...</description>
<content:encoded><![CDATA[<div>Note: mine leaks<br />A lid with a seal, please.</div>]]>
</content:encoded><category domain="https://paddle.example/forumdisplay.php?f=3">Boats</category>
<dc:creator>ada_paddles</dc:creator>
<guid isPermaLink="true">https://paddle.example/showthread.php?t=12</guid></item></channel></rss>
"""
FLARUM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title type="html"><![CDATA[Paddle talk]]></title>
<link href="https://paddle.example/d/3-a-lid"/><link href="https://paddle.example/atom/d/3"
 rel="self"/><updated>2025-06-15T16:00:00+00:00</updated><id>https://paddle.example/d/3-a-lid</id>
<entry><title type="html"><![CDATA[A lid for the hatch]]></title>
<link rel="alternate" type="text/html" href="https://paddle.example/d/3-a-lid/12"/>
<id>https://paddle.example/d/3-a-lid/12</id><updated>2025-06-15T13:00:00+00:00</updated>
<author><name>ada_paddles</name></author>
<content type="html"><![CDATA[<p>Note: mine leaks</p><p>A lid with a seal, please.</p>]]></content>
</entry></feed>
"""


@pytest.mark.parametrize(
    ("document", "entry_id"),
    [
        (PHPBB, "https://paddle.example/viewtopic.php?p=12#p12"),
        (VBULLETIN, "https://paddle.example/showthread.php?t=12"),
        (FLARUM, "https://paddle.example/d/3-a-lid/12"),
    ],
)
def test_forums_as_their_software_writes_them(document: str, entry_id: str) -> None:
    """The words of the post and no more: phpBB adds who wrote it and when to every text."""
    encoding = "iso-8859-1" if "ISO-8859-1" in document else "utf-8"
    (entry,) = read_feed(document.encode(encoding), "https://paddle.example/feed", {}).entries
    assert entry.entry_id == entry_id
    assert entry.author == "ada_paddles"
    assert entry.created == datetime(2025, 6, 15, 13, tzinfo=UTC)
    assert entry.edited is None
    assert "A lid with a seal, please." in entry.text
    assert "mine leaks" in entry.text
    assert "ada_paddles" not in entry.text
    assert "Verfasst" not in entry.text


def test_no_feed_and_hostile_feeds() -> None:
    """A page for people is told from a feed, and a document with entities of its own refused."""
    with pytest.raises(TerminalError, match="no feed at this address"):
        read_feed(b"<html><body>Log in</body></html>", "https://a.example", {})
    bomb = rss("<item><title>&b;</title></item>", '<!DOCTYPE z [<!ENTITY b "bb">]>')
    with pytest.raises(TerminalError, match="entities of its own"):
        read_feed(bomb, "https://a.example", {})
    with pytest.raises(TerminalError, match="entities of its own"):
        read_feed(bomb.decode().encode("utf-16"), "https://a.example", {})


def test_whole_documents() -> None:
    """Only a feed that lacks its end is cut short; a page for people is not asked for again."""
    assert is_whole(rss("<item/>"))
    assert is_whole(rss("<item/>") + b"\n<!-- made in 0.2 s -->\n")
    assert is_whole(b"<html><body>Log in")
    assert not is_whole(rss("<item/>")[:-3])
    assert not is_whole(b"")


def test_addresses_in_entries_reach_nowhere_else() -> None:
    """A comment feed is an address of the web or none at all."""
    inside = (
        '<item><title>t</title><wfw:commentRss xmlns:wfw="http://wellformedweb.org/CommentAPI/">'
        "file:///etc/passwd</wfw:commentRss></item>"
    )
    (entry,) = read_feed(rss(inside), "https://a.example/feed", {}).entries
    assert entry.comment_feed is None
