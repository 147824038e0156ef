"""Discord channels as DiscordChatExporter writes them in JSON, one channel (or a part) a file.

Source of the shape: the exporter's documentation and its writer of JSON
(https://github.com/Tyrrrz/DiscordChatExporter).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from earful.records import Comment, make_uid
from ingest.files.encodings import DecodedText
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader, mapped
from ingest.files.jsontext import read_json_parts
from ingest.files.streams import Member
from ingest.rest.times import read_moment

INSTANCE = "discord.com"
_WRITTEN_BY_PEOPLE = ("Default", "Reply")
_DELETED_USER = ("456226577798135808", "Deleted User")
"""The account under which Discord shows the messages of everybody who left."""


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_channel(opened.opening(member))]


def _is_channel(opening: bytes) -> bool:
    head = opening.lstrip()[:4096]
    return head.startswith(b"{") and all(
        name in head for name in (b'"guild"', b'"channel"', b'"dateRange"')
    )


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        guild: Mapping[str, Any] = {}
        channel: Mapping[str, Any] = {}
        with member.open() as stream:
            for path, line, value in read_json_parts(
                DecodedText(stream).chunks(), opened=frozenset(), rows=frozenset({"messages"})
            ):
                if path == ("guild",):
                    guild = value
                elif path == ("channel",):
                    channel = value
                elif path in (("messages",), ()):
                    place = _Channel(source, guild, channel)
                    yield mapped(line, value, member.name, place.entry)

    return read


class _Channel:
    """Where a message stands."""

    def __init__(self, source: str, guild: Mapping[str, Any], channel: Mapping[str, Any]) -> None:
        self.source = source
        self.guild = str(guild.get("id") or "0")
        self.id = str(channel.get("id") or "")
        self.name = channel.get("name")

    def entry(self, message: Mapping[str, Any]) -> Entry:
        author = message["author"]
        if message.get("type", "Default") not in _WRITTEN_BY_PEOPLE:
            return LeftOut("messages that Discord itself wrote (joins, pins, calls)")
        if author.get("isBot"):
            return LeftOut("messages of bots")
        text = message.get("content") or ""
        if not text.strip():
            return LeftOut("messages without words (pictures, files, stickers)")
        reference = message.get("reference") or {}
        answers = reference.get("messageId")
        if str(reference.get("channelId") or self.id) != self.id:
            answers = None
        return Comment(
            source=self.source,
            instance=INSTANCE,
            native_id=self._name(message["id"]),
            text=text,
            kind="message",
            channel=None if self.name is None else f"#{self.name}",
            author=_author(author),
            created_at=read_moment(message["timestamp"]),
            edited_at=read_moment(message.get("timestampEdited")),
            reach=sum(int(one["count"]) for one in message.get("reactions") or ()),
            parent_uid=make_uid(self.source, INSTANCE, self._name(answers)) if answers else None,
            url=f"https://discord.com/channels/{self._server}/{self.id}/{message['id']}",
        )

    def _name(self, message_id: Any) -> str:
        """A message is looked up in its channel, so its name holds both."""
        return f"{self.id}#{message_id}"

    @property
    def _server(self) -> str:
        return "@me" if self.guild == "0" else self.guild


def _author(author: Mapping[str, Any]) -> str | None:
    if author.get("id") == _DELETED_USER[0] or author.get("name") == _DELETED_USER[1]:
        return None
    return str(author["id"])


DISCORD = Export("discord", "channels of Discord (DiscordChatExporter, JSON)", _claims, _reader)
