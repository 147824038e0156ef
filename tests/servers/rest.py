"""Platforms with a REST interface as local services, in the shapes that their manuals show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

FIRST = 1_750_000_000
"""When the first remark of a world was written (15 June 2025)."""


@dataclass
class Remark:
    """One comment; what a test changes here, the service shows."""

    number: int
    second: int
    text: str
    author: str = "ada_paddles"
    edited: int | None = None
    deleted: bool = False

    @property
    def changed(self) -> int:
        """The second of the last change."""
        return self.edited or self.second


@dataclass
class World:
    """The comments there are. ``size`` is the most that a service puts on a page."""

    remarks: dict[int, Remark] = field(default_factory=dict)
    size: int = 16
    extra: dict[str, Any] = field(default_factory=dict)

    def fill(self, count: int, first_second: int, every: int = 60, first: int = 1) -> None:
        """Add ``count`` comments, ``every`` seconds one."""
        for n in range(first, first + count):
            second = first_second + (n - first) * every
            self.remarks[n] = Remark(n, second, f"A dry bag with two straps please, number {n}")

    def edit(self, number: int, text: str) -> None:
        """Change the words; the service tells of it a minute after the comment was written."""
        remark = self.remarks[number]
        remark.text, remark.edited = text, remark.second + 60

    def delete(self, number: int) -> None:
        """Take a comment away."""
        self.remarks[number].deleted = True

    def shown(self, key: Callable[[Remark], tuple[int, int]], *, newest: bool) -> list[Remark]:
        """What is not deleted, in order."""
        alive = [remark for remark in self.remarks.values() if not remark.deleted]
        return sorted(alive, key=key, reverse=newest)


def iso(second: int) -> str:
    """A second as most services write it."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:19] + "Z"


def from_iso(text: str) -> float:
    """The second that is written so."""
    return datetime.fromisoformat(text).timestamp()


def _created(remark: Remark) -> tuple[int, int]:
    return remark.second, remark.number


def _changed(remark: Remark) -> tuple[int, int]:
    return remark.changed, remark.number


@dataclass(frozen=True)
class Service:
    """A platform: how it answers, what the native id of a comment is, options of the source.

    ``recent``: it shows the last days only. ``authors``: it tells who wrote a comment.
    """

    answer: Callable[[World, Request], Reply]
    native_id: Callable[[Remark], str]
    options: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    recent: bool = False
    authors: bool = True


def _not_found() -> Reply:
    return Reply(404, {"error": "Record not found"})


def _linked(request: Request, host: str, **changed: object) -> str:
    query = urlencode({**request.fields, **changed})
    return f'<http://{host}{request.path}?{query}>; rel="next"'


# Mastodon


def mastodon_id(remark: Remark) -> str:
    """Ids begin with the milliseconds at which a status was written."""
    return str((remark.second * 1000 << 16) + remark.number)


def _mastodon(world: World, request: Request) -> Reply:
    def status(remark: Remark) -> dict[str, Any]:
        return {
            "id": mastodon_id(remark),
            "created_at": f"{iso(remark.second)[:-1]}.000Z",
            "edited_at": iso(remark.edited) if remark.edited else None,
            "in_reply_to_id": None,
            "language": "en",
            "uri": f"https://kayaks.example/users/ada/statuses/{remark.number}",
            "url": f"https://kayaks.example/@ada/{remark.number}",
            "replies_count": 0,
            "reblogs_count": 2,
            "favourites_count": 3,
            "content": f"<p>{remark.text}</p>",
            "account": {"id": "1", "username": "ada", "acct": remark.author},
            "tags": [{"name": "kayak"}],
            **world.extra,
        }

    by_id = {mastodon_id(remark): remark for remark in world.remarks.values()}
    if match := re.fullmatch(r"/api/v1/statuses/(\d+)", request.path):
        remark = by_id.get(match[1])
        return _not_found() if remark is None or remark.deleted else Reply(content=status(remark))
    if request.path != "/api/v1/timelines/tag/kayak":
        return Reply(content=[])
    found = world.shown(_created, newest=True)
    if "max_id" in request.fields:
        found = [r for r in found if int(mastodon_id(r)) < int(request.fields["max_id"])]
    page = found[: min(world.size, int(request.fields.get("limit", "20")))]
    headers = {"X-RateLimit-Remaining": "290", "X-RateLimit-Reset": "2025-06-15T12:05:00.000Z"}
    if page:
        headers["Link"] = _linked(request, request.headers["Host"], max_id=mastodon_id(page[-1]))
    return Reply(content=[status(remark) for remark in page], headers=headers)


