"""Categories as data: one TOML file each, and the reading of them.

A file holds ``label``, ``definition``, ``patterns``, ``examples``, ``counter_examples``, ``main``.
The files beside this one are the codebook's; a user's folder adds more without code.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classify.labels import CATEGORIES
from earful.errors import ConfigurationError, did_you_mean

SHIPPED = Path(__file__).parent
_FIELDS: dict[str, type] = {
    "label": str,
    "definition": str,
    "patterns": list,
    "examples": list,
    "counter_examples": list,
    "main": bool,
}
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,39}")
LEAST_EXAMPLES = 5
"""Examples from which a category is learned; with fewer, patterns have to carry it."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category file, checked. ``pattern`` joins its patterns; None where it has none.

    Patterns are sought in the lower-case text (``found_in``), twice as fast as without regard to
    case.
    """

    label: str
    definition: str
    pattern: re.Pattern[str] | None
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    main: bool
    path: Path

    def found_in(self, lower: str) -> bool:
        """Whether a pattern is found in a text that is in lower case already."""
        return self.pattern is not None and self.pattern.search(lower) is not None


def read_category(path: Path) -> Category:
    """The category in a file.

    Raises ``ConfigurationError`` that names the file and the key that is missing, unknown or wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"the category file cannot be read: {error}",
            where=str(path),
            next_step="Correct the line named; see classify/categories/request.toml.",
        ) from error
    for key, value in content.items():
        _check(path, key, value)
    for key in ("label", "definition"):
        if not str(content.get(key, "")).strip():
            raise ConfigurationError(
                f"{key}: missing", where=str(path), next_step=f'Add a line {key} = "...".'
            )
    label = content["label"]
    if not _LABEL.fullmatch(label):
        raise ConfigurationError(
            f"label: {label!r} is not a name of lower-case letters, digits and underscores",
            where=str(path),
            next_step='Write it like "delivery_trouble".',
        )
    return Category(
        label=label,
        definition=content["definition"],
        pattern=_joined(path, content.get("patterns", [])),
        examples=tuple(content.get("examples", [])),
        counter_examples=tuple(content.get("counter_examples", [])),
        main=content.get("main", False),
        path=path,
    )


def _check(path: Path, key: str, value: Any) -> None:
    if key not in _FIELDS:
        raise ConfigurationError(
            f"{key}: there is no such key", where=str(path), next_step=did_you_mean(key, _FIELDS)
        )
    wanted = _FIELDS[key]
    fits = isinstance(value, wanted)
    if fits and wanted is list:
        fits = all(isinstance(entry, str) and entry.strip() for entry in value)
    if not fits:
        kind = "a list of texts that are not empty" if wanted is list else wanted.__name__
        raise ConfigurationError(
            f"{key}: must be {kind}", where=str(path), next_step="Correct that entry."
        )


def _joined(path: Path, patterns: list[str]) -> re.Pattern[str] | None:
    for number, pattern in enumerate(patterns):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigurationError(
                f"patterns[{number}]: not a regular expression: {error}",
                where=str(path),
                next_step="Correct that pattern; in TOML, single quotes keep backslashes.",
            ) from error
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@cache
def shipped_categories() -> tuple[Category, ...]:
    """The codebook's categories, in the order of ``CATEGORIES``."""
    return tuple(read_category(SHIPPED / f"{label}.toml") for label in CATEGORIES)


def added_categories(folder: Path | None) -> tuple[Category, ...]:
    """The categories of a user's folder, in the order of their file names.

    Raises ``ConfigurationError`` for a missing folder, a malformed file, a label that two files
    share (both are named), or a file with nothing to learn from.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise ConfigurationError(
            "the folder of category files does not exist",
            where=str(folder),
            next_step="Make it, or correct classify.categories in earful.toml.",
        )
    seen = {category.label: category.path for category in shipped_categories()}
    found = []
    for path in sorted(folder.glob("*.toml")):
        category = read_category(path)
        if category.label in seen:
            raise ConfigurationError(
                f"label: {category.label!r} is defined twice, in {seen[category.label]} and {path}",
                where=str(path),
                next_step="Give one of them another label, or remove it.",
            )
        if category.pattern is None and len(category.examples) < LEAST_EXAMPLES:
            raise ConfigurationError(
                f"examples: {len(category.examples)} are too few to learn from",
                where=str(path),
                next_step=f"Give at least {LEAST_EXAMPLES} examples, or patterns.",
            )
        seen[category.label] = path
        found.append(category)
    return tuple(found)


def files_digest(categories: tuple[Category, ...]) -> str:
    """Ten hex digits of SHA-256 over the category files, for the model version."""
    total = hashlib.sha256()
    for category in (*shipped_categories(), *categories):
        total.update(category.label.encode())
        total.update(category.path.read_bytes())
    return total.hexdigest()[:10]
