"""Reddit, through praw as a read-only app: boards, searches and whole threads.

Sources: https://www.reddit.com/dev/api and the documentation of praw 8. A listing is served
newest first and cut at about 1,000; ``before=`` an item that was deleted answers with an empty
page, so it is not used: every walk begins at the newest comment and goes down (``after=``) to
what was read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Self, TypeVar

import praw
import prawcore
from praw.exceptions import InvalidURL, PRAWException, RedditAPIException
from praw.models import Submission
from pydantic import Field, model_validator

from earful.credentials import credential
from earful.errors import ConfigurationError, EarfulError, TerminalError, TransientError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.http import TRY_AGAIN, Patience
from ingest.stretches import NewestFirst, OldestFirst
from ingest.walks import in_seconds_and_ahead, keep_in, moment_of

PAGE = 100
LISTING_CAP = 1000
SEARCH_CAP = 250
CAP_MARGIN = 100
"""Removed comments are taken out after the cut, so a cut listing may be this much shorter."""
LATE_SECONDS = 3600
"""A reply may show up in its thread this long after it was written."""
WALKS = 3
"""How often a listing is walked that broke off (its next page hung on a comment now deleted)."""

REMOVED = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]"})
"""What stands in place of words that the writer or a moderator took away, in lower case."""

_APPROVAL = (
    "Since November 2025 Reddit gives out API keys only after it has approved the use"
    " (https://support.reddithelp.com, Responsible Builder Policy), and commercial use needs a"
    " contract with Reddit. Without either, import an archive: earful import FILE --source NAME."
)
_HOW = "Make an app of type 'script' at https://www.reddit.com/prefs/apps."
_CAPPED = (
    "Reddit serves at most about 1,000 entries of a listing and 250 of a search, newest first;"
    " older ones were not seen. Pull more often, add searches (option 'queries') for what matters,"
    " or bring the past in from an archive file (Arctic Shift dumps):"
    " earful import FILE --source NAME."
)

T = TypeVar("T")


class RedditOptions(Options):
    """Options of a Reddit source.

    ``subreddits`` are listed whole: new ``submissions`` and ``comments``. ``queries`` search for
    submissions, in all of Reddit or in ``search_in`` only. ``threads`` (ids or addresses of
    submissions) are read with every comment below them. ``limit`` is the most comments that one
    pull brings when the call names no limit of its own.
    """

    subreddits: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    search_in: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    submissions: bool = True
    comments: bool = True
    limit: int | None = Field(default=None, ge=1)
    reddit_url: str = "https://www.reddit.com"
    oauth_url: str = "https://oauth.reddit.com"
    patience: Patience = Patience()

    @model_validator(mode="after")
    def _something_is_wanted(self) -> Self:
        if not (self.subreddits or self.queries or self.threads):
            raise ValueError("name at least one of: subreddits, queries, threads")
        if self.subreddits and not (self.submissions or self.comments):
            raise ValueError("submissions and comments are both off, so nothing would be pulled")
        return self


class _UnknownPlaceError(ConfigurationError):
    """A board or thread that is not there; the others are read all the same."""


class _ClosedPlaceError(TerminalError):
    """A board or thread that may not be read; the others are read all the same."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """One newest-first listing; ``key`` names it in the cursor."""

    key: str
    path: str
    parameters: Mapping[str, str]
    cap: int


class Reddit:
    """Submissions and comments of Reddit.

    The cursor holds, per listing, the stretches of time that were read (see
    ``ingest.stretches.NewestFirst``), and the same per thread (``OldestFirst``: a thread is in
    hand before its first comment is yielded, so it can be yielded oldest first).
    """

    name: ClassVar[str] = "reddit"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("EARFUL_REDDIT_CLIENT_ID", "environment", "the app's client id", _HOW, secret=True),
        Need("EARFUL_REDDIT_CLIENT_SECRET", "environment", "the app's secret", _HOW, secret=True),
        Need(
            "EARFUL_REDDIT_USER_AGENT",
            "environment",
            "who is asking, as 'platform:app:version (by /u/name)'",
            "Choose one that names you; Reddit slows down common ones.",
        ),
        Need("subreddits", "option", "boards to list", "Name them without r/.", required=False),
        Need("queries", "option", "words to search for", "List them.", required=False),
        Need("threads", "option", "submissions to read whole", "Ids or links.", required=False),
    )
    follows_edits: ClassVar[bool] = True
    follows_deletions: ClassVar[bool] = True
    backfills: ClassVar[bool] = False

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = "reddit.com"
        self.options = read_options(RedditOptions, source, options)
        require_needs(self.needs, source, options, _APPROVAL)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._reddit = _read_only_app(self.options)
        self._asked: tuple[datetime | None, datetime] = (None, datetime.now(UTC))
        self._reached: dict[str, int] = {}
        self._cut: list[str] = []

    @property
    def coverage(self) -> Coverage:
        """The time that every listing was walked through; capped where Reddit cut one."""
        since, until = self._asked
        if self._reached:
            oldest = max(self._reached.values())
            since = min(until, moment_of(oldest)) if oldest > 0 else None
        if not self._cut:
            return Coverage(self.source, since, until, "complete")
        return Coverage(self.source, since, until, "capped", f"{', '.join(self._cut)}: {_CAPPED}")

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is new: listings newest first, threads oldest first.

        A listing that is gone or closed does not keep the others from being read; its error is
        raised when they are done.
        """
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds_and_ahead(since, target, now)
        self._asked = (since, target)
        self._cut = []
        self._reached = {listing.key: stop for listing in self._listings()}
        limits = [one for one in (limit, self.options.limit) if one is not None]
        settled = int(now.timestamp()) - LATE_SECONDS
        yield from islice(self._everything(start, stop, settled), min(limits, default=None))

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Look ids (``t1_...``, ``t3_...``) up again, a hundred a call: edited ones, tombstones."""
        fullnames = iter(native_ids)
        while chunk := list(islice(fullnames, PAGE)):
            for thing in self._ask("api/info", partial(self._info, chunk)):
                comment = self._comment(thing)
                if comment.deleted or vars(thing).get("edited"):
                    yield comment

    # What is read

    def _listings(self) -> list[_Listing]:
        kinds = [
            kind
            for kind, on in (("new", self.options.submissions), ("comments", self.options.comments))
            if on
        ]
        listings = [
            _Listing(f"r/{board}/{kind}", f"r/{board}/{kind}", {}, LISTING_CAP)
            for board in self.options.subreddits
            for kind in kinds
        ]
        path = f"r/{'+'.join(self.options.search_in) or 'all'}/search"
        for query in self.options.queries:
            parameters = {"q": query, "sort": "new", "t": "all", "type": "link"}
            if self.options.search_in:
                parameters["restrict_sr"] = "true"
            listings.append(_Listing(f"{path}?q={query}", path, parameters, SEARCH_CAP))
        return listings

    def _everything(self, since: int | None, stop: int, settled: int) -> Iterator[Comment]:
        failed: EarfulError | None = None
        given: set[str] = set()
        for listing in self._listings():
            try:
                yield from self._listing(listing, since, stop, given)
            except (_UnknownPlaceError, _ClosedPlaceError) as error:
                failed = failed or error
        for thread in self.options.threads:
            try:
                yield from self._thread(thread, since, stop, settled, given)
            except (_UnknownPlaceError, _ClosedPlaceError) as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _listing(
        self, listing: _Listing, since: int | None, stop: int, given: set[str]
    ) -> Iterator[Comment]:
        """Walk down a listing to what was read before, to ``since``, or to its end."""
        last = None
        for _ in range(WALKS):
            known = NewestFirst.from_json(self._stored("listings", listing.key)).begin(since)
            floor = (known.floor or 0) if since is None else since
            state, count, before, broke_off = known, 0, last, False
            for page, is_later in self._pages(listing):
                # An empty page after others does not tell why: the listing has ended, or the
                # comment that the page hangs on was deleted meanwhile. A second walk tells.
                broke_off = is_later and not page
                for thing in page:
                    count += 1
                    second, last = int(thing.created_utc), thing.fullname
                    if second >= stop:
                        continue
                    if second < floor:
                        self._keep_listing(listing.key, state.reach(floor), floor)
                        return
                    state = state.pass_by(second, last)
                    self._keep_listing(listing.key, state, second)
                    if last not in given and not known.holds(second, last):
                        given.add(last)
                        yield self._comment(thing)
                    if known.ends_at(second, floor):
                        return
            if not broke_off or last == before:
                break
        if count < listing.cap - CAP_MARGIN:
            self._keep_listing(listing.key, state.reach(floor), floor)
        else:
            # What lies deeper cannot be had, so the cursor does not send later walks there.
            self._cut.append(listing.key)
            self._keep_listing(listing.key, state.reach(floor), self._reached[listing.key])

    def _pages(self, listing: _Listing) -> Iterator[tuple[list[Any], bool]]:
        """(things, whether a page went before) for each page of a listing, newest first."""
        parameters: dict[str, str | int] = {**listing.parameters, "limit": PAGE}
        while True:
            page = self._ask(
                listing.key, lambda: self._reddit.get(listing.path, params=dict(parameters))
            )
            after = page.after
            yield list(page), "after" in parameters
            if after is None or not len(page):
                return
            if after == parameters.get("after"):
                raise TerminalError(
                    f"loop detected in paging: {after} follows itself",
                    where=f"source {self.source!r}, {listing.key}",
                    next_step="Pull again later; what was read so far is kept.",
                )
            parameters["after"] = after

    def _thread(
        self, thread: str, since: int | None, stop: int, settled: int, given: set[str]
    ) -> Iterator[Comment]:
        """Read a whole tree, then yield what of it is new, oldest first."""
        thread_id = self._submission_id(thread)
        things = self._ask(f"thread {thread_id}", lambda: self._tree(thread_id))
        things.sort(key=lambda thing: (thing.created_utc, thing.fullname))
        walk = self._thread_walk(thread_id, since)
        if walk.horizon is not None:
            # A walk that was stopped is finished before its newest stretch is looked at again.
            yield from self._climb(thread_id, things, since, min(stop, walk.horizon), given)
            if stop < walk.horizon:
                return
            self._keep_thread(thread_id, self._thread_walk(thread_id, since).ended())
        self._keep_thread(
            thread_id, self._thread_walk(thread_id, since).begun(since, stop, settled)
        )
        yield from self._climb(thread_id, things, since, stop, given)
        self._keep_thread(thread_id, self._thread_walk(thread_id, since).ended())

    def _climb(
        self, thread_id: str, things: list[Any], since: int | None, stop: int, given: set[str]
    ) -> Iterator[Comment]:
        for start, end in self._thread_walk(thread_id, since).gaps(since, stop):
            for thing in things:
                second, fullname = int(thing.created_utc), thing.fullname
                walk = self._thread_walk(thread_id, since)
                if not start <= second < end or walk.knows(second, fullname):
                    continue
                self._keep_thread(thread_id, walk.after(start, second, fullname))
                if fullname not in given:
                    given.add(fullname)
                    yield self._comment(thing)
            self._keep_thread(thread_id, self._thread_walk(thread_id, since).through(start, end))

    def _tree(self, submission_id: str) -> list[Any]:
        # A new object each time: praw cannot replace_more a tree that a failure left half done.
        submission = self._reddit.submission(submission_id)
        submission.comments.replace_more(limit=None)
        return [submission, *submission.comments.list()]

    def _submission_id(self, thread: str) -> str:
        if "/" not in thread:
            return thread.removeprefix("t3_")
        try:
            return Submission.id_from_url(thread)
        except InvalidURL as error:
            raise _UnknownPlaceError(
                f"{thread!r} is no address of a submission",
                where=f"source {self.source!r}, option 'threads'",
                next_step="Give its id, or an address like https://www.reddit.com/comments/ID/",
            ) from error

    def _info(self, fullnames: list[str]) -> list[Any]:
        return list(self._reddit.info(fullnames=fullnames))

    # The cursor

    def _stored(self, part: str, key: str) -> Any:
        return self.cursor.get(part, {}).get(key)

    def _thread_walk(self, thread_id: str, since: int | None) -> OldestFirst:
        stored = self._stored("threads", thread_id)
        return OldestFirst(since or 0) if stored is None else OldestFirst.from_json(stored)

    def _keep_thread(self, thread_id: str, walk: OldestFirst) -> None:
        keep_in(self, "threads", thread_id, walk.to_json())

    def _keep_listing(self, key: str, state: NewestFirst, reached: int) -> None:
        keep_in(self, "listings", key, state.to_json())
        self._reached[key] = reached

    # Comments

    def _comment(self, thing: Any) -> Comment:
        # praw would fetch over the network what a thing lacks; ``vars`` shows what is there.
        fields = vars(thing)
        is_post = isinstance(thing, Submission)
        gone = _is_gone(fields, is_post)
        author = fields.get("author")
        edited = fields.get("edited")
        parent = None if is_post else fields.get("parent_id")
        thread = thing.fullname if is_post else fields.get("link_id")
        permalink = fields.get("permalink")
        score = None if fields.get("score_hidden") else fields.get("score")
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=thing.fullname,
            text="" if gone else fields.get("selftext" if is_post else "body") or "",
            kind="post" if is_post else "comment",
            channel=None if fields.get("subreddit") is None else f"r/{fields['subreddit']}",
            title=None if gone else fields.get("title"),
            author=None if gone or author is None else str(author),
            created_at=datetime.fromtimestamp(fields["created_utc"], UTC),
            edited_at=None if not edited or edited is True else datetime.fromtimestamp(edited, UTC),
            reach=score,
            parent_uid=None if parent is None else self._uid(parent),
            thread_uid=None if thread is None else self._uid(thread),
            url=None if permalink is None else f"https://www.reddit.com{permalink}",
            deleted=gone,
        )

    def _uid(self, fullname: str) -> str:
        return make_uid(self.source, self.instance, fullname)

    # Calls

    def _ask(self, what: str, call: Callable[[], T]) -> T:
        """Call praw with retries. praw itself waits when Reddit's headers say that none is left."""
        for attempt in self.options.patience.tries():
            with attempt, _explained(f"source {self.source!r}, {what}"):
                return call()
        raise AssertionError("stamina makes at least one attempt")