# Discourse


def _discourse(world: World, request: Request) -> Reply:
    def post(remark: Remark) -> dict[str, Any]:
        return {
            "id": remark.number,
            "username": remark.author,
            "created_at": iso(remark.second),
            "updated_at": iso(remark.changed),
            "cooked": f"<p>{remark.text}</p>",
            "raw": remark.text,
            "post_number": remark.number,
            "reply_to_post_number": None,
            "reads": 7,
            "version": 2 if remark.edited else 1,
            "topic_id": 3,
            "topic_slug": "dry-bags",
            "topic_title": "Dry bags",
            "category_slug": "gear",
            "user_deleted": False,
            **world.extra,
        }

    if match := re.fullmatch(r"/posts/(\d+)\.json", request.path):
        remark = world.remarks.get(int(match[1]))
        return _not_found() if remark is None or remark.deleted else Reply(content=post(remark))
    found = world.shown(lambda r: (r.number, 0), newest=True)
    if "before" in request.fields:
        found = [r for r in found if r.number < int(request.fields["before"])]
    return Reply(content={"latest_posts": [post(r) for r in found[: min(world.size, 50)]]})


# GitHub


def _github(world: World, request: Request) -> Reply:
    def comment(remark: Remark) -> dict[str, Any]:
        return {
            "id": remark.number,
            "html_url": f"https://github.com/kayaks/maps/issues/1#issuecomment-{remark.number}",
            "issue_url": "https://api.github.com/repos/kayaks/maps/issues/1",
            "user": {"login": remark.author, "id": 7},
            "created_at": iso(remark.second),
            "updated_at": iso(remark.changed),
            "body": remark.text,
            "reactions": {"total_count": 1},
            **world.extra,
        }

    if match := re.fullmatch(r"/repos/kayaks/maps/issues/comments/(\d+)", request.path):
        remark = world.remarks.get(int(match[1]))
        return _not_found() if remark is None or remark.deleted else Reply(content=comment(remark))
    if request.path != "/repos/kayaks/maps/issues/comments":
        return _not_found()
    return _link_paged(world, request, [comment(remark) for remark in _since(world, request)])


def _since(world: World, request: Request) -> list[Remark]:
    """What GitHub lists, by the last change."""
    since = from_iso(request.fields.get("since", iso(0)))
    return [remark for remark in world.shown(_changed, newest=False) if remark.changed >= since]


def _link_paged(world: World, request: Request, found: list[dict[str, Any]]) -> Reply:
    number = int(request.fields.get("page", "1"))
    size = min(world.size, int(request.fields.get("per_page", "30")))
    headers = {"X-RateLimit-Remaining": "58", "X-RateLimit-Reset": "1750003600"}
    if len(found) > number * size:
        headers["Link"] = _linked(request, request.headers["Host"], page=number + 1)
    return Reply(content=found[(number - 1) * size : number * size], headers=headers)


def _github_issues(world: World, request: Request) -> Reply:
    def issue(remark: Remark) -> dict[str, Any]:
        return {
            "id": 900_000 + remark.number,
            "number": remark.number,
            "url": f"https://api.github.com/repos/kayaks/maps/issues/{remark.number}",
            "html_url": f"https://github.com/kayaks/maps/issues/{remark.number}",
            "title": "Tides",
            "body": remark.text,
            "user": {"login": remark.author, "id": 7},
            "comments": 2,
            "created_at": iso(remark.second),
            "updated_at": iso(remark.changed),
            "reactions": {"total_count": 1},
            **world.extra,
        }

    if match := re.fullmatch(r"/repos/kayaks/maps/issues/(\d+)", request.path):
        remark = world.remarks.get(int(match[1]))
        gone = Reply(410, {"message": "This issue was deleted"})
        return gone if remark is None or remark.deleted else Reply(content=issue(remark))
    return _link_paged(world, request, [issue(remark) for remark in _since(world, request)])


