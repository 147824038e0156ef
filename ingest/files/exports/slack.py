"""The zip that Slack exports: who is who, which channels there are, and a file a day for each.

Source of the shape: https://slack.com/help/articles/220556107 (How to read Slack data exports).
A message is named by its channel and its ``ts``, which is the id and the time in one; the instance
is the workspace's name, as in the options of the live source.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from earful.records import Comment, make_uid
from ingest.files.encodings import DecodedText
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader, inner_path, mapped
from ingest.files.jsontext import read_json_document
from ingest.files.offsets import OffsetReader
from ingest.files.streams import Member
from ingest.rest.times import read_moment

INSTANCE = "slack.com"
"""Where the user does not name the workspace, which the export does not tell."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d\.json")
_ABOUT = ("users.json", "channels.json", "groups.json", "dms.json", "mpims.json")
_WRITTEN_BY_PEOPLE = (None, "thread_broadcast", "me_message", "file_share", "reply_broadcast")
_REFERENCE = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def _claims(opened: Opened) -> list[Member]:
    names = {inner_path(member).name for member in opened.members}
    if not opened.is_archive or not names & set(_ABOUT):
        return []
    days = [member for member in opened.members if _DAY.fullmatch(inner_path(member).name)]
    return sorted(days, key=lambda member: member.name)


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    workspace = _Workspace(opened, source)

    def read(member: Member) -> Iterator[Entry]:
        folder = inner_path(member).parent.name
        with member.open() as stream:
            for line, record in read_json_document(DecodedText(stream).chunks(), member.name, []):
                yield mapped(line, record, member.name, lambda one: workspace.entry(one, folder))

    return read


class _Workspace:
    """People and channels, by which the messages are read."""

    def __init__(self, opened: Opened, source: str) -> None:
        about: dict[str, list[dict[str, Any]]] = {name: [] for name in _ABOUT}
        for member in opened.members:
            if (name := inner_path(member).name) in about:
                about[name] = opened.json_values(member)
        self.source = source
        self.instance = opened.instance or INSTANCE
        if opened.instance is None:
            opened.notes.append(
                "An export does not tell its workspace. Where it is pulled as well, import with "
                "--instance NAME (what stands before .slack.com), so that each message is one."
            )
        self._users = {str(user.get("id")): user for user in about["users.json"]}
        self._channels = {
            str(channel.get("name")): str(channel.get("id"))
            for channel in (*about["channels.json"], *about["groups.json"])
        }
        self._private = {
            str(talk.get(key))
            for talk in (*about["dms.json"], *about["mpims.json"])
            for key in ("id", "name")
        }
        self._offsets = OffsetReader()

    def entry(self, message: Mapping[str, Any], folder: str) -> Entry:
        if folder in self._private:
            return LeftOut("direct messages")
        subtype = message.get("subtype")
        if subtype == "message_changed":
            message, subtype = message["message"], message["message"].get("subtype")
        if subtype in ("tombstone", "message_deleted"):
            return self._tombstone(message, folder)
        if subtype == "bot_message" or message.get("bot_id") or self._is_bot(message.get("user")):
            return LeftOut("messages of bots")
        if subtype not in _WRITTEN_BY_PEOPLE:
            return LeftOut("messages that Slack itself wrote (joins, topics, pins)")
        text = self._words(message.get("text") or "")
        if not text.strip():
            return LeftOut("messages without words (pictures, files)")
        return self._comment(message, folder, text)

    def _comment(self, message: Mapping[str, Any], folder: str, text: str) -> Comment:
        ts, thread = str(message["ts"]), str(message.get("thread_ts") or message["ts"])
        user = message.get("user")
        moment = read_moment(ts)
        if moment is None:
            raise ValueError("no time")
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=self._name(folder, ts),
            text=text,
            kind="message",
            channel=f"#{folder}",
            author=None if user is None else str(user),
            created_at=moment,
            edited_at=read_moment((message.get("edited") or {}).get("ts")),
            local_offset=self._offsets.read(self._users.get(str(user), {}).get("tz"), moment),
            reach=sum(int(one["count"]) for one in message.get("reactions") or ()),
            parent_uid=None if thread == ts else self._uid(folder, thread),
            thread_uid=self._uid(folder, thread),
        )

    def _tombstone(self, message: Mapping[str, Any], folder: str) -> Comment:
        ts = str(message.get("deleted_ts") or message["ts"])
        native_id = self._name(folder, ts)
        return Comment(self.source, self.instance, native_id, "", kind="message", deleted=True)

    def _is_bot(self, user: Any) -> bool:
        return user == "USLACKBOT" or bool(self._users.get(str(user), {}).get("is_bot"))

    def _name(self, folder: str, ts: str) -> str:
        return f"{self._channels.get(folder, folder)}#{ts}"

    def _uid(self, folder: str, ts: str) -> str:
        return make_uid(self.source, self.instance, self._name(folder, ts))

    def _words(self, text: str) -> str:
        """Slack's marks as a reader sees them: ``<@U1>``, ``<#C1|news>``, ``<address|label>``."""
        return html.unescape(_REFERENCE.sub(self._shown, text))

    def _shown(self, mark: re.Match[str]) -> str:
        sign, target, label = mark[1], mark[2], mark[3]
        if sign == "@":
            return f"@{self._users.get(target, {}).get('name') or label or 'someone'}"
        if sign == "#":
            return f"#{label or target}"
        if sign == "!":
            return f"@{label or target.partition('^')[0]}"
        return label or target


SLACK = Export("slack", "an export of Slack", _claims, _reader, whole=True)
