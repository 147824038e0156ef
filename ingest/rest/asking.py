"""How a platform is asked: options, credentials, time, pages, and looking up by id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from ingest.connector import Options
from ingest.rest.times import write_second
from ingest.rest.values import JsonPath, Pattern, Value, placeholders

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


class Login(Options):
    """A call that changes the credential for a token, which is then sent as a bearer's.

    ``address`` is a path of the service or a whole address; it is sent ``values`` as JSON, or as
    a ``form``. ``token`` is where the token stands in the reply; it is asked for anew after
    ``minutes``.
    """

    address: str
    values: dict[str, str]
    form: bool = False
    token: JsonPath
    minutes: int = Field(default=30, ge=1)


class Signing(Options):
    """A token that is signed here with the private key that is the credential (JWT, RFC 7519).

    It holds for ``minutes``; "iat" and "exp" are added to ``claims``.
    """

    algorithm: Literal["ES256", "RS256"]
    header: dict[str, str] = Field(default_factory=dict)
    claims: dict[str, str]
    minutes: int = Field(default=15, ge=1, le=60)


class Auth(Options):
    """How a credential is sent. It comes from the environment and is never written down.

    ====== ===========================================================================
    kind   what is sent
    ====== ===========================================================================
    bearer the value of ``environment``, as a bearer's token
    basic  the name in ``user`` with the value as password; without ``user`` the value
           is the name, as services with keys want it
    header ``prefix`` and the value under ``name``
    parameter the value under ``name``, in the query
    body   the value under ``name``, in what is posted
    signed a token that ``signing`` describes
    login  the token that the call in ``login`` answers
    ====== ===========================================================================

    ``variables`` are more variables of the environment, by the name that stands in braces in
    ``login`` and ``signing``; ``{user}``, ``{secret}`` and ``{signed}`` do as well.
    """

    kind: Literal["bearer", "basic", "header", "parameter", "body", "signed", "login"]
    environment: str = Field(pattern=ENVIRONMENT)
    user: str | None = Field(default=None, pattern=ENVIRONMENT)
    variables: dict[str, Annotated[str, Field(pattern=ENVIRONMENT)]] = Field(default_factory=dict)
    name: str | None = None
    prefix: str = ""
    signing: Signing | None = None
    login: Login | None = None
    what: str
    how: str
    required: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind in ("header", "parameter", "body") and not self.name:
            raise ValueError(f"kind {self.kind!r} needs 'name', what the value is sent under")
        if self.kind == "signed" and self.signing is None:
            raise ValueError("kind 'signed' needs a table [auth.signing]")
        if self.kind == "login" and self.login is None:
            raise ValueError("kind 'login' needs a table [auth.login]")
        known = {"secret", *self.variables}
        known |= {"user"} if self.user else set()
        known |= {"signed"} if self.signing else set()
        for text in self._texts():
            for name in placeholders(text):
                if name not in known:
                    raise ValueError(f"{{{name}}} is unknown; valid: {', '.join(sorted(known))}")
        return self

    def _texts(self) -> list[str]:
        """Where names may stand in braces."""
        tables = [self.login.values] if self.login else []
        if self.signing is not None:
            tables += [self.signing.header, self.signing.claims]
        return [text for table in tables for text in table.values()]

    @property
    def every_variable(self) -> dict[str, str]:
        """Name in braces -> variable of the environment."""
        user = {"user": self.user} if self.user else {}
        return {**user, **self.variables, "secret": self.environment}


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

    ``first`` "any" is for platforms that do not say how they sort: the whole list is read before
    its comments are sorted here. ``since`` and ``until`` are parameters that narrow it; with both
    such a list is read ``step`` seconds at a time, so that little has to be held. The newest
    ``overlap`` seconds of the last pull are read again, for what appears late or was edited
    meanwhile. A list that shows the newest first may go back ``window`` seconds only. The newest
    ``lag`` seconds are not asked for. ``beginning`` is the day that a first pull starts from.
    """

    by: Literal["created", "edited"] = "created"
    first: Literal["newest", "oldest", "any"]
    since: Bound | None = None
    until: Bound | None = None
    overlap: int = Field(default=3600, ge=0)
    window: int | None = Field(default=None, ge=1)
    step: int | None = Field(default=None, ge=1)
    lag: int = Field(default=0, ge=0)
    beginning: datetime | None = None

    @model_validator(mode="after")
    def _narrowed(self) -> Self:
        if self.step is not None and (self.since is None or self.until is None):
            raise ValueError("step needs since and until: how else would the list be narrowed?")
        return self

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


class Replies(Options):
    """A second list behind an item: the answers to it.

    It is asked for where the value at ``when`` is true and not 0, for items that are new or
    younger than the overlap: ``since`` and ``until`` are about when a thread began. What stands
    in braces in ``path`` and ``parameters`` is a path in the item or an option; ``send`` and
    ``graphql`` are as in a row. ``items`` leads to the answers, whose fields are the row's; ``^.``
    climbs to the item. With ``only`` the items are no comments, only the way to them. The answers
    may have ``replies`` of their own.
    """

    path: str
    parameters: dict[str, Value] = Field(default_factory=dict)
    send: Literal["query", "json"] = "query"
    graphql: str = ""
    items: str = ""
    when: JsonPath | None = None
    only: bool = False
    paging: Paging
    replies: Replies | None = None

    @model_validator(mode="after")
    def _posted(self) -> Self:
        if self.graphql and self.send == "query":
            raise ValueError('graphql is posted: add send = "json"')
        return self

    def texts(self) -> list[str]:
        """Where names may stand in braces, here and in the replies behind these."""
        deeper = self.replies.texts() if self.replies else []
        return [self.path, *map(str, self.parameters.values()), *deeper]