def _gitlab(world: World, request: Request) -> Reply:
    def issue(remark: Remark) -> dict[str, Any]:
        return {
            "id": 900_000 + remark.number,
            "iid": remark.number,
            "title": "Tides",
            "description": remark.text,
            "created_at": f"{iso(remark.second)[:-1]}.000Z",
            "updated_at": f"{iso(remark.changed)[:-1]}.000Z",
            "author": {"id": 7, "username": remark.author},
            "user_notes_count": 2,
            "upvotes": 1,
            "web_url": f"https://gitlab.com/kayaks/maps/-/issues/{remark.number}",
            **world.extra,
        }

    if match := re.fullmatch(r"/api/v4/projects/kayaks%2Fmaps/issues/(\d+)", request.path):
        remark = world.remarks.get(int(match[1]))
        return _not_found() if remark is None or remark.deleted else Reply(content=issue(remark))
    if request.path != "/api/v4/projects/kayaks%2Fmaps/issues":
        return _not_found()
    found = world.shown(_changed, newest=False)
    if "updated_after" in request.fields:
        found = [r for r in found if r.changed > from_iso(request.fields["updated_after"])]
    if "updated_before" in request.fields:
        found = [r for r in found if r.changed < from_iso(request.fields["updated_before"])]
    return _link_paged(world, request, [issue(remark) for remark in found])


# WordPress


def _wordpress(world: World, request: Request) -> Reply:
    def comment(remark: Remark) -> dict[str, Any]:
        return {
            "id": remark.number,
            "post": 12,
            "parent": 0,
            "author": 0,
            "author_name": remark.author,
            "date": "2025-06-15T08:00:00",
            "date_gmt": iso(remark.second)[:-1],
            "content": {"rendered": f"<p>{remark.text}</p>\n"},
            "link": f"https://blog.example/dry-bags/#comment-{remark.number}",
            "status": "approved",
            "type": "comment",
            **world.extra,
        }

    if match := re.fullmatch(r"/wp-json/wp/v2/comments/(\d+)", request.path):
        remark = world.remarks.get(int(match[1]))
        if remark is None:
            return Reply(404, {"code": "rest_comment_invalid_id"})
        return (
            Reply(401, {"code": "rest_cannot_read"})
            if remark.deleted
            else Reply(content=comment(remark))
        )
    found = world.shown(_created, newest=request.fields.get("order", "desc") == "desc")
    number = int(request.fields.get("page", "1"))
    size = min(world.size, int(request.fields.get("per_page", "10")))
    pages = -(-len(found) // size)
    if number > max(pages, 1):
        return Reply(400, {"code": "rest_comment_invalid_page_number"})
    return Reply(
        content=[comment(r) for r in found[(number - 1) * size : number * size]],
        headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)},
    )


# Steam


def _steam(world: World, request: Request) -> Reply:
    found = world.shown(_created, newest=True)
    cursor = request.fields.get("cursor", "*")
    start = 0 if cursor == "*" else int(cursor.removeprefix("AoJ+/").removesuffix("=="))
    size = min(world.size, int(request.fields["num_per_page"]))
    page = found[start : start + size]
    response: dict[str, Any] = {"cursor": f"AoJ+/{min(start + size, len(found))}=="}
    if page:
        response["reviews"] = [
            {
                "recommendationid": str(remark.number),
                "author": {"steamid": "76561197960265729", "playtime_forever": 90},
                "language": "english",
                "review": remark.text,
                "timestamp_created": remark.second,
                "timestamp_updated": remark.changed,
                "voted_up": remark.number % 3 != 0,
                "votes_up": 4,
                "votes_funny": 0,
                "steam_purchase": True,
                **world.extra,
            }
            for remark in page
        ]
    return Reply(content={"response": response})


