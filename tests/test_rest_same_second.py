"""Changes that a platform's clock cannot tell apart, since it counts whole seconds."""

from __future__ import annotations

import time

from servers.rest import World, serve
from servers.rows import SERVICES, platform


def test_two_edits_in_one_second() -> None:
    """A comment that is edited twice in the second of its last change is brought both times."""
    world = World()
    world.fill(3, int(time.time()) - 300)
    cursor = None
    brought = []
    with serve(SERVICES["github"], world) as server:
        for words in ("as it was", "One strap would do", "No strap at all"):
            if words != "as it was":
                world.edit(3, words)
            one = platform("github", server.url, cursor)
            brought.append([comment.text for comment in one.pull(None, None, None)])
            cursor = one.cursor
    assert len(brought[0]) == 3
    assert brought[1:] == [["One strap would do"], ["No strap at all"]]
