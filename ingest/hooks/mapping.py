"""From a delivery to comments, by a row. A delivery that does not fit is an error with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from earful.errors import DataError
from earful.records import Comment, make_uid
from ingest.hooks.registry import Hook
from ingest.hooks.row import Beside, Event, Told
from ingest.rest.drift import Shape, kind_of
from ingest.rest.items import ABSENT, Item, items_at, value_at
from ingest.rest.mapping import Mapper, is_wanted


def comments_of(hook: Hook, body: bytes) -> list[Comment]:
    """The comments that a delivery tells of, tombstones among them.

    Raises ``DataError`` with a reason that quotes nothing of what people wrote.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"is no JSON ({len(body):,} bytes)") from error
    row = hook.row
    known: set[int] = set()
    comments: list[Comment] = []
    read = [*row.event, *row.ignore]
    found = [_items(told, one) for one in read]
    if all(items is None for items in found):
        raise DataError(f"holds nothing that the row {row.name!r} knows: {kind_of(told)}")
    for one, items in zip(read, found, strict=True):
        wanted = [item for item in items or () if is_wanted(one, item)]
        known.update(id(item.value) for item in wanted)
        if isinstance(one, Event):
            comments += _read(hook, one, wanted)
    for items in found:
        for item in items or ():
            if id(item.value) not in known:
                raise DataError(
                    f"no event of the row {row.name!r} fits: {kind_of(item.value)}"
                    " (add one to it, or to 'ignore')"
                )
    return (
        [_under_digests(comment, hook.id_key) for comment in comments]
        if row.ids_name_people
        else comments
    )


def _items(told: Any, one: Told) -> list[Item] | None:
    return items_at(told, one.items)


def _read(hook: Hook, event: Event, items: list[Item]) -> Iterator[Comment]:
    source, instance = hook.name, hook.row.instance or hook.row.name
    for item in items:
        seen = item if event.beside is None else _with_beside(item, event.beside)
        shape = Shape((), {})
        mapped = Mapper(event, source, instance, shape).map(seen, {})
        if shape.notes or mapped is None:
            raise DataError("; ".join(shape.notes))
        comment = mapped.comment
        if event.deletes:
            yield Comment(source, instance, comment.native_id, "", kind=event.kind, deleted=True)
            continue
        if not (comment.deleted or comment.text or comment.title):
            if event.wordless == "ignore":
                continue
            text = event.fields.text
            raise DataError(
                f"there is no text (looked for at {', '.join(text.paths)}) in {kind_of(item.value)}"
            )
        if comment.edited_at is not None and comment.created_at == comment.edited_at:
            # The mapper fills the gap, but what only tells of an edit does not say when the
            # comment was written, and the ledger may know.
            comment = replace(comment, created_at=None, created_precision="none")
        yield comment


def _with_beside(item: Item, beside: Beside) -> Item:
    """The item, with the element of another list that belongs to it."""
    found = item.at(beside.list)
    mine = item.at(beside.on)
    if not isinstance(item.value, Mapping) or not isinstance(found, list) or mine is ABSENT:
        return item
    for element in found:
        if value_at(element, beside.by) == mine:
            return Item({**item.value, beside.named: element}, item.around)
    return item


def _under_digests(comment: Comment, key: bytes) -> Comment:
    """The comment with every id that could name a person as a keyed digest."""
    prefix = make_uid(comment.source, comment.instance, "")

    def digest(native_id: str) -> str:
        return blake2b(native_id.encode(), key=key, person=b"hook id", digest_size=16).hexdigest()

    def linked(uid: str | None) -> str | None:
        return None if uid is None else prefix + digest(uid.removeprefix(prefix))

    return replace(
        comment,
        native_id=digest(comment.native_id),
        parent_uid=linked(comment.parent_uid),
        thread_uid=linked(comment.thread_uid),
    )
