"""Rows of forums, trackers and lists, beyond the contract."""

from __future__ import annotations

import pytest
import time_machine
from pulling import pulled
from servers.forums import FORUMS
from servers.local import LocalServer, Reply
from servers.rest import FIRST, World
from servers.rows import platform


@pytest.mark.parametrize("served", sorted(FORUMS), indirect=True)
def test_faults_lose_nothing(served: tuple[str, LocalServer]) -> None:
    """Refused, failing and cut short: every comment comes, and once."""
    refusal = Reply(429, {"error": "slow down"}, {"Retry-After": "0.01"})
    name, server = served
    server.fail("", refusal, Reply(503), Reply(content=["x" * 99], cut=20))
    got = pulled(platform(name, server.url))
    assert len({comment.native_id for comment in got}) == len(got) == 30
    assert server.faults == []


@pytest.mark.parametrize("served", ["hyperkitty"], indirect=True)
def test_mails_hold_their_writers_words_only(served: tuple[str, LocalServer], world: World) -> None:
    """What a mail quotes is not said again, and its signature is nothing that was said."""
    name, server = served
    got = pulled(platform(name, server.url))
    assert {comment.text for comment in got} == {one.text for one in world.remarks.values()}


@pytest.mark.parametrize("served", ["misago"], indirect=True)
def test_a_thread_that_is_written_to_again(served: tuple[str, LocalServer], world: World) -> None:
    """A later post brings its thread back to the top of the list, and comes by the next pull."""
    name, server = served
    late = world.remarks.pop(25)
    with time_machine.travel(FIRST + 4000, tick=True):
        one = platform(name, server.url)
        assert len(pulled(one)) == 29
    # More than the overlap later, so that nothing but the list leads there.
    late.second += 200_000
    world.remarks[25] = late
    with time_machine.travel(FIRST + 204_000, tick=True):
        again = pulled(platform(name, server.url, one.cursor))
    assert str(late.number) in {comment.native_id for comment in again}
    assert {comment.native_id for comment in again} <= {str(n) for n in range(20, 26)}
