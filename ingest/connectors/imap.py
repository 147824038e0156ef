"""Folders of a mailbox over IMAP, read only: support mail, mailing lists.

What was read is kept as stretches of uids beside the folder's UIDVALIDITY; when that changes, the
folder is read anew, and the ledger knows its mails by their Message-IDs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, Literal

from pydantic import Field

from earful.credentials import credential, ways_to_set
from earful.errors import ConfigurationError
from earful.records import Comment, Coverage
from ingest.connector import Need, Options, read_options, require_needs
from ingest.hosts import refuse_unencrypted
from ingest.http import Patience
from ingest.mail.comments import INSTANCE, MailComments
from ingest.mail.server import Fetched, Login, MailServer, Security
from ingest.stretches import Span, cover, uncovered
from ingest.walks import in_seconds_and_ahead, keep_in, moment_of

CHUNK = 20
"""Mails that are fetched by one call."""
RECENT = 2000
"""The newest mails of a folder whose ids are listed when deletions are looked for."""
LOOK_UPS = 200
"""Mails that are not among them and are looked for one by one."""
_FEW = 3
"""So many mails may be gone without one that is still there."""
_LAST_UID = 2**32
_MARGIN = timedelta(days=2)
"""Searches know days only, in the server's own zone."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - as it is sent


class ImapOptions(Options):
    """Options of an IMAP source.

    ``folders`` are read one after the other. ``security`` "none" is for a server on this machine.
    ``expunged`` says what it means when a mail is in none of the folders any more: "kept", since
    people move mails elsewhere when they have answered them, or "gone", and it is erased here.
    """

    host: str
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Security = "tls"
    folders: tuple[str, ...] = ("INBOX",)
    expunged: Literal["gone", "kept"] = "kept"
    allow_private: bool = False
    patience: Patience = Patience()


