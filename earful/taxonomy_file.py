"""Answers written into ``taxonomy.toml``, whose comments and decisions are people's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Table

from earful.atomic import replacing
from earful.errors import ConfigurationError
from earful.ruling import KnownSignal
from earful.taxonomy import parse_taxonomy

_LAST = ("id", "name", "merge", "apart")
"""What an entry may hold and still be given up for another one."""


class TaxonomyFile:
    """The file of a project, which may not be there yet; every answer is written at once.

    ``signals`` are those that its entries speak of, by the reference as it is written there (see
    ``earful.ruling.Ruling``).
    """

    def __init__(self, path: Path, signals: Mapping[str, KnownSignal]) -> None:
        self._path = path
        self._signals = signals
        self._text = self._on_disk()
        # without a break at the end what is added would go on in the last line
        self._document = tomlkit.parse(self._text.rstrip("\n") + "\n" if self._text else "")

    def merge(self, kept: KnownSignal, gone: KnownSignal) -> None:
        """Make ``gone`` a part of ``kept``; what was a part of it moves along.

        Raises ``ValueError`` where more is decided about ``gone``, see ``decided``.
        """
        if self.decided(gone):
            raise ValueError(f"{gone.id} has decisions of its own")
        entry = self._entry(gone)
        along = {key: list(entry.get(key, ())) if entry else [] for key in ("merge", "apart")}
        if entry is not None:
            self._give_up(entry)
        target = self._entry(kept) or self._add(kept)
        _extend(target, "merge", [gone.id, *along["merge"]])
        _extend(target, "apart", along["apart"])
        self._write()

    def tell_apart(self, one: KnownSignal, other: KnownSignal) -> None:
        """Tell ``other`` apart from ``one``."""
        _extend(self._entry(one) or self._add(one), "apart", [other.id])
        self._write()

    def decided(self, signal: KnownSignal) -> bool:
        """Whether more is decided about a signal than what it takes in and is told apart from."""
        entry = self._entry(signal)
        return entry is not None and any(key not in _LAST for key in entry)

    def _entries(self) -> AoT:
        return self._document.setdefault("signal", tomlkit.aot())  # type: ignore[no-any-return]

    def _entry(self, signal: KnownSignal) -> Table | None:
        for entry in self._document.get("signal", ()):
            reference = str(entry.get("id") or entry.get("name") or "").strip()
            bound = self._signals.get(reference)
            if reference == signal.id or (bound is not None and bound.id == signal.id):
                return entry  # type: ignore[no-any-return]
        return None

    def _add(self, signal: KnownSignal) -> Table:
        entry = tomlkit.table()
        entry["id"] = signal.id
        if "signal" not in self._document and self._document.as_string():
            self._document.add(tomlkit.nl())
        self._entries().append(entry)
        return self._entries()[-1]

    def _give_up(self, entry: Table) -> None:
        """Remove an entry. What stands behind it, above the next, stays."""
        behind, entries = _behind(entry), self._entries()
        at = next(at for at, own in enumerate(entries) if own is entry)
        del entries[at]
        if at:
            entries[at - 1].value.body.extend(behind)
            return
        # a file has nothing but entries, so what stands before the first are comments
        text = tomlkit.dumps(self._document)
        head = len("".join(one.as_string() for key, one in self._document.body if key is None))
        between = "".join(one.as_string() for _, one in behind)
        self._document = tomlkit.parse(text[:head] + between + text[head:])

    def _write(self) -> None:
        """Raises ``ConfigurationError`` where the file was edited meanwhile, cannot be written, or
        could not be read again; it stays as it is then."""
        if self._on_disk() != self._text:
            raise ConfigurationError(
                "the file was edited in the meantime, so the answer is not written",
                where=str(self._path),
                next_step="Begin again: earful taxonomy suggest --ask",
            )
        text = tomlkit.dumps(self._document)
        parse_taxonomy(text, self._path)
        with replacing(self._path) as draft:
            draft.write_text(text, encoding="utf-8")
        self._text = text

    def _on_disk(self) -> str:
        return self._path.read_text(encoding="utf-8-sig") if self._path.is_file() else ""


def _extend(entry: Table, key: str, references: Iterable[Any]) -> None:
    """Add references to a list of an entry, one a line, each once."""
    new = [one for one in dict.fromkeys(references) if one not in entry.get(key, ())]
    if not new:
        return
    if key not in entry:
        behind = _behind(entry)
        entry[key] = tomlkit.array().multiline(True)
        entry.value.body.extend(behind)
    array = entry[key]
    assert isinstance(array, Array)
    array.extend(new)


def _behind(entry: Table) -> list[Any]:
    """The comments and blank lines behind an entry's last key, taken out of it: the parser counts
    them to this entry, people to the next."""
    body = entry.value.body
    last = max(at for at, (key, _) in enumerate(body) if key is not None)
    behind = body[last + 1 :]
    del body[last + 1 :]
    return behind
