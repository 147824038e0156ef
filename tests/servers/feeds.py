"""A blog with RSS and a comment feed per post, as WordPress writes them, and an Atom feed of
several pages, as Blogger writes them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

_SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)


@dataclass
class Said:
    """A post, or a comment below ``post``."""

    number: int
    second: int
    text: str
    author: str = "ada_paddles"
    post: int | None = None


@dataclass
class Blog:
    """What was said; a feed shows the newest ``size``. ``validators`` are sent with documents."""

    said: dict[int, Said] = field(default_factory=dict)
    size: int = 1000
    validators: bool = True

    def add(self, one: Said) -> Said:
        """Publish a post or a comment, or replace the one of that number."""
        self.said[one.number] = one
        return one

    def newest(self, post: int | None) -> list[Said]:
        """The posts (``post`` None) or the comments of a post, newest first."""
        found = [one for one in self.said.values() if one.post == post]
        return sorted(found, key=lambda one: (-one.second, -one.number))

    def guid(self, one: Said) -> str:
        """The id that feeds give it."""
        post = one.number if one.post is None else one.post
        return f"https://blog.example/?p={post}" + (f"#comment-{one.number}" if one.post else "")

    def answer(self, request: Request) -> Reply:
        """A feed, or "not modified" where the client has it."""
        if request.path == "/feed/":
            content = self._rss("Kayak notes", self.newest(None)[: self.size])
        elif match := re.fullmatch(r"/(\d+)/feed/", request.path):
            comments = self.newest(int(match[1]))[: self.size]
            content = self._rss(f"Comments on: Post {match[1]}", comments)
        elif request.path == "/atom":
            content = self._atom(int(request.fields.get("start", "1")), request)
        else:
            return Reply(404, b"<html>nothing here</html>", {"Content-Type": "text/html"})
        headers = {"Content-Type": "application/rss+xml; charset=UTF-8"}
        if self.validators:
            headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return Reply(304, b"", headers)
        return Reply(200, content, headers)

    def _rss(self, title: str, shown: list[Said]) -> bytes:
        items = "".join(self._item(one) for one in shown)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {_SPACES}>\n<channel>'
            f"<title>{title}</title><link>https://blog.example</link>{items}</channel></rss>\n"
        ).encode()

    def _item(self, one: Said) -> str:
        when = format_datetime(datetime.fromtimestamp(one.second, UTC))
        below = ""
        if one.post is None:
            count = len(self.newest(one.number))
            below = (
                f"<wfw:commentRss>/{one.number}/feed/</wfw:commentRss>"
                f"<slash:comments>{count}</slash:comments>"
            )
        title = f"Post {one.number}" if one.post is None else f"By: {one.author}"
        return (
            f"<item><title>{title}</title><link>https://blog.example/{one.number}/</link>"
            f"<dc:creator><![CDATA[{one.author}]]></dc:creator><pubDate>{when}</pubDate>"
            f'<guid isPermaLink="false">{escape(self.guid(one))}</guid>'
            f"<description><![CDATA[{one.text[:20]} [&#8230;]]]></description>"
            f"<content:encoded><![CDATA[<p>{one.text}</p>\n]]></content:encoded>{below}</item>\n"
        )

    def _atom(self, start: int, request: Request) -> bytes:
        every = self.newest(None)
        page = every[start - 1 : start - 1 + self.size]
        older = ""
        if len(every) > start - 1 + self.size:
            older = f'<link rel="next" href="/atom?start={start + self.size}"/>'
        entries = "".join(
            f"<entry><id>tag:blog.example,1999:post-{one.number}</id>"
            f"<published>{_iso(one.second)}</published><updated>{_iso(one.second)}</updated>"
            f'<title type="text">Post {one.number}</title>'
            f'<content type="html">{escape(f"<p>{one.text}</p>")}</content>'
            f"<author><name>{one.author}</name></author></entry>"
            for one in page
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
            f"<title>Kayak notes</title>{older}{entries}</feed>"
        ).encode()


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def serve(blog: Blog) -> LocalServer:
    """A server of this blog, to be used as a context manager."""
    return LocalServer(blog.answer)


def options_for(url: str, *feeds: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server and wait no longer than a blink."""
    return {
        "feeds": [f"{url}{feed}" for feed in feeds or ("/feed/",)],
        "allow_private": True,
        "calls_per_minute": 1_000_000,
        "patience": PATIENCE,
        **options,
    }
