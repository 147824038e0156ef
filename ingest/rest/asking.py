"""How a platform is asked: options, credentials, time, pages, and looking up by id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ingest.connector import Options
from ingest.rest.times import write_second
from ingest.rest.values import JsonPath, Pattern

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
    pattern: Pattern | None = None


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

    def at(self, second: int) -> dict[str, str | int]:
        """The parameter with a second since 1970."""
        return {self.parameter: write_second(second, self.format)}


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

    @property
    def first_second(self) -> int:
        """The second since 1970 that a first walk begins with."""
        first = self.beginning
        return 0 if first is None else int(first.replace(tzinfo=first.tzinfo or UTC).timestamp())


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
    pattern: Pattern | None = None
    separator: str = ","
    at_once: int = Field(default=1, ge=1)
    missing: Literal["deleted", "unknown"] = "unknown"
    gone: tuple[int, ...] = (404, 410)
    most: int = Field(default=100, ge=1)
