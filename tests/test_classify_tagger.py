"""The tagger keeps its contract on whatever it is given."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classify import english
from classify.categories import shipped_categories
from classify.labels import CATEGORIES
from classify.language import language_of
from classify.shipped import FOLDER, MANIFEST
from classify.tagger import Tagger
from earful.errors import ConfigurationError, IntegrityError
from earful.records import READ_SCHEMA, REQUEST_TYPES, SENTIMENTS, TAGS_SCHEMA


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


def tagged(tagger: Tagger, *texts: str, hint: str | None = None) -> list[dict[str, Any]]:
    rows = [{"uid": f"t:{n}", "text": text, "lang_hint": hint} for n, text in enumerate(texts)]
    answer = tagger.tag(pa.RecordBatch.from_pylist(rows, schema=READ_SCHEMA))
    assert answer.schema.equals(TAGS_SCHEMA)
    found: list[dict[str, Any]] = answer.to_pylist()
    assert [row["uid"] for row in found] == [row["uid"] for row in rows]
    for text, row in zip(texts, found, strict=True):
        check(tagger, text, row)
    return found


def check(tagger: Tagger, text: str, row: dict[str, Any]) -> None:
    assert row["model_version"] == tagger.model_version
    assert 0 <= row["spam_score"] <= 1
    if not row["read"]:
        assert (row["sentiment"], row["categories"], row["asks"]) == (None, [], [])
        return
    assert row["sentiment"] in SENTIMENTS
    assert -1 <= row["sentiment_score"] <= 1
    assert row["categories"]
    assert set(CATEGORIES) <= set(dict(row["category_scores"]))
    assert all(0 <= likely <= 1 for likely in dict(row["category_scores"]).values())
    end = 0
    for ask in row["asks"]:
        assert text[ask["start"] : ask["end"]] == ask["quote"]
        assert ask["start"] >= end
        assert ask["end"] > ask["start"]
        end = ask["end"]
        assert ask["item"].strip()
        assert ask["type"] in REQUEST_TYPES
        assert ask["strength"] in (1, 2, 3)
        assert 0 <= ask["score"] <= 1
        assert sum(number**2 for number in ask["vector"]) == pytest.approx(1, abs=1e-3)
        assert ask["vector_version"] == tagger.vector_version


ODD = [
    "",
    "   \n\t ",
    "👍👍🔥",
    "\x00\x01\x07\x1b[31m",
    "\ud83c",
    "x" * 100_000,
    "please add more fries " * 5_000,
    "?" * 3_000,
    "。！？",
    "\u202eplease bring back the fizz\u202c",
    "Please add \r\n\r\n a\u00a0vegan\u200bwrap 🌱 now",
]


def test_odd_texts_are_tagged(tagger: Tagger) -> None:
    """Empty, huge, of marks alone, of control characters: every text gets a row that is valid."""
    for text in ODD:
        readable = text.encode("utf-8", "replace").decode("utf-8")
        assert tagged(tagger, readable)[0]["read"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=80).map(
            lambda noise: f"please add {noise} to the menu"
        ),
        max_size=3,
    )
)
def test_quotes_are_slices_of_any_text(tagger: Tagger, texts: list[str]) -> None:
    """Around any characters, a quote is exactly the slice its offsets name."""
    tagged(tagger, *texts)


def test_an_empty_batch_gives_an_empty_batch(tagger: Tagger) -> None:
    """No comment in, no row out, in the schema of tags."""
    assert tagged(tagger) == []


def test_a_wish_is_quoted_with_its_item(tagger: Tagger) -> None:
    """A plain wish gives one ask with the item, type, strength and moment of the codebook."""
    row = tagged(
        tagger, "Nice staff. I wish they would serve breakfast after 10:30. See you next week."
    )[0]
    (ask,) = row["asks"]
    assert "serve breakfast after 10:30" in ask["quote"]
    assert "Nice staff" not in ask["quote"]
    assert ask["item"] == "all-day breakfast"
    assert (ask["type"], ask["strength"], ask["moment"]) == ("availability", 2, "midday")
    assert ask["explicit"]
    assert "request" in row["categories"]


def test_a_lasting_absence_is_an_ask_without_a_wish_word(tagger: Tagger) -> None:
    """That something is not offered is an ask, and it is told as implicit."""
    row = tagged(tagger, "They don't serve breakfast all day. Very disappointing.")[0]
    assert {ask["item"] for ask in row["asks"]} == {"all-day breakfast"}
    assert row["asks"][0]["quote"] == "They don't serve breakfast all day"
    assert not row["asks"][0]["explicit"]
    assert row["sentiment"] == "negative"


def test_a_thing_that_was_is_asked_back(tagger: Tagger) -> None:
    """A thing taken away and wanted again is of the type bring_back, named by its own words."""
    (ask,) = tagged(tagger, "Please bring back plum fizz!")[0]["asks"]
    assert (ask["type"], ask["item"]) == ("bring_back", "plum fizz")


@pytest.mark.parametrize(
    "text",
    [
        "Wish me luck, first shift tomorrow!",
        "I wish I could give zero stars",
        "Love that they have all-day breakfast now!",
        "Best burgers in the whole town, thank you!",
    ],
)
def test_what_only_sounds_like_a_wish_is_no_ask(tagger: Tagger, text: str) -> None:
    """Good wishes, the zero-stars phrase and praise of what exists hold no ask."""
    row = tagged(tagger, text)[0]
    assert row["asks"] == []
    assert "request" not in row["categories"]


@pytest.mark.parametrize("category", shipped_categories(), ids=lambda one: one.label)
def test_category_files_hold_on_their_own_examples(tagger: Tagger, category: Any) -> None:
    """A category holds for most of its examples and for hardly any counter-example."""
    held = [category.label in row["categories"] for row in tagged(tagger, *category.examples)]
    against = [
        category.label in row["categories"] for row in tagged(tagger, *category.counter_examples)
    ]
    assert sum(held) >= 0.6 * len(held), held
    assert sum(against) <= 0.25 * len(against), against


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("Czy możecie przywrócić śniadania w weekendy? Bardzo proszę", None, "pl"),
        ("아침 메뉴를 하루 종일 팔아 주세요", None, "ko"),
        ("ok", None, "en"),
        ("super", "pl-PL", "pl"),
        ("", "es", "es"),
        ("Приложение совсем не работает после обновления, верните деньги", None, "ru"),
    ],
)
def test_languages_are_told(text: str, hint: str | None, lang: str) -> None:
    """Long texts by their words, short ones by the hint, else as English."""
    assert language_of(text, hint) == lang


def test_a_language_not_served_is_left_unread(tagger: Tagger) -> None:
    """There is no sentiment, category or ask where the language is not served."""
    row = tagged(tagger, "Приложение совсем не работает после обновления, верните деньги")[0]
    assert (row["lang"], row["read"]) == ("ru", False)


def test_asks_of_other_languages_are_quoted(tagger: Tagger) -> None:
    """A plain request in Korean, Polish and Spanish is found."""
    rows = tagged(
        tagger,
        "앱에 다크 모드 좀 추가해 주세요",
        "Dodajcie proszę ciemny motyw do aplikacji",
        "Por favor, añadan un modo oscuro a la aplicación",
    )
    assert [row["lang"] for row in rows] == ["ko", "pl", "es"]
    assert all(row["asks"] for row in rows)


def test_tagging_does_not_depend_on_company(tagger: Tagger) -> None:
    """A comment gets the same tags alone, among others, and after a trip through pickle."""
    texts = ["The app crashes whenever I pay", "Could you open a branch in Leeds?", "Great fries"]
    together = tagged(tagger, *texts)
    again = tagged(pickle.loads(pickle.dumps(tagger)), *texts)
    for text, row, repeated in zip(texts, together, again, strict=True):
        alone = tagged(tagger, text)[0]
        assert alone["categories"] == row["categories"] == repeated["categories"]
        assert alone["sentiment"] == row["sentiment"] == repeated["sentiment"]
        quotes = [
            [(ask["quote"], ask["item"]) for ask in one["asks"]] for one in (alone, row, repeated)
        ]
        assert quotes[0] == quotes[1] == quotes[2]


def test_spacy_sees_no_comment_without_a_wish(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spaCy sees comments that passed the gate, and no others."""
    seen: list[str] = []
    real = english.tagged

    def seeing(name: str, texts: list[str]) -> Any:
        seen.extend(texts)
        return real(name, texts)

    monkeypatch.setattr(english, "tagged", seeing)
    tagged(tagger, "Great fries and friendly people", "Please add a vegan wrap to the menu")
    assert seen == ["Please add a vegan wrap to the menu"]


