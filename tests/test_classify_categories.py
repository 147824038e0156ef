"""Category files: read, refused with a reason, and learned from a few examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from classify.categories import added_categories, read_category, shipped_categories
from classify.labels import CATEGORIES
from classify.tagger import Tagger
from earful.errors import ConfigurationError
from earful.records import READ_SCHEMA

PARKING = """
label = "parking"
definition = "Speaks of parking at the store."
examples = [
  "Nowhere to park, the car park was full again.",
  "Parking was a nightmare, circled the lot for ten minutes.",
  "Plenty of free parking spaces outside.",
  "The parking lot is full of holes.",
  "Could not find a parking spot anywhere near.",
]
counter_examples = ["We walked in the park after lunch.", "The queue was long."]
"""


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def categories_of(tagger: Tagger, text: str) -> tuple[list[str], dict[str, float]]:
    batch = pa.RecordBatch.from_pylist([{"uid": "a:b:c", "text": text}], schema=READ_SCHEMA)
    row: dict[str, Any] = tagger.tag(batch).to_pylist()[0]
    return row["categories"], dict(row["category_scores"])


def test_the_codebook_has_a_file_for_each_category() -> None:
    """Nine files, labelled and marked main as the codebook has it."""
    assert tuple(category.label for category in shipped_categories()) == CATEGORIES
    assert sum(category.main for category in shipped_categories()) == 6
    assert all(category.examples for category in shipped_categories())


def test_a_category_is_learned_from_five_examples(tmp_path: Path) -> None:
    """A file without code makes the tagger find the category in new words, and not everywhere."""
    plain = Tagger.load()
    written(tmp_path, "parking.toml", PARKING)
    tagger = Tagger.load(categories_dir=tmp_path)
    assert tagger.model_version != plain.model_version
    chosen, scores = categories_of(tagger, "Had to circle the full parking lot to find a space")
    assert "parking" in chosen
    assert scores["parking"] > 0.5
    for text in ("The burger was cold and the fries too.", "Love the new app, so easy to use!"):
        chosen, scores = categories_of(tagger, text)
        assert "parking" not in chosen
        assert scores["parking"] < 0.5


def test_patterns_alone_make_a_category(tmp_path: Path) -> None:
    """A file of patterns without examples is enough; a hit is a clear yes."""
    written(
        tmp_path,
        "allergy.toml",
        'label = "allergy"\ndefinition = "Names an allergy."\npatterns = [\'\\ballerg\\w+\']\n',
    )
    tagger = Tagger.load(categories_dir=tmp_path)
    assert "allergy" in categories_of(tagger, "My son is allergic to nuts")[0]
    assert "allergy" not in categories_of(tagger, "My son loved the nuts")[0]


def test_a_label_used_twice_names_both_files(tmp_path: Path) -> None:
    """Two files with one label are refused, each named; so is a label of the codebook."""
    first = written(tmp_path, "a.toml", PARKING)
    second = written(tmp_path, "b.toml", PARKING)
    with pytest.raises(ConfigurationError) as caught:
        added_categories(tmp_path)
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)
    second.unlink()
    written(tmp_path, "a.toml", PARKING.replace('"parking"', '"praise"'))
    with pytest.raises(ConfigurationError, match=r"praise\.toml and .*a\.toml"):
        added_categories(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("label = ", "cannot be read"),
        ('definition = "x"', "label: missing"),
        ('label = "x"', "definition: missing"),
        ('label = "Two Words"\ndefinition = "x"', "label: 'Two Words' is not a name"),
        ('label = "x"\ndefinition = "x"\nexample = ["a"]', "Did you mean 'examples'"),
        ('label = "x"\ndefinition = "x"\nexamples = "a"', "examples: must be a list of texts"),
        ('label = "x"\ndefinition = "x"\nexamples = [""]', "examples: must be a list of texts"),
        ('label = "x"\ndefinition = "x"\nmain = 1', "main: must be bool"),
        ('label = "x"\ndefinition = "x"\npatterns = ["("]', r"patterns\[0\]: not a regular"),
    ],
)
def test_a_malformed_file_is_named_with_its_key(tmp_path: Path, content: str, said: str) -> None:
    """The message names the file and the key, and what would be right."""
    path = written(tmp_path, "x.toml", content)
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_category(path)
    assert caught.value.where == str(path)


def test_too_few_examples_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    """Four examples without patterns are too few; a folder that is not there is named."""
    written(tmp_path, "x.toml", 'label = "x"\ndefinition = "x"\nexamples = ["a", "b", "c", "d"]')
    with pytest.raises(ConfigurationError, match="4 are too few"):
        added_categories(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        added_categories(tmp_path / "nowhere")
