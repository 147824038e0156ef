"""Byte streams out of files and archives, unpacked in memory only and never past a limit.

A small archive can unpack to terabytes, so what comes out is measured against what went in while
it is read; the sizes that an archive claims for itself are not believed. Nothing is written to
disk, so a path inside an archive is a label and cannot point anywhere.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

import pyarrow as pa

from earful.errors import ConfigurationError, DataError
from ingest.files.zstandard import ZSTD, ZstdError, open_zstd

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_SUFFIXES = {".gz": GZIP, ".gzip": GZIP, ".zst": ZSTD, ".zstd": ZSTD, ".zip": ZIP}
_CHUNK = 1 << 20
_PIECE = 1 << 16
"""A decoder that meets damage throws away what it had unpacked of the piece asked for."""
_DAMAGE = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    pa.ArrowException,
    NotImplementedError,
    RuntimeError,
    ZstdError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far unpacking may go.

    Past ``free_bytes`` of output, more than ``ratio`` bytes out for one byte in is refused;
    ``memory_bytes`` bounds what has to be held at once (Excel, or Parquet inside an archive).
    """

    ratio: int = 300
    free_bytes: int = 64 << 20
    memory_bytes: int = 1 << 30
    members: int = 500_000


class BrokenStream(DataError):  # noqa: N818 - the house sorts errors by base class, not by suffix
    """The bytes break off or are damaged; what came before them can be used."""


class Closable(Protocol):
    """Something beneath a stream that is closed with it."""

    def close(self) -> None:
        """Let go of what lies beneath."""
        ...


class Readable(Closable, Protocol):
    """What a compression library hands out."""

    def read1(self, size: int, /) -> bytes:
        """At most ``size`` bytes, some where there are any, none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One readable thing: a file, or a file inside an archive.

    ``name`` is what the user is shown, ``stem`` the name without compression suffixes; ``path``
    is set where the bytes lie in a plain file of their own.
    """

    name: str
    stem: str
    open: Callable[[], BinaryIO]
    path: Path | None = None


class _Guarded(io.RawIOBase):
    """A stream that stops when it has given far more than it was given."""

    def __init__(
        self,
        inner: Readable,
        name: str,
        packed_bytes: int,
        limits: Limits,
        beneath: Closable | None = None,
    ) -> None:
        self._inner = inner
        self._beneath = beneath
        self._name = name
        self._limits = limits
        self._allowed = max(limits.free_bytes, packed_bytes * limits.ratio)
        self._given = 0
        self._broken: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._fill(min(len(buffer), _CHUNK))
        self._given += len(data)
        if self._given > self._allowed:
            raise DataError(
                f"unpacks to more than {self._limits.ratio} times its size, as a zip bomb does",
                where=self._name,
                next_step="Unpack it yourself and import what is inside, if you trust it.",
            )
        buffer[: len(data)] = data
        return len(data)

    def _fill(self, wanted: int) -> bytes:
        """Up to ``wanted`` bytes; damage is raised after the bytes before it were given."""
        parts: list[bytes] = []
        missing = wanted
        while missing and self._broken is None:
            try:
                part = self._inner.read1(min(missing, _PIECE))
            except _DAMAGE as error:
                self._broken = error
                break
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        if self._broken is not None and not parts:
            raise BrokenStream(
                f"the compressed data is damaged or breaks off ({self._broken})",
                where=self._name,
                next_step="Fetch or export the file again.",
            ) from self._broken
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            if self._beneath is not None:
                self._beneath.close()
        super().close()


def members(path: Path, limits: Limits, notes: list[str]) -> Iterator[Member]:
    """The readable things in ``path``: itself, unpacked where needed, or each file of an archive.

    What is left out of an archive is said in ``notes``. Raises ``ConfigurationError`` where there
    is no such file and ``DataError`` where it cannot be unpacked.
    """
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "there is no such file"
        raise ConfigurationError(kind, where=str(path), next_step="Name a file to import.")
    with path.open("rb") as file:
        head = file.read(4)
    if head in (ZIP, _EMPTY_ZIP) and not _is_workbook(path):
        yield from _zip_members(path, limits, notes)
        return
    packed = path.stat().st_size
    if head[:2] == GZIP or head == ZSTD:
        yield Member(
            name=path.name,
            stem=_without_suffix(path.name),
            open=lambda: _unpack(path.open("rb"), head, path.name, packed, limits),
        )
        return
    yield Member(name=path.name, stem=path.name, open=lambda: path.open("rb"), path=path)


