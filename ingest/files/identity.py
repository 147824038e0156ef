"""Names for comments that come without a platform: the same row gets the same name every time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import blake2b

_SLOTS = 1 << 16
_FULL = 0.7
_MASK = (1 << 64) - 1


class SeenTable:
    """A map from 64-bit keys to 32-bit values that takes 12 bytes a slot.

    Open addressing with linear probing (Knuth, The Art of Computer Programming 3, 6.4). A dict
    takes about ten times as much, which counts for a file of many million rows. Key 0 is not held.
    """

    def __init__(self) -> None:
        self._keys = array("Q", bytes(8 * _SLOTS))
        self._values = array("I", bytes(4 * _SLOTS))
        self._used = 0

    def get(self, key: int) -> int | None:
        """The value of ``key``, None where it is new."""
        slot = self._slot(key)
        return self._values[slot] if self._keys[slot] else None

    def put(self, key: int, value: int) -> None:
        """Set the value of ``key``."""
        slot = self._slot(key)
        if not self._keys[slot]:
            self._keys[slot] = key
            self._used += 1
        self._values[slot] = value
        if self._used > _FULL * len(self._keys):
            self._grow()

    def _slot(self, key: int) -> int:
        keys, last = self._keys, len(self._keys) - 1
        slot = key & last
        while keys[slot] and keys[slot] != key:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._keys = array("Q", bytes(16 * len(keys)))
        self._values = array("I", bytes(8 * len(keys)))
        for index, key in enumerate(keys):
            if key:
                slot = self._slot(key)
                self._keys[slot] = key
                self._values[slot] = values[index]


class NativeIds:
    """Gives every row its ``native_id``.

    With an id: the id itself, so that a row whose text changed keeps its name and becomes a
    revision. An id that comes again with the same content is the same row again; one that comes
    again with other content gets a hash of the content behind it. Without an id: a hash of the
    content, and a number behind it from the second identical row on.

    ``secret`` keys the hash. The author is part of what is hashed, and without a secret a
    reader of the ledger could try names against it.
    """

    def __init__(self, secret: bytes = b"") -> None:
        self._secret = secret[:64]
        self._seen = SeenTable()
        self.repeated_rows = 0
        self.repeated_ids = 0
        self.hashed = 0

    def name(self, native_id: str, content: Sequence[str]) -> str:
        """The native id of one row; ``content`` is author, date as written, text, place, title."""
        digest = blake2b(
            "\x1f".join(content).encode("utf-8", "replace"), digest_size=16, key=self._secret
        )
        return (
            self._of_id(native_id, digest.digest())
            if native_id
            else self._of_content(digest.digest())
        )

    def _of_id(self, native_id: str, digest: bytes) -> str:
        key = _key(blake2b(native_id.encode("utf-8", "replace"), digest_size=8).digest())
        mark = int.from_bytes(digest[:4], "big")
        first = self._seen.get(key)
        if first is None:
            self._seen.put(key, mark)
            return native_id
        if first == mark:
            self.repeated_rows += 1
            return native_id
        self.repeated_ids += 1
        return f"{native_id}~{digest[:6].hex()}"

    def _of_content(self, digest: bytes) -> str:
        self.hashed += 1
        key = _key(digest[:8])
        count = (self._seen.get(key) or 0) + 1
        self._seen.put(key, count)
        name = digest[:12].hex()
        return name if count == 1 else f"{name}-{count}"


def _key(digest: bytes) -> int:
    return (int.from_bytes(digest[:8], "big") & _MASK) or 1
