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
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earful.errors import DataError, did_you_mean
from earful.records import RequestType

FOLDER = Path(__file__).parent / "brands"
ASKS = ("item", "lang", "strength", "moment", "said", "text")
ASIDES = ("lang", "place", "text")
BACKGROUND = ("kind", "lang", "text")
CAMPAIGNS = ("cause", "kind", "said", "text")
REMARKS = ("praise", "complaint", "problem", "question", "remark", "intent", "advert")
_QUOTE = re.compile(r"\{([^{}]+)\}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Part):
    """One thing that people ask for. ``theme`` is the item that it is a particular of, if any."""

    key: str
    name: str
    type: RequestType
    theme: str | None = None

    @property
    def label(self) -> str:
        """What its asks should be counted under: the theme where there is one."""
        return self.theme or self.key


class Source(_Part):
    """Where a brand's people write. ``kind`` as in ``earful.records.Comment``."""

    name: str
    kind: Literal["post", "comment", "review", "message", "ticket"]
    places: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


class _Described(_Part):
    """What ``brand.toml`` says. ``near`` are pairs of items that must not meet in one signal."""

    name: str
    names: tuple[str, ...]
    misspellings: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    near: tuple[tuple[str, str], ...]
    source: tuple[Source, ...] = Field(min_length=1)
    item: tuple[Item, ...] = Field(min_length=1)


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
    """Every brand by the name of its folder; ``DataError`` names the line that is wrong.

    No two brands have an item, a cause or a source of one name, because these tell apart what is
    found.
    """
    found = {path.parent.name: _brand(path) for path in sorted(folder.glob("*/brand.toml"))}
    owner: dict[str, str] = {}
    for brand in found.values():
        for name in (
            *(item.key for item in brand.items),
            *(cause.key for cause in brand.causes),
            *(source.name for source in brand.sources),
        ):
            if name in owner:
                raise DataError(
                    f"{name!r} is in {owner[name]} and in {brand.key}",
                    where=str(folder / brand.key),
                    next_step="Give one of them another name.",
                )
            owner[name] = brand.key
    return found


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
    told = _described(path)
    keys = {item.key for item in told.item}
    wordings = tuple(_wordings(path.with_name("asks.tsv"), keys))
    asides = tuple(
        Aside(lang, _one_of(place, ("before", "after"), where), text)
        for where, (lang, place, text) in _rows(path.with_name("asides.tsv"), ASIDES)
    )
    brand = Brand(
        key=path.parent.name,
        name=told.name,
        names=told.names,
        misspellings=told.misspellings,
        products=told.products,
        near=told.near,
        sources=told.source,
        items=told.item,
        wordings=wordings,
        asides=asides,
        remarks=tuple(
            Remark(_one_of(kind, REMARKS, where), lang, text)
            for where, (kind, lang, text) in _rows(path.with_name("background.tsv"), BACKGROUND)
        ),
        causes=tuple(_causes(path.with_name("campaigns.tsv"))),
    )
    for key in sorted(keys):
        if not any(wording.items == (key,) for wording in wordings):
            raise DataError(
                f"no sentence asks for {key!r} alone",
                where=str(path.with_name("asks.tsv")),
                next_step="Write some, or take the item out of brand.toml.",
            )
    langs = {wording.lang for wording in wordings} | {remark.lang for remark in brand.remarks}
    needed = {(lang, place) for lang in langs for place in ("before", "after")}
    for lang, place in sorted(needed - {(one.lang, one.place) for one in asides}):
        raise DataError(
            f"no aside in {lang!r} that stands {place} the point",
            where=str(path.with_name("asides.tsv")),
            next_step="Every language of the brand takes some of both.",
        )
    return brand


def _described(path: Path) -> _Described:
    try:
        told = _Described.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not valid TOML: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{entry}: {first['msg']}", where=str(path)) from error
    keys = [item.key for item in told.item]
    for key in keys:
        if keys.count(key) > 1:
            raise DataError(f"there are two items {key!r}", where=str(path))
    themes = [item.theme for item in told.item if item.theme]
    for named in (*themes, *(key for pair in told.near for key in pair)):
        if named not in keys:
            raise DataError(
                f"there is no item {named!r}",
                where=str(path),
                next_step=did_you_mean(named, keys),
            )
    return told


def _wordings(path: Path, keys: set[str]) -> Iterator[Wording]:
    for where, (items, lang, strength, moment, said, text) in _rows(path, ASKS):
        asked = items.split("|")
        for key in asked:
            _one_of(key, sorted(keys), where)
        _one_of(strength, ("1", "2", "3"), where)
        yield Wording(_pieces(text, asked, said, where), lang, int(strength), moment)


def _causes(path: Path) -> Iterator[Cause]:
    kinds: dict[str, str] = {}
    wordings: dict[str, list[Wording]] = {}
    for where, (cause, kind, said, text) in _rows(path, CAMPAIGNS):
        kinds[cause] = _one_of(kind, ("brigade", "loud"), where)
        wording = Wording(_pieces(text, [cause], said, where), "en", 3, "")
        wordings.setdefault(cause, []).append(wording)
    for cause, kind in kinds.items():
        yield Cause(cause, kind, tuple(wordings[cause]))


def _pieces(text: str, items: Sequence[str], said: str, where: str) -> tuple[Piece, ...]:
    parts = _QUOTE.split(text)
    words = [word.strip() for word in said.split("|")]
    if not len(items) == len(words) == len(parts) // 2 or "" in words:
        raise DataError(
            f"{len(items)} items, {len(words)} said and {len(parts) // 2} pairs of braces",
            where=where,
            next_step="Each ask takes one of each.",
        )
    if any(brace in "".join(parts) for brace in "{}") or not all(map(str.strip, parts[1::2])):
        raise DataError("a brace that has no partner, or nothing between", where=where)
    pieces = [
        Piece(part, items[n // 2], words[n // 2]) if n % 2 else Piece(part)
        for n, part in enumerate(parts)
    ]
    return tuple(piece for piece in pieces if piece.text)


def _one_of(value: str, choices: Sequence[str], where: str) -> str:
    if value not in choices:
        raise DataError(
            f"{value!r} is none of {', '.join(choices)}",
            where=where,
            next_step=did_you_mean(value, choices),
        )
    return value


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Every row below the header with its place, so that an error can name it."""
    if not path.is_file():
        raise DataError("the table is not there", where=str(path), next_step="See README.md.")
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE), 1):
            where = f"{path}:{number}"
            if len(row) != len(columns):
                raise DataError(
                    f"{len(row)} columns",
                    where=where,
                    next_step=f"Expected, with tabs between: {', '.join(columns)}.",
                )
            if number == 1 and row != list(columns):
                raise DataError(
                    f"the header is {row}", where=where, next_step=f"Make it {', '.join(columns)}."
                )
            if number > 1:
                if not row[-1].strip():
                    raise DataError("a row without a text", where=where)
                yield where, row
