"""Rows in files: reading them, and saying what is wrong with one so that it can be mended."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from earful.errors import ConfigurationError, did_you_mean
from ingest.rest.given import RestOptions
from ingest.rest.row import Row

AnyRow = TypeVar("AnyRow", bound=BaseModel)


def read_row(path: Path) -> Row:
    """The row in a file.

    Raises ``ConfigurationError`` that names the file, every key that is wrong, and what would be
    valid.
    """
    row = read_toml(path, Row, "is no row of a connector")
    if taken := set(row.options) & set(RestOptions.model_fields):
        raise ConfigurationError(
            f"options.{min(taken)}: every row has an option of this name",
            where=str(path),
            next_step="Give yours another name.",
        )
    return row


def read_toml(path: Path, model: type[AnyRow], otherwise: str) -> AnyRow:
    """What a file holds, as ``model``; errors as of ``read_row``, ``otherwise`` before several."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror or error}", where=str(path)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not valid TOML: {error}",
            where=str(path),
            next_step="Correct that line; text stands between quotation marks.",
        ) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [_explain(problem, model) for problem in error.errors()]
        raise ConfigurationError(
            otherwise if len(problems) > 1 else problems[0],
            where=str(path),
            next_step="\n".join(problems) if len(problems) > 1 else "",
        ) from error


def _explain(problem: Any, root: type[BaseModel]) -> str:
    """One thing that pydantic minds: the key, what is wrong with it, and what would be valid."""
    location = [part for part in problem["loc"] if part != "function-before"]
    key = ".".join(map(str, location)) or "the row"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        model = _model_at(location[:-1], root)
        valid = list(model.model_fields) if model else []
        return f"{key}: there is no such key. {did_you_mean(str(location[-1]), valid)}"
    if problem["type"] == "missing":
        example = _EXAMPLES.get(str(location[-1]))
        return f"{key}: is missing." + (f" For example: {example}" if example else "")
    if problem["type"] == "string_pattern_mismatch":
        expected = _PATTERNS.get(str(location[-1]), problem["ctx"]["pattern"])
        return f"{key}: {problem['input']!r} is not valid; expected {expected}"
    if problem["type"] in ("literal_error", "enum"):
        return f"{key}: {problem['input']!r} is not valid; valid: {problem['ctx']['expected']}"
    return f"{key}: {message}"


_PATTERNS = {
    "name": "small letters, digits, - and _",
    "environment": "the name of a variable that begins with EARFUL_, in capitals",
    "user": "the name of a variable that begins with EARFUL_, in capitals",
}
_EXAMPLES = {
    "name": 'name = "myforum"',
    "title": 'title = "My forum"',
    "base": 'base = "https://forum.example.org"',
    "path": 'path = "/api/comments"',
    "order": 'order = { by = "created", first = "newest" }',
    "first": 'first = "newest", "oldest" or "any"',
    "paging": 'paging = { kind = "page", parameter = "page" }',
    "kind": 'kind = "page"',
    "fields": 'fields = { id = "id", text = "body", created = "created_at" }',
    "id": 'id = "id"',
    "text": 'text = "body"',
    "terms": 'terms = { summary = "Our own forum: no limits." }',
    "summary": 'summary = "what the platform allows"',
}


def _model_at(location: list[Any], root: type[BaseModel]) -> type[BaseModel] | None:
    """The model that the keys of ``location`` lead to, from ``root`` on."""
    model: Any = root
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        elif get_origin(model) is dict:
            model = get_args(model)[1]
        elif get_origin(model) is tuple:
            model = get_args(model)[0]
        model = _plain(model)
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _plain(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        kept = [one for one in get_args(annotation) if one is not type(None)]
        return kept[0] if len(kept) == 1 else annotation
    return annotation