# App Store


def _appstore(world: World, request: Request) -> Reply:
    match = re.fullmatch(
        r"/gb/rss/customerreviews/page=(\d+)/id=(\d+)/sortby=mostrecent/json", request.path
    )
    if match is None:
        return _not_found()
    found = world.shown(_changed, newest=True)
    start = (int(match[1]) - 1) * world.size
    entries = [
        {
            "author": {"name": {"label": remark.author}, "label": ""},
            "updated": {
                "label": datetime.fromtimestamp(remark.changed - 7 * 3600, UTC).isoformat()[:19]
                + "-07:00"
            },
            "im:rating": {"label": str(remark.number % 5 + 1)},
            "im:version": {"label": "2.1"},
            "id": {"label": str(remark.number)},
            "title": {"label": "Nearly there"},
            "content": {"label": remark.text, "attributes": {"type": "text"}},
            "link": {"attributes": {"href": "https://itunes.apple.com/gb/review?id=1"}},
            "im:voteSum": {"label": "0"},
            "im:voteCount": {"label": "2"},
            **world.extra,
        }
        for remark in found[start : start + world.size]
    ]
    feed: dict[str, Any] = {"author": {}, "title": {"label": "iTunes Store: Customer Reviews"}}
    if entries:
        # One entry stands alone, not in a list; the first page begins with the app itself.
        app = {"im:name": {"label": "Tides"}, "id": {"label": "app"}}
        feed["entry"] = entries[0] if len(entries) == 1 else [app, *entries]
    return Reply(content={"feed": feed})


# Stack Exchange


def _stackexchange(world: World, request: Request) -> Reply:
    def comment(remark: Remark) -> dict[str, Any]:
        return {
            "comment_id": remark.number,
            "post_id": 40,
            "body": remark.text,
            "score": 2,
            "edited": remark.edited is not None,
            "creation_date": remark.second,
            "owner": {"display_name": remark.author, "user_id": 7},
            "link": f"https://boats.example/questions/40#comment{remark.number}_40",
            **world.extra,
        }

    quota = {"quota_max": 300, "quota_remaining": 280, "has_more": False}
    if match := re.fullmatch(r"/2\.3/comments/([\d;]+)", request.path):
        asked = [world.remarks.get(int(part)) for part in match[1].split(";")]
        shown = [comment(r) for r in asked if r is not None and not r.deleted]
        return Reply(content={"items": shown, **quota})
    found = world.shown(_created, newest=False)
    found = [r for r in found if r.second >= int(request.fields.get("fromdate", "0"))]
    found = [r for r in found if r.second <= int(request.fields.get("todate", "9" * 10))]
    number, size = int(request.fields["page"]), min(world.size, int(request.fields["pagesize"]))
    page = found[(number - 1) * size : number * size]
    more = len(found) > number * size
    return Reply(content={"items": [comment(r) for r in page], **quota, "has_more": more})


# Lemmy


def _lemmy(world: World, request: Request) -> Reply:
    def view(remark: Remark) -> dict[str, Any]:
        inner: dict[str, Any] = {
            "id": remark.number,
            "creator_id": 7,
            "post_id": 5,
            "content": "" if remark.deleted else remark.text,
            "removed": False,
            "published": f"{iso(remark.second)[:-1]}.000000Z",
            "deleted": remark.deleted,
            "ap_id": f"https://kayaks.example/comment/{remark.number}",
            "path": f"0.1.{remark.number}",
        }
        if remark.edited:
            inner["updated"] = f"{iso(remark.edited)[:-1]}.000000Z"
        return {
            "comment": inner,
            "creator": {
                "id": 7,
                "name": "ada",
                "actor_id": f"https://kayaks.example/u/{remark.author}",
            },
            "post": {"id": 5, "name": "Dry bags"},
            "community": {"id": 2, "name": "kayaks"},
            "counts": {"comment_id": remark.number, "score": 3},
            **world.extra,
        }

    if request.path == "/api/v3/comment":
        remark = world.remarks.get(int(request.fields["id"]))
        return (
            Reply(400, {"error": "couldnt_find_comment"})
            if remark is None
            else Reply(content={"comment_view": view(remark)})
        )
    found = world.shown(_created, newest=True)
    number, size = int(request.fields["page"]), min(world.size, int(request.fields["limit"]))
    page = found[(number - 1) * size : number * size]
    return Reply(content={"comments": [view(remark) for remark in page]})


