"""Hacker News, without a key: Algolia's search brings comments in, Firebase tells what became of
them.

Sources: https://hn.algolia.com/api (search_by_date, at most 1,000 hits a query) and
https://github.com/HackerNews/API (items with the flags ``deleted`` and ``dead``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from earful.errors import TerminalError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options
from ingest.http import JsonClient, Patience
from ingest.walks import Climb, climb_in, in_seconds, moment_of, seen_in_common

FIRST_SECOND = 1160418111
"""When item 1 was posted (9 October 2006)."""
HITS_CAP = 1000
"""Algolia serves this many hits of one query and cuts the rest."""
HITS_WANTED = 600
"""What a window is sized for; well under the cap, since hits are not spread evenly."""
READINGS = 3
"""How often a window is read whose hits change while its pages are turned."""
LOOK_UPS_AT_ONCE = 8
RECHECK_CHUNK = 64


class HackerNewsOptions(Options):
    """Options of a Hacker News source.

    ``queries`` are searched one after the other; "" is everything. ``late_seconds`` is how long
    the search index may take to show a comment: the newest stretch of the last pull is looked
    through again for that long.
    """

    queries: tuple[str, ...] = ("",)
    stories: bool = True
    comments: bool = True
    late_seconds: int = Field(default=3600, ge=0)
    page_size: int = Field(default=500, ge=1, le=HITS_CAP)
    search_url: str = "https://hn.algolia.com/api/v1"
    item_url: str = "https://hacker-news.firebaseio.com/v0"
    allow_private: bool = False
    patience: Patience = Patience()

    @model_validator(mode="after")
    def _something_is_wanted(self) -> Self:
        if not self.stories and not self.comments:
            raise ValueError("stories and comments are both off, so nothing would be pulled")
        return self

    @property
    def tags(self) -> str:
        """What is searched, in Algolia's words: a list in brackets means "one of"."""
        wanted = [tag for tag, on in (("comment", self.comments), ("story", self.stories)) if on]
        return f"({','.join(wanted)})"


@dataclass(frozen=True, slots=True)
class _Window:
    """The hits of one stretch of time; ``overfull`` where the search would cut them."""

    start: int
    end: int
    total: int
    found: tuple[tuple[int, str, Mapping[str, Any]], ...] | None

    @property
    def overfull(self) -> bool:
        return self.found is None

    @property
    def hits(self) -> tuple[tuple[int, str, Mapping[str, Any]], ...]:
        return self.found or ()

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def width_for(self, hits: int) -> int:
        """Seconds that would hold so many hits if they came as densely as here."""
        return self.seconds * hits // max(self.total, 1)


