"""What a row of a webhook says: who signs, what a delivery tells, and how it becomes comments.

The fields are those of a REST row (``ingest.rest.row``), read by the same mapper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from earful.records import Kind
from ingest.connector import Options
from ingest.hooks.signatures import Signature
from ingest.rest.asking import ENVIRONMENT
from ingest.rest.fields import Fields
from ingest.rest.row import Terms
from ingest.rest.values import JsonPath, Value


class Told(Options):
    """Some of what a delivery may tell: the items at ``items`` ("" is the delivery itself; ``*``
    goes through every element) that ``require``, ``keep`` and ``drop`` let through."""

    items: str = ""
    require: tuple[JsonPath, ...] = ()
    keep: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    drop: dict[str, tuple[Value, ...]] = Field(default_factory=dict)


class Beside(Options):
    """Another list of the delivery that says more about an item, like a survey's questions.

    The element of ``list`` whose value at ``by`` equals the item's at ``on`` is seen by the
    fields under the name ``named``.
    """

    list: JsonPath
    by: JsonPath
    on: JsonPath
    named: str = Field(pattern=r"^[a-z_]+$")


class Event(Told):
    """Items that are comments, and how they are read.

    With ``deletes`` they tell that a comment is gone; only its id is mapped then. Items without
    any text are left out where ``wordless`` is "ignore" (photos, stickers), else the delivery is
    set aside.
    """

    kind: Kind = "comment"
    solicited: bool = False
    deletes: bool = False
    wordless: Literal["set aside", "ignore"] = "set aside"
    beside: Beside | None = None
    fields: Fields

    @model_validator(mode="before")
    @classmethod
    def _no_text_needed(cls, value: object) -> object:
        if isinstance(value, Mapping) and value.get("deletes") is True:
            fields: Any = value.get("fields", {})
            return {**value, "fields": {"text": fields.get("id"), **fields}}
        return value

    @property
    def sorted_by(self) -> Literal["created", "edited"]:
        """Deliveries come in an order of their own."""
        return "created"


class Secret(Options):
    """The variable that holds the secret shared with the platform, and how to get it."""

    environment: str = Field(pattern=ENVIRONMENT)
    what: str
    how: str


class Challenge(Options):
    """The question that a platform asks of a new address, before it delivers anything.

    "body": a signed delivery with the values of ``keep``, answered with what stands at ``path``.
    "query": a GET whose ``parameter`` is sent back, where ``token`` holds our word for it, which
    is in the variable ``environment``.
    """

    kind: Literal["body", "query"]
    keep: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    path: JsonPath | None = None
    parameter: str | None = None
    token: str | None = None
    environment: str | None = Field(default=None, pattern=ENVIRONMENT)

    @model_validator(mode="after")
    def _whole(self) -> Challenge:
        needed = {"body": ("keep", "path"), "query": ("parameter", "token", "environment")}
        for name in needed[self.kind]:
            if not getattr(self, name):
                raise ValueError(f"kind {self.kind!r} needs {name!r}")
        return self


class HookRow(Options):
    """One platform that pushes. ``instance`` is the middle part of uids, by default ``name``.

    A delivery is read by every ``event``; items that ``ignore`` names are no comments. One with
    an item that neither names is set aside. Where ``ids_name_people``, ids are stored as keyed
    digests: they hold a telephone number or a person's id.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    title: str
    manual: str = ""
    instance: str | None = Field(default=None, pattern=r"^[^:\s]+$")
    signature: Signature
    secret: Secret
    ids_name_people: bool = False
    challenge: Challenge | None = None
    event: tuple[Event, ...] = Field(min_length=1)
    ignore: tuple[Told, ...] = ()
    terms: Terms
