"""A local Bot API: updates wait until they are confirmed by asking from a later one on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

TOKEN = "123456:secret-token-of-the-bot"
ENVIRONMENT = {"EARFUL_TELEGRAM_TOKEN": TOKEN}
CHAT = {"id": -1001234567890, "type": "supergroup", "title": "Kayakers", "username": "kayakers"}


@dataclass
class Bot:
    """Updates that wait, oldest first. ``confirmed`` is the first update not yet thrown away."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    confirmed: int = 0

    def message(self, number: int, second: int, text: str, **more: Any) -> dict[str, Any]:
        """A message as the Bot API writes it."""
        return {
            "message_id": number,
            "from": {"id": 700_000_000 + number % 7, "is_bot": False, "first_name": "Ada"},
            "chat": CHAT,
            "date": second,
            "text": text,
            **more,
        }

    def put(self, message: dict[str, Any], kind: str = "message") -> None:
        """An update arrives."""
        self.updates.append({"update_id": 9000 + len(self.updates), kind: message})

    def answer(self, request: Request) -> Reply:
        """What getUpdates answers."""
        if request.path != f"/bot{TOKEN}/getUpdates":
            return _refused(401, "Unauthorized")
        self.confirmed = max(self.confirmed, int(request.fields.get("offset", "0")))
        waiting = [one for one in self.updates if one["update_id"] >= self.confirmed]
        return Reply(content={"ok": True, "result": waiting[: int(request.fields["limit"])]})


def _refused(code: int, told: str, **more: Any) -> Reply:
    return Reply(code, {"ok": False, "error_code": code, "description": told, **more})


def too_fast(seconds: int) -> Reply:
    """The Bot API's refusal, which tells the wait in its body."""
    told = f"Too Many Requests: retry after {seconds}"
    return _refused(429, told, parameters={"retry_after": seconds})


def in_use() -> Reply:
    """What a second reader of the same bot is told."""
    told = "Conflict: terminated by other getUpdates request; make sure that only one bot instance"
    return _refused(409, f"{told} is running")


def serve(bot: Bot) -> LocalServer:
    """A server of this bot, to be used as a context manager."""
    return LocalServer(bot.answer)


def options_for(url: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server and wait no longer than a blink."""
    return {
        "base_url": url,
        "allow_private": True,
        "patience": PATIENCE,
        **options,
    }