def first_bytes(member: Member, count: int) -> bytes:
    """The first ``count`` bytes of ``member``, fewer where it is shorter or breaks off."""
    data = b""
    with member.open() as stream:
        try:
            # Not ``read``, which throws away what it holds when the bytes break off.
            while len(data) < count and (
                more := cast(io.BufferedReader, stream).read1(count - len(data))
            ):
                data += more
        except BrokenStream:
            pass
    return data


def read_whole(member: Member, limits: Limits) -> bytes:
    """All bytes of ``member``; raises ``DataError`` past ``limits.memory_bytes``."""
    with member.open() as stream:
        data = stream.read(limits.memory_bytes + 1)
    if len(data) > limits.memory_bytes:
        raise DataError(
            f"is larger than {limits.memory_bytes >> 20} MiB unpacked and must be held whole",
            where=member.name,
            next_step="Unpack it, or save it as CSV, JSONL or a plain Parquet file.",
        )
    return data


def check_workbook(data: BinaryIO, name: str, limits: Limits) -> None:
    """Refuse a workbook (itself a zip) whose parts unpack past the limits.

    Every part is unpacked and counted, because the reader of workbooks does not count.
    """
    try:
        with zipfile.ZipFile(data) as archive:
            packed = data.seek(0, io.SEEK_END)
            given = 0
            for info in archive.infolist():
                with archive.open(info) as part:
                    while chunk := part.read(_CHUNK):
                        given += len(chunk)
                        if given > limits.memory_bytes or given > max(
                            limits.free_bytes, packed * limits.ratio
                        ):
                            raise DataError(
                                "the workbook unpacks to far more than its size",
                                where=name,
                                next_step="Save the sheet as CSV and import that.",
                            )
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(
            f"not a readable workbook ({error})",
            where=name,
            next_step="Open it in a spreadsheet program and save it again, without a password.",
        ) from error
    data.seek(0)


def _without_suffix(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in _SUFFIXES else name


def _unpack(raw: BinaryIO, head: bytes, name: str, packed: int, limits: Limits) -> BinaryIO:
    inner: Readable
    if head[:2] == GZIP:
        inner = gzip.GzipFile(fileobj=raw)
    else:
        try:
            inner = open_zstd(raw, name)
        except BaseException:
            raw.close()
            raise
    guarded = _Guarded(inner, name, packed, limits, beneath=raw)
    return cast(BinaryIO, io.BufferedReader(guarded, _CHUNK))


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _zip_members(path: Path, limits: Limits, notes: list[str]) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"not a readable zip archive ({error})",
            where=path.name,
            next_step="Fetch or export the file again.",
        ) from error
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > limits.members:
        raise DataError(
            f"holds {len(infos)} files; at most {limits.members} are read",
            where=path.name,
            next_step="Unpack it and import the files that you need.",
        )
    packed = path.stat().st_size
    for info in infos:
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        label = "".join(c for c in str(inner) if c.isprintable())
        name = f"{path.name}::{label}"
        if inner.name.startswith(".") or "__MACOSX" in inner.parts:
            continue
        if info.flag_bits & 0x1:
            notes.append(f"{name} is encrypted and was left out.")
            continue
        if inner.suffix.lower() == ".zip":
            notes.append(f"{name} is an archive in an archive and was left out; unpack it first.")
            continue
        yield Member(
            name=name,
            stem=_without_suffix(inner.name),
            open=lambda info=info, name=name: _open_inner(  # type: ignore[misc]
                archive, info, name, packed, limits
            ),
        )


def _open_inner(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, packed: int, limits: Limits
) -> BinaryIO:
    # The members share one archive, which is closed with the last of them: reading its table of
    # contents for each would take hours where a chat has a file a day for years.
    try:
        opened = cast(Readable, archive.open(info))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BrokenStream(
            f"cannot be unpacked ({error})",
            where=name,
            next_step="Unpack it yourself and import what is inside.",
        ) from error
    guarded = _Guarded(opened, name, packed, limits)
    stream = io.BufferedReader(guarded, _CHUNK)
    head = stream.peek(4)[:4]
    if head[:2] == GZIP or head == ZSTD:
        return _unpack(cast(BinaryIO, stream), head, name, packed, limits)
    return cast(BinaryIO, stream)
