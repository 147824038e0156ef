"""Hacker News as two local services: Algolia's search_by_date and Firebase's items."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

HITS_CAP = 1000


@dataclass
class Item:
    """One story or comment; what a test changes here, both services show."""

    id: int
    second: int
    text: str
    author: str = "rower_of_boats"
    story: int | None = None
    parent: int | None = None
    title: str | None = None
    points: int | None = None
    deleted: bool = False
    dead: bool = False


@dataclass
class HackerNewsWorld:
    """The items there are."""

    items: dict[int, Item] = field(default_factory=dict)

    def add(self, item: Item) -> Item:
        """Put an item up, or replace the one with its id."""
        self.items[item.id] = item
        return item

    def comments(self, count: int, first_second: int, every: int = 60, first_id: int = 1) -> None:
        """One story, then ``count`` comments below it, ``every`` seconds one."""
        story = self.add(
            Item(first_id, first_second, "", title="Ask: which kayak?", points=12, author="eskimo")
        )
        for n in range(1, count + 1):
            self.add(
                Item(
                    first_id + n,
                    first_second + n * every,
                    f"A lighter paddle, please &#x2F; number {n}",
                    author=f"paddler{n % 7}",
                    story=story.id,
                    parent=story.id,
                )
            )

    def answer(self, request: Request) -> Reply:
        """The reply of the service that owns the path."""
        if request.path == "/api/v1/search_by_date":
            return self._search(request)
        if match := re.fullmatch(r"/v0/item/(\d+)\.json", request.path):
            return Reply(content=self._item(int(match[1])))
        return Reply(404, {"message": "no such path"})

    def _search(self, request: Request) -> Reply:
        wanted = request.fields.get("tags", "").strip("()").split(",")
        words = request.fields.get("query", "").lower().split()
        found = list(self.items.values())
        for test in filter(None, request.fields.get("numericFilters", "").split(",")):
            match = re.fullmatch(r"created_at_i(>=|<=|>|<)(\d+)", test)
            if not match:
                return Reply(400, {"message": f"invalid numericFilters {test}"})
            sign, bound = match[1], int(match[2])
            found = [item for item in found if _COMPARE[sign](item.second, bound)]
        found = [
            item
            for item in found
            if not item.deleted
            and not item.dead
            and ("comment" if item.story else "story") in wanted
            and (not words or all(w in f"{item.title} {item.text}".lower() for w in words))
        ]
        found.sort(key=lambda item: (-item.second, item.id))
        size = min(int(request.fields.get("hitsPerPage", "20")), HITS_CAP)
        page = int(request.fields.get("page", "0"))
        if page * size >= HITS_CAP:
            # So does the real one: behind the cut there is nothing, not even a count.
            return Reply(content={"hits": [], "nbHits": 0, "nbPages": 0, "message": "1000 hits"})
        served = found[:HITS_CAP]
        return Reply(
            content={
                "hits": [_hit(item) for item in served[page * size : (page + 1) * size]],
                "nbHits": len(found),
                "nbPages": -(-len(served) // size),
                "page": page,
                "hitsPerPage": size,
            }
        )

    def _item(self, item_id: int) -> dict[str, Any] | None:
        item = self.items.get(item_id)
        if item is None:
            return None
        told: dict[str, Any] = {
            "id": item.id,
            "time": item.second,
            "type": "comment" if item.story else "story",
        }
        if item.parent:
            told["parent"] = item.parent
        if item.deleted:
            return {**told, "deleted": True}
        told |= {"by": item.author, "text": item.text}
        if item.title:
            told |= {"title": item.title, "score": item.points}
        return {**told, "dead": True} if item.dead else told


_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _hit(item: Item) -> dict[str, Any]:
    is_comment = item.story is not None
    return {
        "objectID": str(item.id),
        "author": item.author,
        "created_at_i": item.second,
        "comment_text": item.text if is_comment else None,
        "story_text": None if is_comment else item.text,
        "title": item.title,
        "points": item.points,
        "parent_id": item.parent,
        "story_id": item.story,
        "_tags": ["comment" if is_comment else "story", f"author_{item.author}"],
    }


def serve(world: HackerNewsWorld, slowness: float = 0.0) -> LocalServer:
    """A server of this world, to be used as a context manager."""
    return LocalServer(world.answer, slowness)


def options_for(url: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server and wait no longer than a blink."""
    return {
        "search_url": f"{url}/api/v1",
        "item_url": f"{url}/v0",
        "allow_private": True,
        "patience": PATIENCE,
        **options,
    }
