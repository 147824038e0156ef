"""Lines of IRC, and the words that they hold.

Sources: https://modern.ircdocs.horse (lines, formatting), https://ircv3.net/specs/extensions
(message-tags, server-time, message-ids, account-tag).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_ESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)")
_COLOUR = r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?"
_FORMATTING = re.compile(rf"{_COLOUR}|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
_ACTION = re.compile(r"\x01ACTION ([^\x01]*)\x01?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what is said about it (``tags``), who sent it, the command and its parameters."""

    command: str
    params: tuple[str, ...] = ()
    source: str = field(default="", repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def nick(self) -> str:
        """Who sent it, without user and host."""
        return self.source.partition("!")[0]

    @property
    def at(self) -> datetime | None:
        """When the server took it in; None where it does not tell."""
        try:
            moment = datetime.fromisoformat(self.tags.get("time", ""))
        except ValueError:
            return None
        return None if moment.tzinfo is None else moment.astimezone(UTC)

    @property
    def words(self) -> str:
        """What a message says, without colours; empty where programs speak to each other."""
        text = self.params[-1] if len(self.params) > 1 else ""
        if action := _ACTION.fullmatch(text):
            text = action[1]
        elif text.startswith("\x01"):
            return ""
        return _FORMATTING.sub("", text).strip()

    def param(self, number: int) -> str:
        """A parameter, empty where there are fewer."""
        return self.params[number] if number < len(self.params) else ""


def read_line(raw: bytes) -> Line | None:
    """A line without its end; None where it holds no command."""
    rest, tags, source = _decoded(raw).strip("\r\n "), "", ""
    if rest.startswith("@"):
        tags, _, rest = rest[1:].partition(" ")
    rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    middle, colon, trailing = f" {rest}".partition(" :")
    command, *params = middle.split() or [""]
    if not command:
        return None
    return Line(
        command.upper(), (*params, *([trailing] if colon else [])), source, dict(_tags(tags))
    )


def _decoded(raw: bytes) -> str:
    """UTF-8 is what nearly everybody writes; who does not, mostly writes Latin letters."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _tags(told: str) -> Iterator[tuple[str, str]]:
    for tag in filter(None, told.split(";")):
        name, _, value = tag.partition("=")
        yield name, _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)
