"""Names that a signal keeps: the one place where the id of a group is decided.

An id is a readable prefix, taken from the name, and a short hash of the group's key, so the same
asks give the same id. Membership that is stored between reports can take over here without a
change elsewhere.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

_PREFIX_LENGTH = 40
_HASH_LENGTH = 4


class Named(Protocol):
    """What an id is made from: a stable key and a name for people."""

    @property
    def key(self) -> str:
        """The canonical key; no two groups share one."""
        ...

    @property
    def name(self) -> str:
        """The name as people say it."""
        ...


def signal_ids(groups: Sequence[Named]) -> list[str]:
    """One id per group, in the order given; longer hashes where short ones would meet."""
    ids: list[str] = []
    taken: set[str] = set()
    for group in sorted(groups, key=lambda group: group.key):
        digest = hashlib.sha256(group.key.encode()).hexdigest()
        prefix = _readable(group.name)
        length = _HASH_LENGTH
        while f"{prefix}-{digest[:length]}" in taken:
            length += 1
        ids.append(f"{prefix}-{digest[:length]}")
        taken.add(ids[-1])
    by_key = dict(zip(sorted(group.key for group in groups), ids, strict=True))
    return [by_key[group.key] for group in groups]


def _readable(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")
    return slug[:_PREFIX_LENGTH].rstrip("-") or "signal"
