"""Talk pages of a wiki that runs MediaWiki, without a key.

Sources: https://www.mediawiki.org/wiki/API:Allrevisions and API:Revisions. The interface has no
comments, only revisions of pages; what somebody said is what their revision added (see
``ingest.talk``). The extension DiscussionTools can list comments, but calls its module internal,
and Debian's MediaWiki does not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Any, ClassVar

from pydantic import Field

from earful.errors import TerminalError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.hosts import checked_host
from ingest.http import JsonClient, Patience
from ingest.talk import said
from ingest.walks import Climb, climb_in, in_seconds, moment_of, seen_in_common

FIRST_SECOND = 979_516_800
"""15 January 2001: no wiki is older."""
AT_ONCE = 50
"""Revisions that are served with their text in one reply."""
LATE_SECONDS = 300
"""A copy of the database that answers may lag behind the one that is written to."""
LOOK_UPS = 500
REVERTED = "mw-reverted"
"""The tag of edits that others took back."""
_FEW = 3


class MediaWikiOptions(Options):
    """Options of a wiki.

    ``api`` is the address of its api.php. ``pages`` are talk pages to read; without them, all
    talk pages of ``namespaces`` are: 1 belongs to the articles, 5 to the wiki itself, 3 to its
    users.
    """

    api: str
    pages: tuple[str, ...] = ()
    namespaces: tuple[int, ...] = Field(default=(1, 5), min_length=1)
    allow_private: bool = False
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class _Revision:
    """One edit; ``text`` is the whole page after it, None where it is hidden."""

    number: int
    parent: int
    second: int
    user: str | None
    page: str
    page_id: int
    text: str | None
    tags: tuple[str, ...]


class MediaWiki:
    """What people write on talk pages, oldest first; an edit is a comment by its revision's number.

    The cursor holds, per listing, what was read (see ``ingest.stretches.OldestFirst``).
    """

    name: ClassVar[str] = "mediawiki"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "api",
            "option",
            "the address of the wiki's interface",
            "See Special:Version of the wiki, entry point api.php: https://wiki.example.org/w/api.php",
        ),
        Need(
            "pages",
            "option",
            "talk pages to read",
            "List them like Talk:Kayaks; without them all talk pages are read.",
            required=False,
        ),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = True
    backfills: ClassVar[bool] = True
    windows: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        require_needs(self.needs, source, options)
        self.options = read_options(MediaWikiOptions, source, options)
        self.instance = checked_host(
            self.options.api,
            f"source {source!r}, option 'api'",
            "https://wiki.example.org/w/api.php",
            allow_private=self.options.allow_private,
        ).replace(":", "_")
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._asked = (datetime.now(UTC), datetime.now(UTC))
        self._climbs: dict[str, Climb] = {}
        self._missing: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """What all listings were walked through in common; capped where a page is not there."""
        since, until = seen_in_common(
            ((climb.low, climb.high) for climb in self._climbs.values()), *self._asked
        )
        detail = ""
        if self._missing:
            detail = f"no such page: {', '.join(self._missing)}. See how the wiki spells it."
        return Coverage(self.source, since, until, "capped" if detail else "complete", detail)

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what was said in ``[since, until)``, oldest first within a listing."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds(since, target)
        self._asked = (since or target, target)
        self._missing = []
        settled = int(now.timestamp()) - LATE_SECONDS
        self._climbs = {
            key: climb_in(self, "listings", key, FIRST_SECOND, start, stop)
            for key in self._listings()
        }
        with self._client() as client:
            found = (
                climb.up_to(stop, settled, partial(self._gap, client, key, climb))
                for key, climb in self._climbs.items()
            )
            yield from islice(chain.from_iterable(found), limit)

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Tombstones of edits that were reverted, hidden, or deleted with their page."""
        wanted = [native_id for native_id in native_ids if native_id.isdigit()][:LOOK_UPS]
        gone: list[str] = []
        here = 0
        with self._client() as client:
            for start in range(0, len(wanted), AT_ONCE):
                chunk = wanted[start : start + AT_ONCE]
                asked = {"prop": "revisions", "revids": "|".join(chunk), "rvslots": "main"}
                asked["rvprop"] = "ids|timestamp|tags|content"
                for reply in self._replies(client, asked):
                    gone += [str(number) for number in reply.get("badrevids", {})]
                    for revision in _revisions(reply.get("pages", ())):
                        if revision.text is None or REVERTED in revision.tags:
                            gone.append(str(revision.number))
                        else:
                            here += 1
        # A wiki that hides everything at once was closed: nothing was deleted.
        if here or len(gone) <= _FEW:
            for native_id in dict.fromkeys(gone):
                yield Comment(self.source, self.instance, native_id, "", deleted=True)

    # The walk

    def _listings(self) -> dict[str, dict[str, str | int]]:
        """What is asked for in each listing, by its key in the cursor."""
        what = "ids|timestamp|user|content|tags"
        page: dict[str, str | int]
        every: dict[str, str | int]
        if self.options.pages:
            page = {"prop": "revisions", "rvprop": what, "rvslots": "main", "rvlimit": AT_ONCE}
            return {f"page {title}": {**page, "titles": title} for title in self.options.pages}
        spaces = "|".join(map(str, self.options.namespaces))
        every = {"list": "allrevisions", "arvprop": what, "arvslots": "main", "arvlimit": AT_ONCE}
        return {f"namespaces {spaces}": {**every, "arvnamespace": spaces}}

    def _gap(
        self, client: JsonClient, key: str, climb: Climb, start: int, end: int
    ) -> Iterator[Comment]:
        asked = self._listings()[key]
        prefix = "rv" if "titles" in asked else "arv"
        bounds = {
            f"{prefix}dir": "newer",
            f"{prefix}start": _stamp(start),
            f"{prefix}end": _stamp(end),
        }
        for reply in self._replies(client, {**asked, **bounds}):
            pages = reply.get("pages", reply.get("allrevisions", ()))
            self._missing += [str(page["title"]) for page in pages if page.get("missing")]
            revisions = sorted(_revisions(pages), key=lambda one: (one.second, one.number))
            texts = self._texts(client, revisions)
            for one in revisions:
                native_id = str(one.number)
                if not start <= one.second < end or climb.knows(one.second, native_id):
                    continue
                comment = self._comment(one, texts.get(one.parent))
                if comment is not None:
                    climb.passes(start, one.second, native_id)
                    yield comment
        climb.through(start, end)

    def _texts(self, client: JsonClient, revisions: Sequence[_Revision]) -> dict[int, str | None]:
        """The texts of revisions and of those before them, by number; "" before a page's first."""
        texts = {0: "", **{one.number: one.text for one in revisions}}
        missing = [str(one.parent) for one in revisions if one.parent not in texts]
        for start in range(0, len(missing), AT_ONCE):
            chunk = "|".join(missing[start : start + AT_ONCE])
            asked = {"prop": "revisions", "revids": chunk, "rvslots": "main"}
            for reply in self._replies(client, {**asked, "rvprop": "ids|timestamp|content"}):
                for one in _revisions(reply.get("pages", ())):
                    texts[one.number] = one.text
        return texts

    def _replies(
        self, client: JsonClient, asked: Mapping[str, str | int]
    ) -> Iterator[Mapping[str, Any]]:
        """What a query finds, part by part."""
        following: Mapping[str, str] = {}
        while True:
            query = {"action": "query", "format": "json", "formatversion": 2, **asked, **following}
            reply = client.get(self.options.api, query)
            if not isinstance(reply, Mapping) or "error" in reply:
                raise _refused(reply, client.where)
            yield reply.get("query") or {}
            before, following = following, reply.get("continue") or {}
            if not following:
                return
            if following == before:
                raise TerminalError(
                    "loop detected in paging: the wiki names a part that was read as the next one",
                    where=client.where,
                    next_step="What was read is kept. Try again later.",
                )

    def _client(self) -> JsonClient:
        options = self.options
        where = f"source {self.source!r}, wiki at {self.instance}"
        return JsonClient(options.api, where, options.patience, allow_private=options.allow_private)

    # Comments

    def _comment(self, one: _Revision, before: str | None) -> Comment | None:
        """What a revision says; None where that is nothing, or one of the texts is hidden."""
        if one.text is None or before is None or REVERTED in one.tags:
            return None
        words = said(before, one.text, one.user or "")
        if not words.text:
            return None
        thread = f"{one.page_id}#{words.heading}" if words.heading else str(one.page_id)
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=str(one.number),
            text=words.text,
            channel=one.page,
            title=words.heading,
            author=one.user,
            created_at=moment_of(one.second),
            thread_uid=make_uid(self.source, self.instance, f"page-{thread}"),
            url=f"{self.options.api.removesuffix('api.php')}index.php?diff={one.number}",
        )


def _revisions(pages: Sequence[Mapping[str, Any]]) -> Iterator[_Revision]:
    for page in pages:
        for one in page.get("revisions", ()):
            yield _Revision(
                number=int(one["revid"]),
                parent=int(one["parentid"]),
                second=int(datetime.fromisoformat(one["timestamp"]).timestamp()),
                user=one.get("user"),
                page=str(page.get("title", "")),
                page_id=int(page.get("pageid", 0)),
                text=one.get("slots", {}).get("main", {}).get("content"),
                tags=tuple(one.get("tags", ())),
            )


def _stamp(second: int) -> str:
    return moment_of(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refused(reply: Any, where: str) -> TerminalError:
    told = reply.get("error", {}).get("info", "") if isinstance(reply, Mapping) else "no object"
    return TerminalError(
        f"the wiki does not answer the query: {told}",
        where=where,
        next_step="See whether 'api' is the address of its api.php, and whether it may be read"
        " without an account.",
    )
