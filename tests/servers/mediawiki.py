"""A wiki as MediaWiki's interface shows it: revisions of talk pages, with text and tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from servers.local import LocalServer, Reply, Request
from servers.rest import from_iso, iso
from servers.tcp import PATIENCE

PAGE = "Talk:Kayaks"


@dataclass
class Revision:
    """The page after one edit."""

    number: int
    parent: int
    second: int
    user: str
    text: str
    tags: list[str] = field(default_factory=list)
    hidden: bool = False


@dataclass
class Wiki:
    """One talk page. ``size`` is the most revisions that a reply holds."""

    revisions: dict[int, Revision] = field(default_factory=dict)
    size: int = 16

    def save(self, second: int, text: str, user: str = "Ada") -> int:
        """The page gets this text; the number of the revision."""
        last = max(self.revisions, default=0)
        self.revisions[last + 1] = Revision(last + 1, last, second, user, text)
        return last + 1

    def say(self, second: int, words: str, user: str = "Ada") -> int:
        """Somebody writes below what is there, and signs."""
        before = f"{self.text}\n\n" if self.revisions else ""
        return self.save(second, f"{before}{words} {signature(user)}", user)

    @property
    def text(self) -> str:
        """What the page says now."""
        return self.revisions[max(self.revisions)].text

    def answer(self, request: Request) -> Reply:
        """Reply as api.php does."""
        fields = request.fields
        prefix = "rv" if fields.get("prop") == "revisions" else "arv"
        if "revids" in fields:
            return Reply(content={"batchcomplete": True, "query": self._named(fields["revids"])})
        if fields.get("titles", PAGE) != PAGE:
            page = {"ns": 1, "title": fields["titles"], "missing": True}
            return Reply(content={"batchcomplete": True, "query": {"pages": [page]}})
        low, high = (from_iso(fields[f"{prefix}{name}"]) for name in ("start", "end"))
        found = [one for one in self.revisions.values() if low <= one.second <= high]
        start = int(fields.get(f"{prefix}continue", "0|0").partition("|")[2])
        found = [one for one in found if one.number >= start]
        size = min(self.size, int(fields[f"{prefix}limit"]))
        where = "pages" if prefix == "rv" else "allrevisions"
        content: dict[str, Any] = {"batchcomplete": True, "query": {where: []}}
        if found:
            content["query"][where] = [_page(found[:size])]
        if len(found) > size:
            following = f"{found[size].second}|{found[size].number}"
            content["continue"] = {f"{prefix}continue": following, "continue": "-||"}
        return Reply(content=content)

    def _named(self, numbers: str) -> dict[str, Any]:
        wanted = [int(number) for number in numbers.split("|")]
        known = [self.revisions[number] for number in wanted if number in self.revisions]
        bad = {str(n): {"revid": n, "missing": True} for n in wanted if n not in self.revisions}
        return {
            **({"pages": [_page(known)]} if known else {}),
            **({"badrevids": bad} if bad else {}),
        }


def signature(user: str) -> str:
    """What four tildes become."""
    return f"[[User:{user}|{user}]] ([[User talk:{user}|talk]]) 12:00, 15 June 2025 (UTC)"


def _page(revisions: list[Revision]) -> dict[str, Any]:
    return {
        "pageid": 2,
        "ns": 1,
        "title": PAGE,
        "revisions": [_revision(one) for one in revisions],
    }


def _revision(one: Revision) -> dict[str, Any]:
    text: dict[str, Any] = {"texthidden": True} if one.hidden else {"content": one.text}
    kind = {"contentmodel": "wikitext", "contentformat": "text/x-wiki"}
    return {
        "revid": one.number,
        "parentid": one.parent,
        "user": one.user,
        "timestamp": iso(one.second),
        "slots": {"main": {**kind, **text}},
        "tags": one.tags,
    }


def serve(wiki: Wiki) -> LocalServer:
    """A server with this wiki."""
    return LocalServer(wiki.answer)


def options_for(url: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server."""
    return {"api": f"{url}/api.php", "allow_private": True, "patience": PATIENCE, **options}
