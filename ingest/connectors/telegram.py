"""Telegram through the Bot API: what is said in groups, channels and chats that a bot is in.

Source: https://core.telegram.org/bots/api#getting-updates. Telegram keeps updates for 24 hours
and gives them to one reader only; asking from an update on throws away those before it. So a pull
asks from the first update that is not stored yet, and no further: one page of 100 a pull, since
asking for the next page would throw away what the ledger may not hold yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

from earful.credentials import credential
from earful.errors import ConfigurationError, TerminalError
from earful.records import Comment, Coverage, make_uid
from ingest.connector import Need, Options, read_options, require_needs
from ingest.http import JsonClient, Patience
from ingest.walks import moment_of

PAGE = 100
KEPT_HOURS = 24
"""How long Telegram keeps updates that nobody has asked for."""
_KINDS = ("message", "channel_post", "edited_message", "edited_channel_post")
_REFUSALS: dict[int, tuple[str, str]] = {
    401: ("Telegram does not know this token", "Copy it again from @BotFather."),
    404: ("Telegram does not know this token", "Copy it again from @BotFather."),
    409: (
        "somebody else reads this bot's updates (another program, or a webhook)",
        "Stop the other one, or remove the webhook (deleteWebhook); a bot has one reader.",
    ),
}


class TelegramOptions(Options):
    """Options of a Telegram source.

    ``chats`` are ids or @names of those that are kept; without any, every chat of the bot is.
    """

    chats: tuple[str | int, ...] = ()
    base_url: str = "https://api.telegram.org"
    allow_private: bool = False
    patience: Patience = Patience()


class Telegram:
    """Messages and channel posts that a bot is shown, edits among them as revisions.

    The cursor holds the first update that may still be needed, and those after it that were read.
    """

    name: ClassVar[str] = "telegram"
    needs: ClassVar[tuple[Need, ...]] = (
        Need(
            "EARFUL_TELEGRAM_TOKEN",
            "environment",
            "the bot's token",
            "Make a bot with @BotFather and add it to your groups and channels.",
            secret=True,
        ),
        Need("chats", "option", "chats to keep", "Ids, or names like @shop.", required=False),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = False

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = "telegram"
        require_needs(self.needs, source, options)
        self.options = read_options(TelegramOptions, source, options)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._coverage = Coverage(source, datetime.now(UTC), datetime.now(UTC), "complete")

    @property
    def coverage(self) -> Coverage:
        """From the oldest update that was shown; capped where some may have run out meanwhile."""
        return self._coverage

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is new of the oldest 100 updates, written in ``[since, until)``.

        What is outside of that time is not thrown away: a later pull may still ask for it.
        """
        now = datetime.now(UTC)
        target = min(now, until or now)
        self._coverage = Coverage(self.source, target, target, "complete")
        if limit == 0:
            return
        updates = self._updates()
        self._coverage = self._window(updates, since, target, now)
        self.cursor = {**self.cursor, "pulled_at": int(now.timestamp())}
        yield from islice(self._comments(updates, since, until), limit)

    def _updates(self) -> list[Mapping[str, Any]]:
        token = credential("EARFUL_TELEGRAM_TOKEN")
        where = f"source {self.source!r}, Telegram"
        parameters: dict[str, str | int] = {
            "limit": PAGE,
            "timeout": 0,
            "allowed_updates": "[" + ",".join(f'"{kind}"' for kind in _KINDS) + "]",
        }
        if "offset" in self.cursor:
            parameters["offset"] = self.cursor["offset"]
        with JsonClient(
            # The token is part of the address; messages show the path below it only.
            f"{self.options.base_url}/bot{token}",
            where,
            self.options.patience,
            allow_private=self.options.allow_private,
        ) as client:
            answer = client.ask("/getUpdates", parameters, expected=_REFUSALS)
        if answer.status in _REFUSALS:
            message, next_step = _REFUSALS[answer.status]
            raise ConfigurationError(message, where=where, next_step=next_step)
        found = answer.content.get("result") if isinstance(answer.content, Mapping) else None
        if not isinstance(found, list):
            raise TerminalError(
                "the reply holds no list of updates",
                where=where,
                next_step="See whether base_url is the address of a Bot API server.",
            )
        return [one for one in found if isinstance(one, Mapping) and "update_id" in one]

    def _window(
        self,
        updates: list[Mapping[str, Any]],
        since: datetime | None,
        target: datetime,
        now: datetime,
    ) -> Coverage:
        seconds = [second for one in updates if (second := _second(one)) is not None]
        last = self.cursor.get("pulled_at")
        start = since or (moment_of(last) if last else None)
        if start is None:
            oldest = min(seconds, default=int(target.timestamp()))
            start = min(target, moment_of(oldest))
        state: Any = "complete"
        detail = ""
        if last is not None and now.timestamp() - last > KEPT_HOURS * 3600:
            state = "capped"
            detail = (
                f"The last pull was more than {KEPT_HOURS} hours ago, and Telegram keeps updates"
                " no longer than that. Pull more often."
            )
        end = target
        if len(updates) >= PAGE and seconds:
            end = min(target, moment_of(max(seconds)))
            detail = f"{detail} More updates are waiting: pull again.".strip()
        return Coverage(self.source, min(start, end), end, state, detail)

    def _comments(
        self,
        updates: list[Mapping[str, Any]],
        since: datetime | None,
        until: datetime | None,
    ) -> Iterator[Comment]:
        done = set(self.cursor.get("done", ()))
        ids = [int(one["update_id"]) for one in updates]
        for update_id, update in zip(ids, updates, strict=True):
            if update_id in done:
                continue
            comment = self._comment(update)
            if comment is not None and comment.created_at is not None:
                moment = comment.edited_at or comment.created_at
                if (since and moment < since) or (until and moment >= until):
                    continue
            done.add(update_id)
            self._keep(ids, done)
            if comment is not None:
                yield comment

    def _keep(self, ids: list[int], done: set[int]) -> None:
        """The first update that is not done is the one to ask from."""
        offset = next((one for one in ids if one not in done), ids[-1] + 1)
        self.cursor = {
            **self.cursor,
            "offset": offset,
            "done": sorted(one for one in done if one >= offset),
        }

    def _comment(self, update: Mapping[str, Any]) -> Comment | None:
        """The comment of an update; None where it holds no words, or is of another chat."""
        message = _message(update)
        chat = message.get("chat", {})
        text = message.get("text") or message.get("caption")
        second = _second(update)
        if not isinstance(text, str) or second is None or not self._wanted(chat):
            return None
        sender = message.get("from") or {}
        # A channel's post comes again in the group that is linked to it.
        if sender.get("is_bot") or message.get("is_automatic_forward"):
            return None
        edited = message.get("edit_date")
        answered = message.get("reply_to_message") or {}
        thread = message.get("message_thread_id")
        return Comment(
            source=self.source,
            instance=self.instance,
            native_id=f"{chat['id']}/{message['message_id']}",
            text=text.encode("utf-8", "replace").decode(),
            kind="post" if any("channel_post" in name for name in update) else "message",
            channel=chat.get("title") or chat.get("username"),
            author=_author(message),
            created_at=moment_of(int(message["date"])),
            edited_at=moment_of(edited) if edited else None,
            lang_hint=sender.get("language_code"),
            parent_uid=self._uid(chat, answered.get("message_id")),
            thread_uid=self._uid(chat, thread),
            url=_link(chat, message["message_id"]),
        )

    def _wanted(self, chat: Mapping[str, Any]) -> bool:
        names = {str(chat.get("id")), f"@{chat.get('username')}".lower()}
        wanted = {str(one).lower() for one in self.options.chats}
        return "id" in chat and (not wanted or not names.isdisjoint(wanted))

    def _uid(self, chat: Mapping[str, Any], message_id: Any) -> str | None:
        if message_id is None:
            return None
        return make_uid(self.source, self.instance, f"{chat['id']}/{message_id}")


def _message(update: Mapping[str, Any]) -> Mapping[str, Any]:
    found = next((update[kind] for kind in _KINDS if kind in update), None)
    return found if isinstance(found, Mapping) and "message_id" in found else {}


def _second(update: Mapping[str, Any]) -> int | None:
    """When it was written, or last edited."""
    message = _message(update)
    told = message.get("edit_date") or message.get("date")
    return told if isinstance(told, int) else None


def _author(message: Mapping[str, Any]) -> str | None:
    """The writer's number, which never changes; who writes as a channel has the channel's."""
    sender = message.get("sender_chat") or message.get("from") or {}
    return str(sender["id"]) if "id" in sender else None


def _link(chat: Mapping[str, Any], message_id: int) -> str | None:
    if chat.get("username") and chat.get("type") in ("channel", "supergroup"):
        return f"https://t.me/{chat['username']}/{message_id}"
    number = str(chat["id"])
    # Groups without a name have links for their members.
    return f"https://t.me/c/{number[4:]}/{message_id}" if number.startswith("-100") else None
