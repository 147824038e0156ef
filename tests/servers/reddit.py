"""Reddit as a local service: tokens, listings, search, info, threads with their "more"."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

LISTING_CAP = 1000
CLIENT = ("a-client-id", "a-client-secret")
ENVIRONMENT = {
    "EARFUL_REDDIT_CLIENT_ID": CLIENT[0],
    "EARFUL_REDDIT_CLIENT_SECRET": CLIENT[1],
    "EARFUL_REDDIT_USER_AGENT": "linux:earful-tests:1 (by /u/nobody)",
}
_QUOTA = {"x-ratelimit-remaining": "900", "x-ratelimit-used": "1", "x-ratelimit-reset": "60"}


@dataclass
class Thing:
    """A submission (``link`` is None) or a comment."""

    id: str
    second: float
    text: str
    board: str = "kayaks"
    author: str | None = "lilypaddler"
    title: str = ""
    link: str | None = None
    parent: str | None = None
    score: int = 1
    edited: float | bool = False
    gone: bool = False
    hidden_in_more: bool = False

    @property
    def fullname(self) -> str:
        """The id with its kind in front."""
        return f"{'t1' if self.link else 't3'}_{self.id}"

    def told(self) -> dict[str, Any]:
        """The fields that the API shows."""
        slug = "which_one"
        common = {
            "id": self.id,
            "name": self.fullname,
            "author": self.author or "[deleted]",
            "created_utc": self.second,
            "score": self.score,
            "edited": self.edited,
            "subreddit": self.board,
        }
        if self.link is None:
            return {
                **common,
                "title": self.title,
                "selftext": self.text,
                "permalink": f"/r/{self.board}/comments/{self.id}/{slug}/",
                "removed_by_category": "deleted" if self.gone else None,
            }
        return {
            **common,
            "body": self.text,
            "link_id": self.link,
            "parent_id": self.parent or self.link,
            "permalink": f"/r/{self.board}/comments/{self.link[3:]}/{slug}/{self.id}/",
            "replies": "",
        }


def base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (base36(number // 36) if number >= 36 else "") + digits[number % 36]


@dataclass
class RedditWorld:
    """The things there are, and how the service behaves."""

    things: dict[str, Thing] = field(default_factory=dict)
    page_cap: int = LISTING_CAP
    closed_boards: frozenset[str] = frozenset()

    def add(self, thing: Thing) -> Thing:
        """Put a thing up, or replace the one of that name."""
        self.things[thing.fullname] = thing
        return thing

    def submissions(self, count: int, first_second: int, every: int = 60, first: int = 1) -> None:
        """``count`` submissions numbered from ``first``, ``every`` seconds one."""
        for n in range(first, first + count):
            self.add(
                Thing(
                    f"s{base36(n)}",
                    first_second + n * every,
                    f"Could there be a shorter kayak? Wish {n}",
                    title=f"Short kayaks {n}",
                    score=n % 50,
                    author=f"paddler{n % 9}",
                )
            )

    def thread(self, link: str, count: int, first_second: int, more_from: int = 10**9) -> None:
        """``count`` comments below a submission; from ``more_from`` on they hide behind "more"."""
        parent = link
        for n in range(1, count + 1):
            comment = self.add(
                Thing(
                    f"c{link[3:]}x{base36(n)}",
                    first_second + n * 30,
                    f"A foot rest would be good, number {n}",
                    board=self.things[link].board,
                    link=link,
                    parent=parent,
                    author=f"paddler{n % 9}",
                    hidden_in_more=n >= more_from,
                )
            )
            parent = comment.fullname if n % 3 == 0 else link

    def delete(self, fullname: str) -> None:
        """The writer takes a comment away: it stays at its address, without words."""
        thing = self.things[fullname]
        thing.text, thing.author, thing.gone = "[deleted]", None, True

    def answer(self, request: Request) -> Reply:
        """The reply of the real service's path; a token is asked for first."""
        path = request.path.strip("/")
        if path == "api/v1/access_token":
            return self._token(request)
        if request.headers.get("Authorization") != "bearer a-token":
            return Reply(401, {"message": "Unauthorized", "error": 401})
        if match := re.fullmatch(r"r/([\w+]+)/(new|comments)", path):
            return self._board(request, match[1], match[2])
        if match := re.fullmatch(r"r/([\w+]+)/search", path):
            return self._search(request, match[1])
        if path == "api/info":
            names = request.fields["id"].split(",")
            found = [self.things[name] for name in names[:100] if name in self.things]
            return _ok(_listing(found, None))
        if path == "api/morechildren":
            found = [self.things[f"t1_{n}"] for n in request.fields["children"].split(",")]
            return _ok({"json": {"errors": [], "data": {"things": [_kind(t) for t in found]}}})
        if match := re.fullmatch(r"comments/(\w+)", path):
            return self._tree(f"t3_{match[1]}")
        return Reply(404, {"message": "Not Found", "error": 404}, _QUOTA)

    def _token(self, request: Request) -> Reply:
        given = base64.b64encode(":".join(CLIENT).encode()).decode()
        if request.headers.get("Authorization") != f"Basic {given}":
            return Reply(401, {"message": "Unauthorized", "error": 401})
        return Reply(
            content={"access_token": "a-token", "expires_in": 3600, "scope": "*", "token_type": "b"}
        )

    def _board(self, request: Request, boards: str, kind: str) -> Reply:
        if boards in self.closed_boards:
            return Reply(403, {"reason": "private", "message": "Forbidden", "error": 403}, _QUOTA)
        wanted = [
            thing
            for thing in self.things.values()
            if thing.board in boards.split("+") and (thing.link is None) == (kind == "new")
        ]
        if not any(thing.board in boards.split("+") for thing in self.things.values()):
            return Reply(404, {"message": "Not Found", "error": 404}, _QUOTA)
        return self._page(request, wanted)

    def _search(self, request: Request, boards: str) -> Reply:
        words = request.fields["q"].lower().split()
        wanted = [
            thing
            for thing in self.things.values()
            if thing.link is None
            and (boards == "all" or thing.board in boards.split("+"))
            and all(word in f"{thing.title} {thing.text}".lower() for word in words)
        ]
        return self._page(request, wanted)

    def _page(self, request: Request, wanted: list[Thing]) -> Reply:
        shown = [thing for thing in wanted if not thing.gone]
        shown.sort(key=lambda thing: (thing.second, thing.id), reverse=True)
        shown = shown[: self.page_cap]
        names = [thing.fullname for thing in shown]
        size = int(request.fields.get("limit", "25"))
        after, before = request.fields.get("after"), request.fields.get("before")
        if (after and after not in names) or (before and before not in names):
            # So does the real one when what a page hangs on was deleted.
            return _ok(_listing([], None))
        if before:
            newer = shown[: names.index(before)]
            return _ok(_listing(newer[-size:], None))
        start = names.index(after) + 1 if after else 0
        page = shown[start : start + size]
        more = start + size < len(shown)
        return _ok(_listing(page, page[-1].fullname if more else None))

    def _tree(self, link: str) -> Reply:
        submission = self.things.get(link)
        if submission is None:
            return Reply(404, {"message": "Not Found", "error": 404}, _QUOTA)
        children = self._replies(link, link)
        return _ok(
            [
                _listing([submission], None),
                {"kind": "Listing", "data": {"children": children, "after": None}},
            ]
        )

    def _replies(self, link: str, parent: str) -> list[dict[str, Any]]:
        below = [t for t in self.things.values() if t.link == link and (t.parent or link) == parent]
        told: list[dict[str, Any]] = []
        for thing in below:
            if not thing.hidden_in_more:
                one = _kind(thing)
                if replies := self._replies(link, thing.fullname):
                    listing = {"kind": "Listing", "data": {"children": replies, "after": None}}
                    one["data"]["replies"] = listing
                told.append(one)
        if parent == link:
            hidden = [t for t in self.things.values() if t.link == link and t.hidden_in_more]
            for start in range(0, len(hidden), 100):
                children = [thing.id for thing in hidden[start : start + 100]]
                told.append(
                    {
                        "kind": "more",
                        "data": {
                            "id": children[0],
                            "name": f"t1_{children[0]}",
                            "count": len(children),
                            "parent_id": link,
                            "children": children,
                        },
                    }
                )
        return told


def _kind(thing: Thing) -> dict[str, Any]:
    return {"kind": "t1" if thing.link else "t3", "data": thing.told()}


def _listing(things: list[Thing], after: str | None) -> dict[str, Any]:
    return {
        "kind": "Listing",
        "data": {"children": [_kind(t) for t in things], "after": after, "before": None},
    }


def _ok(content: Any) -> Reply:
    return Reply(200, content, _QUOTA)


def serve(world: RedditWorld, slowness: float = 0.0) -> LocalServer:
    """A server of this world, to be used as a context manager."""
    return LocalServer(world.answer, slowness)


def options_for(url: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server and wait no longer than a blink."""
    return {
        "reddit_url": url,
        "oauth_url": url,
        "patience": PATIENCE,
        **options,
    }
