"""The Telegram connector against a local Bot API."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from servers.local import LocalServer, Reply
from servers.telegram import CHAT, ENVIRONMENT, TOKEN, Bot, in_use, options_for, serve, too_fast

from earful.errors import ConfigurationError, TerminalError, TransientError
from earful.records import Comment
from ingest.connectors.telegram import Telegram

FIRST = 1_750_000_000


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Bot:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Bot()


@pytest.fixture
def server(bot: Bot) -> Iterator[LocalServer]:
    with serve(bot) as one:
        yield one


def pulled(
    server: LocalServer, cursor: Any = None, **options: Any
) -> tuple[list[Comment], Telegram]:
    one = Telegram("chat", options_for(server.url, **options), cursor)
    return list(one.pull(None, None, None)), one


def test_fields(bot: Bot, server: LocalServer) -> None:
    """A message, an answer in a topic and a channel post bring their words, places and links."""
    bot.put(bot.message(1, FIRST, "A lid, please"))
    answered = bot.message(1, FIRST, "A lid, please")
    bot.put(bot.message(2, FIRST + 1, "Yes!", reply_to_message=answered, message_thread_id=1))
    channel = {"id": -1009, "type": "channel", "title": "Kayak news"}
    post = {"message_id": 5, "chat": channel, "sender_chat": channel, "date": FIRST + 2}
    bot.put({**post, "caption": "New hulls"}, "channel_post")
    message, answer, news = pulled(server)[0]
    assert message.native_id == f"{CHAT['id']}/1"
    assert (message.kind, message.channel, message.author) == ("message", "Kayakers", "700000001")
    assert message.url == "https://t.me/kayakers/1"
    assert message.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert answer.parent_uid == answer.thread_uid == message.uid
    assert (news.kind, news.text, news.author) == ("post", "New hulls", "-1009")


def test_edits_are_revisions(bot: Bot, server: LocalServer) -> None:
    """An edited message comes under its own id, with the time of the edit."""
    bot.put(bot.message(1, FIRST, "A lib"))
    bot.put(bot.message(1, FIRST, "A lid", edit_date=FIRST + 60), "edited_message")
    first, again = pulled(server)[0]
    assert first.uid == again.uid
    assert (again.text, again.edited_at) == ("A lid", datetime.fromtimestamp(FIRST + 60, UTC))


def test_what_is_no_comment(bot: Bot, server: LocalServer) -> None:
    """Bots, forwarded channel posts, joins and other chats are passed over, and not read again."""
    bot.put(bot.message(1, FIRST, "Beep", **{"from": {"id": 9, "is_bot": True}}))
    bot.put(bot.message(2, FIRST, "News", is_automatic_forward=True))
    bot.put({**bot.message(3, FIRST, ""), "new_chat_members": []})
    bot.put({"unexpected": True}, "poll")
    got, one = pulled(server)
    assert got == []
    bot.put(bot.message(4, FIRST, "A lid"))
    assert pulled(server, one.cursor, chats=["@others"])[0] == []
    assert len(pulled(server, one.cursor, chats=["@Kayakers"])[0]) == 1
    assert len(pulled(server, one.cursor, chats=[CHAT["id"]])[0]) == 1


def test_nothing_is_thrown_away_before_it_is_stored(bot: Bot, server: LocalServer) -> None:
    """A pull reads one page and confirms none of it; the next one confirms what was stored."""
    for n in range(1, 251):
        bot.put(bot.message(n, FIRST + n, f"Lid {n}"))
    got, one = pulled(server)
    assert len(got) == 100
    assert bot.confirmed == 0
    assert "pull again" in one.coverage.detail
    assert one.coverage.until == datetime.fromtimestamp(FIRST + 100, UTC)
    cursor = one.cursor
    for _ in range(2):
        more, one = pulled(server, cursor)
        got += more
        cursor = one.cursor
    assert [comment.native_id for comment in got] == [f"{CHAT['id']}/{n}" for n in range(1, 251)]
    assert bot.confirmed == 9200


def test_a_pull_that_comes_too_late(bot: Bot, server: LocalServer) -> None:
    """After more than 24 hours the pull says that updates may be lost."""
    with time_machine.travel(FIRST, tick=False):
        _, one = pulled(server)
    with time_machine.travel(FIRST + 23 * 3600, tick=False):
        assert pulled(server, one.cursor)[1].coverage.state == "complete"
    with time_machine.travel(FIRST + 25 * 3600, tick=False):
        late = pulled(server, one.cursor)[1]
    assert late.coverage.state == "capped"
    assert "24 hours" in late.coverage.detail


@pytest.mark.parametrize(
    "fault", [too_fast(0), Reply(502), Reply(200, {"ok": True}, cut=5)], ids=["429", "502", "cut"]
)
def test_a_fault_is_got_over(bot: Bot, server: LocalServer, fault: Reply) -> None:
    """A refusal with retry_after, a 502 and a reply cut short are got over without loss."""
    bot.put(bot.message(1, FIRST, "A lid"))
    server.fail("getUpdates", fault, fault)
    assert len(pulled(server)[0]) == 1


def test_refusals_never_show_the_token(
    bot: Bot,
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A second reader, a wrong token, a server down: told in words, and never with the token,
    which is part of the address, neither in a message nor in a log."""
    caplog.set_level(logging.DEBUG)
    told = []
    server.fail("getUpdates", in_use())
    with pytest.raises(ConfigurationError, match="a bot has one reader") as caught:
        pulled(server)
    told.append(str(caught.value))
    server.fail("getUpdates", *[Reply(503)] * 4)
    with pytest.raises(TransientError, match="503") as down:
        pulled(server)
    told.append(str(down.value))
    server.fail("getUpdates", Reply(content={"ok": True}))
    with pytest.raises(TerminalError, match="no list of updates") as shape:
        pulled(server)
    told.append(str(shape.value))
    with pytest.raises(TransientError) as away:
        pulled(server, base_url="http://127.0.0.1:9")
    told.append(str(away.value))
    monkeypatch.setenv("EARFUL_TELEGRAM_TOKEN", f"{TOKEN}-old")
    with pytest.raises(ConfigurationError, match="does not know this token") as wrong:
        pulled(server)
    told.append(str(wrong.value))
    secret = TOKEN.partition(":")[2]
    assert secret not in " ".join(told)
    assert secret not in caplog.text
