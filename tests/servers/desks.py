"""What the replies of help desks and feedback boards look like, by the manuals that rows name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from servers.local import Reply, Request
from servers.rest import Remark, World, from_iso, iso
from servers.shapes import BEARER, REPLIES, TOKEN, Page, Shape

# Intercom


def _conversation(remark: Remark) -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": str(remark.number),
        "created_at": remark.second,
        "updated_at": remark.changed,
        "source": {
            "type": "conversation",
            "id": f"s{remark.number}",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": f"<p>{remark.text}</p>",
            "author": {"type": "user", "id": f"66{remark.author}", "name": "Ada"},
            "redacted": False,
        },
    }


def _part(remark: Remark) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": str(remark.number),
        "part_type": "comment",
        "body": f"<p>{remark.text}</p>",
        "created_at": remark.second,
        "updated_at": remark.changed,
        "author": {"type": "user", "id": f"66{remark.author}", "name": "Ada"},
        "redacted": False,
    }


def _parts(page: Page) -> dict[str, Any]:
    """A whole conversation, with a colleague's answer and a customer who closed it silently."""
    colleague = {
        **_part(Remark(900, 1_750_000_000, "Thank you, we will see.")),
        "author": {"type": "admin", "id": "1"},
    }
    closed = {**_part(Remark(901, 1_750_000_000, "")), "part_type": "close", "body": None}
    parts = [colleague, *page.items, closed]
    inner = {"type": "conversation_part.list", "conversation_parts": parts, "total_count": 1}
    return {"type": "conversation", "id": "20", "conversation_parts": inner}


def _conversations(page: Page) -> dict[str, Any]:
    pages: dict[str, Any] = {"type": "pages", "per_page": 20}
    if page.following:
        pages["next"] = {"page": 2, "starting_after": page.following}
    return {
        "type": "conversation.list",
        "conversations": page.items,
        "total_count": page.total,
        "pages": pages,
    }


# Salesforce


class _Queries(Shape):
    """SOQL: what is asked for stands in one text, and what comes next is a path."""

    def _list(self, world: World, request: Request, asked: Mapping[str, str]) -> Reply:
        """Deleted records stay in the list, as ``queryAll`` shows them."""
        if going_on := re.search(r"/01g(\d+)-(\d+)$", request.path):
            since, start = int(going_on[1]), int(going_on[2])
        else:
            told = re.search(r" WHERE SystemModstamp >= (\S+) ORDER BY SystemModstamp", asked["q"])
            if told is None:
                return Reply(400, [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}])
            since, start = int(from_iso(told[1])), 0
        found = [remark for remark in world.remarks.values() if remark.changed >= since]
        found.sort(key=lambda remark: (remark.changed, remark.number))
        after = start + world.size
        content: dict[str, Any] = {
            "totalSize": len(found),
            "done": after >= len(found),
            "records": [{**self.item(one), **world.extra} for one in found[start:after]],
        }
        if not content["done"]:
            content["nextRecordsUrl"] = f"/services/data/v62.0/query/01g{since}-{after}"
        return Reply(content=content, headers={"Sforce-Limit-Info": "api-usage=18/15000"})


def _salesforce(kind: str, item: Any) -> Shape:
    def known(request: Request) -> bool:
        told = request.fields
        return (told["grant_type"], told["client_id"], told["client_secret"]) == (
            "client_credentials",
            "key",
            "secret",
        )

    return _Queries(
        r"/services/data/v62\.0/query(All|/01g\d+-\d+)",
        lambda remark: {"attributes": {"type": kind}, **_record(remark), **item(remark)},
        lambda page: page.items,
        lambda remark: f"500{remark.number:015}",
        {"domain": "kayaks"},
        {"EARFUL_SALESFORCE_KEY": "key", "EARFUL_SALESFORCE_SECRET": "secret"},
        BEARER,
        newest=False,
        by_change=True,
        login=("/services/oauth2/token", known, "access_token"),
    )


def _record(remark: Remark) -> dict[str, Any]:
    return {
        "Id": f"500{remark.number:015}",
        "CreatedDate": f"{iso(remark.second)[:-1]}.000+0000",
        "SystemModstamp": f"{iso(remark.changed)[:-1]}.250+0000",
        "IsDeleted": remark.deleted,
    }


def _case(remark: Remark) -> dict[str, Any]:
    return {
        "Subject": "Dry bags",
        "Description": remark.text,
        "ContactId": f"003{remark.author}",
        "Origin": "Web",
    }


def _case_comment(remark: Remark) -> dict[str, Any]:
    return {
        "ParentId": "500000000000077",
        "CommentBody": remark.text,
        "CreatedById": f"005{remark.author}",
        "CreatedBy": {"attributes": {"type": "User"}, "UserType": "CspLitePortal"},
    }


