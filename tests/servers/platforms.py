"""What the replies of platforms look like, by their manuals; ``shapes`` serves them.

The manual of each is named in its row (``ingest/connectors``). None was pulled from. Those of
``desks`` and ``communities`` are among ``SHAPES``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from servers import communities, desks
from servers.local import Reply, Request
from servers.rest import Remark, from_iso, iso, plain_id
from servers.shapes import BEARER, TOKEN, Page, Shape, posted

REPLIED_TO = 20


def _meta(second: int) -> str:
    """A time as Meta writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _pem(key: Any) -> str:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return str(key.private_bytes(*form).decode())


APPLE_KEY = ec.generate_private_key(ec.SECP256R1())
GOOGLE_KEY = rsa.generate_private_key(65537, 2048)
SIGNED = ("Authorization", r"Bearer [\w-]+\.[\w-]+\.[\w-]+")


def _bluesky(remark: Remark) -> dict[str, Any]:
    return {
        "uri": _bluesky_uri(remark),
        "cid": f"bafy{remark.number}",
        "author": {"did": "did:plc:ada", "handle": f"{remark.author}.bsky.social"},
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": f"{iso(remark.second)[:-1]}.000Z",
            "langs": ["en"],
            "text": remark.text,
        },
        "replyCount": 0,
        "repostCount": 1,
        "likeCount": 2,
        "quoteCount": 0,
        "indexedAt": iso(remark.second + 1),
    }


def _bluesky_uri(remark: Remark) -> str:
    return f"at://did:plc:ada/app.bsky.feed.post/3k{remark.number}"


def _bluesky_login(request: Request) -> bool:
    told = posted(request)
    return (told["identifier"], told["password"]) == ("ada.bsky.social", "app-password")


def _youtube_comment(remark: Remark) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "authorDisplayName": f"@{remark.author}",
        "authorChannelId": {"value": f"UC{remark.author}"},
        "textDisplay": remark.text,
        "likeCount": 1,
        "publishedAt": iso(remark.second),
        "updatedAt": iso(remark.changed),
    }
    if 20 < remark.number < 26:
        inner["parentId"] = f"Ug{REPLIED_TO}"
    return {"kind": "youtube#comment", "id": f"Ug{remark.number}", "snippet": inner}


def _youtube_thread(remark: Remark) -> dict[str, Any]:
    return {
        "kind": "youtube#commentThread",
        "id": f"Ug{remark.number}",
        "snippet": {
            "channelId": "UCkayaks",
            "videoId": "dQw4w9WgXcQ",
            "topLevelComment": {**_youtube_comment(remark)},
            "totalReplyCount": 5 if remark.number == REPLIED_TO else 0,
            "isPublic": True,
        },
    }


def _youtube(options: dict[str, Any]) -> Shape:
    return Shape(
        "/youtube/v3/commentThreads",
        _youtube_thread,
        lambda page: {"items": page.items, **_token("nextPageToken", page)},
        lambda remark: f"Ug{remark.number}",
        options,
        {"EARFUL_YOUTUBE_KEY": TOKEN},
        ("key", TOKEN),
        size="maxResults",
        parameter="pageToken",
        name=lambda remark: f"Ug{remark.number}",
        one=("/youtube/v3/comments", "id"),
        found=lambda items: {"items": items},
        gone=Reply(content={"items": []}),
        behind=("/youtube/v3/comments", "parentId"),
        behind_item=_youtube_comment,
    )


def _token(name: str, page: Page) -> dict[str, str]:
    return {} if page.following is None else {name: page.following}


def _slack(remark: Remark) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": "message",
        "user": f"U0{remark.author}",
        "text": remark.text,
        "ts": _slack_ts(remark),
    }
    if remark.edited:
        message["edited"] = {"user": "U0", "ts": f"{remark.edited}.000000"}
    if remark.number == REPLIED_TO:
        message |= {"reply_count": 5, "thread_ts": _slack_ts(remark)}
    if 20 < remark.number < 26:
        message["thread_ts"] = f"{remark.second}.{REPLIED_TO:06}"
    return message


def _slack_ts(remark: Remark) -> str:
    return f"{remark.second}.{remark.number:06}"


