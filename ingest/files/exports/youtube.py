"""Comments and live chats of YouTube in a Google Takeout: what one account wrote, as CSV or JSON.

The words of a comment stand in a cell as JSON, in one of three forms that Takeout has had:
``{"takeoutSegments": [{"text": ...}]}``, ``{"text": ...}``, and several of the latter joined by
commas. Source: https://developers.google.com/data-portability/schema-reference/youtube.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from earful.records import Comment, make_uid
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader, mapped
from ingest.files.formats import open_member
from ingest.files.rejects import Reject
from ingest.files.streams import Member
from ingest.rest.times import read_moment

INSTANCE = "youtube"
_DECODER = json.JSONDecoder()
_COMMENTS = (b"comment id", b"comment text", b"comment create timestamp")
_LIVE_CHATS = (b"live chat id", b"live chat text", b"live chat create timestamp")


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_takeout(opened, member)]


def _is_takeout(opened: Opened, member: Member) -> bool:
    if PurePosixPath(member.stem).suffix.lower() not in (".csv", ".json"):
        return False
    head = opened.opening(member)[:4096].lower().replace(b"_", b" ")
    return any(all(name in head for name in names) for names in (_COMMENTS, _LIVE_CHATS))


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        table = open_member(member, opened.limits)
        for row in table.records():
            if isinstance(row, Reject):
                yield row
            else:
                yield mapped(row.line, row.values, member.name, lambda one: _entry(one, source))
        opened.notes.extend(table.notes)

    return read


def _entry(values: Mapping[str, Any], source: str) -> Entry:
    row = {name.lower().replace("_", " "): value for name, value in values.items()}
    what = "live chat" if "live chat id" in row else "comment"
    native_id = str(row[f"{what} id"]).strip()
    if not native_id:
        raise KeyError(f"{what} id")
    text = _words(str(row[f"{what} text"] or ""))
    if not text.strip():
        return LeftOut("comments without words")
    parent = str(row.get("parent comment id") or "").strip()
    top = str(row.get("top-level comment id") or "").strip() or parent or native_id
    video = str(row.get("video id") or "").strip()
    author = str(row.get("channel id") or "").strip()
    return Comment(
        source=source,
        instance=INSTANCE,
        native_id=native_id,
        text=text,
        kind="message" if what == "live chat" else "comment",
        author=author or None,
        created_at=read_moment(str(row[f"{what} create timestamp"]).strip()),
        parent_uid=make_uid(source, INSTANCE, parent) if parent else None,
        thread_uid=make_uid(source, INSTANCE, top),
        url=f"https://www.youtube.com/watch?v={video}&lc={native_id}" if video else None,
    )


def _words(cell: str) -> str:
    """The text of a cell, put together from its segments; plain text stays as it is."""
    text = cell.strip()
    if not text.startswith("{"):
        return cell
    parts: list[str] = []
    at = 0
    try:
        while at < len(text):
            value, at = _DECODER.raw_decode(text, at)
            segments = value.get("takeoutSegments", [value])
            parts += [str(segment.get("text", "")) for segment in segments]
            while at < len(text) and text[at] in ", \n":
                at += 1
    except (ValueError, AttributeError, RecursionError):
        return cell
    return "".join(parts)


YOUTUBE = Export("youtube", "comments of YouTube (Google Takeout)", _claims, _reader)
