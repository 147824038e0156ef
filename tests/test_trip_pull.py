"""Pulling through the command line: what is new, what was edited, what was deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from servers.hackernews import HackerNewsWorld, options_for, serve

FIRST = 1_750_000_000


def add_source(project: Path, url: str, name: str = "hn") -> None:
    """Name the local Hacker News in the project's settings."""
    options = ", ".join(f"{key} = {_toml(value)}" for key, value in options_for(url).items())
    with (project / "earful.toml").open("a") as settings:
        settings.write(f'\n[[source]]\nname = "{name}"\nconnector = "hackernews"\n')
        settings.write(f"options = {{ {options} }}\n")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def test_pull_follows_the_platform(project: Path, earful: Callable) -> None:
    """A second pull brings nothing twice, and follows an edit and a deletion."""
    world = HackerNewsWorld()
    world.comments(30, FIRST)
    with serve(world) as server:
        add_source(project, server.url)
        first = earful("pull")
        assert first.code == 0, first.err
        assert "31 new" in first.out
        world.items[5].text = "Make it a folding paddle instead"
        world.items[7].deleted = True
        second = earful("pull", "hn")
        assert second.code == 0, second.err
        assert "0 new, 1 edited, 1 deleted" in second.out
    with sqlite3.connect(project / "earful.db") as ledger:
        texts = {text for (text,) in ledger.execute("SELECT text FROM comments")}
        assert "Make it a folding paddle instead" in texts
        assert ledger.execute("SELECT count(*) FROM revisions").fetchone() == (1,)
        assert ledger.execute("SELECT count(*) FROM comments WHERE deleted").fetchone() == (1,)
        assert ledger.execute("SELECT state FROM coverage").fetchone() == ("complete",)


def test_run_does_all_three_steps(project: Path, earful: Callable) -> None:
    """Pull, tag and report in one command."""
    world = HackerNewsWorld()
    world.comments(12, FIRST)
    with serve(world) as server:
        add_source(project, server.url)
        done = earful("run")
    assert done.code == 0, done.err
    assert (project / "out" / "brief.html").is_file()


def test_one_bad_source_does_not_stop_the_others(project: Path, earful: Callable) -> None:
    """A source without credentials fails with its reason; the next one is pulled; exit 1."""
    world = HackerNewsWorld()
    world.comments(3, FIRST)
    with (project / "earful.toml").open("a") as settings:
        settings.write('\n[[source]]\nname = "reddit"\nconnector = "reddit"\n')
        settings.write('options = { subreddits = ["kayaks"] }\n')
    with serve(world) as server:
        add_source(project, server.url)
        done = earful("pull")
    assert done.code == 1
    assert "EARFUL_REDDIT_CLIENT_ID" in done.out
    assert "4 new" in done.out


def test_unknown_sources_are_named(project: Path, earful: Callable) -> None:
    """A misspelt source is the caller's mistake, and the right one is guessed."""
    add_source(project, "http://127.0.0.1:9", "kayaks")
    done = earful("pull", "kayak")
    assert done.code == 2
    assert "Did you mean 'kayaks'" in done.err
