"""Mails as comments, with a tally of those that were set aside."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from earful.records import Comment, make_uid
from ingest.mail.message import Mail, SetAside, read_mail

INSTANCE = "mail"
"""A Message-ID is one of its kind in the world, so a mail is the same wherever it was found."""


def mail_comment(mail: Mail, source: str, channel: str | None) -> Comment:
    """The comment that a mail of ``source`` is; its list's name goes before ``channel``."""

    def uid(message_id: str) -> str:
        return make_uid(source, INSTANCE, message_id)

    return Comment(
        source=source,
        instance=INSTANCE,
        native_id=mail.message_id,
        text=mail.text,
        kind="message",
        channel=mail.list_name or channel,
        title=mail.subject,
        author=mail.author,
        created_at=mail.created,
        created_precision="none" if mail.created is None else "second",
        local_offset=mail.local_offset,
        parent_uid=None if mail.parent is None else uid(mail.parent),
        thread_uid=uid(mail.root or mail.message_id),
    )


class MailComments:
    """Turns the mails of one source into comments. ``set_aside`` counts the others by reason."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.set_aside: Counter[str] = Counter()

    def read(self, raw: bytes, received: datetime | None, channel: str | None) -> Comment | None:
        """The comment of a mail; None where it is none, which is counted."""
        mail = read_mail(raw, received)
        if isinstance(mail, SetAside):
            self.set_aside[mail.reason] += 1
            return None
        return mail_comment(mail, self._source, channel)

    def told(self) -> str:
        """What was set aside and why, in a sentence; "" where nothing was."""
        if not self.set_aside:
            return ""
        parts = [f"{reason} ({count:,})" for reason, count in self.set_aside.most_common()]
        return f"Set aside: {', '.join(parts)}."
