"""The sentences: invented brands, what is asked of them, and all else that people write.

A brand is a folder with ``brand.toml`` and four tables of tab-separated columns without quoting.
In ``asks.tsv`` and ``campaigns.tsv`` braces mark the words that carry an ask, and ``said`` is the
item as a careful reader would write it down; where a sentence carries two asks, ``item`` and
``said`` hold both, with "|" between them.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from earful.errors import DataError
from earful.records import REQUEST_TYPES, RequestType

FOLDER = Path(__file__).parent / "brands"
_QUOTE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that people ask for. ``theme`` is the item that it is a particular of, if any."""

    key: str
    name: str
    type: RequestType
    theme: str | None

    @property
    def label(self) -> str:
        """What its asks should be counted under: the theme where there is one."""
        return self.theme or self.key


@dataclass(frozen=True, slots=True)
class Source:
    """Where a brand's people write. ``kind`` as in ``earful.records.Comment``."""

    name: str
    kind: str
    places: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence; it carries an ask for ``item`` where that is not None."""

    text: str
    item: str | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to ask: the sentence in pieces, in their order."""

    pieces: tuple[Piece, ...]
    lang: str
    strength: int
    moment: str

    @property
    def items(self) -> tuple[str, ...]:
        """The items asked for, in the order of the words."""
        return tuple(piece.item for piece in self.pieces if piece.item is not None)

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Aside:
    """What somebody writes ``before`` or ``after`` the point, with no wish in it."""

    lang: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that asks for nothing. ``kind`` is praise, complaint, problem, advert and so on."""

    kind: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What a ``brigade`` (one text) or a ``loud`` person (many texts) campaigns for."""

    key: str
    kind: str
    wordings: tuple[Wording, ...]


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented brand and all its sentences; ``items`` stand most wanted first."""

    key: str
    name: str
    names: tuple[str, ...]
    misspellings: tuple[str, ...]
    products: tuple[str, ...]
    near: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    items: tuple[Item, ...]
    wordings: tuple[Wording, ...]
    asides: tuple[Aside, ...]
    remarks: tuple[Remark, ...]
    causes: tuple[Cause, ...]


@cache
def brands(folder: Path = FOLDER) -> dict[str, Brand]:
    """Every brand by the name of its folder; ``DataError`` names the line that is wrong."""
    return {path.parent.name: _brand(path) for path in sorted(folder.glob("*/brand.toml"))}


@cache
def ways_to_ask(brand: str, item: str) -> dict[str, tuple[Wording, ...]]:
    """Language -> the sentences of a brand that ask for this item and nothing else."""
    ways: dict[str, list[Wording]] = {}
    for wording in brands()[brand].wordings:
        if wording.items == (item,):
            ways.setdefault(wording.lang, []).append(wording)
    return {lang: tuple(ways[lang]) for lang in sorted(ways)}


@cache
def ways_to_ask_for_two(brand: str, item: str) -> dict[str, tuple[Wording, ...]]:
    """Language -> the sentences of a brand that ask for this item and another one."""
    ways: dict[str, list[Wording]] = {}
    for wording in brands()[brand].wordings:
        if item in wording.items and len(wording.items) > 1:
            ways.setdefault(wording.lang, []).append(wording)
    return {lang: tuple(ways[lang]) for lang in ways}


def _brand(path: Path) -> Brand:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    items = tuple(
        Item(one["key"], one["name"], one["type"], one.get("theme")) for one in told["item"]
    )
    keys = {item.key for item in items}
    for item in items:
        if item.type not in REQUEST_TYPES or (item.theme or item.key) not in keys:
            raise DataError(f"the item {item.key!r} has a wrong type or theme", where=str(path))
    return Brand(
        key=path.parent.name,
        name=told["name"],
        names=tuple(told["names"]),
        misspellings=tuple(told["misspellings"]),
        products=tuple(told["products"]),
        near=tuple((first, second) for first, second in told["near"]),
        sources=tuple(
            Source(
                one["name"], one["kind"], tuple(one.get("places", ())),
                tuple(one.get("versions", ())),
            )
            for one in told["source"]
        ),
        items=items,
        wordings=tuple(_wordings(path.with_name("asks.tsv"), keys)),
        asides=tuple(Aside(*row) for _, row in _rows(path.with_name("asides.tsv"), 3)),
        remarks=tuple(Remark(*row) for _, row in _rows(path.with_name("background.tsv"), 3)),
        causes=tuple(_causes(path.with_name("campaigns.tsv"))),
    )  # fmt: skip


def _wordings(path: Path, keys: set[str]) -> Iterator[Wording]:
    for where, (items, lang, strength, moment, said, text) in _rows(path, 6):
        asked = items.split("|")
        if not keys.issuperset(asked):
            raise DataError(f"no such item: {items}", where=where, next_step="See brand.toml.")
        yield Wording(_pieces(text, asked, said, where), lang, int(strength), moment)


def _causes(path: Path) -> Iterator[Cause]:
    kinds: dict[str, str] = {}
    wordings: dict[str, list[Wording]] = {}
    for where, (cause, kind, said, text) in _rows(path, 4):
        kinds[cause] = kind
        wording = Wording(_pieces(text, [cause], said, where), "en", 3, "")
        wordings.setdefault(cause, []).append(wording)
    for cause, kind in kinds.items():
        yield Cause(cause, kind, tuple(wordings[cause]))


def _pieces(text: str, items: Sequence[str], said: str, where: str) -> tuple[Piece, ...]:
    parts = _QUOTE.split(text)
    words = said.split("|")
    if not len(items) == len(words) == len(parts) // 2:
        raise DataError(
            f"{len(items)} items, {len(words)} said and {len(parts) // 2} pairs of braces",
            where=where,
            next_step="Each ask takes one of each.",
        )
    pieces = [
        Piece(part, items[n // 2], words[n // 2]) if n % 2 else Piece(part)
        for n, part in enumerate(parts)
    ]
    return tuple(piece for piece in pieces if piece.text)


def _rows(path: Path, width: int) -> Iterator[tuple[str, list[str]]]:
    """Every row below the header with its place, so that an error can name it."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE), 1):
            where = f"{path}:{number}"
            if len(row) != width:
                raise DataError(
                    f"{len(row)} columns", where=where, next_step=f"{width} are expected."
                )
            if number > 1:
                yield where, row
