"""Text out of bytes: a byte order mark first, then UTF-8, then a guess, said aloud.

As long as only ASCII has been seen nothing has to be decided, since every encoding that is
guessed agrees on it. The decision falls at the first chunk that holds more, and for good.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from charset_normalizer import from_bytes

CHUNK_BYTES = 1 << 20
MAX_LINE = 64 << 20
"""Characters of one physical line that are kept; a longer one is cut there and said aloud."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAUSIBLE = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp949",
    "cp932", "euc_jp", "gb18030", "big5", "koi8_r", "tis_620", "mac_roman",
]  # fmt: skip
_SURROGATE = re.compile("[\udc80-\udcff]")
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
_SAMPLE = 1 << 16


class DecodedText:
    """The text of one byte stream, read once, in chunks or in lines.

    ``encoding`` is None until something other than ASCII was met; ``undecodable`` counts the
    bytes that became U+FFFD and ``cut_lines`` the lines longer than ``MAX_LINE``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.encoding: str | None = None
        self.guessed = False
        self.undecodable = 0
        self.cut_lines = 0

    def close(self) -> None:
        """Let go of the byte stream."""
        self._stream.close()

    def notes(self) -> list[str]:
        """What a reader of the numbers should know about the decoding."""
        told = []
        if self.guessed:
            told.append(
                f"The text is not UTF-8; it was read as {self.encoding}, likeliest by its bytes."
            )
        elif self.encoding in _WIDE:
            told.append(f"The text was read as {self.encoding}.")
        if self.undecodable:
            told.append(f"{self.undecodable} bytes could not be decoded and became U+FFFD.")
        if self.cut_lines:
            told.append(f"{self.cut_lines} lines longer than {MAX_LINE} characters were cut there.")
        return told

    def chunks(self) -> Iterator[str]:
        """The text in pieces of about a million characters."""
        data = self._next()
        self.encoding = _marked(data) or _wide_without_mark(data)
        while data and self.encoding is None:
            if data.isascii():
                yield data.decode("ascii")
                data = self._next()
            else:
                self.encoding, self.guessed = _decide(data)
        if not data or self.encoding is None:
            return
        wide = self.encoding in _WIDE
        decoder = codecs.getincrementaldecoder(self.encoding)(
            errors="replace" if wide else "surrogateescape"
        )
        while data:
            yield self._tidy(decoder.decode(data), wide)
            data = self._next()
        if last := self._tidy(decoder.decode(b"", final=True), wide):
            yield last

    def _next(self) -> bytes:
        # Not ``read``, which throws away what it holds when the bytes break off.
        buffered = cast(io.BufferedReader, self._stream)
        return buffered.read1(CHUNK_BYTES)

    def lines(self) -> Iterator[str]:
        r"""The text in physical lines with their ends (\n, \r\n or \r) kept as they are."""
        carry: list[str] = []
        held = 0
        for chunk in self.chunks():
            if carry and carry[-1].endswith("\r"):  # its \n may open this chunk
                chunk = carry.pop() + chunk
                held = sum(map(len, carry))
            pieces = list(io.StringIO(chunk, newline=""))
            if not pieces:
                continue
            tail = "" if pieces[-1].endswith("\n") else pieces.pop()
            if pieces and carry:
                rest = pieces[0] if held <= MAX_LINE else "\n"
                pieces[0] = "".join([*carry, rest])
                carry, held = [], 0
            yield from pieces
            if tail:
                if held > MAX_LINE:
                    continue
                carry.append(tail)
                held += len(tail)
                if held > MAX_LINE:
                    self.cut_lines += 1
        if carry:
            yield "".join(carry)

    def _tidy(self, text: str, wide: bool) -> str:
        if text.isascii():
            return text
        if wide:
            self.undecodable += text.count("\ufffd")
            return text
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text, hits = _SURROGATE.subn("\ufffd", text)
            self.undecodable += hits
        return text


def _marked(data: bytes) -> str | None:
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 without a mark: in Western text every second byte is NUL."""
    head = data[:4096]
    if len(head) < 8 or b"\x00" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _decide(data: bytes) -> tuple[str, bool]:
    """The encoding of a chunk that is more than ASCII, and whether it is a guess.

    UTF-8 with a few broken bytes is still UTF-8: other encodings hardly ever form its sequences.
    """
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(data)
    broken = len(_SURROGATE.findall(text))
    foreign = sum(1 for character in text if character > "\x7f") - broken
    if broken == 0 or broken * 4 <= foreign:
        return "utf-8", False
    sample = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_PLAUSIBLE).best()
    if best is None:
        return "cp1252", True
    # Over Western text several code pages read alike; the commonest is the one to name.
    try:
        if sample.decode("cp1252") == str(best):
            return "cp1252", True
    except UnicodeDecodeError:
        pass
    return best.encoding, True
