"""What a row says: a platform's REST interface, described in TOML, as a model that checks itself.

A row holds no code. ``docs/adding-a-connector.md`` explains every key with an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from string import Formatter
from typing import Annotated, Literal, Self

import regex
from pydantic import Field, field_validator, model_validator

from earful.records import Kind
from ingest.budget import Prices
from ingest.connector import Options

Value = str | int | float | bool
JsonPath = Annotated[str, Field(pattern=r"^(\^\.)*[^.\s][^\s]*$|^\^$")]
"""Names and numbers joined by dots ("author.name", "tags.0"); ``^.`` climbs to what is around."""
ENVIRONMENT = r"^EARFUL_[A-Z0-9_]+$"


class RowOption(Options):
    """Something that a source must or may say: ``{name}`` stands for it in the row.

    With ``slashes`` a value may be several parts of a path ("owner/name"). ``pattern`` is a
    regular expression that a value must match whole.
    """

    what: str
    how: str = ""
    default: str | int | tuple[str | int, ...] | None = None
    required: bool = True
    slashes: bool = False
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        return _expression(value)


class Auth(Options):
    """How a credential is sent. It comes from the environment and is never written down.

    ``kind``: "bearer" and "basic" fill the Authorization header ("basic" takes the name from
    ``user``), "header" and "parameter" send the value under ``name``.
    """

    kind: Literal["bearer", "basic", "header", "parameter"]
    environment: str = Field(pattern=ENVIRONMENT)
    user: str | None = Field(default=None, pattern=ENVIRONMENT)
    name: str | None = None
    what: str
    how: str
    required: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind in ("header", "parameter") and not self.name:
            raise ValueError(f"kind {self.kind!r} needs 'name', what the value is sent under")
        if self.kind == "basic" and not self.user:
            raise ValueError("kind 'basic' needs 'user', the variable that holds the user's name")
        return self


class Bound(Options):
    """A parameter that narrows a listing to a stretch of time.

    ``format`` is "iso", "unix", "milliseconds", or a strftime pattern. ``exclusive``: the server
    leaves out the moment itself, so one second more is asked for.
    """

    parameter: str
    format: str = "iso"
    exclusive: bool = False

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ("iso", "unix", "milliseconds") and "%" not in value:
            raise ValueError("valid: iso, unix, milliseconds, or a pattern like %Y%m%d%H%M%S")
        return value


class Order(Options):
    """How a listing is sorted: by when a comment was written, or last changed ("edited").

    ``since`` and ``until`` are parameters that narrow it. The newest ``overlap`` seconds of the
    last pull are read again, for what appears late or was edited meanwhile. The newest ``lag``
    seconds are not asked for. ``beginning`` is the day that a first pull starts from.
    """

    by: Literal["created", "edited"] = "created"
    first: Literal["newest", "oldest"]
    since: Bound | None = None
    until: Bound | None = None
    overlap: int = Field(default=3600, ge=0)
    lag: int = Field(default=0, ge=0)
    beginning: datetime | None = None


class Paging(Options):
    """How the next page is asked for.

    ====== ===========================================================================
    kind   next page
    ====== ===========================================================================
    none   there is only one
    page   ``parameter`` counts pages, from ``start`` (1)
    offset ``parameter`` is the number of comments before it
    cursor ``parameter`` is the value that the reply holds at ``path``; first ``start``, if said
    object the reply holds parameters at ``path``
    link   the ``Link`` header's "next"
    next   the reply holds an address at ``path``
    last   ``parameter`` is the value at ``path`` in the last comment of the page
    ====== ===========================================================================

    A listing ends where the reply names no next page, where ``more`` is false, ``end`` is true,
    ``total`` comments or ``pages`` pages (a header) were read, and at an empty page where nothing
    else tells. With ``repeat_ends`` a page that names itself as the next is the last; otherwise
    that is an error. ``cap`` comments, or ``cap_pages`` pages, are all that the platform serves
    of one listing. ``parameter`` goes into the query, or where ``path`` of the row names it in
    braces. ``size`` is how many comments a page holds at most.
    """

    kind: Literal["none", "page", "offset", "cursor", "object", "link", "next", "last"]
    parameter: str | None = None
    path: JsonPath | None = None
    start: str | int = 1
    more: JsonPath | None = None
    end: JsonPath | None = None
    total: JsonPath | None = None
    pages: str | None = None
    repeat_ends: bool = False
    size: int = Field(default=100, ge=1)
    cap: int | None = Field(default=None, ge=1)
    cap_pages: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {
            "page": ("parameter",),
            "offset": ("parameter",),
            "cursor": ("parameter", "path"),
            "object": ("path",),
            "next": ("path",),
            "last": ("parameter", "path"),
        }.get(self.kind, ())
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"kind {self.kind!r} needs {name!r}")
        return self

    @property
    def start_is_sent(self) -> bool:
        """Whether the first page is asked for by name."""
        return self.kind == "page" or (self.kind == "cursor" and "start" in self.model_fields_set)


class Extract(Options):
    """Where a value stands in an item, and how it is read. A plain path is the short form.

    ``path``: the first of these that is there and not null. ``any``: whether one of these is
    true. ``sum``: the numbers at these, added up. ``template``: text with ``{path}`` in it.
    Then ``pattern`` (a regular expression; its first group is kept), ``values`` (a table from
    what stands there to what is meant), ``scale`` (lowest and highest rating), ``format`` of a
    time: "unix", "milliseconds" or a strptime pattern; without it numbers, ISO 8601 and mail
    dates are understood. ``zone`` is the time zone of times that name none.
    """

    path: tuple[JsonPath, ...] = ()
    any: tuple[JsonPath, ...] = ()
    sum: tuple[JsonPath, ...] = ()
    template: str | None = None
    pattern: str | None = None
    values: dict[str, Value] = Field(default_factory=dict)
    scale: tuple[float, float] | None = None
    format: str | None = None
    zone: str | None = None

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

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        return _expression(value)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.path), bool(self.any), bool(self.sum), self.template is not None]
        if sum(ways) != 1:
            raise ValueError("say one of: path, any, sum, template")
        if self.scale is not None and self.scale[0] >= self.scale[1]:
            raise ValueError("scale is [lowest, highest]")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is looked at."""
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

    def given(self) -> Iterator[tuple[str, Extract]]:
        """(field, where it stands) for the fields that are mapped."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                yield name, value


class LookUp(Options):
    """How one comment, or a list of them, is asked for by id.

    ``{id}`` in ``path`` stands for one id, ``{ids}`` for up to ``at_once``, joined by
    ``separator``. Named groups of ``pattern`` cut an id into parts with names of their own. A
    status in ``gone`` says that the comment was deleted, and so does ``missing`` where a list
    comes back without it. At most ``most`` are asked for in one pull, the newest.
    """

    path: str
    items: str = ""
    parameters: dict[str, str | int] = Field(default_factory=dict)
    pattern: str | None = None
    separator: str = ","
    at_once: int = Field(default=1, ge=1)
    missing: Literal["deleted", "unknown"] = "unknown"
    gone: tuple[int, ...] = (404, 410)
    most: int = Field(default=100, ge=1)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        return _expression(value)


class Terms(Options):
    """What the platform's terms allow, in a sentence, and the days that a copy may be kept."""

    summary: str
    url: str = ""
    retention_days: int | None = Field(default=None, ge=1)


