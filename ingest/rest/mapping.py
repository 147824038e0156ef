"""From an item of a reply to a comment, by a row's fields. Nothing in a reply makes it raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from zlib import crc32

import regex

from earful.records import Comment, Kind, make_uid
from ingest.mail.replies import own_words
from ingest.rest.drift import Shape, kind_of
from ingest.rest.fields import Extract, Fields
from ingest.rest.items import ABSENT, Item, is_true
from ingest.rest.times import read_moment
from ingest.rest.values import Value, fill, placeholders

_LONGEST_ID = 500
_PATTERN_SECONDS = 0.5
"""A row's regular expression may take this long for one value."""


class Selection(Protocol):
    """Which items are wanted; see ``Row`` for what the three mean."""

    @property
    def require(self) -> tuple[str, ...]:
        """Paths that must be there."""

    @property
    def keep(self) -> Mapping[str, tuple[Value, ...]]:
        """Values that an item must have."""

    @property
    def drop(self) -> Mapping[str, tuple[Value, ...]]:
        """Values that it must not have."""


class FieldMap(Selection, Protocol):
    """What of a row says how an item becomes a comment: all that mapping needs of it."""

    @property
    def fields(self) -> Fields:
        """Where each value stands."""

    @property
    def kind(self) -> Kind:
        """What kind of comment it is."""

    @property
    def solicited(self) -> bool:
        """Whether people were asked."""

    @property
    def sorted_by(self) -> Literal["created", "edited"]:
        """What time the items are listed by."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The comment of an item, the second it is sorted by (None where none is told), its mark.

    ``mark`` is the id with a checksum of what a reader would see change, so that an edited
    comment is not taken for the one that was read before, also where the platform's clock counts
    seconds and it was edited twice in one. An item that is not ``wanted`` is no comment of the
    row, only the way to its replies.
    """

    comment: Comment
    second: int | None
    mark: str
    item: Item
    wanted: bool = True


