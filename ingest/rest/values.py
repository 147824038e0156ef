"""The small parts that rows are written with: values, paths, placeholders, patterns."""

from __future__ import annotations

from string import Formatter
from typing import Annotated

import regex
from pydantic import AfterValidator, Field

Value = str | int | float | bool
JsonPath = Annotated[str, Field(pattern=r"^(\^\.)*[^.\s][^\s]*$|^\^$")]
"""Names and numbers joined by dots ("author.name", "tags.0"); ``^.`` climbs to what is around."""


def placeholders(text: str) -> list[str]:
    """The names in braces in a text."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def _compiles(value: str) -> str:
    try:
        regex.compile(value)
    except regex.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return value


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression."""
