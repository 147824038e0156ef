"""The small parts that rows are written with: values, paths, placeholders, patterns."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Any

import regex
from pydantic import AfterValidator, Field

Value = str | int | float | bool
JsonPath = Annotated[str, Field(pattern=r"^(\^\.)*[^.\s][^\s]*$|^\^$")]
"""Names and numbers joined by dots ("author.name", "tags.0"); ``^.`` climbs to what is around."""


def placeholders(text: str) -> list[str]:
    """The names in braces in a text."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def fill(text: str, words: Mapping[str, object]) -> str:
    """``text`` with every ``{name}`` that ``words`` has."""
    for name in placeholders(text):
        if name in words:
            text = text.replace(f"{{{name}}}", str(words[name]))
    return text


def leaves_path(words: Mapping[str, object]) -> bool:
    """Whether a value that a platform made up would lead out of the path it is put into."""
    return any(".." in str(word).split("/") for word in words.values())


def _compiles(value: str) -> str:
    try:
        regex.compile(value)
    except regex.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return value


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression."""


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under dotted names as an object: "page.size" is "size" within "page".

    Where every name at one place is a number, the values there are a list.
    """
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        inner = tree
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return {name: _with_lists(value) for name, value in tree.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(one) for name, one in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
