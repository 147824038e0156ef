"""A homeserver with one room. Its replies were checked against Synapse 1.163."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from servers.local import LocalServer, Reply, Request
from servers.tcp import PATIENCE

TOKEN = "syt_c2hvcA_secret"
ENVIRONMENT = {"EARFUL_MATRIX_TOKEN": TOKEN}
ROOM = "!tides:kayaks.example"


@dataclass
class Room:
    """The room's events, oldest first."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def put(self, second: int, content: dict[str, Any], **more: Any) -> str:
        """An event is sent; answers its id."""
        event_id = f"$e{len(self.events)}"
        self.events.append(
            {
                "event_id": event_id,
                "type": "m.room.message",
                "room_id": ROOM,
                "sender": "@ada:kayaks.example",
                "origin_server_ts": second * 1000 + 250,
                "content": content,
                "unsigned": {"age": 1},
                **more,
            }
        )
        return event_id

    def say(self, second: int, text: str, **relation: Any) -> str:
        """A message is sent."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if relation:
            content["m.relates_to"] = relation
        return self.put(second, content)

    def edit(self, second: int, event_id: str, text: str) -> str:
        """A message gets other words."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        sent = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        return self.put(second, sent)

    def redact(self, second: int, event_id: str) -> str:
        """A message is taken away: its content goes, and an event says so."""
        redaction = self.put(second, {"redacts": event_id}, type="m.room.redaction")
        event = self._event(event_id)
        assert event is not None
        event["content"] = {}
        event["unsigned"] = {"age": 1, "redacted_because": {"event_id": redaction}}
        return redaction

    def _event(self, event_id: str) -> dict[str, Any] | None:
        return next((one for one in self.events if one["event_id"] == event_id), None)

    def _shown(self, event: dict[str, Any]) -> dict[str, Any]:
        edits = [
            one
            for one in self.events
            if one["content"].get("m.relates_to", {}).get("rel_type") == "m.replace"
            and one["content"]["m.relates_to"]["event_id"] == event["event_id"]
        ]
        if not edits or not event["content"]:
            return event
        return {**event, "unsigned": {"age": 1, "m.relations": {"m.replace": edits[-1]}}}

    def page(self, start: int, limit: int) -> dict[str, Any]:
        """Events from a place on, with the token after them; none at the end."""
        events = self.events[start : start + limit]
        page: dict[str, Any] = {"chunk": list(map(self._shown, events)), "start": f"t{start}"}
        return {**page, "end": f"t{start + len(events)}"} if events else page

    def answer(self, request: Request) -> Reply:
        """What the homeserver answers."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
        path = unquote(request.path)
        if path == "/_matrix/client/v3/directory/room/#tides:kayaks.example":
            return Reply(content={"room_id": ROOM, "servers": ["kayaks.example"]})
        if path == f"/_matrix/client/v3/rooms/{ROOM}/messages":
            start = int(request.fields.get("from", "t0")[1:])
            return Reply(content=self.page(start, int(request.fields["limit"])))
        if match := re.fullmatch(rf"/_matrix/client/v3/rooms/{ROOM}/event/(\$e\d+)", path):
            event = self._event(match[1])
            if event is not None:
                return Reply(content=self._shown(event))
        return _refused(404, "M_NOT_FOUND", "Room alias or event not found")


def _refused(status: int, code: str, told: str, **more: Any) -> Reply:
    return Reply(status, {"errcode": code, "error": told, **more})


def too_fast(milliseconds: int) -> Reply:
    """Synapse's refusal."""
    return _refused(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=milliseconds)


def serve(room: Room) -> LocalServer:
    """A homeserver with this room, to be used as a context manager."""
    return LocalServer(room.answer)


def options_for(url: str, **options: Any) -> dict[str, Any]:
    """Options that aim the connector at a local server and wait no longer than a blink."""
    return {
        "server": url,
        "rooms": [ROOM],
        "allow_private": True,
        "patience": PATIENCE,
        **options,
    }
