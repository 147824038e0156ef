"""Feeds as they are published (RSS 0.9 to 2.0, RDF, Atom), read into entries by feedparser.

Sources: RSS 2.0, RFC 4287 (Atom), RFC 4685 (threads in Atom), RFC 5005 (feeds of several pages),
and the RSS modules ``slash`` (number of comments) and ``wfw`` (address of a post's comments).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from io import BytesIO
from time import struct_time
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from earful.errors import TerminalError

_LONGEST_ID = 500
_BEGINS = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_ENDS = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--(?:(?!-->).)*-->\s*)*$", re.I | re.S)
_HEAD = 4096
_PHPBB_LINK = re.compile(r"/viewtopic\.php\?")
_STATISTICS = re.compile(r"<p>[^<:]{1,60}:(?:(?!</?p\b).)*</p>\s*<hr ?/?>\s*\Z", re.DOTALL)
"""How phpBB ends every entry: who wrote it and when, how many answers, and a rule."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed: a post, or in a comment feed a comment.

    ``entry_id`` is its guid, else its link, else a hash of its words. ``text`` is HTML as it
    came. ``comment_feed`` is where its comments are published, and ``comment_count`` how many the
    feed says there are; ``answers`` is the id of the entry that it replies to.
    """

    entry_id: str
    title: str | None
    text: str
    author: str | None
    created: datetime | None
    edited: datetime | None
    url: str | None
    comment_feed: str | None
    comment_count: int | None
    answers: str | None

    @property
    def mark(self) -> str:
        """The id with a hash of the words: an edited entry is not the one read before."""
        words = f"{self.title}\0{self.text}".encode("utf-8", "replace")
        return f"{self.entry_id}#{blake2b(words, digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Feed:
    """The entries of one page of a feed, one per id, and the address of the page with older ones.

    ``title`` is the feed's name; ``empty`` counts entries that hold no words at all.
    """

    title: str | None
    entries: tuple[Entry, ...]
    older: str | None
    empty: int

    def joined(self, page: Feed) -> Feed:
        """This feed with the entries of an older page; of an entry on both the newer stays."""
        unique = {entry.entry_id: entry for entry in (*page.entries, *self.entries)}
        return replace(self, entries=tuple(unique.values()), empty=self.empty + page.empty)


def second_of(entry: Entry) -> int:
    """The second at which an entry was written; undated ones stand at 0."""
    return 0 if entry.created is None else int(entry.created.timestamp())


def is_whole(raw: bytes) -> bool:
    """Whether a document that begins like a feed also ends like one."""
    plain = raw.replace(b"\0", b"")  # two bytes a character in UTF-16
    return bool(plain) and (
        _BEGINS.search(plain[:_HEAD]) is None or _ENDS.search(plain[-_HEAD:]) is not None
    )


def read_feed(raw: bytes, url: str, headers: Mapping[str, str]) -> Feed:
    """The feed in ``raw``, which ``url`` answered with these headers.

    Raises ``TerminalError`` where it is no feed, or defines entities of its own: no feed needs
    them, and a few lines of them unfold to gigabytes.
    """
    if b"<!ENTITY" in raw.replace(b"\0", b"").upper():
        raise TerminalError(
            "the feed defines entities of its own",
            where=url,
            next_step="Such a document may be made to overload its readers; leave it out.",
        )
    # A stream: plain bytes would be tried as the name of a file first.
    parsed = feedparser.parse(
        BytesIO(raw),
        response_headers={
            "content-type": headers.get("content-type", ""),
            "content-location": url,
        },
        sanitize_html=False,  # the door turns HTML to text
        resolve_relative_uris=False,
    )
    if not parsed.get("version"):
        raise TerminalError(
            "there is no feed at this address",
            where=url,
            next_step="Look for the page's link to its feed (RSS or Atom) and give that address.",
        )
    # Plain dicts: feedparser's own stand in one field for another.
    entries = [_entry(dict(each), url) for each in parsed.entries]
    told = [entry for entry in entries if entry.title or entry.text.strip()]
    return Feed(
        title=_text(parsed.feed.get("title")),
        entries=tuple({entry.entry_id: entry for entry in reversed(told)}.values()),
        older=_link(parsed.feed, ("next", "prev-archive"), url),
        empty=len(entries) - len(told),
    )


def _entry(found: Mapping[str, Any], url: str) -> Entry:
    contents = [part.get("value") or "" for part in found.get("content", ())]
    text = max(contents, key=len, default="") or found.get("summary") or ""
    title = _text(found.get("title"))
    link = _web_address(found.get("link"), url)
    edited = _moment(found.get("updated_parsed"))
    created = _moment(found.get("published_parsed")) or edited
    if link and _PHPBB_LINK.search(link):
        text = _STATISTICS.sub("", text)
    reply = found.get("thr_in-reply-to")
    return Entry(
        entry_id=_usable_id(_text(found.get("id")) or link or f"{created} {title} {text}"),
        title=title,
        text=text.encode("utf-8", "replace").decode(),
        author=_text(found.get("author_detail", {}).get("name")) or _text(found.get("author")),
        created=created,
        edited=None if edited == created else edited,
        url=link,
        comment_feed=_web_address(found.get("wfw_commentrss"), url)
        or _link(found, ("replies",), url),
        comment_count=_count(found.get("slash_comments", found.get("thr_total"))),
        answers=_text(reply.get("ref")) if isinstance(reply, Mapping) else None,
    )


def _usable_id(told: str) -> str:
    told = told.strip()
    if told.isprintable() and len(told) <= _LONGEST_ID:
        return told
    return blake2b(told.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _link(found: Mapping[str, Any], relations: tuple[str, ...], url: str) -> str | None:
    """The first link of such a relation; a page of replies for people is none."""
    for relation in relations:
        for link in found.get("links", ()):
            kind = link.get("type", "")
            if link.get("rel") == relation and (relation != "replies" or "xml" in kind):
                return _web_address(link.get("href"), url)
    return None


def _web_address(told: Any, url: str) -> str | None:
    if not isinstance(told, str) or not told.strip():
        return None
    try:
        address = urljoin(url, told.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname else None


def _text(told: Any) -> str | None:
    if not isinstance(told, str):
        return None
    return told.encode("utf-8", "replace").decode().strip() or None


def _count(told: Any) -> int | None:
    return int(told) if isinstance(told, str) and told.isdecimal() and len(told) < 10 else None


def _moment(told: struct_time | None) -> datetime | None:
    """feedparser turns times to UTC; a wild year is no time."""
    if told is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(told), UTC)
    except (ValueError, OverflowError, OSError):
        return None
