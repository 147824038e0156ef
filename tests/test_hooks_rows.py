"""Every shipped row, by real signed requests to a real server, into a real ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.door import admit
from servers.pusher import SECRET, STANDARD_SECRET, push, request

from earful.errors import DataError
from earful.keys import Keyring
from earful.settings import Hook as HookSettings
from earful.store import Ledger, Spool
from ingest.hooks.intake import Intake
from ingest.hooks.mapping import comments_of
from ingest.hooks.processing import Processed, process_waiting
from ingest.hooks.registry import Hook, find_rows, make_hooks
from ingest.hooks.server import HookServer

ROWS = find_rows()
WORD = "tern"
NAMES = sorted(
    {
        name
        for row in ROWS.values()
        for event in row.event
        for path in (event.items, *event.require, *event.keep, *event.fields.id.paths)
        for name in re.split(r"[.*^]+", path)
        if name
    }
)
"""Names that the rows look for, so that made-up deliveries come near to real ones."""


class Listening:
    """A server with one hook per shipped row, and the ledger that it fills."""

    def __init__(self, folder: Path) -> None:
        self.hooks = make_hooks(
            [HookSettings(name=name, row=name) for name in ROWS], ROWS, bytes(32)
        )
        self.sent = 0
        self.refused: list[tuple[str, str]] = []
        self.ledger = Ledger.open(folder / "earful.db")
        self.spool = Spool.open(folder / "deliveries.db", Keyring(bytes(32)))
        intake = Intake(
            self.hooks, self.spool, lambda *told: self.refused.append(told), lambda: None
        )
        self.server = HookServer("127.0.0.1", 0, intake, size_limit=100_000, deadline=2)

    def url(self, hook: str) -> str:
        """Where this hook is delivered to."""
        return f"{self.server.url}/hooks/{hook}"

    def process(self) -> Processed:
        """Bring what waits into the ledger."""
        return process_waiting(self.spool, self.ledger, self.hooks, admit)

    def told(self, hook: str, *contents: Any) -> Processed:
        """Deliver, signed as this row wants it, and process."""
        for content in contents:
            self.sent += 1
            answer = push(self.url(hook), dialect_of(hook), content, id=f"msg_{self.sent}")
            assert answer == (200, "")
        return self.process()

    def comments(self, *columns: str) -> list[tuple[Any, ...]]:
        """What the ledger holds, in the order in which it came."""
        return self.ledger.connection.execute(
            f"SELECT {', '.join(columns)} FROM comments ORDER BY id"
        ).fetchall()


def dialect_of(hook: str) -> str:
    """The dialect that the tests sign with: not looked up in the row, which may be wrong."""
    return {"generic": "standard-webhooks", "whatsapp": "meta"}.get(hook, hook)


@contextmanager
def listening(folder: Path) -> Iterator[Listening]:
    one = Listening(folder)
    thread = Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()
        thread.join()
        one.spool.close()
        one.ledger.close()


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    for row in ROWS.values():
        secret = STANDARD_SECRET if row.name == "generic" else SECRET
        monkeypatch.setenv(row.secret.environment, secret)
        if row.challenge and row.challenge.environment:
            monkeypatch.setenv(row.challenge.environment, WORD)
    with listening(tmp_path) as one:
        yield one


def ms(second: int) -> int:
    return second * 1000


def test_generic(hooks: Listening) -> None:
    """A list of comments or one by itself; an edit is a revision, a deletion a tombstone."""
    first = {
        "id": "n1",
        "text": "Could the hut open before nine? The walkers are up at six.",
        "created_at": "2026-05-01T06:10:00Z",
        "author": "early_walker",
        "rating": 0.25,
    }
    second = {"id": "n2", "text": "Oat milk, please.", "created_at": 1_777_777_000}
    done = hooks.told("generic", {"comments": [first, second]})
    assert (done.deliveries, done.count.added, done.aside) == (1, 2, 0)
    edited = {**first, "text": "Open at six, please.", "edited_at": "2026-05-01T07:00:00Z"}
    done = hooks.told("generic", edited, {"id": "n2", "deleted": True})
    assert (done.count.revised, done.count.deleted) == (1, 1)
    assert hooks.comments("uid", "text", "revision", "deleted", "rating") == [
        ("generic:generic:n1", "Open at six, please.", 2, 0, 0.25),
        ("generic:generic:n2", "", 1, 1, None),
    ]


def github(action: str, updated: str, body: str, number: int = 7001) -> dict[str, Any]:
    issue = {"number": 12, "url": "https://api.example/issues/12", "title": "Tide tables"}
    return {
        "action": action,
        "issue": issue,
        "comment": {
            "id": number,
            "node_id": "IC_1",
            "body": body,
            "user": {"login": "ada-paddles", "type": "User"},
            "created_at": "2026-05-01T08:00:00Z",
            "updated_at": updated,
            "issue_url": "https://api.example/issues/12",
            "html_url": "https://example.org/issues/12#c7001",
            "reactions": {"total_count": 3},
        },
        "repository": {"full_name": "kayaks/maps"},
        "sender": {"login": "somebody-else"},
    }


def test_github(hooks: Listening) -> None:
    """Comments and issues under the ids of the rows that pull them; a late wording loses."""
    issue = {
        "action": "opened",
        "issue": {
            "number": 12,
            "url": "https://api.example/issues/12",
            "title": "Tide tables offline",
            "body": None,
            "user": {"login": "ben"},
            "created_at": "2026-05-01T07:00:00Z",
            "updated_at": "2026-05-01T07:00:00Z",
            "comments": 0,
            "reactions": {"total_count": 2},
        },
        "repository": {"full_name": "kayaks/maps"},
    }
    greeting = {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {}}
    old = github("created", "2026-05-01T08:00:00Z", "Could the tables work without a signal?")
    new = github("edited", "2026-05-01T09:00:00Z", "Could the tables work offline?")
    done = hooks.told("github", greeting, issue, new, old)
    assert (done.deliveries, done.aside, done.count.added) == (4, 0, 2)
    done = hooks.told("github", {**old, "sender": {"login": "played-again"}})
    assert (done.late, done.count.revised) == (1, 0)
    assert hooks.comments("uid", "title", "text", "kind", "reach") == [
        ("github:github.com:kayaks/maps#issue-12", "Tide tables offline", "", "post", 2),
        ("github:github.com:kayaks/maps#7001", None, new["comment"]["body"], "comment", 3),
    ]
    hooks.told("github", github("deleted", "2026-05-01T09:00:00Z", new["comment"]["body"]))
    hooks.told("github", {**issue, "action": "deleted"})
    assert hooks.comments("text", "deleted") == [("", 1), ("", 1)]


def slack(event: dict[str, Any]) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "event": {"type": "message", **event}}


def test_slack(hooks: Listening) -> None:
    """Messages, edits and deletions of people; joins and bots are no comments."""
    said = {
        "channel": "C1",
        "user": "U7",
        "text": "A drying room, please",
        "ts": "1777700000.000200",
    }
    edited = {**said, "text": "A drying room please", "edited": {"ts": "1777700060.000000"}}
    other = {"channel": "C1", "user": "U8", "text": "And hooks", "ts": "1777700001.000100"}
    done = hooks.told(
        "slack",
        slack(said),
        slack({"subtype": "message_changed", "channel": "C1", "message": edited}),
        slack({**other, "thread_ts": said["ts"]}),
        slack({"subtype": "message_deleted", "channel": "C1", "deleted_ts": other["ts"]}),
        slack({"subtype": "channel_join", "channel": "C1", "user": "U9", "ts": "1777700002.0001"}),
        slack({**said, "bot_id": "B1", "ts": "1777700003.000100"}),
    )
    assert (done.deliveries, done.aside, done.count.added) == (6, 0, 1)
    assert hooks.comments("uid", "text", "created_at", "edited_at") == [
        ("slack:slack:C1:1777700000.000200", edited["text"], 1777700000000, 1777700060000)
    ]


def test_slack_challenge(hooks: Listening) -> None:
    """The question of a new address is answered only where it is signed."""
    asked = {"type": "url_verification", "challenge": "3eZbrw1a", "token": "t"}
    assert push(hooks.url("slack"), "slack", asked) == (200, "3eZbrw1a")
    assert push(hooks.url("slack"), "github", asked)[0] == 401
    assert hooks.spool.counts() == {"waiting": 0, "aside": 0, "done": 0}


def whatsapp(*messages: dict[str, Any], **value: Any) -> dict[str, Any]:
    change = {
        "field": "messages",
        "value": {"metadata": {"phone_number_id": "555"}, "messages": list(messages), **value},
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def test_whatsapp(hooks: Listening) -> None:
    """Texts and captions; edits and deletions follow; no number of a person in any id."""
    said = {
        "from": "447700900123",
        "id": "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAEhgg",
        "timestamp": "1777700000",
        "type": "text",
        "text": {"body": "Do you deliver on sundays?"},
    }
    photo = {**said, "id": "wamid.2", "type": "image", "image": {"id": "9"}, "text": None}
    edit = {
        **said,
        "id": "wamid.3",
        "timestamp": "1777700050",
        "type": "edit",
        "edit": {
            "original_message_id": said["id"],
            "message": {"type": "text", "text": {"body": "Could you deliver on sundays?"}},
        },
    }
    status = whatsapp(statuses=[{"id": "wamid.9", "status": "read"}])
    done = hooks.told("whatsapp", whatsapp(said, photo), status, whatsapp({**edit, "text": None}))
    assert (done.deliveries, done.aside, done.count.added) == (3, 0, 1)
    (row,) = hooks.comments("text", "created_at", "edited_at", "channel", "uid")
    assert row[:4] == ("Could you deliver on sundays?", ms(1777700000), ms(1777700050), "555")
    assert "wamid" not in row[4]
    revoke = {**said, "type": "revoke", "revoke": {"original_message_id": said["id"]}}
    assert hooks.told("whatsapp", whatsapp(revoke)).count.deleted == 1


def test_whatsapp_challenge(hooks: Listening) -> None:
    """A GET with our word is answered with the challenge, one with another word is refused."""
    asked = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    assert request(hooks.url("whatsapp") + asked + WORD, "GET") == (200, "1158201444")
    assert request(hooks.url("whatsapp") + asked + "gull", "GET")[0] == 403
    assert request(hooks.url("github") + asked + WORD, "GET")[0] == 405


def test_line(hooks: Listening) -> None:
    """Messages, edits out of order and unsent messages; an empty list is a test of the address."""

    def event(kind: str, second: int, **more: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "webhookEventId": f"01{kind}{second}",
            "deliveryContext": {"isRedelivery": False},
            "timestamp": ms(second),
            "source": {"type": "group", "groupId": "G1", "userId": "U4af"},
            **more,
        }

    def text(words: str, number: str = "44") -> dict[str, Any]:
        return {"message": {"id": number, "type": "text", "text": words}}

    done = hooks.told(
        "line",
        {"destination": "x", "events": []},
        {"events": [event("message", 1777700000, **text("朝食を十時半まで")), event("follow", 1)]},
        {"events": [event("messageEdited", 1777700090, **text("朝食を十一時まで"))]},
        {"events": [event("messageEdited", 1777700030, **text("朝食を十時まで"))]},
        {"events": [event("message", 1777700001, **text("Sorry, wrong group", "45"))]},
        {"events": [event("unsend", 1777700009, unsend={"messageId": "45"})]},
    )
    assert (done.deliveries, done.aside) == (6, 0)
    assert hooks.comments("uid", "text", "created_at", "channel") == [
        ("line:line:44", "朝食を十一時まで", ms(1777700000), "G1")
    ]


def test_telegram(hooks: Listening) -> None:
    """Messages of people and posts of channels, with their edits."""
    said = {
        "message_id": 5,
        "date": 1777700000,
        "chat": {"id": 447, "type": "private", "username": "dora_rows", "first_name": "Dora"},
        "from": {"id": 447, "is_bot": False, "language_code": "en"},
        "text": "A locker for wet shoes would be great",
    }
    post = {
        "message_id": 8,
        "date": 1777700005,
        "chat": {"id": -100, "type": "channel", "title": "Boathouse", "username": "boathouse"},
        "caption": "New lockers, at last",
        "photo": [],
    }
    sticker = {**said, "message_id": 6, "text": None, "sticker": {}}
    done = hooks.told(
        "telegram",
        {"update_id": 1, "message": said},
        {"update_id": 2, "message": sticker},
        {"update_id": 3, "channel_post": post},
        {
            "update_id": 4,
            "edited_message": {**said, "text": "Two lockers", "edit_date": 1777700100},
        },
    )
    assert (done.aside, done.count.added) == (0, 2)
    rows = hooks.comments("uid", "text", "url", "channel")
    assert [row[1:] for row in rows] == [
        ("Two lockers", None, None),
        ("New lockers, at last", "https://t.me/boathouse/8", "Boathouse"),
    ]
    assert not any("447" in row[0].split(":")[2] for row in rows)
    hooks.told("telegram", {"update_id": 5, "poll": {"id": "1"}})
    (aside,) = hooks.spool.set_aside()
    assert "nothing that the row 'telegram' knows" in aside.reason


def test_typeform(hooks: Listening) -> None:
    """Each free answer is a comment by one respondent, with its question; choices are left out."""
    response = {
        "form_id": "f",
        "token": "resp-1",
        "submitted_at": "2026-05-01T06:00:00Z",
        "definition": {
            "id": "f",
            "title": "After the tour",
            "fields": [
                {"id": "q1", "type": "long_text", "title": "What was missing?"},
                {"id": "q2", "type": "multiple_choice", "title": "Which boat?"},
                {"id": "q3", "type": "short_text", "title": "Anything else?"},
            ],
        },
        "answers": [
            {"type": "text", "text": "A place to change", "field": {"id": "q1"}},
            {"type": "choice", "choice": {"label": "Canoe"}, "field": {"id": "q2"}},
            {"type": "text", "text": "Warm tea", "field": {"id": "q3"}},
        ],
    }
    done = hooks.told(
        "typeform", {"event_id": "e", "event_type": "form_response", "form_response": response}
    )
    assert (done.aside, done.count.added) == (0, 2)
    rows = hooks.comments("native_id", "title", "text", "solicited", "kind", "author_key")
    assert [row[:5] for row in rows] == [
        ("resp-1:q1", "What was missing?", "A place to change", 1, "survey_answer"),
        ("resp-1:q3", "Anything else?", "Warm tea", 1, "survey_answer"),
    ]
    assert rows[0][5] == rows[1][5] is not None


def test_intercom(hooks: Listening) -> None:
    """What customers write at first and later; answers of colleagues and pings are no comments."""
    source = {
        "id": "s1",
        "type": "conversation",
        "subject": "",
        "body": "<p>Can I pay by invoice?</p>",
        "author": {"type": "user", "id": "u1"},
        "redacted": False,
    }

    def parts(*several: dict[str, Any]) -> dict[str, Any]:
        return {"conversation_parts": {"conversation_parts": list(several), "total_count": 1}}

    def notice(topic: str, **item: Any) -> dict[str, Any]:
        whole = {"id": "21", "created_at": 1777700000, "source": source, **item}
        return {"type": "notification_event", "topic": topic, "data": {"item": whole}}

    reply = {
        "id": "p1",
        "part_type": "comment",
        "body": "<p>By SEPA would do as well</p>",
        "created_at": 1777700100,
        "author": {"type": "user", "id": "u1"},
        "redacted": False,
    }
    answer = {**reply, "id": "p2", "author": {"type": "admin", "id": "a1"}}
    done = hooks.told(
        "intercom",
        {"type": "notification_event", "topic": "ping", "data": {"item": {"type": "ping"}}},
        notice("conversation.user.created", **parts()),
        notice("conversation.user.replied", **parts(reply)),
        notice("conversation.admin.replied", **parts(answer)),
    )
    assert (done.deliveries, done.aside, done.count.added) == (4, 0, 2)
    redacted = {**reply, "body": "", "redacted": True}
    assert hooks.told("intercom", notice("x", **parts(redacted))).count.deleted == 1
    assert hooks.comments("native_id", "deleted") == [("21:s1", 0), ("21:p1", 1)]


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6)
        ),
        max_leaves=25,
    )
)
def test_nothing_makes_mapping_raise(content: Any) -> None:
    """Whatever a delivery holds, it gives comments or a reason, so that none stops the others."""
    body = json.dumps(content).encode()
    for row in ROWS.values():
        hook = Hook("one", row, row.signature, b"", bytes(32))
        with suppress(DataError):
            assert all(comment.source == "one" for comment in comments_of(hook, body))


def test_every_row_is_tested() -> None:
    """A row that ships has a test of its name here."""
    assert {f"test_{name}" for name in ROWS} <= set(globals())
