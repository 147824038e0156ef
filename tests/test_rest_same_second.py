"""Changes that a platform's clock cannot tell apart, since it counts whole seconds."""

from __future__ import annotations

import time

from servers import rest

from ingest.registry import discover


def test_two_edits_in_one_second() -> None:
    """A comment that is edited twice in the second of its last change is brought both times."""
    world = rest.World()
    world.fill(3, int(time.time()) - 300)
    connector = discover().connector("github")
    cursor = None
    brought = []
    github = rest.SERVICES["github"]
    with rest.serve(github, world) as server:
        for words in ("as it was", "One strap would do", "No strap at all"):
            if words != "as it was":
                world.edit(3, words)
            one = connector("s", rest.options_for(github, server.url), cursor)
            brought.append([comment.text for comment in one.pull(None, None, None)])
            cursor = one.cursor
    assert len(brought[0]) == 3
    assert brought[1:] == [["One strap would do"], ["No strap at all"]]