class Imap:
    """The mails of a mailbox's folders, in the order in which they arrived."""

    name: ClassVar[str] = "imap"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("EARFUL_IMAP_USER", "environment", "the mailbox's user", "Often the address."),
        Need(
            "EARFUL_IMAP_PASSWORD",
            "environment",
            "its password",
            "Make an app password at your provider.",
            required=False,
            secret=True,
        ),
        Need(
            "EARFUL_IMAP_TOKEN",
            "environment",
            "an OAuth access token in place of a password",
            "From your provider's OAuth, for XOAUTH2.",
            required=False,
            secret=True,
        ),
        Need("host", "option", "the mail server's name", "As in a mail program's settings."),
        Need("folders", "option", "folders to read", "INBOX where none is named.", required=False),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = True
    backfills: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = INSTANCE
        require_needs(self.needs, source, options)
        self.options = read_options(ImapOptions, source, options)
        refuse_unencrypted(
            self.options.security, f"source {source!r}", allow_private=self.options.allow_private
        )
        self._login = _login(source)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._coverage = Coverage(source, datetime.now(UTC), datetime.now(UTC), "complete")

    @property
    def coverage(self) -> Coverage:
        """The time asked for, once every folder was read to its end."""
        return self._coverage

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield mails written in ``[since, until)``, and undated ones, that were not read yet."""
        now = datetime.now(UTC)
        target = min(now, until or now)
        start, stop = in_seconds_and_ahead(since, target, now)
        self._coverage = Coverage(self.source, target, target, "complete")
        if limit == 0:
            return
        yield from islice(self._every_folder(start, stop, since, target), limit)

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Yield tombstones of mails that are in none of the folders any more.

        When all of them seem to be gone, none is: a folder that was renamed looks like that.
        """
        if self.options.expunged == "kept" or not native_ids:
            return
        there: set[str] = set()
        with self._server() as server:
            for folder in self.options.folders:
                _, count = server.open(folder)
                if count:
                    there |= server.message_ids(max(1, count - RECENT + 1))
            missing = [one for one in native_ids if one not in there and " " not in one]
            missing = missing[:LOOK_UPS]
            for folder in self.options.folders:
                server.open(folder)
                missing = [one for one in missing if not server.holds(one)]
        if len(missing) > _FEW and len(missing) == min(len(native_ids), LOOK_UPS):
            return
        for native_id in missing:
            if not native_id.startswith("no-id-"):
                yield Comment(
                    source=self.source,
                    instance=self.instance,
                    native_id=native_id,
                    text="",
                    kind="message",
                    deleted=True,
                )

    def _server(self) -> MailServer:
        options = self.options
        for attempt in options.patience.tries():
            with attempt:
                return MailServer(
                    options.host,
                    options.port or (993 if options.security == "tls" else 143),
                    options.security,
                    self._login,
                    f"source {self.source!r}",
                    seconds=options.patience.read_timeout,
                    allow_private=options.allow_private,
                )
        raise AssertionError("stamina makes at least one attempt")

    def _every_folder(
        self, since: int | None, stop: int, asked: datetime | None, target: datetime
    ) -> Iterator[Comment]:
        reader = MailComments(self.source)
        with self._server() as server:
            for folder in self.options.folders:
                yield from self._folder(server, reader, folder, since, stop)
        self._coverage = Coverage(self.source, asked, target, "complete", reader.told())

    def _folder(
        self,
        server: MailServer,
        reader: MailComments,
        folder: str,
        since: int | None,
        stop: int,
    ) -> Iterator[Comment]:
        validity, _ = server.open(folder)
        known = self.cursor.get("folders", {}).get(folder, {})
        if known.get("validity") != validity:
            known = {}
        start = known.get("floor", 0) if since is None else since
        floor = min(start, known.get("floor", start))
        read: tuple[Span, ...] = tuple((first, last) for first, last in known.get("read", ()))
        # Uids between two that were read are no mails, where all of them are looked for.
        last = None if start else uncovered(read, 1, _LAST_UID)[0][0] - 1
        for mail in self._unread(server, read, start):
            comment = reader.read(mail.raw, mail.received, folder)
            second = _second(comment)
            if second is not None and not start <= second < stop:
                last = None
                continue
            read = cover(read, mail.uid if last is None else last + 1, mail.uid + 1)
            last = None if start else mail.uid
            self._keep(folder, {"validity": validity, "floor": floor, "read": read})
            if comment is not None:
                yield comment

    def _unread(self, server: MailServer, read: Sequence[Span], start: int) -> Iterator[Fetched]:
        """The mails in none of the stretches, that may have been written from ``start`` on."""
        gaps = uncovered(read, 1, _LAST_UID)
        criteria = [f"UID {gaps[0][0]}:*"]
        if start:
            day = moment_of(start) - _MARGIN
            told = f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year:04}"
            criteria.append(f"OR SINCE {told} SENTSINCE {told}")
        # "n:*" finds the newest mail also where its uid is below n.
        found = [uid for uid in server.search(*criteria) if uncovered(read, uid, uid + 1)]
        for number in range(0, len(found), CHUNK):
            yield from sorted(
                server.fetch(found[number : number + CHUNK]), key=lambda mail: mail.uid
            )

    def _keep(self, folder: str, state: Mapping[str, Any]) -> None:
        plain = {**state, "read": [list(span) for span in state["read"]]}
        keep_in(self, "folders", folder, plain)


def _login(source: str) -> Login:
    password, token = (credential(f"EARFUL_IMAP_{name}") for name in ("PASSWORD", "TOKEN"))
    if not password and not token:
        raise ConfigurationError(
            "missing: EARFUL_IMAP_PASSWORD, or EARFUL_IMAP_TOKEN (OAuth)",
            where=f"source {source!r}",
            next_step="Make an app password at your provider. "
            + ways_to_set(["EARFUL_IMAP_PASSWORD"]),
        )
    return Login(credential("EARFUL_IMAP_USER"), token or password, bool(token))


def _second(comment: Comment | None) -> int | None:
    if comment is None or comment.created_at is None:
        return None
    return int(comment.created_at.timestamp())
