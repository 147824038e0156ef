"""JSON lines, and JSON documents read element by element without holding the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

from earful.errors import DataError
from ingest.files.rejects import Reject
from ingest.files.values import as_json

MAX_ELEMENT = 64 << 20
"""Characters of one element of a list; a longer one is refused."""

_DECODER = json.JSONDecoder(parse_constant=lambda _name: None)  # NaN is no value
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)|\n\s*,?\s*(?=\{)")
_NOT_RECORD = "neither an object nor a text"
_DEPTH = 5

Numbered = tuple[int, dict[str, Any] | Reject]
"""The line on which a record begins, and the record."""

Part = tuple[tuple[str, ...], int, Any]
"""The names that lead to a value, the line on which it begins, and the value."""

_Search = Generator[Numbered, None, dict[str, Any] | None]


def record_of(value: Any) -> dict[str, Any] | None:
    """A decoded value as a record: objects as they are, a bare string as a text."""
    if isinstance(value, dict):
        return value
    return {"text": value} if isinstance(value, str) else None


def read_json_lines(lines: Iterator[str]) -> Iterator[Numbered]:
    """One record per line, with the line's number; blank lines are passed over."""
    for number, line in enumerate(lines, 1):
        text = line.strip(" \t\r\n\ufeff")
        if not text:
            continue
        try:
            value = _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            yield number, Reject(number, f"not valid JSON: {_why(error)}", as_json(text))
            continue
        record = record_of(value)
        yield number, record if record is not None else Reject(number, _NOT_RECORD, as_json(text))


def read_json_document(chunks: Iterator[str], name: str, notes: list[str]) -> Iterator[Numbered]:
    """The records of one JSON document, with the line on which each begins.

    The document is a list, or an object that holds a list of objects at any depth down to five;
    the first such list is read. An object without one is itself the only record.
    """
    text = _Text(chunks)
    opening = text.peek()
    if opening == "[":
        yield from _elements(text)
    elif opening == "{":
        yield from _object(text, name, notes)
    elif opening:
        raise DataError(
            "not JSON: it begins neither with [ nor with {",
            where=name,
            next_step="Name the file after what it is (.csv, .jsonl, ...).",
        )


def read_json_parts(
    chunks: Iterator[str], *, opened: frozenset[str], rows: frozenset[str]
) -> Iterator[Part]:
    """The values of one JSON document, each with the names that lead to it, in their order.

    Objects, and lists of objects, under a name in ``opened`` are gone into, as is the document
    itself. The elements of a list under a name in ``rows`` come one by one; one that is broken
    comes as a ``Reject``, and so does the place where the document breaks off. Every other value
    comes whole.
    """
    text = _Text(chunks)
    try:
        if text.peek() == "[":
            yield from _opened_list(text, (), opened, rows)
        else:
            yield from _opened_object(text, (), opened, rows)
    except (ValueError, RecursionError) as error:
        reason = f"not valid JSON: {_why(error)}"
        yield (), text.line, Reject(text.line, reason, as_json(text.excerpt()))


def _opened_object(
    text: _Text, path: tuple[str, ...], opened: frozenset[str], rows: frozenset[str]
) -> Iterator[Part]:
    text.take("{")
    while (following := text.peek()) not in ("}", ""):
        if following == ",":
            text.take(",")
            continue
        inner = (*path, str(text.value()))
        text.take(":")
        opening = text.peek()
        if opening == "[" and inner[-1] in rows:
            for line, element in _elements(text):
                yield inner, line, element
        elif opening == "[" and inner[-1] in opened:
            yield from _opened_list(text, inner, opened, rows)
        elif opening == "{" and inner[-1] in opened:
            yield from _opened_object(text, inner, opened, rows)
        else:
            line = text.line
            yield inner, line, text.value()
        if not text.peek():
            return  # what broke off has said so
    if not following:
        yield path, text.line, Reject(text.line, "the document breaks off", as_json(""))
        return
    text.take("}")


def _opened_list(
    text: _Text, path: tuple[str, ...], opened: frozenset[str], rows: frozenset[str]
) -> Iterator[Part]:
    text.take("[")
    while (following := text.peek()) not in ("]", ""):
        if following == ",":
            text.take(",")
        elif following == "{":
            yield from _opened_object(text, path, opened, rows)
        else:
            line = text.line
            yield path, line, text.value()
    if not following:
        yield path, text.line, Reject(text.line, "the list breaks off", as_json(""))
        return
    text.take("]")


