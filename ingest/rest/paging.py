"""Turning pages: one generator for every way that platforms name the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from earful.errors import TerminalError
from ingest.http import Answer
from ingest.rest.items import ABSENT, Item, items_at, value_at
from ingest.rest.row import Row

_LONGEST_COMPLAINT = 200
Ask = Callable[[str, Mapping[str, str | int]], Answer]


class PagingLoopError(TerminalError):
    """A page that was read before comes again as the next one, so there would be no end."""


class UnexpectedReplyError(TerminalError):
    """A reply without the list of comments that the row says is in it."""


@dataclass
class Listing:
    """One list of a platform: where it is, what narrows it, and how the reading of it ended.

    ``capped`` is true where the platform's cap was reached, so that more may lie behind it;
    ``at_end`` where the page that was just yielded is the last.
    """

    row: Row
    path: str
    parameters: Mapping[str, str | int]
    where: str
    capped: bool = field(default=False, init=False)
    at_end: bool = field(default=False, init=False)

    def pages(self, ask: Ask) -> Iterator[list[Item]]:
        """The items page by page, in the platform's order.

        Raises ``PagingLoopError`` and ``UnexpectedReplyError`` besides the errors of ``ask``.
        """
        paging = self.row.paging
        path, parameters = self.path, dict(self.parameters)
        if paging.parameter and paging.start_is_sent:
            parameters[paging.parameter] = paging.start
        asked: set[str] = set()
        before: list[str] = []
        read = turned = 0
        while True:
            fingerprint = f"{path} {sorted(parameters.items())}"
            if fingerprint in asked:
                if paging.repeat_ends:
                    return
                raise self._loop("the reply names a page that was read before as the next one")
            asked.add(fingerprint)
            answer = ask(*_in_place(path, parameters))
            items = self._items(answer)
            turned += 1
            ids = [str([item.at(path) for path in self.row.fields.id.paths]) for item in items]
            if items and ids == before:
                if paging.repeat_ends:
                    return
                raise self._loop(f"page {turned} is page {turned - 1} again")
            before = ids
            read += len(items)
            following = self._following(answer, path, parameters, items, read)
            # At the cap the platform's own word for the end is not to be trusted.
            cut = (paging.cap is not None and read >= paging.cap) or (
                paging.cap_pages is not None and turned >= paging.cap_pages and bool(items)
            )
            ended = following is None or self._has_ended(answer, items, read, turned)
            self.at_end = ended and not cut
            yield items
            self.capped = cut
            if following is None or ended or cut:
                return
            path, parameters = following

    def _items(self, answer: Answer) -> list[Item]:
        items = items_at(answer.content, self.row.items)
        if items is not None:
            return items
        if self.row.no_list == "end" and isinstance(answer.content, Mapping | list):
            return []
        told = ""
        if isinstance(answer.content, Mapping):
            told = f" It holds: {', '.join(list(map(str, answer.content))[:12]) or 'nothing'}."
            if complaint := _complaint(answer.content):
                told += f" The platform says: {complaint}"
        raise UnexpectedReplyError(
            f"the reply has no list at {self.row.items or 'its top'!r}.{told}",
            where=self.where,
            next_step="See whether the platform has changed, and correct 'items' in the row.",
        )

    def _has_ended(self, answer: Answer, items: list[Item], read: int, turned: int) -> bool:
        paging = self.row.paging
        content = answer.content
        if paging.end is not None and _true(value_at(content, paging.end)):
            return True
        if paging.more is not None:
            return not _true(value_at(content, paging.more))
        if paging.total is not None:
            total = value_at(content, paging.total)
            return not items or (isinstance(total, int) and read >= total)
        if paging.pages is not None:
            told = answer.headers.get(paging.pages.lower(), "")
            return not items or (told.isdigit() and turned >= int(told))
        return not items and paging.end is None and paging.kind not in ("link", "next", "object")

    def _following(
        self,
        answer: Answer,
        path: str,
        parameters: dict[str, str | int],
        items: list[Item],
        read: int,
    ) -> tuple[str, dict[str, str | int]] | None:
        """Path and parameters of the next page; None where there is none."""
        paging = self.row.paging
        name = paging.parameter or ""
        match paging.kind:
            case "page":
                return path, {**parameters, name: int(parameters[name]) + 1}
            case "offset":
                return path, {**parameters, name: read}
            case "cursor":
                value = value_at(answer.content, paging.path or "")
                return (path, {**parameters, name: str(value)}) if _true(value) else None
            case "object":
                value = value_at(answer.content, paging.path or "")
                if not isinstance(value, Mapping) or not value:
                    return None
                return path, {**parameters, **{str(k): str(v) for k, v in value.items()}}
            case "link":
                return (answer.following, {}) if answer.following else None
            case "next":
                value = value_at(answer.content, paging.path or "")
                return (str(value), {}) if _true(value) else None
            case "last":
                value = items[-1].at(paging.path or "") if items else ABSENT
                return (path, {**parameters, name: str(value)}) if _true(value) else None
        return None

    def _loop(self, what: str) -> PagingLoopError:
        return PagingLoopError(
            f"loop detected in paging: {what}",
            where=self.where,
            next_step="What was read is kept. See whether the server knows the row's paging"
            f" parameter {self.row.paging.parameter!r}, and whether its kind is right.",
        )


def _complaint(content: Mapping[str, Any]) -> str:
    """What a reply that bears no comments says is wrong, in the ways that platforms do."""
    told = content.get("error") or content.get("errors") or content.get("message")
    if isinstance(told, list) and told:
        told = told[0]
    if isinstance(told, Mapping):
        told = told.get("message") or told.get("error_msg") or told.get("type")
    return told[:_LONGEST_COMPLAINT] if isinstance(told, str) else ""


def _in_place(path: str, parameters: dict[str, str | int]) -> tuple[str, dict[str, str | int]]:
    """Path and query; a parameter that the path holds in braces is not sent in the query."""
    query = {}
    for name, value in parameters.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", str(value))
        else:
            query[name] = value
    return path, query


def _true(value: object) -> bool:
    return value is not ABSENT and value not in (None, False, "")
