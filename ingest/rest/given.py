"""What a source of the project says to a row: values of its options, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import quote, urlsplit

import regex
from pydantic import Field

from earful.errors import ConfigurationError
from ingest.budget import Limits
from ingest.connector import Options
from ingest.hosts import checked_host
from ingest.http import Patience
from ingest.rest.asking import RowOption
from ingest.rest.row import Row
from ingest.rest.values import Value, fill

Words = Mapping[str, Value]
"""A value for each option: what stands for ``{option}`` in a row."""


class RestOptions(Options):
    """Options that every row has besides its own.

    ``base_url`` replaces the row's ``base``, ``login_url`` the address that gives out tokens.
    ``allow_private`` lets them be on this machine or in the private network. ``budget`` is what
    may be spent in a day. ``calls_per_minute`` replaces the row's.
    """

    base_url: str | None = None
    allow_private: bool = False
    login_url: str | None = None
    budget: Limits = Limits()
    patience: Patience = Patience()
    calls_per_minute: float | None = Field(default=None, gt=0)


class Given:
    """The values of a row's own options for one source, defaults filled in.

    ``single`` are those that are no lists. Raises ``ConfigurationError`` for a value that is not
    what the row expects.
    """

    def __init__(self, row: Row, source: str, options: Mapping[str, Any]) -> None:
        self._row = row
        self._source = source
        self.values = dict(_checked(row, source, options))
        self.single: dict[str, Value] = {
            name: value for name, value in self.values.items() if not isinstance(value, tuple)
        }

    def listings(self) -> Iterator[tuple[str, Words]]:
        """(key in the cursor, the options' values) for every listing of the source."""
        each = self._row.each
        joined: dict[str, Value] = {
            name: ",".join(map(str, value))
            for name, value in self.values.items()
            if isinstance(value, tuple) and name not in each
        }
        many = [[(name, one) for one in _several(self.values.get(name))] for name in each]
        for choice in product(*many):
            words = {**self.single, **joined, **dict(choice)}
            yield " ".join(f"{name}={value}" for name, value in choice), words

    def path(self, path: str, words: Words, separator: str = "") -> str:
        """``path`` with its options filled in; what would change its shape is escaped."""
        with_slashes = {name for name, option in self._row.options.items() if option.slashes}
        escaped: dict[str, Value] = {
            name: quote(str(value), safe="/" if name in with_slashes else separator)
            for name, value in words.items()
        }
        return fill(path, escaped)

    def headers(self) -> dict[str, str]:
        """The row's headers, with its options filled in."""
        return {name: fill(value, self.single) for name, value in self._row.headers.items()}

    def base(self, options: RestOptions) -> str:
        """The service's address, without a slash at its end."""
        base = options.base_url or fill(self._row.base, self.single)
        if "://" not in base:
            base = f"https://{base}"
        where = f"source {self._source!r}, option 'base_url'"
        example = "https://forum.example.org"
        checked_host(base, where, example, allow_private=options.allow_private)
        return base.rstrip("/")

    def instance(self, base: str) -> str:
        """The part of uids between source and native id: the row's, else the host."""
        told = self._row.instance
        name = fill(told, self.single) if told else urlsplit(base).hostname or ""
        return name.replace(":", "_")


def _checked(
    row: Row, source: str, options: Mapping[str, Any]
) -> Iterator[tuple[str, Value | tuple[Value, ...]]]:
    for name, option in row.options.items():
        value = options.get(name, option.default)
        if value is None:
            if not option.required:
                yield name, ""
            continue
        several = tuple(value) if isinstance(value, list | tuple) else None
        if several is None and name in row.each:
            several = (value,)
        for one in (value,) if several is None else several:
            _check(name, option, one, source)
        yield name, value if several is None else several


def _check(name: str, option: RowOption, value: object, source: str) -> None:
    where = f"source {source!r}, option {name!r}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigurationError(
            f"{value!r} is neither text nor a number", where=where, next_step=option.how
        )
    text = str(value)
    if ".." in text.split("/") or any(ord(sign) < 32 for sign in text):
        raise ConfigurationError(
            f"{text!r} cannot be part of an address", where=where, next_step=option.how
        )
    if option.pattern is not None and not regex.fullmatch(option.pattern, text):
        raise ConfigurationError(
            f"{text!r} is not what is expected: {option.what}",
            where=where,
            next_step=option.how,
        )


def _several(value: Value | tuple[Value, ...] | None) -> tuple[Value, ...]:
    if value is None or value == "":
        return ()
    return value if isinstance(value, tuple) else (value,)