# Zendesk


def _zendesk(world: World, request: Request) -> Reply:
    if "Authorization" not in request.headers:
        return Reply(401, {"error": "Couldn't authenticate you"})
    start = int(request.fields["start_time"])
    found = [r for r in world.shown(_created, newest=False) if r.second >= start]
    page = found[: world.size]
    # Events of one second are never torn apart.
    page += [r for r in found[world.size :] if r.second == page[-1].second]
    end = page[-1].second if page else start
    if len(page) < len(found) and page[0].second == end:
        end += 1
    events = [
        {
            "id": 50_000 + remark.number,
            "ticket_id": 35,
            "timestamp": remark.second,
            "created_at": iso(remark.second),
            "event_type": "Audit",
            "child_events": [
                {"id": 70_000 + remark.number, "event_type": "Change", "status": "open"},
                {
                    "id": remark.number,
                    "event_type": "Comment",
                    "type": "Comment",
                    "author_id": f"88{remark.number}-{remark.author}",
                    "body": remark.text,
                    "html_body": f"<div>{remark.text}</div>",
                    "public": True,
                    "via": {"channel": "email"},
                    **world.extra,
                },
                {
                    "id": 80_000 + remark.number,
                    "event_type": "Comment",
                    "public": False,
                    "body": "Between agents",
                    "author_id": "1",
                },
            ],
        }
        for remark in page
    ]
    return Reply(
        content={
            "ticket_events": events,
            "next_page": f"http://{request.headers['Host']}{request.path}?"
            + urlencode({**request.fields, "start_time": end}),
            "count": len(page),
            "end_of_stream": len(page) == len(found),
            "end_time": end,
        }
    )


def plain_id(remark: Remark) -> str:
    """What most services call a remark."""
    return str(remark.number)


SERVICES: dict[str, Service] = {
    "mastodon": Service(_mastodon, mastodon_id, {"server": "127.0.0.1", "tags": ["kayak"]}),
    "discourse": Service(_discourse, plain_id, {"server": "127.0.0.1"}),
    "github": Service(_github, lambda r: f"kayaks/maps#{r.number}", {"repos": ["kayaks/maps"]}),
    "github-issues": Service(
        _github_issues, lambda r: f"kayaks/maps#issue-{r.number}", {"repos": ["kayaks/maps"]}
    ),
    "gitlab": Service(_gitlab, lambda r: f"kayaks/maps#{r.number}", {"projects": ["kayaks/maps"]}),
    "wordpress": Service(_wordpress, plain_id, {"server": "127.0.0.1"}),
    "steam": Service(_steam, plain_id, {"apps": ["440"]}),
    "appstore": Service(_appstore, plain_id, {"apps": ["1"], "countries": ["gb"]}),
    "stackexchange": Service(_stackexchange, plain_id, {"site": "boats"}),
    "lemmy": Service(_lemmy, plain_id, {"server": "127.0.0.1", "communities": ["kayaks"]}),
    "zendesk": Service(
        _zendesk,
        plain_id,
        {"subdomain": "kayaks"},
        {"EARFUL_ZENDESK_USER": "ada@kayaks.example/token", "EARFUL_ZENDESK_TOKEN": "sesame"},
    ),
}


def serve(service: Service, world: World) -> LocalServer:
    """A server of that platform with this world, to be used as a context manager."""
    return LocalServer(lambda request: service.answer(world, request))


def options_for(service: Service, url: str, **options: Any) -> dict[str, Any]:
    """Options that aim a row at a local server and wait no longer than a blink."""
    return {
        **service.options,
        "base_url": url,
        "login_url": url,
        "allow_private": True,
        "calls_per_minute": 1_000_000,
        "patience": PATIENCE,
        **options,
    }
