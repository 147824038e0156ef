"""A door for tests of the loop: lets everything in but what has no words and is no tombstone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from earful.records import Admitted, Comment


@dataclass(frozen=True)
class TurnedAway:
    """A refusal, as the real door makes them: which one, and why."""

    uid: str
    reason: str


def admit(comments: Sequence[Comment]) -> list[Admitted | TurnedAway]:
    """Pseudonyms are digests here; the text stays as it came, so that a test can compare it."""
    return [_admit(comment) for comment in comments]


def _admit(comment: Comment) -> Admitted | TurnedAway:
    if not comment.deleted and not (comment.text or comment.title):
        return TurnedAway(comment.uid, "no words")
    author = comment.author
    key = None if author is None else hashlib.sha256(author.encode()).hexdigest()[:16]
    words = f"{comment.title}\n{comment.text}\n{comment.deleted}"
    digest = hashlib.sha256(words.encode()).hexdigest()
    stored = replace(comment, author=None, author_key=key)
    return Admitted(stored, digest, True, int(digest[:12], 16), (), len(words.split()))