def _discussion(remark: Remark) -> dict[str, Any]:
    return {
        "number": remark.number,
        "title": "Dry bags",
        "body": remark.text,
        "url": f"https://github.com/kayaks/maps/discussions/{remark.number}",
        "createdAt": iso(remark.second),
        "lastEditedAt": iso(remark.edited) if remark.edited else None,
        "upvoteCount": 3,
        "author": {"login": remark.author},
        "category": {"name": "Ideas"},
        "comments": {"totalCount": 2},
    }


def _discussions(page: Page) -> dict[str, Any]:
    info = {"hasNextPage": page.following is not None, "endCursor": page.following or "end"}
    return {"data": {"repository": {"discussions": {"pageInfo": info, "nodes": page.items}}}}


def _apple(remark: Remark) -> dict[str, Any]:
    second = datetime.fromtimestamp(remark.second - 8 * 3600, UTC).isoformat()[:19]
    return {
        "type": "customerReviews",
        "id": f"0000-{remark.number}",
        "attributes": {
            "rating": remark.number % 5 + 1,
            "title": "Nearly there",
            "body": remark.text,
            "reviewerNickname": remark.author,
            "createdDate": f"{second}-08:00",
            "territory": "GBR",
        },
    }


def _play(remark: Remark) -> dict[str, Any]:
    return {
        "reviewId": f"r-{remark.number}",
        "authorName": remark.author,
        "comments": [
            {
                "userComment": {
                    "text": remark.text,
                    "lastModified": {"seconds": str(remark.changed), "nanos": 5000000},
                    "starRating": remark.number % 5 + 1,
                    "reviewerLanguage": "en",
                    "appVersionName": "2.1",
                    "thumbsUpCount": 2,
                }
            }
        ],
    }


def _play_page(page: Page) -> dict[str, Any]:
    if not page.items:
        return {}
    token = {"tokenPagination": _token("nextPageToken", page)} if page.following else {}
    return {"reviews": page.items, **token}


def _play_login(request: Request) -> bool:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    told = request.fields
    return told["grant_type"] == grant and told["assertion"].count(".") == 2


def _business_login(request: Request) -> bool:
    told = request.fields
    return told["grant_type"] == "refresh_token" and told["refresh_token"] == "refresh"


def _x(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "text": remark.text,
        "author_id": f"77{remark.author}",
        "conversation_id": "5",
        "created_at": f"{iso(remark.second)[:-1]}.000Z",
        "lang": "en",
        "edit_history_tweet_ids": [str(remark.number)],
        "public_metrics": {"like_count": 3, "retweet_count": 1, "reply_count": 0, "quote_count": 0},
    }


def _x_page(page: Page) -> dict[str, Any]:
    meta = {"result_count": len(page.items), **_token("next_token", page)}
    return {"data": page.items, "meta": meta} if page.items else {"meta": meta}


def _graph(page: Page) -> dict[str, Any]:
    """A page of Meta's Graph API: the last one bears a cursor as well, but no address."""
    if not page.items:
        return {"data": []}
    cursors = {"before": "p0", "after": page.following or f"p{page.total}"}
    following = {"next": page.address} if page.following else {}
    return {"data": page.items, "paging": {"cursors": cursors, **following}}


def _threads(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "text": remark.text,
        "username": remark.author,
        "timestamp": _meta(remark.second),
        "permalink": f"https://www.threads.net/@ada/post/{remark.number}",
    }


def _facebook_post(remark: Remark) -> dict[str, Any]:
    return {"id": f"post-{remark.number}", "created_time": _meta(remark.second)}


def _facebook_comment(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "message": remark.text,
        "created_time": _meta(remark.second),
        "from": {"id": f"88{remark.author}", "name": remark.author},
        "like_count": 2,
        "permalink_url": f"https://www.facebook.com/5/posts/6/?comment_id={remark.number}",
    }


def _instagram_media(remark: Remark) -> dict[str, Any]:
    return {
        "id": f"post-{remark.number}",
        "timestamp": _meta(remark.second),
        "permalink": f"https://www.instagram.com/p/{remark.number}/",
        "comments_count": 1,
    }


def _instagram_comment(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "text": remark.text,
        "timestamp": _meta(remark.second),
        "username": remark.author,
        "like_count": 2,
    }


