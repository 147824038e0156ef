"""What a row says: a platform's REST interface, described in TOML, as a model that checks itself.

A row holds no code. ``docs/adding-a-connector.md`` explains every key with an example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from earful.records import Kind
from ingest.budget import Prices
from ingest.connector import Options
from ingest.rest.asking import Auth, LookUp, Order, Paging, Replies, RowOption
from ingest.rest.fields import Fields
from ingest.rest.values import JsonPath, Value, nested, placeholders


class Terms(Options):
    """What the platform's terms allow, in a sentence, and the days that a copy may be kept."""

    summary: str
    url: str = ""
    retention_days: int | None = Field(default=None, ge=1)


class Row(Options):
    """One platform. ``base``, ``path``, ``parameters``, ``headers`` and ``instance`` may hold
    ``{option}``.

    ``items`` leads to the list in a reply ("" is the reply itself); ``*`` in it goes through
    every element. ``each`` names options that hold lists, of which each value is a listing of
    its own. ``require`` are paths that an item must have, and ``keep`` and ``drop`` values that
    it must or must not have at a path, to be a comment. ``edits`` and ``deletions`` say how the
    platform tells of them. With ``empty`` "unknown" an empty listing does not mean that there is
    nothing; with ``no_list`` "end" a reply without the list is an empty one, not a broken one.
    With ``send`` "json" the parameters are posted as an object, in which dotted names are nested;
    with ``graphql`` they are the variables of that query.
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
    send: Literal["query", "json"] = "query"
    graphql: str = ""
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
    replies: Replies | None = None
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
        texts = [self.base, self.path, self.instance or "", *self.headers.values()]
        texts += map(str, self.parameters.values())
        used = {name for text in texts for name in placeholders(text)}
        paged = (
            {self.paging.parameter} if self.paging.parameter in placeholders(self.path) else set()
        )
        for name in sorted(used - known - paged):
            raise ValueError(f"{{{name}}} is no option: add a table [options.{name}]")
        if self.look_up is not None:
            used |= set(placeholders(self.look_up.path))
        if self.replies is not None:
            used |= {name for text in self.replies.texts() for name in placeholders(text)}
        if self.graphql and self.send == "query":
            raise ValueError('graphql is posted: add send = "json"')
        if self.auth is not None and self.auth.kind == "body" and self.send == "query":
            raise ValueError("auth.kind is 'body', but nothing is posted: add send = \"json\"")
        if self.order.first == "any" and (self.paging.cap or self.paging.cap_pages):
            raise ValueError("a list that is cut must say how it is sorted: order.first is 'any'")
        used |= {name for text in self.fields.templates() for name in placeholders(text)}
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
    def of_replies(self) -> Row:
        """The same platform, as the list behind an item is read."""
        assert self.replies is not None
        own = ("path", "items", "paging", "send", "graphql", "replies")
        behind = {name: getattr(self.replies, name) for name in own}
        # A list behind an item is never told to be empty.
        return self.model_copy(update={**behind, "no_list": "error"})

    @property
    def sorted_by(self) -> Literal["created", "edited"]:
        """What time the items are listed by."""
        return self.order.by

    def body(self, parameters: Mapping[str, str | int]) -> dict[str, Any] | None:
        """What is posted; None where the parameters go into the query."""
        if self.send == "query":
            return None
        if self.graphql:
            return {"query": self.graphql, "variables": nested(parameters)}
        return nested(parameters)


def _check_base(base: str, options: set[str]) -> None:
    whole = re.fullmatch(r"\{(\w+)\}", base)
    if (whole and whole[1] in options) or base.startswith("https://"):
        return
    if re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])([:/]|$)", base):
        return
    raise ValueError("base must begin with https:// (or be a single {option})")
