"""Dumps of Reddit: one JSON object a line, or Parquet with the same columns.

The public archives (Pushshift, and Arctic Shift after it) store what Reddit's API answered: a
comment has a ``body`` and a ``link_id``, a submission a ``title``. Uids are those of the live
connector (``t1_...``, ``t3_...``), so a comment that was pulled and one of a dump are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from earful.records import Comment, make_uid
from ingest.files.encodings import DecodedText
from ingest.files.exports.export import Entry, Export, Opened, Reader, mapped
from ingest.files.jsontext import Numbered, read_json_lines
from ingest.files.sheets import PARQUET_MAGIC, parquet_columns, read_parquet
from ingest.files.streams import Member

INSTANCE = "reddit.com"
REMOVED = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]"})
"""What stands in place of words that the writer or a moderator took away, in lower case."""

_BOTH = {"id", "subreddit", "created_utc"}
_COMMENT = {"body", "link_id"}
_SUBMISSION_BODIES = {"selftext", "is_self", "num_comments", "domain"}


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_dump(opened, member)]


def _is_dump(opened: Opened, member: Member) -> bool:
    opening = opened.opening(member)
    if opening.startswith(PARQUET_MAGIC):
        return _fits(set(parquet_columns(member, opened.limits)))
    if not opening.lstrip().startswith(b"{"):
        return False
    try:
        first = json.loads(opening.lstrip().splitlines()[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and _fits(set(first))


def _fits(names: set[str]) -> bool:
    if not names >= _BOTH:
        return False
    return names >= _COMMENT or ("title" in names and bool(names & _SUBMISSION_BODIES))


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        def comment(record: Mapping[str, Any]) -> Entry:
            return _comment(record, source)

        for line, record in _records(opened, member):
            yield mapped(line, record, member.name, comment)

    return read


def _records(opened: Opened, member: Member) -> Iterator[Numbered]:
    if opened.opening(member).startswith(PARQUET_MAGIC):
        yield from read_parquet(member, opened.limits)
        return
    with member.open() as stream:
        yield from read_json_lines(DecodedText(stream).lines())


def _comment(record: Mapping[str, Any], source: str) -> Comment:
    is_comment = "body" in record
    native_id = _fullname(record["id"], "t1_" if is_comment else "t3_")
    words = record.get("body" if is_comment else "selftext") or ""
    title = None if is_comment else record.get("title")
    gone = _is_gone(words, title, record)
    author = record.get("author")
    thread = record.get("link_id") if is_comment else native_id
    parent = record.get("parent_id") if is_comment else None
    return Comment(
        source=source,
        instance=INSTANCE,
        native_id=native_id,
        text="" if gone else words,
        kind="comment" if is_comment else "post",
        channel=f"r/{record['subreddit']}",
        title=None if gone else title,
        author=None if gone or not author or author in REMOVED else str(author),
        created_at=_moment(record["created_utc"]),
        edited_at=_edited(record.get("edited")),
        reach=_score(record.get("score")),
        parent_uid=_uid(source, parent),
        thread_uid=_uid(source, thread),
        url=_url(record, native_id),
        deleted=gone,
    )


def _fullname(written: Any, prefix: str) -> str:
    text = str(written).strip()
    if not text:
        raise ValueError("an empty id")
    return text if text.startswith(prefix) else f"{prefix}{text}"


def _is_gone(words: str, title: str | None, record: Mapping[str, Any]) -> bool:
    if words.strip().lower() in REMOVED or (title or "").strip().lower() in REMOVED:
        return True
    return bool(record.get("removed_by_category"))


def _moment(written: Any) -> datetime:
    if isinstance(written, datetime):  # Parquet may hold times as such
        return written if written.tzinfo else written.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(written), UTC)


def _edited(written: Any) -> datetime | None:
    """When it was edited; old dumps say only that it was, the others hold seconds or false."""
    if written is None or isinstance(written, bool) or str(written).lower() in ("", "false", "0"):
        return None
    return None if str(written).lower() == "true" else _moment(written)


def _score(written: Any) -> int | None:
    return None if written in (None, "") else int(float(written))


def _uid(source: str, fullname: Any) -> str | None:
    if not isinstance(fullname, str) or not fullname.startswith(("t1_", "t3_")):
        return None
    return make_uid(source, INSTANCE, fullname)


def _url(record: Mapping[str, Any], native_id: str) -> str:
    if permalink := record.get("permalink"):
        return f"https://www.reddit.com{permalink}"
    thread = str(record.get("link_id") or native_id)[3:]
    tail = f"_/{native_id[3:]}/" if native_id.startswith("t1_") else ""
    return f"https://www.reddit.com/r/{record['subreddit']}/comments/{thread}/{tail}"


REDDIT = Export("reddit", "a dump of Reddit", _claims, _reader)