def _discord(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "type": 19 if remark.number % 7 == 0 else 0,
        "content": remark.text,
        "channel_id": "44",
        "author": {"id": f"99{remark.author}", "username": remark.author},
        "timestamp": f"{iso(remark.second)[:-1]}.000000+00:00",
        "edited_timestamp": iso(remark.edited) if remark.edited else None,
    }


def _trustpilot(remark: Remark) -> dict[str, Any]:
    return {
        "id": f"{remark.number:024x}",
        "consumer": {"id": f"c-{remark.author}", "displayName": remark.author},
        "stars": remark.number % 5 + 1,
        "title": "Nearly there",
        "text": remark.text,
        "language": "en",
        "createdAt": iso(remark.second),
        "updatedAt": iso(remark.edited) if remark.edited else None,
        "numberOfLikes": 1,
    }


def _business(remark: Remark) -> dict[str, Any]:
    stars = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
    return {
        "reviewId": f"r-{remark.number}",
        "reviewer": {"displayName": remark.author},
        "starRating": stars[remark.number % 5],
        "comment": remark.text,
        "createTime": iso(remark.second),
        "updateTime": iso(remark.changed),
    }


def _business_page(page: Page) -> dict[str, Any]:
    if not page.items:
        return {}
    return {"reviews": page.items, "totalReviewCount": page.total, **_token("nextPageToken", page)}


def _freshdesk(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.number,
        "subject": "Dry bags",
        "description": f"<div>{remark.text}</div>",
        "description_text": remark.text,
        "requester_id": f"55{remark.author}",
        "created_at": iso(remark.second),
        "updated_at": iso(remark.changed),
        "status": 2,
    }


def _hubspot(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "properties": {
            "subject": "Dry bags",
            "content": remark.text,
            "createdate": f"{iso(remark.second)[:-1]}.000Z",
            "hs_lastmodifieddate": f"{iso(remark.changed)[:-1]}.000Z",
        },
        "archived": False,
    }


def _hubspot_page(page: Page) -> dict[str, Any]:
    paging = {"paging": {"next": {"after": page.following}}} if page.following else {}
    return {"total": page.total, "results": page.items, **paging}


def _redmine(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.number,
        "project": {"id": 1, "name": "Maps"},
        "author": {"id": 7, "name": remark.author},
        "subject": "Tides",
        "description": remark.text,
        "created_on": iso(remark.second),
        "updated_on": iso(remark.changed),
    }


def _disqus(remark: Remark) -> dict[str, Any]:
    return {
        "id": str(remark.number),
        "forum": "kayaks",
        "thread": "40",
        "parent": None,
        "message": f"<p>{remark.text}</p>",
        "raw_message": remark.text,
        "createdAt": iso(remark.second)[:-1],
        "author": {"username": remark.author, "name": "Ada"},
        "likes": 2,
        "isDeleted": False,
        "isSpam": False,
        "isEdited": remark.edited is not None,
    }


def _disqus_page(page: Page) -> dict[str, Any]:
    cursor = {"hasNext": page.following is not None, "next": page.following or "end"}
    return {"cursor": cursor, "code": 0, "response": page.items}


def _typeform(remark: Remark) -> dict[str, Any]:
    asked = {"id": "f1", "ref": "what_is_missing", "type": "long_text"}
    return {
        "response_id": f"t{remark.number}",
        "token": f"t{remark.number}",
        "submitted_at": iso(remark.second),
        "answers": [
            {
                "field": {"id": "f0", "ref": "stars", "type": "rating"},
                "type": "number",
                "number": 4,
            },
            {"field": asked, "type": "text", "text": remark.text},
        ],
    }