def test_a_changed_model_file_is_refused(tmp_path: Path) -> None:
    """One other byte in a model file stops the load, naming the file and both checksums."""
    folder = tmp_path / "artifact"
    shutil.copytree(FOLDER, folder)
    path = folder / "pieces.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match=r"pieces\.npz: the file has SHA-256"):
        Tagger.load(artifact=folder)


def test_a_missing_or_foreign_manifest_is_refused(tmp_path: Path) -> None:
    """Without a manifest, or with one of another format, nothing is loaded."""
    with pytest.raises(IntegrityError, match="manifest of the models cannot be read"):
        Tagger.load(artifact=tmp_path)
    manifest = json.loads((FOLDER / MANIFEST).read_text(encoding="utf-8"))
    manifest["format"] = 99
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(IntegrityError, match="have format 99"):
        Tagger.load(artifact=tmp_path)


def test_the_shipped_models_are_small() -> None:
    """The files that go into the package stay under 110 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 110_000_000


def test_an_unknown_pipeline_is_a_configuration_error() -> None:
    """A spaCy pipeline that is not installed is named with the setting to change."""
    with pytest.raises(ConfigurationError, match="no spaCy pipeline 'xx_made_up'"):
        Tagger.load(spacy_pipeline="xx_made_up")


def test_without_a_trained_pipeline_rules_find_the_item() -> None:
    """With a blank pipeline an ask still has a quote and an item."""
    blank = Tagger.load(spacy_pipeline=english.RULES_ONLY)
    (ask,) = tagged(blank, "Please add a vegan wrap to the menu")[0]["asks"]
    assert "vegan wrap" in ask["item"]
    assert blank.model_version != Tagger.load().model_version


def test_a_missing_default_pipeline_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pinned pipeline is not installed, the fallback says so."""
    monkeypatch.setattr(english, "DEFAULT_PIPELINE", "xx_made_up")
    with pytest.warns(UserWarning, match="xx_made_up is not installed"):
        assert english.chosen_pipeline(None) == english.RULES_ONLY


def test_readers_do_without_the_libraries_of_training() -> None:
    """scikit-learn takes 100 MB in every process, and is for a project's own categories alone."""
    told = "from classify.tagger import Tagger; Tagger.load(); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "classify.added" in done.stdout.split()
    assert not {"sklearn", "torch"} & set(done.stdout.split())