class HackerNews:
    """Stories and comments of Hacker News.

    The search lists the newest first and cuts at 1,000, so time is walked upwards in windows
    that are narrow enough; each window is read whole before its comments are yielded, oldest
    first. The cursor holds, per query, what was read (see ``ingest.stretches.OldestFirst``).
    """

    name: ClassVar[str] = "hackernews"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "queries",
            "option",
            "words to search for, each a query of its own",
            "List them in the source's options; without them everything is read.",
            required=False,
        ),
    )
    follows_edits: ClassVar[bool] = True
    follows_deletions: ClassVar[bool] = True
    backfills: ClassVar[bool] = True
    windows: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = "news.ycombinator.com"
        self.options = read_options(HackerNewsOptions, source, options)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._asked = (datetime.now(UTC), datetime.now(UTC))
        self._climbs: dict[str, Climb] = {}
        self._cut: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """What all queries were walked through in common; capped where one second was too full."""
        since, until = seen_in_common(
            ((climb.low, climb.high) for climb in self._climbs.values()), *self._asked
        )
        detail = ""
        if self._cut:
            detail = (
                f"more than {HITS_CAP} hits within one second ({', '.join(self._cut)}):"
                " the search shows no more of them. Narrow the queries."
            )
        return Coverage(self.source, since, until, "capped" if self._cut else "complete", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what the queries find in ``[since, until)``, oldest first within a query."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds(since, target)
        self._asked = (since or target, target)
        self._cut = []
        settled = int(now.timestamp()) - self.options.late_seconds
        tags = self.options.tags
        self._climbs = {
            query: climb_in(self, "queries", f"{tags} {query}", FIRST_SECOND, start, stop)
            for query in self.options.queries
        }
        with self._client(self.options.search_url, "Hacker News search") as client:
            found = (
                climb.up_to(stop, settled, partial(self._gap, client, query, climb))
                for query, climb in self._climbs.items()
            )
            yield from islice(chain.from_iterable(found), limit)

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Look every id up at Firebase: its present words, or a tombstone where it is gone.

        Items that were flagged to death ("dead") are gone too: their words are no longer public.
        """
        with (
            self._client(self.options.item_url, "Hacker News items") as client,
            ThreadPoolExecutor(LOOK_UPS_AT_ONCE) as pool,
        ):
            wanted = iter(native_id for native_id in native_ids if native_id.isdigit())
            while chunk := list(islice(wanted, RECHECK_CHUNK)):
                for item in pool.map(lambda i: client.get(f"/item/{i}.json"), chunk):
                    if item is not None:
                        yield self._from_item(item)

    def _client(self, url: str, where: str) -> JsonClient:
        return JsonClient(
            url, where, self.options.patience, allow_private=self.options.allow_private
        )

    # The walk

    def _gap(
        self, client: JsonClient, query: str, climb: Climb, start: int, end: int
    ) -> Iterator[Comment]:
        """Read what lies between ``start`` and ``end``, window by window."""
        at, width = start, end - start
        while at < end:
            window = self._window(client, query, at, min(end, at + width))
            if window.overfull:
                width = max(1, min(window.seconds // 2, window.width_for(HITS_WANTED)))
                continue
            for second, item_id, hit in window.hits:
                if not climb.knows(second, item_id):
                    climb.passes(start, second, item_id)
                    yield self._from_hit(hit, second)
            at = window.end
            climb.through(start, at)
            width = max(1, min(8 * window.seconds, window.width_for(HITS_WANTED)))

    def _window(self, client: JsonClient, query: str, start: int, end: int) -> _Window:
        """Every hit in ``[start, end)``, oldest first, or only their number where it is too many.

        A comment that vanishes while the pages are turned moves the others up, and one would be
        skipped between two pages: where the count changes the window is read once more.
        """
        found: dict[str, tuple[int, str, Mapping[str, Any]]] = {}
        total = 0
        for _ in range(READINGS):
            page, pages = 0, 1
            totals: set[int] = set()
            while page < pages:
                reply = client.get(
                    "/search_by_date",
                    {
                        "query": query,
                        "tags": self.options.tags,
                        "numericFilters": f"created_at_i>={start},created_at_i<{end}",
                        "hitsPerPage": self.options.page_size,
                        "page": page,
                    },
                )
                hits, total, pages = _read_reply(reply, client.where)
                if total > HITS_CAP and end - start > 1:
                    return _Window(start, end, total, None)
                for hit in hits:
                    item_id = str(hit["objectID"])
                    second = int(hit.get("created_at_i") or start)
                    found[item_id] = (second, item_id, hit)
                totals.add(total)
                page += 1
            if len(totals) == 1 and len(found) >= min(total, HITS_CAP):
                break
        if total > HITS_CAP:
            self._cut.append(moment_of(start).isoformat())
        ordered = sorted(found.values(), key=lambda hit: (hit[0], int(hit[1])))
        return _Window(start, end, total, tuple(ordered))

    # Comments

    def _from_hit(self, hit: Mapping[str, Any], second: int) -> Comment:
        is_story = "comment" not in hit.get("_tags", ())
        story, parent = hit.get("story_id"), hit.get("parent_id")
        item_id = str(hit["objectID"])
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=item_id,
            text=hit.get("story_text" if is_story else "comment_text") or "",
            kind="post" if is_story else "comment",
            title=hit.get("title") if is_story else None,
            author=hit.get("author") or None,
            created_at=moment_of(second),
            reach=hit.get("points"),
            parent_uid=None if parent is None else self._uid(parent),
            thread_uid=self._uid(item_id if story is None else story),
            url=_address(item_id),
        )

    def _from_item(self, item: Mapping[str, Any]) -> Comment:
        item_id = str(item["id"])
        gone = bool(item.get("deleted") or item.get("dead"))
        is_comment = item.get("type") == "comment"
        second = item.get("time")
        parent = item.get("parent")
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=item_id,
            text="" if gone else item.get("text") or "",
            kind="comment" if is_comment else "post",
            title=None if gone else item.get("title"),
            author=None if gone else item.get("by"),
            created_at=None if second is None else moment_of(second),
            reach=item.get("score"),
            parent_uid=None if parent is None else self._uid(parent),
            thread_uid=None if is_comment else self._uid(item_id),
            url=_address(item_id),
            deleted=gone,
        )

    def _uid(self, item_id: object) -> str:
        return make_uid(self.source, self.instance, str(item_id))


def _read_reply(reply: Any, where: str) -> tuple[list[Mapping[str, Any]], int, int]:
    """(hits, hits in all, pages) of one reply of the search."""
    try:
        return list(reply["hits"]), int(reply["nbHits"]), int(reply["nbPages"])
    except (KeyError, TypeError, ValueError) as error:
        told = reply.get("message", "") if isinstance(reply, dict) else ""
        raise TerminalError(
            f"the reply has no list of hits. {told}".strip(),
            where=where,
            next_step="See whether https://hn.algolia.com/api still describes this service.",
        ) from error


def _address(item_id: str) -> str:
    return f"https://news.ycombinator.com/item?id={item_id}"