class Row(Options):
    """One platform. ``base``, ``path``, ``parameters`` and ``instance`` may hold ``{option}``.

    ``items`` leads to the list in a reply ("" is the reply itself); ``*`` in it goes through
    every element. ``each`` names options that hold lists, of which each value is a listing of
    its own. ``require`` are paths that an item must have, and ``keep`` and ``drop`` values that
    it must or must not have at a path, to be a comment. ``edits`` and ``deletions`` say how the
    platform tells of them. With ``empty`` "unknown" an empty listing does not mean that there is
    nothing; with ``no_list`` "end" a reply without the list is an empty one, not a broken one.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    title: str
    manual: str = ""
    base: str
    path: str
    items: str = ""
    instance: str | None = None
    kind: Kind = "comment"
    solicited: bool = False
    parameters: dict[str, Value] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    each: tuple[str, ...] = ()
    options: dict[str, RowOption] = Field(default_factory=dict)
    auth: Auth | None = None
    order: Order
    paging: Paging
    fields: Fields
    require: tuple[JsonPath, ...] = ()
    keep: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    drop: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    look_up: LookUp | None = None
    calls_per_minute: float | None = Field(default=None, gt=0)
    prices: Prices = Prices()
    edits: Literal["listed", "looked up", "overlap", "unseen"] = "unseen"
    deletions: Literal["listed", "looked up", "unseen"] = "unseen"
    empty: Literal["nothing", "unknown"] = "nothing"
    no_list: Literal["end", "error"] = "error"
    terms: Terms

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = set(self.options)
        texts = [self.base, self.path, self.instance or "", *map(str, self.parameters.values())]
        used = {name for text in texts for name in placeholders(text)}
        paged = (
            {self.paging.parameter} if self.paging.parameter in placeholders(self.path) else set()
        )
        for name in sorted(used - known - paged):
            raise ValueError(f"{{{name}}} is no option: add a table [options.{name}]")
        if self.look_up is not None:
            used |= set(placeholders(self.look_up.path))
        for name in sorted(known - used):
            raise ValueError(f"option {name!r} is used nowhere: write {{{name}}} where it belongs")
        for name in self.each:
            if name not in known:
                raise ValueError(f"each: {name!r} is no option: add a table [options.{name}]")
        _check_base(self.base, known)
        if self.order.by == "edited" and self.fields.edited is None:
            raise ValueError("order.by is 'edited', so fields.edited must be mapped")
        if self.order.by == "created" and self.fields.created is None:
            raise ValueError("order.by is 'created', so fields.created must be mapped")
        asked = {"edits": self.edits, "deletions": self.deletions}
        for what, how in asked.items():
            if how == "looked up" and self.look_up is None:
                raise ValueError(f"{what} are 'looked up', so there must be a table [look_up]")
        if self.deletions == "listed" and self.fields.deleted is None:
            raise ValueError("deletions are 'listed', so fields.deleted must be mapped")
        return self

    @property
    def sorted_by(self) -> Literal["created", "edited"]:
        """What time the items are listed by."""
        return self.order.by


def placeholders(text: str) -> list[str]:
    """The names in braces in a text."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def _check_base(base: str, options: set[str]) -> None:
    whole = re.fullmatch(r"\{(\w+)\}", base)
    if (whole and whole[1] in options) or base.startswith("https://"):
        return
    if re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])([:/]|$)", base):
        return
    raise ValueError("base must begin with https:// (or be a single {option})")


def _expression(value: str | None) -> str | None:
    if value is not None:
        try:
            regex.compile(value)
        except regex.error as error:
            raise ValueError(f"no regular expression: {error}") from error
    return value
