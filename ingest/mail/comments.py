"""Mails as comments, with a tally of those that were set aside."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from earful.records import Comment, make_uid
from ingest.mail.message import SetAside, read_mail

INSTANCE = "mail"
"""A Message-ID is one of its kind in the world, so a mail is the same wherever it was found."""


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
        return Comment(
            source=self._source,
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
            parent_uid=None if mail.parent is None else self._uid(mail.parent),
            thread_uid=self._uid(mail.root or mail.message_id),
        )

    def told(self) -> str:
        """What was set aside and why, in a sentence; "" where nothing was."""
        if not self.set_aside:
            return ""
        parts = [f"{count:,} ({reason})" for reason, count in self.set_aside.most_common()]
        return f"Mails set aside: {', '.join(parts)}."

    def _uid(self, message_id: str) -> str:
        return make_uid(self._source, INSTANCE, message_id)
