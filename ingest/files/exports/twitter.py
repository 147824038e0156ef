"""The archive that X (Twitter) gives its users: what one account wrote, in files of JavaScript.

Each file assigns a list to a variable (``window.YTD.tweets.part0 = [...]``). The assignment is
cut off and the list read as JSON; no code is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from earful.errors import DataError
from earful.records import Comment, make_uid
from ingest.files.encodings import DecodedText
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader, inner_path, mapped
from ingest.files.jsontext import Numbered, read_json_document
from ingest.files.streams import Member
from ingest.rest.times import read_moment

INSTANCE = "x.com"
_POSTS = re.compile(r"(?:deleted-|community-)?tweets?(?:-part\d+)?\.js")
_ASSIGNMENT = re.compile(r"^\s*window\.YTD\.[\w.]+\s*=\s*")


def _claims(opened: Opened) -> list[Member]:
    return [
        member
        for member in opened.members
        if _POSTS.fullmatch(inner_path(member).name)
        and opened.opening(member).lstrip().startswith(b"window.YTD.")
    ]


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    owner = _owner(opened)
    if owner is None:
        opened.notes.append(
            "There is no account.js beside the posts, so nobody is named as their author."
        )

    def read(member: Member) -> Iterator[Entry]:
        gone = inner_path(member).name.startswith("deleted-")

        def entry(record: Mapping[str, Any]) -> Entry:
            return _entry(record["tweet"], source, owner, gone)

        for line, record in _records(member):
            yield mapped(line, record, member.name, entry)

    return read


def _owner(opened: Opened) -> str | None:
    """The account's number, which stays when its name is changed."""
    for member in opened.members:
        if inner_path(member).name == "account.js":
            for _, record in _records(member):
                if isinstance(record, dict) and "accountId" in record.get("account", {}):
                    return str(record["account"]["accountId"])
    return None


def _records(member: Member) -> Iterator[Numbered]:
    with member.open() as stream:
        chunks = DecodedText(stream).chunks()
        first, found = _ASSIGNMENT.subn("", next(chunks, ""))
        if not found:
            raise DataError(
                "does not begin with window.YTD, as files of this archive do",
                where=member.name,
                next_step="Import the archive as X gave it out.",
            )
        yield from read_json_document(chain([first], chunks), member.name, [])


def _entry(post: Mapping[str, Any], source: str, owner: str | None, gone: bool) -> Entry:
    native_id = str(post["id_str"])
    if gone:
        return Comment(source, INSTANCE, native_id, "", kind="post", deleted=True)
    words = post["full_text"] if "full_text" in post else post["text"]
    if words.startswith("RT @"):
        return LeftOut("reposts, the words of somebody else")
    newest = _newest_version(post)
    if newest not in (None, native_id):
        return LeftOut("earlier versions of edited posts")
    answers = post.get("in_reply_to_status_id_str")
    return Comment(
        source=source,
        instance=INSTANCE,
        native_id=native_id,
        text=_with_real_links(words, post),
        kind="comment" if answers else "post",
        author=owner,
        created_at=read_moment(post["created_at"], "%a %b %d %H:%M:%S %z %Y"),
        lang_hint=_language(post.get("lang")),
        reach=int(post.get("favorite_count") or 0) + int(post.get("retweet_count") or 0),
        parent_uid=make_uid(source, INSTANCE, str(answers)) if answers else None,
        url=f"https://x.com/i/status/{native_id}",
    )


def _newest_version(post: Mapping[str, Any]) -> str | None:
    """An edit is a post of its own; each of them lists all of them."""
    told = post.get("edit_info") or {}
    control = told.get("initial") or (told.get("edit") or {}).get("editControlInitial") or {}
    versions = control.get("editTweetIds") or ()
    return str(versions[-1]) if versions else None


def _with_real_links(words: str, post: Mapping[str, Any]) -> str:
    entities = post.get("entities") or {}
    for link in entities.get("urls") or ():
        words = words.replace(link["url"], link.get("expanded_url") or link["url"])
    for picture in entities.get("media") or ():
        words = words.replace(picture["url"], "")
    return words


def _language(code: Any) -> str | None:
    """X writes "und", "qme", "zxx" and the like where it knows none."""
    text = str(code or "").lower()
    return text if len(text) == 2 else None


TWITTER = Export("twitter", "an archive of X (Twitter)", _claims, _reader, whole=True)
