"""RSS and Atom feeds, and the feeds of comments below their posts.

A feed shows its newest entries only, so what it says is one document, read whole: what is new in
it is yielded oldest first. A server that says "not modified" (304) is believed. Where a document
shares no entry with the last one, entries may have come and gone between the two pulls, and the
coverage says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from earful.errors import EarfulError, TerminalError
from earful.records import Comment, Coverage, Kind, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.feeds.reading import Entry, Feed, is_whole, read_feed, second_of
from ingest.feeds.state import State
from ingest.http import Answer, JsonClient, Patience
from ingest.walks import in_seconds_and_ahead, keep_in, moment_of

SIZE_LIMIT = 8 * 2**20
"""Bytes of a feed that are read at most."""
_SHOWS_FEW = "A feed shows its newest entries only; older ones were not seen."
_FEW_COMMENTS = (
    "Some posts have more comments than their feeds show: add the site's feed of all comments to"
    " 'feeds', and pull more often."
)


class FeedsOptions(Options):
    """Options of a source of feeds.

    ``feeds`` are their addresses. ``kind`` is what their entries are: "post", or "comment" for a
    site's feed of all comments. ``entries`` false leaves them out and follows the comments below
    them only; ``comments`` false does the reverse. The comments of the newest ``posts_followed``
    entries are read. ``pages`` is how many pages of one feed are turned where it has several.
    """

    feeds: tuple[str, ...] = Field(min_length=1)
    kind: Kind = "post"
    entries: bool = True
    comments: bool = True
    posts_followed: int = Field(default=50, ge=0)
    pages: int = Field(default=20, ge=1)
    calls_per_minute: float = Field(default=60, gt=0)
    allow_private: bool = False
    patience: Patience = Patience()

    @field_validator("feeds")
    @classmethod
    def _addresses(cls, feeds: tuple[str, ...]) -> tuple[str, ...]:
        for feed in feeds:
            parts = urlsplit(feed)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{feed!r} is no address; one begins with https://")
        return feeds


@dataclass(frozen=True, slots=True)
class _Thread:
    """The post that a comment feed belongs to, in a feed of this title; ``count`` of comments."""

    native_id: str
    instance: str
    title: str | None
    count: int | None


class Feeds:
    """Entries of feeds and the comments below them.

    The cursor holds, per address, what was read there (see ``ingest.feeds.state``).
    """

    name: ClassVar[str] = "feeds"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "feeds",
            "option",
            "addresses of feeds",
            "Most blogs and forums name theirs in the page's head; see docs/connectors/feeds.md.",
            several=True,
        ),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = False

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        require_needs(self.needs, source, options)
        self.options = read_options(FeedsOptions, source, options)
        self.instance = _host(self.options.feeds[0])
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._asked = (datetime.now(UTC), datetime.now(UTC))
        self._from: dict[str, int] = {}
        self._cut: list[str] = []
        self._notes: list[str] = []
        self._clients: dict[str, JsonClient] = {}

    @property
    def coverage(self) -> Coverage:
        """From the oldest entry that every feed showed; capped where one may have lost some."""
        since, until = self._asked
        if self._from:
            since = min(until, moment_of(max(self._from.values())))
        detail = " ".join(dict.fromkeys([*self._cut, *self._notes]))
        return Coverage(self.source, since, until, "capped" if self._cut else "complete", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what the feeds show in ``[since, until)``, and undated entries, once each.

        A feed that fails does not keep the others from being read; the first error is raised when
        they are done. An entry whose words have changed comes again.
        """
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds_and_ahead(since, target, now)
        self._asked = (since or target, target)
        self._cut, self._notes = [], []
        self._from = dict.fromkeys(self.options.feeds, stop)
        with ExitStack() as opened:
            self._clients = {}
            yield from islice(self._every_feed(opened, start, stop), limit)

    def _every_feed(self, opened: ExitStack, since: int | None, stop: int) -> Iterator[Comment]:
        failed: EarfulError | None = None
        for url in self.options.feeds:
            try:
                yield from self._walk(opened, url, since, stop, None)
            except EarfulError as error:
                failed = failed or error
                continue
            followed = self._state(url).follow
            for native_id, (comments, count) in followed.items():
                thread = _Thread(native_id, _host(url), self._state(url).title, count)
                try:
                    yield from self._walk(opened, comments, since, stop, thread)
                except TerminalError:
                    self._notes.append("Comments of some posts are closed or gone.")
                except EarfulError as error:
                    failed = failed or error
        self._forget()
        if failed is not None:
            raise failed

    # One feed

    def _walk(
        self, opened: ExitStack, url: str, since: int | None, stop: int, thread: _Thread | None
    ) -> Iterator[Comment]:
        """Read a document and yield what of it is new; ``thread`` where it holds comments."""
        state = self._state(url)
        start = state.start(since)
        known = state.covers(start)
        now = int(datetime.now(UTC).timestamp())
        first = self._ask(opened, url, state.conditions if known else {})
        if first.status == 304:
            self._keep(url, replace(state, fetched_at=now))
            self._note_window(url, thread, start)
            return
        feed, cut = self._pages(opened, url, first, start, frozenset(state.seen if known else ()))
        self._judge(url, state, feed, thread, cut)
        state = state.met(feed, now)
        before, skipped = frozenset(state.seen), False
        for entry in sorted(feed.entries, key=second_of):
            second = second_of(entry)
            skipped = skipped or second >= stop
            if entry.mark in before or (entry.created and not start <= second < stop):
                continue
            state = state.yielding(start, entry.mark)
            if self.options.entries or thread is not None:
                self._keep(url, state)
                yield self._comment(entry, url, feed, thread)
        done = state.walked(start, now, feed, {} if skipped else first.headers)
        follow = self._followed(feed) if thread is None else {}
        self._keep(url, replace(done, follow=follow))
        self._note_window(url, thread, start)

    def _pages(
        self, opened: ExitStack, url: str, first: Answer, start: int, known: frozenset[str]
    ) -> tuple[Feed, str]:
        """The document, joined with its older pages as far down as needed; and why it was cut.

        That is down to ``start``, or to an entry that is ``known``.
        """
        feed = page = read_feed(first.content, url, first.headers)
        asked = {url}
        while page.older is not None:
            dated = [second_of(entry) for entry in page.entries if entry.created is not None]
            reached = dated and max(dated) < start
            if reached or not known.isdisjoint(entry.mark for entry in page.entries):
                break
            if page.older in asked:
                raise TerminalError(
                    "loop detected in paging: a page comes again",
                    where=f"source {self.source!r}, {_shown(url)}",
                    next_step="Set pages = 1 in the source's options.",
                )
            if len(asked) >= self.options.pages:
                return feed, f"{_shown(url)} has more than {self.options.pages} pages:" + (
                    " raise 'pages'."
                )
            asked.add(page.older)
            answer = self._ask(opened, page.older, {})
            page = read_feed(answer.content, page.older, answer.headers)
            feed = feed.joined(page)
        return feed, ""

    def _ask(self, opened: ExitStack, url: str, conditions: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._clients:
            self._clients[origin] = opened.enter_context(
                JsonClient(
                    origin,
                    f"source {self.source!r}",
                    self.options.patience,
                    allow_private=self.options.allow_private,
                    pace=60 / self.options.calls_per_minute,
                    size_limit=SIZE_LIMIT,
                )
            )
        return self._clients[origin].ask(
            url, headers=conditions, read=lambda raw: (is_whole(raw), raw)
        )

    # What was seen

    def _note_window(self, url: str, thread: _Thread | None, start: int) -> None:
        walked = self._state(url).walked_from
        if thread is None and walked is not None:
            self._from[url] = max(start, walked)

    def _judge(self, url: str, state: State, feed: Feed, thread: _Thread | None, cut: str) -> None:
        """Take note of what this document cannot have shown, after what ``state`` tells."""
        dated = [second_of(entry) for entry in feed.entries if entry.created is not None]
        if cut:
            self._cut.append(cut)
        if feed.empty:
            self._notes.append(f"{feed.empty} entries hold no words and were set aside.")
        if state.fetched_at is None:
            if thread is None:
                self._notes.append(_SHOWS_FEW)
            elif thread.count is not None and thread.count > len(feed.entries):
                self._cut.append(_FEW_COMMENTS)
        elif not feed.entries:
            self._cut.append(f"{_shown(url)} came back empty, which it was not before.")
        elif not state.overlaps(feed):
            hours = (max(dated) - min(dated)) / 3600 if dated else 0
            self._cut.append(
                f"{_shown(url)} shows nothing that the last pull saw, so entries between the two"
                f" may be lost. What it shows spans {hours:,.0f} hours: pull more often."
            )

    def _followed(self, feed: Feed) -> dict[str, tuple[str, int | None]]:
        if not self.options.comments:
            return {}
        newest = sorted(feed.entries, key=second_of, reverse=True)[: self.options.posts_followed]
        return {
            entry.entry_id: (entry.comment_feed, entry.comment_count)
            for entry in newest
            if entry.comment_feed is not None and entry.comment_count != 0
        }

    # The cursor

    def _state(self, url: str) -> State:
        return State.from_json(self.cursor.get("feeds", {}).get(url))

    def _keep(self, url: str, state: State) -> None:
        keep_in(self, "feeds", url, state.to_json())

    def _forget(self) -> None:
        """Drop what is known of comment feeds whose posts are no longer shown."""
        feeds = self.cursor.get("feeds", {})
        followed = {address for told in feeds.values() for address, _ in told["follow"].values()}
        kept = {*self.options.feeds, *followed}
        if not feeds.keys() <= kept:
            self.cursor = {"feeds": {url: told for url, told in feeds.items() if url in kept}}

    # Comments

    def _comment(self, entry: Entry, url: str, feed: Feed, thread: _Thread | None) -> Comment:
        instance = _host(url) if thread is None else thread.instance
        post = None if thread is None else thread.native_id
        parent = entry.answers or post
        return Comment(
            source=self.source,
            instance=instance,
            native_id=entry.entry_id,
            text=entry.text,
            kind=self.options.kind if thread is None else "comment",
            channel=feed.title if thread is None else thread.title,
            # The title of a comment is made up ("By: ada"), by every program that has one.
            title=entry.title if thread is None and self.options.kind != "comment" else None,
            author=entry.author,
            created_at=entry.created,
            created_precision="none" if entry.created is None else "second",
            edited_at=entry.edited,
            parent_uid=None if parent is None else make_uid(self.source, instance, parent),
            thread_uid=make_uid(self.source, instance, post or entry.answers or entry.entry_id),
            url=entry.url,
        )


def _host(url: str) -> str:
    """The part of uids that names the site; a colon (in an IPv6 address) would end it early."""
    return (urlsplit(url).hostname or "").replace(":", ".")


def _shown(url: str) -> str:
    """An address fit for a message: its query may hold a key."""
    return url.partition("?")[0]