class Mapper:
    """Maps the items of one source. ``words`` are the options' values, for templates."""

    def __init__(self, row: FieldMap, source: str, instance: str, shape: Shape) -> None:
        self._row = row
        self._source = source
        self._instance = instance
        self._shape = shape

    def is_comment(self, item: Item) -> bool:
        """Whether an item is one of those that the row wants, by require, keep and drop."""
        return is_wanted(self._row, item)

    def map(self, item: Item, words: Mapping[str, Value]) -> Mapped | None:
        """The comment of an item; None where it has no id, which the shape takes note of."""
        fields = self._row.fields
        found = {name: self._value(item, extract, words) for name, extract in fields.given()}
        native_id = _text(found["id"])
        if not native_id or len(native_id) > _LONGEST_ID or not native_id.isprintable():
            self._shape.set_aside("an item has no id that could be used, so it was left out", "?")
            return None
        deleted = bool(found.get("deleted", False)) and found.get("deleted") is not ABSENT
        # What is there and null is no change of shape, nor is a deleted comment without words.
        present = [
            name
            for name, extract in fields.given()
            if (deleted and name == "text")
            or any(item.at(path) is not ABSENT for path in extract.paths)
        ]
        self._shape.look(item.value, native_id, present)
        created = self._moment("created", found, native_id)
        edited = self._moment("edited", found, native_id)
        rating, original = self._rating(found.get("rating", ABSENT), native_id)
        comment = Comment(
            source=self._source,
            instance=self._instance,
            native_id=native_id,
            text="" if deleted else self._words("text", found, native_id) or "",
            kind=self._row.kind,
            channel=_text(found.get("channel")),
            title=None if deleted else self._words("title", found, native_id),
            author=None if deleted else _text(found.get("author")),
            created_at=created or edited,
            created_precision="none" if created is None and edited is None else "second",
            edited_at=None if edited == created else edited,
            lang_hint=_text(found.get("lang")),
            rating=rating,
            rating_original=original,
            reach=_whole(found.get("reach")),
            parent_uid=self._uid(found.get("parent")),
            thread_uid=self._uid(found.get("thread")),
            url=None if deleted else _text(found.get("url")),
            place=_text(found.get("place")),
            product=_text(found.get("product")),
            version=_text(found.get("version")),
            solicited=self._row.solicited,
            deleted=deleted,
        )
        by = (edited or created) if self._row.sorted_by == "edited" else (created or edited)
        second = None if by is None else int(by.timestamp() // 1)
        return Mapped(comment, second, _mark(comment), item)

    def _value(self, item: Item, extract: Extract, words: Mapping[str, Value]) -> Any:
        value: Any
        if extract.any:
            values = [item.at(path) for path in extract.any]
            if all(value is ABSENT for value in values):
                return ABSENT
            value = any(is_true(value) for value in values)
        elif extract.sum:
            numbers = [_number(item.at(path)) for path in extract.sum]
            if all(number is None for number in numbers):
                return ABSENT
            value = sum(number for number in numbers if number is not None)
        elif extract.cuts:
            return _cut(extract, item, words)
        elif extract.template is not None:
            value = _filled(extract.template, item, words)
            if value is ABSENT:
                value = item.first(extract.path)
        else:
            value = item.first(extract.path)
        if value is ABSENT:
            return ABSENT
        if extract.pattern is not None:
            value = _matched(extract.pattern, value)
        if extract.values and value is not ABSENT:
            value = extract.values.get(_plain(value), ABSENT)
        if extract.mail and isinstance(value, str):
            value = own_words(value)
        return value

    def _moment(self, name: str, found: Mapping[str, Any], native_id: str) -> datetime | None:
        extract: Extract | None = getattr(self._row.fields, name)
        value = found.get(name, ABSENT)
        if extract is None or value is ABSENT or not value:
            return None
        moment = read_moment(value, extract.format, extract.zone)
        if moment is None:
            form = f" of the format {extract.format!r}" if extract.format else ""
            self._shape.set_aside(f"{name} could not be read as a time{form}", native_id)
        return moment

    def _words(self, name: str, found: Mapping[str, Any], native_id: str) -> str | None:
        value = found.get(name)
        if isinstance(value, Mapping | list):
            self._shape.set_aside(f"{name} is no text but {kind_of(value)}", native_id)
            return None
        return _text(value)

    def _rating(self, value: Any, native_id: str) -> tuple[float | None, str | None]:
        if value is ABSENT or value is None:
            return None, None
        extract = self._row.fields.rating
        number = 1.0 if value is True else 0.0 if value is False else _number(value)
        low, high = extract.scale if extract and extract.scale else (0.0, 1.0)
        if number is None or not low <= number <= high:
            self._shape.set_aside("rating is outside of its scale", native_id)
            return None, _text(value)
        original = f"{number:g}/{high:g}" if extract and extract.scale else None
        return (number - low) / (high - low), original

    def _uid(self, value: Any) -> str | None:
        native_id = _text(value)
        return make_uid(self._source, self._instance, native_id) if native_id else None


def _mark(comment: Comment) -> str:
    shown = (comment.edited_at, comment.title, comment.text, comment.rating, comment.deleted)
    return f"{comment.native_id}@{crc32(repr(shown).encode()):08x}"


def is_wanted(row: Selection, item: Item) -> bool:
    """Whether a row wants an item, by what it requires, keeps and drops."""
    return (
        all(item.at(path) is not ABSENT for path in row.require)
        and all(_plain(item.at(path)) in map(_plain, kept) for path, kept in row.keep.items())
        and not any(
            _plain(item.at(path)) in map(_plain, dropped) for path, dropped in row.drop.items()
        )
    )


def _filled(template: str, item: Item, words: Mapping[str, Value]) -> Any:
    """The template with every ``{path}``; an option where the item has none. ABSENT at a gap."""
    filled = template
    for name in placeholders(template):
        value = _text(item.at(name)) or (_text(words[name]) if name in words else None)
        if value is None:
            return ABSENT
        filled = filled.replace(f"{{{name}}}", value)
    return filled


def _cut(extract: Extract, item: Item, words: Mapping[str, Value]) -> Any:
    """The template with the named groups that the pattern finds in the value."""
    match = _found(extract.pattern or "", item.first(extract.path))
    if match is None:
        return ABSENT
    return _filled(fill(extract.template or "", match.groupdict("")), item, words)


def _matched(pattern: str, value: Any) -> Any:
    match = _found(pattern, value)
    if match is None:
        return ABSENT
    return match[1] if match.re.groups else match[0]


def _found(pattern: str, value: Any) -> regex.Match[str] | None:
    if value is ABSENT:
        return None
    try:
        return regex.search(pattern, str(value), timeout=_PATTERN_SECONDS)
    except TimeoutError:
        return None


def _plain(value: Any) -> str:
    """A value as a row writes it: true, false, null, a number or a text."""
    if value is ABSENT or value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _text(value: Any) -> str | None:
    if value is ABSENT or value is None or isinstance(value, bool | Mapping | list):
        return None
    # JSON may hold halves of characters, which nothing that stores text takes.
    return str(value).encode("utf-8", "replace").decode() or None


def _number(value: Any) -> float | None:
    if value is ABSENT or value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number != number or abs(number) > 1e15 else int(number)
