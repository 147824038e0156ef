"""Zstandard streams, those with very long windows among them.

The dumps of Reddit are packed with windows of 2 GiB (``zstd --long=31``), which a decoder must
hold in memory. pyarrow goes up to 128 MiB, the limit that zstd itself sets unless told otherwise;
past it the decoder of the standard library is used, or its backport before Python 3.14.
Source of the header: RFC 8878, section 3.1.1.1.
"""

from __future__ import annotations

import importlib
import io
import sys
from types import ModuleType
from typing import Any, BinaryIO

import pyarrow as pa

from earful.errors import ConfigurationError

ZSTD = b"\x28\xb5\x2f\xfd"
USUAL_WINDOW = 1 << 27
"""Bytes of the longest window that needs no other decoder."""

_LONGEST_WINDOW_LOG = 31
_CONTENT_SIZE_BYTES = {0: 1, 1: 2, 2: 4, 3: 8}
_HEADER_BYTES = 18


def library() -> ModuleType | None:
    """The module of Python's interface to zstd, None where it is not installed."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_long_windows = library()


class _NeverRaised(Exception):  # noqa: N818 - it stands for an error of a library that is not there
    """In place of the library's error where the library is missing."""


ZstdError: type[Exception] = _long_windows.ZstdError if _long_windows else _NeverRaised
"""What the decoder for long windows raises on damaged data."""


def window_bytes(header: bytes) -> int:
    """The window that a frame asks for, by its first 18 bytes; 0 where they do not tell."""
    if len(header) < 6 or not header.startswith(ZSTD):
        return 0
    descriptor = header[4]
    if not descriptor & 0x20:
        exponent, mantissa = header[5] >> 3, header[5] & 7
        base = 1 << (10 + exponent)
        return base + base // 8 * mantissa
    # A frame of a single segment is its own window.
    at = 5 + (0, 1, 2, 4)[descriptor & 3]
    size = header[at : at + _CONTENT_SIZE_BYTES[descriptor >> 6]]
    return int.from_bytes(size, "little")


def open_zstd(raw: BinaryIO, name: str) -> Any:
    """A stream of what ``raw`` holds unpacked; ``name`` is what the user is shown.

    Raises ``ConfigurationError`` where the window is long and the package for it is missing.
    """
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
    window = window_bytes(buffered.peek(_HEADER_BYTES)[:_HEADER_BYTES])
    if window <= USUAL_WINDOW:
        return pa.CompressedInputStream(buffered, "zstd")
    if _long_windows is None:
        raise ConfigurationError(
            f"is packed with a window of {window >> 20} MiB, for which a package is missing",
            where=name,
            next_step="Install it: pip install 'earful[archives]'. Or unpack the file yourself: "
            "zstd -d --long=31.",
        )
    longest = {_long_windows.DecompressionParameter.window_log_max: _LONGEST_WINDOW_LOG}
    return _long_windows.ZstdFile(buffered, options=longest)
