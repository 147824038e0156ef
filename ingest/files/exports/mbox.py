"""Mailboxes (mbox): Google Takeout and Gmail, Thunderbird, HyperKitty and other list archives.

A mail begins at a line "From " after an empty line; the ">" that protects such lines inside a
mail is taken away again (the variant mboxrd, https://www.loc.gov/preservation/digital/formats/
fdd/fdd000385.shtml). Mails are read one by one, and of a large one the beginning only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from earful.records import Comment, make_uid
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader, mapped
from ingest.files.mail import Mail, parse_mail
from ingest.files.rejects import Reject
from ingest.files.streams import Member
from ingest.files.values import as_json

INSTANCE = "mail"
MAX_MAIL = 4 << 20
"""Bytes of one mail that are read: words stand before attachments."""

_ENVELOPE = re.compile(rb"^From \S+.*\d{4}|^From [-\w]+ ")
_HEADER = re.compile(rb"^>?[A-Za-z][A-Za-z0-9-]*:")
_QUOTED_ENVELOPE = re.compile(rb"^>+From ")
_NOT_WRITTEN_TO_US = {
    "spam": "mails marked as spam",
    "trash": "mails in the trash",
    "drafts": "drafts",
    "sent": "mails sent from this mailbox",
    "chat": "chats",
}


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_mailbox(opened.opening(member))]


def _is_mailbox(opening: bytes) -> bool:
    lines = opening.lstrip(b"\r\n").splitlines()[:2]
    return len(lines) == 2 and bool(_ENVELOPE.match(lines[0]) and _HEADER.match(lines[1]))


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        with member.open() as stream:
            for line, data in _mails(stream):
                if not data.strip():
                    yield Reject(line, "an empty mail", as_json(""), member.name)
                    continue
                yield mapped(line, data, member.name, lambda one: _entry(parse_mail(one), source))

    return read


def _mails(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """The line on which each mail begins, and its bytes up to ``MAX_MAIL``."""
    mail: list[bytes] = []
    held = began = number = 0
    after_blank = True
    while line := stream.readline(MAX_MAIL):
        number += 1
        if after_blank and line.startswith(b"From "):
            if began:
                yield began, b"".join(mail)
            mail, held, began, after_blank = [], 0, number, False
            continue
        after_blank = line in (b"\n", b"\r\n")
        if held < MAX_MAIL:
            held += len(line)
            mail.append(line[1:] if _QUOTED_ENVELOPE.match(line) else line)
    if began:
        yield began, b"".join(mail)


def _entry(mail: Mail, source: str) -> Entry:
    for label in mail.labels:
        if reason := _NOT_WRITTEN_TO_US.get(label.lower()):
            return LeftOut(reason)
    if mail.automatic:
        return LeftOut("automatic mails (bounces, notes of absence, newsletters)")
    if not mail.message_id:
        raise KeyError("Message-ID")
    if not mail.body.strip():
        return LeftOut("mails without words")
    return Comment(
        source=source,
        instance=INSTANCE,
        native_id=mail.message_id,
        text=mail.body,
        kind="message",
        title=mail.subject or None,
        author=mail.sender or None,
        created_at=mail.sent_at,
        created_precision="none" if mail.sent_at is None else "second",
        local_offset=mail.local_offset,
        parent_uid=make_uid(source, INSTANCE, mail.parent) if mail.parent else None,
        thread_uid=make_uid(source, INSTANCE, mail.thread) if mail.thread else None,
    )


MBOX = Export("mbox", "a mailbox (mbox)", _claims, _reader)
