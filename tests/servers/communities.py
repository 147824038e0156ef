"""What the replies of communities look like that show comments below posts, by their manuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servers.local import Reply
from servers.rest import Remark, World, iso, plain_id
from servers.shapes import BEARER, REPLIES, TOKEN, Page, Shape

REPLIED_TO = 20


# Product Hunt


def _hunted(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "body": remark.text,
        "createdAt": iso(remark.second),
        "parentId": None,
        "url": f"https://www.producthunt.com/posts/tides?comment={remark.number}",
        "userId": "0",
        "votesCount": 2,
        "replies": {"totalCount": 5 if remark.number == REPLIED_TO else 0},
    }


def _hunted_reply(remark: Remark) -> dict[str, Any]:
    return {**_hunted(remark), "parentId": str(REPLIED_TO)}


def _connection(page: Page) -> dict[str, Any]:
    info = {"hasNextPage": page.following is not None, "endCursor": page.following}
    return {"pageInfo": info, "edges": [{"node": item} for item in page.items]}


# VK


class _Threads(Shape):
    """Comments below posts, and answers below comments, each a list of its own."""

    def _answers(self, world: World, before: Remark, asked: Mapping[str, str]) -> list[Remark]:
        if "comment_id" not in asked and asked.get("kind") != "comment":
            return [before]
        return [world.remarks[n] for n in REPLIES] if before.number == REPLIED_TO else []


def _vk_post(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.number,
        "owner_id": -55,
        "from_id": -55,
        "date": remark.second,
        "text": "New maps are out.",
        "comments": {"count": 1},
    }


def _vk_comment(remark: Remark) -> dict[str, Any]:
    """A comment; on this wall each post has the number of its first comment."""
    answer = remark.number in REPLIES
    comment: dict[str, Any] = {
        "id": remark.number,
        "from_id": int.from_bytes(remark.author.encode()[:4]),
        "post_id": REPLIED_TO if answer else remark.number,
        "owner_id": -55,
        "date": remark.second,
        "text": remark.text,
        "likes": {"count": 3},
    }
    if answer:
        return {**comment, "reply_to_comment": REPLIED_TO}
    return {**comment, "thread": {"count": 5 if remark.number == REPLIED_TO else 0, "items": []}}


# LinkedIn


def _linkedin_post(remark: Remark) -> dict[str, Any]:
    return {
        "id": f"urn:li:share:{remark.number}",
        "author": "urn:li:organization:66",
        "commentary": "New maps are out.",
        "createdAt": remark.second * 1000,
        "lastModifiedAt": remark.second * 1000,
        "lifecycleState": "PUBLISHED",
    }


def _linkedin_comment(remark: Remark) -> dict[str, Any]:
    comment: dict[str, Any] = {
        "id": str(remark.number),
        "commentUrn": _linkedin_urn(remark),
        "actor": f"urn:li:person:{remark.author}",
        "object": "urn:li:activity:5",
        "created": {"actor": f"urn:li:person:{remark.author}", "time": remark.second * 1000},
        "lastModified": {"time": remark.changed * 1000},
        "message": {"attributes": [], "text": remark.text},
        "likesSummary": {"aggregatedTotalLikes": 2, "totalLikes": 2},
    }
    if remark.number in REPLIES:
        comment["parentComment"] = f"urn:li:comment:(urn:li:activity:5,{REPLIED_TO})"
    return comment


def _linkedin_urn(remark: Remark) -> str:
    return f"urn:li:comment:(urn:li:activity:5,{remark.number})"


# Tumblr


class _Notes(Shape):
    """Notes come newest first; the next page begins before a microsecond."""

    def _behind(self, world: World, at: str, asked: Mapping[str, str]) -> Reply:
        [post] = [r for r in world.remarks.values() if self.name(r) == at]
        if post.deleted:
            return self.gone
        every = [post, *(world.remarks[n] for n in REPLIES if post.number == REPLIED_TO)]
        before = int(asked.get("before_timestamp", 10**18))
        notes = sorted(
            (r for r in every if not r.deleted and _microsecond(r) < before),
            key=_microsecond,
            reverse=True,
        )
        page = notes[: self.behind_size]
        response: dict[str, Any] = {"notes": [_note(r) for r in page], "total_notes": len(every)}
        if len(notes) > len(page):
            query = {"id": at, "mode": asked["mode"], "before_timestamp": _microsecond(page[-1])}
            following = {"href": f"/v2/blog/kayaks/notes?id={at}", "query_params": query}
            response["_links"] = {"next": {"type": "action", "method": "GET", **following}}
        return Reply(content={"meta": {"status": 200, "msg": "OK"}, "response": response})


def _microsecond(remark: Remark) -> int:
    return remark.second * 1_000_000 + remark.number


def _note(remark: Remark) -> dict[str, Any]:
    return {
        "type": "reply",
        "timestamp": remark.second,
        "blog_name": remark.author,
        "blog_uuid": _blog(remark),
        "reply_text": remark.text,
    }


def _blog(remark: Remark) -> str:
    return f"t:{remark.author}{remark.number}"


def _tumblr_post(remark: Remark) -> dict[str, Any]:
    return {
        "type": "text",
        "id": remark.number,
        "id_string": str(remark.number),
        "blog_name": "kayaks",
        "post_url": f"https://kayaks.tumblr.com/post/{remark.number}",
        "timestamp": remark.second,
        "note_count": 1,
    }


def _note_id(remark: Remark) -> str:
    post = REPLIED_TO if remark.number in REPLIES else remark.number
    return f"{post}-{remark.second}-reply-{_blog(remark)}"


SHAPES: dict[str, Shape] = {
    "producthunt": Shape(
        "/v2/api/graphql",
        _hunted,
        lambda page: {"data": {"post": {"comments": _connection(page)}}},
        plain_id,
        {"posts": ["tides"]},
        {"EARFUL_PRODUCTHUNT_TOKEN": TOKEN},
        BEARER,
        parameter="variables.after",
        behind=("/v2/api/graphql", "variables.id"),
        behind_item=_hunted_reply,
        behind_reply=lambda page: {"data": {"comment": {"replies": _connection(page)}}},
        authors=False,
    ),
    "vk": _Threads(
        "/method/wall.get",
        _vk_comment,
        lambda page: {"response": {"count": page.total, "items": page.items}},
        lambda remark: f"55_{remark.number}",
        {"communities": ["55"]},
        {"EARFUL_VK_TOKEN": TOKEN},
        ("access_token", TOKEN),
        size="count",
        turn="offset",
        parameter="offset",
        behind=("/method/wall.getComments", "post_id"),
        behind_reply=lambda page: {
            "response": {
                "count": page.total + 5,
                "current_level_count": page.total,
                "items": page.items,
            }
        },
        holder=_vk_post,
    ),
    "linkedin": _Threads(
        "/rest/posts",
        _linkedin_comment,
        lambda page: {"paging": {"start": 0, "count": 100, "links": []}, "elements": page.items},
        _linkedin_urn,
        {"organisations": ["66"], "version": "202611"},
        {"EARFUL_LINKEDIN_TOKEN": TOKEN},
        BEARER,
        mixed=True,
        size="count",
        turn="offset",
        parameter="start",
        behind=(
            r"/rest/socialActions/urn%3Ali%3A(?P<kind>share|comment)%3A"
            r"(?:%28urn%3Ali%3Aactivity%3A5%2C)?(?P<at>\d+)(?:%29)?/comments",
            "at",
        ),
        holder=_linkedin_post,
    ),
    "tumblr": _Notes(
        "/v2/blog/kayaks/posts",
        _note,
        lambda page: {"response": {"posts": page.items, "total_posts": page.total}},
        _note_id,
        {"blogs": ["kayaks"]},
        {"EARFUL_TUMBLR_KEY": TOKEN},
        ("api_key", TOKEN),
        turn="offset",
        parameter="offset",
        behind=("/v2/blog/kayaks/notes", "id"),
        holder=_tumblr_post,
    ),
}
