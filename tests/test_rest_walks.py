"""Whatever comes, and whenever a pull is stopped: every comment once, none lost, none doubled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pulling import again
from servers.kiosk import PAGINGS, Kiosk, row
from servers.local import Request
from servers.rest import Remark, World

from ingest.http import Answer
from ingest.rest import connector as engine

START = datetime(2025, 6, 1, tzinfo=UTC)
OVERLAP = 30


class KioskClient:
    """Asks a kiosk in memory instead of a server."""

    kiosk: Kiosk

    def __init__(self, *_: object, **__: object) -> None:
        self.where = "memory"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def ask(self, path: str, parameters: Mapping[str, str | int], *_: object) -> Answer:
        """A page."""
        fields = {name: str(value) for name, value in parameters.items()}
        reply = self.kiosk.answer(Request("GET", path, fields, {"Host": "kiosk"}))
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(200, json.loads(json.dumps(reply.content)), headers, None)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.lists(st.integers(0, OVERLAP - 12), max_size=9)),
        st.tuples(st.just("wait"), st.integers(0, 40)),
        st.tuples(st.just("pull"), st.integers(1, 12)),
        st.tuples(st.just("break"), st.integers(1, 12)),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=EVENTS,
    first=st.sampled_from(["oldest", "newest", "any"]),
    kind=st.sampled_from(["cursor", "page", "offset", "object", "last"]),
    size=st.integers(2, 6),
    narrowed=st.booleans(),
)
@example(
    events=[("arrive", [0] * 8), ("pull", 3), ("wait", 9), ("arrive", [5, 0]), ("pull", 2)],
    first="newest",
    kind="cursor",
    size=2,
    narrowed=False,
)
def test_every_comment_comes_once(
    events: list[tuple[str, Any]], first: str, kind: str, size: int, narrowed: bool
) -> None:
    """Comments arrive, some late; pulls are stopped by a limit or broken off; time goes by."""
    world = World(size=size)
    KioskClient.kiosk = Kiosk(world, newest=first == "newest", mixed=first == "any")
    order: dict[str, Any] = {"by": "created", "first": first, "overlap": OVERLAP}
    if narrowed and first != "newest":
        order["since"] = {"parameter": "since", "format": "unix"}
    if narrowed and first == "any":
        order["until"] = {"parameter": "until", "format": "unix"}
        order |= {"step": 45, "beginning": START - timedelta(hours=1)}
    made = engine.connector_of(row(PAGINGS[kind], order=order))
    moment, cursor, got = START, None, []
    with patch.object(engine, "JsonClient", KioskClient):
        for what, value in [*events, ("wait", 60), ("pull", None), ("pull", None)]:
            if what == "wait":
                moment += timedelta(seconds=value)
            elif what == "arrive":
                for lateness in value:
                    number = len(world.remarks) + 1
                    second = int(moment.timestamp()) - lateness - 1
                    world.remarks[number] = Remark(number, second, f"Number {number}")
            else:
                with time_machine.travel(moment, tick=False):
                    one = made("kiosk", {}, cursor)
                    stream = one.pull(None, None, value if what == "pull" else None)
                    for comment in stream:
                        got.append(int(comment.native_id))
                        if what == "break" and len(got) % value == 0:
                            break
                cursor = again(one)
    assert sorted(got) == sorted(world.remarks)
