"""Forum, tracker and comment software as local services; the replies are the real servers'.

Unlike those in ``platforms``, each was compared with its own software: tests/test_real_forums.py.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

from servers.local import Reply, Request
from servers.rest import Remark, Service, World, iso, plain_id


def _oldest_first(world: World) -> list[Remark]:
    return world.shown(lambda remark: (remark.second, remark.number), newest=False)


# Isso


def _isso(world: World, request: Request) -> Reply:
    if request.path != "/latest":
        return Reply(404, content=b"Not Found", headers={"Content-Type": "text/html"})
    comments = [
        {
            "likes": 0,
            "uri": "/dry-bags/",
            "created": float(remark.second),
            "website": None,
            "mode": 1,
            "dislikes": 0,
            # Answers stand behind all that is no answer.
            "parent": 1 if remark.number % 3 == 0 else None,
            "modified": float(remark.edited) if remark.edited else None,
            "author": remark.author,
            "text": f"<p>{remark.text}</p>",
            "id": remark.number,
            **world.extra,
        }
        for remark in sorted(_oldest_first(world), key=lambda remark: remark.number % 3 == 0)
    ]
    return Reply(content=comments[-int(request.fields["limit"]) :])


# Roundup


def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d.%H:%M:%S")


def _roundup(world: World, request: Request) -> Reply:
    if "Authorization" not in request.headers:
        return Reply(403, {"error": {"status": 403, "msg": "Forbidden."}})
    here = f"http://{request.headers['Host']}"
    fields = dict(request.fields)
    found = _oldest_first(world)
    if "id" in fields:
        found = [remark for remark in found if str(remark.number) == fields["id"]]
    if "creation" in fields:
        low = fields["creation"].rstrip(";")
        found = [remark for remark in found if _stamp(remark.second) >= low]
    page = int(fields.get("@page_index", "1"))
    size = min(world.size, int(fields.get("@page_size", "100")))
    asked = fields["@fields"].split(",")
    messages = [
        {
            "id": str(remark.number),
            "link": f"{here}/rest/data/msg/{remark.number}",
            **{name: value for name, value in _message(remark, here).items() if name in asked},
            **world.extra,
        }
        for remark in found[(page - 1) * size : page * size]
    ]
    links = {"self": [{"rel": "self", "uri": f"{here}{request.path}?{urlencode(fields)}"}]}
    if page * size < len(found):
        turned = urlencode({**fields, "@page_index": page + 1})
        links["next"] = [{"rel": "next", "uri": f"{here}{request.path}?{turned}"}]
    return Reply(
        content={"data": {"collection": messages, "@links": links, "@total_size": len(found)}},
        headers={
            "X-RateLimit-Limit": "400",
            "X-RateLimit-Remaining": "399",
            "X-RateLimit-Reset": "0.05",
            "X-RateLimit-Limit-Period": "20",
        },
    )


def _message(remark: Remark, here: str) -> dict[str, Any]:
    writer = {"id": "1", "link": f"{here}/rest/data/user/1", "username": remark.author}
    return {
        "author": writer,
        "content": remark.text,
        "creation": _stamp(remark.second),
    }


# HyperKitty


def _hyperkitty(world: World, request: Request) -> Reply:
    archive = f"http://{request.headers['Host']}/api/list/paddlers@lists.example/"

    def mail(remark: Remark) -> dict[str, Any]:
        return {
            "url": f"{archive}email/{_hash(remark)}/",
            "mailinglist": archive,
            "message_id": f"m{remark.number}@x.example",
            "message_id_hash": _hash(remark),
            "thread": f"{archive}thread/{_hash(world.remarks[1])}/",
            "sender": {
                "address": f"{remark.author} (a) x.example",
                "mailman_id": None,
                "emails": None,
            },
            "sender_name": "Ada",
            "subject": "Dry bags",
            "date": iso(remark.second),
            "parent": None if remark.number == 1 else f"{archive}email/{_hash(world.remarks[1])}/",
            "children": [],
            **world.extra,
        }

    alive = _oldest_first(world)[::-1]
    if unquote(request.path) == "/api/list/paddlers@lists.example/emails/":
        offset = int(request.fields.get("offset", "0"))
        size = min(world.size, int(request.fields["limit"]))
        after = {**request.fields, "offset": offset + size}
        more = offset + size < len(alive)
        page: dict[str, Any] = {
            "count": len(alive),
            "next": f"{archive}emails/?{urlencode(after)}" if more else None,
            "previous": None,
            "results": [mail(remark) for remark in alive[offset : offset + size]],
        }
        return Reply(content=page)
    asked = request.path.rstrip("/").rpartition("/")[2]
    for remark in alive:
        if _hash(remark) == asked:
            more_of_it = {
                "votes": {"likes": 0, "dislikes": 0, "status": "neutral"},
                "content": f"> What is missing?\n\n{remark.text}\n\n-- \nAda, Lakeside\n",
                "attachments": [],
            }
            return Reply(content={**mail(remark), **more_of_it})
    return Reply(404, {"detail": "Not found."})


def _hash(remark: Remark) -> str:
    return f"Y54KJJR545GXD2KJBDEK673BP3TX{remark.number:04}"


# Misago

_IN_ONE_THREAD = range(20, 26)
_POSTS_A_PAGE = 3


def _misago(world: World, request: Request) -> Reply:
    def stamp(remark: Remark) -> str:
        return f"{iso(remark.second)[:-1]}.000000Z"

    def post(remark: Remark) -> dict[str, Any]:
        return {
            "id": remark.number,
            "poster": None,
            "poster_name": remark.author,
            "content": f"<p>{remark.text}</p>",
            "posted_on": stamp(remark),
            "updated_on": stamp(remark),
            "hidden_on": None,
            "edits": 0,
            "is_hidden": False,
            "is_event": False,
            "likes": 0,
            "url": {"index": f"/t/dry-bags/1/post/{remark.number}/"},
            **world.extra,
        }

    def last(remark: Remark) -> Remark:
        """The last post of the thread that a remark opens."""
        if remark.number != _IN_ONE_THREAD[0]:
            return remark
        return next(one for one in alive if one.number in _IN_ONE_THREAD)

    def thread(remark: Remark) -> dict[str, Any]:
        return {
            "id": remark.number,
            "category": 3,
            "title": "Dry bags",
            "last_post_on": stamp(last(remark)),
            "last_post": last(remark).number,
            "is_hidden": False,
            "weight": 0,
            "url": {"index": f"/t/dry-bags/{remark.number}/"},
        }

    alive = _oldest_first(world)[::-1]
    opening = [one for one in alive if one.number not in _IN_ONE_THREAD[1:]]
    opening.sort(key=lambda one: (last(one).second, last(one).number), reverse=True)
    if request.path == "/api/threads/":
        numbers = [str(remark.number) for remark in opening]
        start = numbers.index(request.fields["start"]) if "start" in request.fields else 0
        following = opening[start + world.size : start + world.size + 1]
        return Reply(
            content={
                "results": [thread(remark) for remark in opening[start : start + world.size]],
                "subcategories": [3],
                "next": following[0].number if following else None,
            }
        )
    match = re.fullmatch(r"/api/threads/(\d+)/posts/", request.path)
    posts = [one for one in alive[::-1] if match and str(one.number) == match[1]]
    if not posts:
        return Reply(404, {"detail": "Not found."})
    if posts[0].number in _IN_ONE_THREAD:
        posts = [one for one in alive[::-1] if one.number in _IN_ONE_THREAD]
    page = int(request.fields.get("page", "1"))
    # The last post of a page is the first of the next one.
    start = (page - 1) * (_POSTS_A_PAGE - 1)
    more = len(posts) > start + _POSTS_A_PAGE
    post_set = {
        "results": [post(remark) for remark in posts[start : start + _POSTS_A_PAGE]],
        "page": page,
        "count": len(posts),
        "next": page + 1 if more else None,
        "more": max(0, len(posts) - start - _POSTS_A_PAGE),
    }
    return Reply(content={**thread(posts[0]), "category": {"id": 3}, "post_set": post_set})


FORUMS: dict[str, Service] = {
    "isso": Service(_isso, plain_id, {"server": "127.0.0.1", "site": "https://blog.example"}),
    "roundup": Service(
        _roundup,
        plain_id,
        {"server": "127.0.0.1"},
        {"EARFUL_ROUNDUP_USER": "admin", "EARFUL_ROUNDUP_PASSWORD": "sesame"},
    ),
    "hyperkitty": Service(
        _hyperkitty,
        lambda remark: f"paddlers@lists.example#{_hash(remark)}",
        {"server": "127.0.0.1", "lists": ["paddlers@lists.example"]},
    ),
    "misago": Service(_misago, plain_id, {"server": "127.0.0.1"}),
}
