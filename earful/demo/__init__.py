"""A made-up five-year feed about an invented burger chain, written for earful.

Four files as four platforms would export them, and the settings of the project. What the
feed's stories are and who asks for what in truth is known to the tests only.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FeedFile:
    """One file of the feed: the source that it stands for, and whether people were asked."""

    name: str
    source: str
    solicited: bool = False


FEED = (
    FeedFile("forum.jsonl", "forum"),
    FeedFile("reviews.csv", "reviews"),
    FeedFile("social.jsonl", "social"),
    FeedFile("survey.csv", "survey", solicited=True),
)


def demo_path(name: str) -> Path:
    """Where a file of the demo lies on disk."""
    return Path(str(files("earful.demo") / name))
