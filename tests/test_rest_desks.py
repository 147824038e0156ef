"""Rows of help desks, feedback boards and communities: what each claims beyond the contract."""

from __future__ import annotations

from typing import Any

import pulling
import pytest
import time_machine
from servers.local import LocalServer, Reply, Request
from servers.rest import FIRST, World
from servers.rows import platform

from earful.records import Comment
from ingest.clean import clean_text
from ingest.connector import Rechecks


def pulled(name: str, url: str, later: int, cursor: Any = None) -> tuple[list[Comment], Any]:
    """What a pull brings ``later`` seconds after the first comment, and its cursor."""
    with time_machine.travel(FIRST + later, tick=True):
        one = platform(name, url, cursor)
        return pulling.pulled(one), pulling.again(one)


LISTED = ["salesforce", "salesforce-comments", "uservoice", "uservoice-comments"]
OVERLAPPING = ["canny", "canny-comments", "linkedin", "producthunt", "vk"]


@pytest.mark.parametrize("served", LISTED + OVERLAPPING, indirect=True)
def test_an_edit_comes_with_the_next_pull(served: tuple[str, LocalServer], world: World) -> None:
    """An edited comment comes again, alone, and only once."""
    name, server = served
    first, cursor = pulled(name, server.url, 400)
    assert len(first) == 30
    world.edit(28, "Rather a yellow one")
    again, cursor = pulled(name, server.url, 500, cursor)
    assert [comment.text for comment in again] == ["Rather a yellow one"]
    assert pulled(name, server.url, 600, cursor)[0] == []


@pytest.mark.parametrize("served", ["salesforce", "salesforce-comments"], indirect=True)
def test_salesforce_lists_what_was_deleted(served: tuple[str, LocalServer], world: World) -> None:
    """A record that went into the recycle bin comes as a tombstone, whenever it was written."""
    name, server = served
    _, cursor = pulled(name, server.url, 400)
    world.delete(3)
    world.remarks[3].edited = FIRST + 90_000
    gone, _ = pulled(name, server.url, 90_100, cursor)
    assert [(one.deleted, one.text, one.author) for one in gone] == [(True, "", None)]
    assert gone[0].native_id.endswith("3")
    assert {call.path for call in server.requests if "q" in call.fields} == {
        "/services/data/v62.0/queryAll"
    }


@pytest.mark.parametrize("served", ["salesforce-comments"], indirect=True)
def test_colleagues_are_left_out(served: tuple[str, LocalServer], world: World) -> None:
    """Comments of standard users are no customers' words."""
    name, server = served
    world.extra = {"CreatedBy": {"UserType": "Standard"}}
    assert pulled(name, server.url, 400)[0] == []


@pytest.mark.parametrize("served", ["intercom"], indirect=True)
def test_a_conversation_that_a_colleague_began(served: tuple[str, LocalServer]) -> None:
    """Its first message is left out and what the customer answered is read; so are redactions."""
    name, server = served

    def answer(request: Request) -> Reply:
        reply = said(request)
        for talk in reply.content.get("conversations", []):
            talk["source"]["author"]["type"] = "admin"
        if request.path == "/conversations/20":
            reply.content["conversation_parts"]["conversation_parts"][1]["redacted"] = redacted
        return reply

    said, redacted = server.answer, False
    server.answer = answer
    got, _ = pulled(name, server.url, 400)
    assert [comment.native_id for comment in got] == [f"20:{n}" for n in range(21, 26)]
    assert {comment.thread_uid for comment in got} == {"ears:intercom:20"}
    redacted = True
    one = platform(name, server.url)
    assert isinstance(one, Rechecks)
    again = {comment.native_id: comment for comment in one.recheck(["20:21", "20:22"])}
    assert again["20:21"].deleted
    assert clean_text(again["20:22"].text).startswith("A dry bag")


@pytest.mark.parametrize("served", ["intercom"], indirect=True)
def test_an_answer_to_an_old_conversation(served: tuple[str, LocalServer], world: World) -> None:
    """An answer comes however old the conversation is, since it changes when it is answered."""
    name, server = served
    late = world.remarks[25]
    late.deleted = True
    first, cursor = pulled(name, server.url, 400)
    assert len(first) == 29
    late.deleted, late.second = False, FIRST + 9_000_000
    world.remarks[20].edited = late.second
    again, _ = pulled(name, server.url, 9_000_100, cursor)
    assert "20:25" in {comment.native_id for comment in again}
    assert all(comment.thread_uid == "ears:intercom:20" for comment in again)


@pytest.mark.parametrize("served", ["linkedin"], indirect=True)
def test_linkedin_is_told_the_version(served: tuple[str, LocalServer]) -> None:
    """Every call names the version of the interface that the source asks for."""
    name, server = served
    pulled(name, server.url, 400)
    assert {call.headers["LinkedIn-Version"] for call in server.requests} == {"202611"}


@pytest.mark.parametrize("served", ["canny", "canny-comments"], indirect=True)
def test_the_key_of_canny_is_posted(served: tuple[str, LocalServer]) -> None:
    """It stands in no address, which others write into their logs."""
    name, server = served
    pulled(name, server.url, 400)
    assert all(call.method == "POST" and not call.fields for call in server.requests)


@pytest.mark.parametrize("served", ["producthunt"], indirect=True)
def test_withheld_writers_are_not_one_person(served: tuple[str, LocalServer]) -> None:
    """The 0 that stands for everybody is nobody."""
    name, server = served
    got, _ = pulled(name, server.url, 400)
    assert {comment.author for comment in got} == {None}
    assert sum(comment.parent_uid == "ears:producthunt.com:20" for comment in got) == 5


@pytest.mark.parametrize("served", ["tumblr"], indirect=True)
def test_notes_of_one_second(served: tuple[str, LocalServer]) -> None:
    """Answers of one second come all, though a page ends among them."""
    name, server = served
    got, _ = pulled(name, server.url, 400)
    assert sum(comment.native_id.startswith(f"20-{FIRST + 200}-") for comment in got) == 6
    assert any("before_timestamp" in call.fields for call in server.requests)