# Canny


def _canny_user(remark: Remark) -> dict[str, Any]:
    return {"id": f"5f{remark.author}", "name": "Ada", "isAdmin": False}


def _canny_post(remark: Remark) -> dict[str, Any]:
    return {
        "id": f"{remark.number:024x}",
        "author": _canny_user(remark),
        "board": {"id": "5c", "name": "Feature requests"},
        "commentCount": 2,
        "created": f"{iso(remark.second)[:-1]}.000Z",
        "details": remark.text,
        "score": 7,
        "status": "open",
        "title": "Dry bags",
        "url": f"https://kayaks.canny.io/features/p/{remark.number}",
    }


def _canny_comment(remark: Remark) -> dict[str, Any]:
    return {
        "id": f"{remark.number:024x}",
        "author": _canny_user(remark),
        "board": {"id": "5c", "name": "Feature requests"},
        "created": f"{iso(remark.second)[:-1]}.000Z",
        "internal": False,
        "likeCount": 1,
        "parentID": None,
        "post": {"id": "6a", "url": "https://kayaks.canny.io/features/p/dry-bags"},
        "value": remark.text,
    }


# UserVoice


def _suggestion(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.number,
        "title": "Dry bags",
        "body": remark.text,
        "body_mime_type": "text/plain",
        "state": "published",
        "created_at": iso(remark.second),
        "updated_at": iso(remark.changed),
        "portal_url": f"https://kayaks.uservoice.com/forums/3/suggestions/{remark.number}",
        "supporters_count": 4,
        "comments_count": 1,
        "links": {"created_by": f"77{remark.author}", "forum": 3},
    }


def _uservoice_comment(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.number,
        "body": remark.text,
        "state": "approved",
        "is_admin_comment": False,
        "created_at": iso(remark.second),
        "updated_at": iso(remark.changed),
        "links": {"created_by": f"77{remark.author}", "suggestion": 12},
    }


def _uservoice(what: str, item: Any, prefix: str = "") -> Shape:
    def known(request: Request) -> bool:
        return request.fields["client_secret"] == "secret"

    def paged(page: Page) -> dict[str, Any]:
        told = {"per_page": 16, "total_records": page.total}
        cursor = {"cursor": page.following} if page.following else {}
        return {what: page.items, "links": {}, "pagination": {**told, **cursor}}

    return Shape(
        f"/api/v2/admin/{what}",
        item,
        paged,
        lambda remark: f"{prefix}{remark.number}",
        {"subdomain": "kayaks"},
        {"EARFUL_USERVOICE_KEY": "key", "EARFUL_USERVOICE_SECRET": "secret"},
        BEARER,
        mixed=True,
        by_change=True,
        size="per_page",
        since=("updated_after", from_iso, True),
        until=("updated_before", from_iso),
        one=(rf"/api/v2/admin/{what}/(?P<at>\d+)", "at"),
        found=lambda items: {what: items},
        login=("/api/v2/oauth/token", known, "access_token"),
    )


SHAPES: dict[str, Shape] = {
    "intercom": Shape(
        "/conversations/search",
        _conversation,
        _conversations,
        lambda r: f"20:{r.number}" if r.number in REPLIES else f"{r.number}:s{r.number}",
        {},
        {"EARFUL_INTERCOM_TOKEN": TOKEN},
        BEARER,
        mixed=True,
        by_change=True,
        size="pagination.per_page",
        parameter="pagination.starting_after",
        since=("query.value.0.value", float, True),
        until=("query.value.1.value", float),
        behind=(r"/conversations/(?P<at>\d+)", "at"),
        behind_item=_part,
        behind_reply=_parts,
        behind_size=500,
    ),
    "salesforce": _salesforce("Case", _case),
    "salesforce-comments": _salesforce("CaseComment", _case_comment),
    "canny": Shape(
        "/api/v1/posts/list",
        _canny_post,
        lambda page: {"hasMore": page.following is not None, "posts": page.items},
        lambda remark: f"{remark.number:024x}",
        {},
        {"EARFUL_CANNY_KEY": TOKEN},
        ("apiKey", TOKEN),
        turn="offset",
        parameter="skip",
    ),
    "canny-comments": Shape(
        "/api/v2/comments/list",
        _canny_comment,
        lambda page: {
            "items": page.items,
            "hasNextPage": page.following is not None,
            "cursor": page.following,
        },
        lambda remark: f"{remark.number:024x}",
        {},
        {"EARFUL_CANNY_KEY": TOKEN},
        ("apiKey", TOKEN),
        mixed=True,
    ),
    "uservoice": _uservoice("suggestions", _suggestion),
    "uservoice-comments": _uservoice("comments", _uservoice_comment, "comment-"),
}
