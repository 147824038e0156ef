"""Chats that Telegram Desktop exports as JSON (``result.json``): one chat, or a whole account.

Source of the shape: https://core.telegram.org/import-export and files of the program's versions
since 2018: ``text`` is a string, or a list of strings and of objects with a ``text``; since 2021
times come in seconds as well, before only in the local time of the machine that exported.
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

INSTANCE = "telegram"
_PRIVATE = frozenset({"personal_chat", "bot_chat", "saved_messages", "replies", "verify_codes"})
_KINDS = _PRIVATE | {
    "private_group", "private_supergroup", "public_supergroup", "private_channel",
    "public_channel",
}  # fmt: skip
_OPENED = frozenset({"chats", "left_chats", "list"})
_LOCAL_TIMES = (
    "The export tells times only as the machine's clock showed them; they are taken for UTC. "
    "A newer Telegram Desktop tells them exactly."
)


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_chat(opened.opening(member))]


def _is_chat(opening: bytes) -> bool:
    head = opening.lstrip()
    if not head.startswith(b"{"):
        return False
    if b'"chats"' in head and b'"personal_information"' in head[:4096]:
        return True
    about, found, _ = head[:4096].partition(b'"messages"')
    return bool(found) and any(b'"%s"' % kind.encode() in about for kind in _KINDS)


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        chat = _Chat(source, opened.notes)
        with member.open() as stream:
            for path, line, value in read_json_parts(
                DecodedText(stream).chunks(), opened=_OPENED, rows=frozenset({"messages"})
            ):
                if path[-1:] == ("messages",) or path == ():
                    yield mapped(line, value, member.name, chat.entry)
                elif path and path[-1] in ("name", "type", "id"):
                    chat.learn(path, value)

    return read


class _Chat:
    """The chat whose messages are being read."""

    def __init__(self, source: str, notes: list[str]) -> None:
        self.source = source
        self._notes = notes
        self._told: dict[str, Any] = {}
        self._in_account = False

    def learn(self, path: tuple[str, ...], value: Any) -> None:
        """What the export says of a chat stands before its messages."""
        if path[-1] == "name" or path[-1] in self._told:
            self._told = {}
        self._told[path[-1]] = value
        self._in_account = len(path) > 1

    def entry(self, message: Mapping[str, Any]) -> Entry:
        if self._in_account and self._told.get("type") in _PRIVATE:
            return LeftOut("messages of private chats")
        if message.get("type") != "message":
            return LeftOut("messages that Telegram itself wrote (joins, pins, calls)")
        if message.get("forwarded_from") or message.get("forwarded_from_id"):
            return LeftOut("forwarded messages, the words of somebody else")
        text = _text(message.get("text") or "")
        if not text.strip():
            return LeftOut("messages without words (pictures, files, stickers)")
        if "date_unixtime" not in message and _LOCAL_TIMES not in self._notes:
            self._notes.append(_LOCAL_TIMES)
        answers = message.get("reply_to_message_id")
        return Comment(
            source=self.source,
            instance=INSTANCE,
            native_id=self._name(message["id"]),
            text=text,
            kind="message",
            channel=self._told.get("name"),
            author=_author(message),
            created_at=read_moment(message.get("date_unixtime") or message["date"]),
            edited_at=read_moment(message.get("edited_unixtime") or message.get("edited")),
            reach=sum(int(one["count"]) for one in message.get("reactions") or ()),
            parent_uid=make_uid(self.source, INSTANCE, self._name(answers)) if answers else None,
        )

    def _name(self, message_id: Any) -> str:
        """Messages are numbered in each chat anew."""
        return f"{_chat_number(str(self._told.get('type')), self._told['id'])}/{int(message_id)}"


def _chat_number(kind: str, number: Any) -> int:
    """The number that bots see: of groups below zero, of channels below -100 and ten zeros."""
    if kind.endswith(("supergroup", "channel")):
        return -1_000_000_000_000 - int(number)
    return -int(number) if kind.endswith("group") else int(number)


def _author(message: Mapping[str, Any]) -> str | None:
    """The writer's number as bots see it; a name where old exports tell no number."""
    told = str(message.get("from_id") or "")
    for prefix, kind in (("user", "person"), ("channel", "channel"), ("chat", "group")):
        if told.startswith(prefix) and told[len(prefix) :].isdigit():
            return str(_chat_number(kind, told[len(prefix) :]))
    return told or message.get("from")


def _text(written: Any) -> str:
    if isinstance(written, str):
        return written
    return "".join(part if isinstance(part, str) else str(part["text"]) for part in written)


TELEGRAM = Export("telegram", "chats of Telegram (Telegram Desktop, JSON)", _claims, _reader)