def _read_only_app(options: RedditOptions) -> praw.Reddit:
    """praw with everything said, so that no praw.ini lying about can add to it or redirect it."""
    return praw.Reddit(
        client_id=credential("EARFUL_REDDIT_CLIENT_ID"),
        client_secret=credential("EARFUL_REDDIT_CLIENT_SECRET"),
        user_agent=credential("EARFUL_REDDIT_USER_AGENT"),
        username=None,
        password=None,
        refresh_token=None,
        redirect_uri=None,
        reddit_url=options.reddit_url,
        oauth_url=options.oauth_url,
        ratelimit_seconds=int(options.patience.longest_wait),
        check_for_updates=False,
        check_for_async=False,
        requestor_kwargs={"timeout": options.patience.read_timeout},
    )


def _is_gone(fields: Mapping[str, Any], is_post: bool) -> bool:
    if not is_post:
        return str(fields.get("body", "")).strip().lower() in REMOVED
    words = (fields.get("selftext") or "", fields.get("title") or "")
    return bool(fields.get("removed_by_category")) or any(
        word.strip().lower() in REMOVED for word in words
    )


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn praw's and prawcore's exceptions into ours, by what the reader can do."""
    later = "Pull again later; it goes on where it stopped."
    try:
        yield
    except prawcore.TooManyRequests as error:
        raise TransientError(
            "Reddit asks us to slow down (status 429)",
            where=where,
            next_step=later,
            retry_after=_reset_seconds(error.response.headers),
        ) from error
    except (prawcore.RequestException, prawcore.ServerError, prawcore.BadJSON) as error:
        raise TransientError(
            f"Reddit did not answer as it should: {error}", where=where, next_step=later
        ) from error
    except (prawcore.NotFound, prawcore.Redirect) as error:
        raise _UnknownPlaceError(
            "Reddit knows no such board or thread",
            where=where,
            next_step="Check how it is written in the source's options.",
        ) from error
    except (prawcore.Forbidden, prawcore.UnavailableForLegalReasons) as error:
        raise _ClosedPlaceError(
            "Reddit does not show this (private, quarantined, banned, or the app is not approved)",
            where=where,
            next_step=f"Leave it out of the source's options. {_APPROVAL}",
        ) from error
    except (prawcore.OAuthException, prawcore.ResponseException) as error:
        raise _refused(error, where) from error
    except RedditAPIException as error:
        if any(item.error_type == "RATELIMIT" for item in error.items):
            raise TransientError(
                f"Reddit asks us to slow down: {error}", where=where, next_step=later
            ) from error
        raise TerminalError(
            f"Reddit refuses: {error}", where=where, next_step="Check the source's options."
        ) from error
    except (PRAWException, AssertionError) as error:
        # praw asserts the shape of what it is sent, so a reply cut short ends here.
        raise TransientError(
            f"Reddit's reply is not what praw expects: {error}", where=where, next_step=later
        ) from error


def _refused(error: prawcore.PrawcoreException, where: str) -> EarfulError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status in TRY_AGAIN:
        return TransientError(
            f"Reddit did not answer as it should: {TRY_AGAIN[status]} (status {status})",
            where=where,
            next_step="Pull again later; it goes on where it stopped.",
        )
    if isinstance(error, prawcore.OAuthException) or status == 401:
        return ConfigurationError(
            "Reddit does not accept the credentials",
            where=where,
            next_step=(
                "Check EARFUL_REDDIT_CLIENT_ID and EARFUL_REDDIT_CLIENT_SECRET, and that the app"
                f" is of type 'script' and still approved. {_APPROVAL}"
            ),
        )
    return TerminalError(
        f"Reddit refuses the request (status {status})",
        where=where,
        next_step="Check the source's options.",
    )


def _reset_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds until Reddit answers again, from whichever header tells."""
    for name in ("retry-after", "x-ratelimit-reset"):
        try:
            return max(0.0, float(headers[name]))
        except (KeyError, ValueError):
            continue
    return None
