"""Where the values of a comment stand in an item of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from ingest.connector import Options
from ingest.rest.values import JsonPath, Pattern, Value, placeholders


class Extract(Options):
    """Where a value stands in an item, and how it is read. A plain path is the short form.

    ``path``: the first of these that is there and not null. ``any``: whether one of these is true.
    ``sum``: the numbers at these, added up. ``template``: text with ``{path}`` in it; a path beside
    it counts where the template has a gap, or, with named groups in ``pattern``, that value is cut
    into these for the template. Otherwise ``pattern`` (a regular expression; its first group is
    kept), ``values`` (a table from what stands there to what is meant), ``scale`` (lowest and
    highest rating), ``format`` of a time: "unix", "milliseconds" or a strptime pattern; without it
    numbers, ISO 8601 and mail dates are understood. ``zone`` is the time zone of times that name
    none. ``mail``: the text is a mail's, of which the writer's own words are kept, without what was
    quoted or signed.
    """

    path: tuple[JsonPath, ...] = ()
    any: tuple[JsonPath, ...] = ()
    sum: tuple[JsonPath, ...] = ()
    template: str | None = None
    pattern: Pattern | None = None
    values: dict[str, Value] = Field(default_factory=dict)
    scale: tuple[float, float] | None = None
    format: str | None = None
    zone: str | None = None
    mail: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: object) -> object:
        if isinstance(value, str):
            return {"path": (value,)}
        if isinstance(value, list):
            return {"path": tuple(value)}
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            return {**value, "path": (value["path"],)}
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        plain = bool(self.path) or self.template is not None
        if sum([plain, bool(self.any), bool(self.sum)]) != 1:
            raise ValueError("say one of: path, any, sum, template")
        if self.scale is not None and self.scale[0] >= self.scale[1]:
            raise ValueError("scale is [lowest, highest]")
        return self

    @property
    def cuts(self) -> bool:
        """Whether the value at ``path`` is cut into parts, which the template puts together."""
        named = self.pattern is not None and "(?<" in self.pattern
        return bool(self.path) and self.template is not None and named

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is looked at."""
        if self.cuts:
            return self.path
        return (*self.path, *self.any, *self.sum, *placeholders(self.template or ""))


class Fields(Options):
    """Which value of an item becomes which field of a comment. ``id`` and ``text`` must be said.

    ``thread`` and ``parent`` are native ids. ``rating`` becomes a number from 0 to 1.
    """

    id: Extract
    text: Extract
    created: Extract | None = None
    edited: Extract | None = None
    title: Extract | None = None
    author: Extract | None = None
    channel: Extract | None = None
    url: Extract | None = None
    parent: Extract | None = None
    thread: Extract | None = None
    rating: Extract | None = None
    reach: Extract | None = None
    lang: Extract | None = None
    place: Extract | None = None
    product: Extract | None = None
    version: Extract | None = None
    deleted: Extract | None = None

    def templates(self) -> Iterator[str]:
        """The templates of all fields."""
        for _, extract in self.given():
            if extract.template is not None:
                yield extract.template

    def given(self) -> Iterator[tuple[str, Extract]]:
        """(field, where it stands) for the fields that are mapped."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                yield name, value
