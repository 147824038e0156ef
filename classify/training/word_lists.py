"""Frequencies of words as the package wordfreq carries them (Speer 2022), read from its files.

They decide nothing but which pieces of words are kept; no word of them is stored. The package is
Apache-2.0, its data CC BY-SA 4.0. Nothing of the package is run.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import srsly

from earful.errors import ConfigurationError, DataError

PACKAGE = "wordfreq"
PER = 10_000_000
"""Words of running text to which a frequency is stated."""
_SIZES = ("large", "small")


def installed_lists() -> Path:
    """The folder of lists in the installed package. Raises ``ConfigurationError`` without it."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationError(
            f"choosing the vocabulary of the other languages needs the package {PACKAGE}",
            where="the Python environment",
            next_step=f"pip install --no-deps {PACKAGE}==3.1.1",
        )
    return Path(found.origin).parent / "data"


def word_rates(folder: Path, lang: str, least: float) -> Iterator[tuple[str, float]]:
    """(Word, occurrences in ``PER`` words) from ``least`` on, frequent words first, lower case.

    Raises ``DataError`` where there is no list of the language.
    """
    paths = [folder / f"{size}_{lang}.msgpack.gz" for size in _SIZES]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise DataError(f"there is no list of words in {lang!r}", where=str(folder))
    with gzip.open(path) as stored:
        buckets = srsly.msgpack_loads(stored.read())
    # behind the header, the words of each hundredth of a power of ten downwards
    for place, words in enumerate(buckets[1:]):
        rate = PER * 10 ** (-place / 100)
        if rate < least:
            return
        yield from ((str(word), rate) for word in words)
