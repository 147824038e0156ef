"""A made-up platform that turns its pages in any way that a row can describe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from earful.records import Comment
from ingest.rest.connector import RestConnector, connector_of
from ingest.rest.row import Row
from servers.local import LocalServer, Reply, Request
from servers.rest import World
from servers.tcp import PATIENCE

PAGINGS: dict[str, dict[str, Any]] = {
    "page": {"kind": "page", "parameter": "page"},
    "page+more": {"kind": "page", "parameter": "page", "more": "more"},
    "page+header": {"kind": "page", "parameter": "page", "pages": "X-Pages"},
    "offset": {"kind": "offset", "parameter": "skip", "total": "total"},
    "cursor": {"kind": "cursor", "parameter": "cursor", "path": "next_cursor"},
    "object": {"kind": "object", "path": "continue"},
    "link": {"kind": "link"},
    "next": {"kind": "next", "path": "next"},
    "last": {"kind": "last", "parameter": "past", "path": "id"},
}


@dataclass
class Kiosk:
    """The service. ``cap`` is the most it shows of one listing, ``newest`` how it sorts.

    ``mixed``: it sorts by nothing that could be told.
    """

    world: World = field(default_factory=World)
    newest: bool = False
    mixed: bool = False
    cap: int | None = None
    repeats: bool = False

    def answer(self, request: Request) -> Reply:
        """A page, with every sign of the next page at once."""
        found = self.world.shown(
            lambda r: (r.number * 7919 % 101 if self.mixed else r.second, r.number),
            newest=self.newest,
        )
        fields = request.fields
        if "since" in fields:
            found = [r for r in found if r.second >= int(fields["since"])]
        if "until" in fields:
            found = [r for r in found if r.second < int(fields["until"])]
        found = found[: self.cap]
        start = (int(fields["page"]) - 1) * self.world.size if "page" in fields else 0
        start = int(fields.get("skip", fields.get("cursor", fields.get("from", start))))
        if "past" in fields:
            start = [r.number for r in found].index(int(fields["past"])) + 1
        if self.repeats:
            start = min(start, self.world.size)
        page = found[start : start + self.world.size]
        after = start + self.world.size
        content: dict[str, Any] = {
            "items": [
                {
                    "id": r.number,
                    "body": r.text,
                    "at": r.second,
                    "changed": r.edited,
                    "gone": False,
                    "by": {"name": r.author},
                    **self.world.extra,
                }
                for r in page
            ],
            "total": len(found),
            "more": after < len(found),
        }
        headers = {"X-Pages": str(-(-len(found) // self.world.size))}
        if after < len(found):
            kept = {k: v for k, v in fields.items() if k in ("since", "until")}
            url = f"http://{request.headers['Host']}/said?{urlencode({**kept, 'from': after})}"
            content |= {"next_cursor": after, "continue": {"from": after}, "next": url}
            headers["Link"] = f'<{url}>; rel="next"'
        return Reply(content=content, headers=headers)


def row(paging: str | dict[str, Any] = "page", **changes: Any) -> Row:
    """A row for the kiosk."""
    content: dict[str, Any] = {
        "name": "kiosk",
        "title": "Kiosk",
        "base": "https://kiosk.example",
        "path": "/said",
        "items": "items",
        "order": {"by": "created", "first": "oldest"},
        "paging": PAGINGS[paging] if isinstance(paging, str) else paging,
        "fields": {"id": "id", "text": "body", "created": "at", "author": "by.name"},
        "terms": {"summary": "Ours."},
    }
    return Row.model_validate({**content, **changes})


def serve(kiosk: Kiosk) -> LocalServer:
    """A server of this kiosk, to be used as a context manager."""
    return LocalServer(kiosk.answer)


def ids(comments: Iterable[Comment]) -> list[int]:
    """The numbers of remarks, in order."""
    return sorted(int(comment.native_id) for comment in comments)


def connector(
    row: Row, server: LocalServer, cursor: dict[str, Any] | None = None, **options: Any
) -> RestConnector:
    """A connector of that row, aimed at the server."""
    return connector_of(row)(
        "kiosk",
        {"base_url": server.url, "allow_private": True, "patience": PATIENCE, **options},
        cursor,
    )