def _object(text: _Text, name: str, notes: list[str]) -> Iterator[Numbered]:
    line = text.line
    path: list[str] = []
    try:
        single = yield from _search(text, path)
    except json.JSONDecodeError as error:
        yield (
            text.line,
            Reject(text.line, f"not valid JSON: {_why(error)}", as_json(text.excerpt())),
        )
        return
    if single is None:
        notes.append(f"The rows are the list {'.'.join(path)!r} of {name}.")
    else:
        yield line, single


def _search(text: _Text, path: list[str]) -> _Search:
    """Stream the first list of objects inside an object; return the object where there is none."""
    members: dict[str, Any] = {}
    text.take("{")
    while text.peek() not in ("}", ""):
        key = str(text.value())
        text.take(":")
        path.append(key)
        if text.peek() == "[" and text.peek_second() == "{":
            yield from _elements(text)
            return None
        if text.peek() == "{" and len(path) < _DEPTH:
            inner = yield from _search(text, path)
            if inner is None:
                return None
            members[key] = inner
        else:
            members[key] = text.value()
        path.pop()
        if text.peek() == ",":
            text.take(",")
    text.take("}")
    return members


def _elements(text: _Text) -> Iterator[Numbered]:
    text.take("[")
    while True:
        following = text.peek()
        if following == ",":
            text.take(",")
            continue
        if following == "]":
            text.take("]")
            return
        line = text.line
        if following == "":
            yield line, Reject(line, "the list breaks off before its end", as_json(""))
            return
        try:
            value = text.value()
        except (ValueError, RecursionError) as error:
            skipped, more = text.skip_to_next_object()
            yield line, Reject(line, f"not valid JSON: {_why(error)}", as_json(skipped))
            if not more:
                return
            continue
        record = record_of(value)
        yield line, record if record is not None else Reject(line, _NOT_RECORD, as_json(str(value)))


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.colno})"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


class _Text:
    """A growing window on the document: what is read is dropped, line ends are counted."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._counted = 0
        self._ended = False

    @property
    def line(self) -> int:
        """The line of the next character."""
        self._line += self._buffer.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _grow(self) -> bool:
        """Double what is ahead, so that a long value is tried a few times only."""
        if self._ended:
            return False
        _ = self.line
        parts = [self._buffer[self._at :]]
        wanted = len(parts[0])
        while wanted >= 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                break
            parts.append(chunk)
            wanted -= len(chunk)
        self._buffer = "".join(parts)
        self._at = self._counted = 0
        return len(parts) > 1

    def peek(self) -> str:
        """The next character that is not space, "" at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._grow():
                return ""

    def peek_second(self) -> str:
        """The character after the next one, space not counted."""
        self.peek()
        while True:
            match = _SPACE.match(self._buffer, self._at + 1)
            end = match.end() if match else len(self._buffer)
            if end < len(self._buffer):
                return self._buffer[end]
            if not self._grow():
                return ""

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise json.JSONDecodeError(
                f"expected {character!r}", self._buffer[self._at : self._at + 40], 0
            )
        self._at += 1

    def value(self) -> Any:
        """The value that begins here."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - 16
                if not cut or len(self._buffer) - self._at > MAX_ELEMENT or not self._grow():
                    raise json.JSONDecodeError(
                        error.msg, self._buffer, min(error.pos, len(self._buffer))
                    ) from error
                continue
            if end == len(self._buffer) and self._grow():  # a number may go on
                continue
            self._at = end
            return value

    def excerpt(self) -> str:
        return self._buffer[self._at : self._at + 1000]

    def skip_to_next_object(self) -> tuple[str, bool]:
        """Pass over what cannot be read; return it, and whether an object follows."""
        start = self._at
        skipped: list[str] = []
        while True:
            match = _NEXT_OBJECT.search(self._buffer, start + 1)
            if match:
                skipped.append(self._buffer[self._at : match.end()])
                self._at = match.end()
                return "".join(skipped), True
            skipped.append(self._buffer[self._at :])
            self._at = len(self._buffer)
            if not self._grow():
                return "".join(skipped), False
            start = -1
