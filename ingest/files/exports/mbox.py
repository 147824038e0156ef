"""Mailboxes (mbox): Google Takeout and Gmail, Thunderbird, HyperKitty and other list archives.

Mails are read one by one, as those of a mail server are (see ``ingest.mail``), and of a large one
the beginning only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader
from ingest.files.rejects import Reject
from ingest.files.streams import Member
from ingest.files.values import as_json
from ingest.mail.comments import mail_comment
from ingest.mail.mbox import Boxed, mails
from ingest.mail.message import SetAside, read_mail

MAX_MAIL = 4 << 20
"""Bytes of one mail that are read: words stand before attachments."""

_ENVELOPE = re.compile(rb"^From \S+.*\d{4}|^From [-\w]+ ")
_HEADER = re.compile(rb"^>?[A-Za-z][A-Za-z0-9-]*:")
_SHOWN = 4096


def _claims(opened: Opened) -> list[Member]:
    return [member for member in opened.members if _is_mailbox(opened.opening(member))]


def _is_mailbox(opening: bytes) -> bool:
    lines = opening.lstrip(b"\r\n").splitlines()[:2]
    return len(lines) == 2 and bool(_ENVELOPE.match(lines[0]) and _HEADER.match(lines[1]))


def _reader(opened: Opened, chosen: Sequence[Member], source: str) -> Reader:
    def read(member: Member) -> Iterator[Entry]:
        with member.open() as stream:
            for boxed in mails(stream, 0, MAX_MAIL):
                yield _entry(boxed, member.name, source)

    return read


def _entry(boxed: Boxed, table: str, source: str) -> Entry:
    mail = read_mail(boxed.raw, boxed.received)
    if not isinstance(mail, SetAside):
        return mail_comment(mail, source, None)
    if mail.broken:
        raw = as_json(boxed.raw[:_SHOWN].decode("utf-8", "replace"))
        return Reject(boxed.line, mail.reason, raw, table)
    return LeftOut(mail.reason)


MBOX = Export("mbox", "a mailbox (mbox)", _claims, _reader)