SHAPES: dict[str, Shape] = {
    **communities.SHAPES,
    **desks.SHAPES,
    "bluesky": Shape(
        r"/xrpc/app\.bsky\.feed\.searchPosts",
        _bluesky,
        lambda page: {"posts": page.items, **_token("cursor", page)},
        _bluesky_uri,
        {"queries": ["kayak"]},
        {"EARFUL_BLUESKY_USER": "ada.bsky.social", "EARFUL_BLUESKY_PASSWORD": "app-password"},
        BEARER,
        name=_bluesky_uri,
        until=("until", from_iso),
        one=(r"/xrpc/app\.bsky\.feed\.getPosts", "uris"),
        found=lambda items: {"posts": items},
        gone=Reply(content={"posts": []}),
        login=("/xrpc/com.atproto.server.createSession", _bluesky_login, "accessJwt"),
    ),
    "youtube": _youtube({"channels": ["UCkayaks"]}),
    "youtube-videos": _youtube({"videos": ["dQw4w9WgXcQ"]}),
    "slack": Shape(
        "/api/conversations.history",
        _slack,
        lambda page: {
            "ok": True,
            "messages": page.items,
            "has_more": page.following is not None,
            "response_metadata": {"next_cursor": page.following or ""},
        },
        lambda remark: f"C01#{_slack_ts(remark)}",
        {"workspace": "kayaks", "channels": ["C01"]},
        {"EARFUL_SLACK_TOKEN": TOKEN},
        BEARER,
        name=_slack_ts,
        until=("latest", float),
        behind=("/api/conversations.replies", "ts"),
    ),
    "github-discussions": Shape(
        "/graphql",
        _discussion,
        _discussions,
        lambda remark: f"kayaks/maps#discussion-{remark.number}",
        {"owner": "kayaks", "repos": ["maps"]},
        {"EARFUL_GITHUB_TOKEN": TOKEN},
        BEARER,
        parameter="variables.after",
    ),
    "appstoreconnect": Shape(
        "/v1/apps/1/customerReviews",
        _apple,
        lambda page: {"data": page.items, "links": {"next": page.address} if page.address else {}},
        lambda remark: f"0000-{remark.number}",
        {"apps": ["1"]},
        {
            "EARFUL_APPSTORECONNECT_ISSUER": "issuer",
            "EARFUL_APPSTORECONNECT_KEY_ID": "KEYID",
            "EARFUL_APPSTORECONNECT_KEY": _pem(APPLE_KEY),
        },
        SIGNED,
        turn="address",
        name=lambda remark: f"0000-{remark.number}",
        one=("/v1/customerReviews/(?P<at>.+)", "at"),
        found=lambda items: {"data": items[0]},
    ),
    "googleplay": Shape(
        "/androidpublisher/v3/applications/org.example.tides/reviews",
        _play,
        _play_page,
        lambda remark: f"r-{remark.number}",
        {"apps": ["org.example.tides"]},
        {
            "EARFUL_GOOGLEPLAY_ACCOUNT": "ears@kayaks.iam.gserviceaccount.com",
            "EARFUL_GOOGLEPLAY_KEY": _pem(GOOGLE_KEY),
        },
        BEARER,
        by_change=True,
        size="maxResults",
        parameter="token",
        login=("/", _play_login, "access_token"),
        recent=True,
    ),
    "x": Shape(
        "/2/tweets/search/recent",
        _x,
        _x_page,
        plain_id,
        {"queries": ["kayak"]},
        {"EARFUL_X_TOKEN": TOKEN},
        BEARER,
        size="max_results",
        parameter="next_token",
        until=("end_time", from_iso),
        one=("/2/tweets", "ids"),
        found=lambda items: {"data": items},
        gone=Reply(content={"errors": [{"title": "Not Found Error"}]}),
        recent=True,
    ),
    "threads": Shape(
        "/v1.0/keyword_search",
        _threads,
        _graph,
        plain_id,
        {"queries": ["kayak"]},
        {"EARFUL_THREADS_TOKEN": TOKEN},
        ("access_token", TOKEN),
        parameter="after",
        until=("until", float),
    ),
    "facebook": Shape(
        "/v25.0/77/posts",
        _facebook_comment,
        _graph,
        plain_id,
        {"pages": ["77"]},
        {"EARFUL_FACEBOOK_TOKEN": TOKEN},
        ("access_token", TOKEN),
        parameter="after",
        until=("until", float),
        behind=(r"/v25.0/post-(?P<at>\d+)/comments", "at"),
        holder=_facebook_post,
    ),
    "instagram": Shape(
        "/v25.0/78/media",
        _instagram_comment,
        _graph,
        plain_id,
        {"accounts": ["78"]},
        {"EARFUL_INSTAGRAM_TOKEN": TOKEN},
        ("access_token", TOKEN),
        parameter="after",
        behind=(r"/v25.0/post-(?P<at>\d+)/comments", "at"),
        holder=_instagram_media,
    ),
    "discord": Shape(
        "/api/v10/channels/44/messages",
        _discord,
        lambda page: page.items,
        lambda remark: f"44#{remark.number}",
        {"server": "33", "channels": ["44"]},
        {"EARFUL_DISCORD_TOKEN": TOKEN},
        ("Authorization", f"Bot {TOKEN}"),
        turn="last",
        parameter="before",
        one=("/api/v10/channels/44/messages/(?P<at>.+)", "at"),
    ),
    "trustpilot": Shape(
        "/v1/business-units/5f/reviews",
        _trustpilot,
        lambda page: {"reviews": page.items, "links": []},
        lambda remark: f"{remark.number:024x}",
        {"businesses": ["5f"]},
        {"EARFUL_TRUSTPILOT_KEY": TOKEN},
        ("apikey", TOKEN),
        size="perPage",
        turn="page",
        parameter="page",
        name=lambda remark: f"{remark.number:024x}",
        one=("/v1/reviews/(?P<at>.+)", "at"),
    ),
    "googlebusiness": Shape(
        "/v4/accounts/1/locations/2/reviews",
        _business,
        _business_page,
        lambda remark: f"r-{remark.number}",
        {"account": "1", "locations": ["2"]},
        {
            "EARFUL_GOOGLEBUSINESS_REFRESH_TOKEN": "refresh",
            "EARFUL_GOOGLEBUSINESS_CLIENT_ID": "client",
            "EARFUL_GOOGLEBUSINESS_CLIENT_SECRET": "secret",
        },
        BEARER,
        by_change=True,
        size="pageSize",
        parameter="pageToken",
        login=("/", _business_login, "access_token"),
    ),
    "freshdesk": Shape(
        "/api/v2/tickets",
        _freshdesk,
        lambda page: page.items,
        plain_id,
        {"subdomain": "kayaks"},
        {"EARFUL_FRESHDESK_KEY": TOKEN},
        ("Authorization", "Basic c2VzYW1lOlg="),
        newest=False,
        by_change=True,
        size="per_page",
        turn="link",
        parameter="page",
        since=("updated_since", from_iso, False),
        one=("/api/v2/tickets/(?P<at>.+)", "at"),
    ),
    "hubspot": Shape(
        "/crm/v3/objects/tickets/search",
        _hubspot,
        _hubspot_page,
        plain_id,
        {},
        {"EARFUL_HUBSPOT_TOKEN": TOKEN},
        BEARER,
        newest=False,
        by_change=True,
        parameter="after",
        since=("filterGroups.0.filters.0.value", lambda text: float(text) / 1000, False),
        one=("/crm/v3/objects/tickets/(?P<at>.+)", "at"),
        authors=False,
    ),
    "redmine": Shape(
        "/issues.json",
        _redmine,
        lambda page: {"issues": page.items, "total_count": page.total, "offset": 0, "limit": 16},
        plain_id,
        {"server": "127.0.0.1"},
        {"EARFUL_REDMINE_KEY": TOKEN},
        ("X-Redmine-API-Key", TOKEN),
        newest=False,
        by_change=True,
        turn="offset",
        parameter="offset",
        since=("updated_on", lambda text: from_iso(text.removeprefix(">=")), False),
        one=(r"/issues/(?P<at>\d+)\.json", "at"),
        found=lambda items: {"issue": items[0]},
    ),
    "disqus": Shape(
        "/api/3.0/forums/listPosts.json",
        _disqus,
        _disqus_page,
        plain_id,
        {"forums": ["kayaks"]},
        {"EARFUL_DISQUS_KEY": TOKEN},
        ("api_key", TOKEN),
        one=("/api/3.0/posts/details.json", "post"),
        found=lambda items: {"code": 0, "response": items[0]},
    ),
    "typeform": Shape(
        "/forms/F1/responses",
        _typeform,
        lambda page: {"total_items": page.total, "page_count": 1, "items": page.items},
        lambda remark: f"t{remark.number}-f1",
        {"forms": ["F1"]},
        {"EARFUL_TYPEFORM_TOKEN": TOKEN},
        BEARER,
        size="page_size",
        turn="last",
        parameter="before",
        name=lambda remark: f"t{remark.number}",
    ),
}
