"""Names found by reading: people go, products and places stay."""

from __future__ import annotations

import pytest

from classify.names import PipelineNames, _passages, first_names

DETECTOR = PipelineNames()


def kept(text: str) -> str:
    """The text with every name found replaced by a low line."""
    for start, end in reversed(DETECTOR.names([text])[0]):
        text = f"{text[:start]}_{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Huge thanks to Deborah at the counter", "Huge thanks to _ at the counter"),
        ("The night manager Kevin was rude to me", "The night manager _ was rude to me"),
        ("I spoke with Andrea Kowalczyk about my refund", "I spoke with _ about my refund"),
        ("Jennifer helped us, and later Jennifer waved", "_ helped us, and later _ waved"),
    ],
)
def test_people_are_found(text: str, stored: str) -> None:
    """First names in the places where customers write them, with the names that follow."""
    assert kept(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "Bring the Egg McMuffin back in May",
        "Minecraft on the Xbox needs Netflix and Uber",
        "The McDonald's in Austin, Texas closed in August",
        "Will you grant us a dark mode on Windows?",
        "Trader Joe's and Papa John's do it better",
        "Firefox and Chrome sync with Google Play",
    ],
)
def test_brands_places_and_months_stay(text: str) -> None:
    """The words of demand are no people."""
    assert kept(text) == text


def test_most_texts_are_not_read() -> None:
    """Only what has a known first name or two capitals in a row is read, with its context."""
    assert not _passages("The fries were cold and the Whopper was late")
    filler = "and the fries were cold as ever " * 20
    (passage,) = _passages(f"{filler}ask for Deborah {filler}")
    start, end = passage
    assert "ask for Deborah" in f"{filler}ask for Deborah {filler}"[start:end]
    assert end - start < 300


def test_a_name_late_in_a_long_text_is_found_where_it_stands() -> None:
    """Offsets count from the start of the text, not of the passage that was read."""
    text = "The fries were cold as ever. " * 30 + "My manager Deborah Whitlock apologised."
    assert "Deborah" not in kept(text)
    assert kept(text).endswith("apologised.")


def test_one_answer_per_text_in_order() -> None:
    """Texts that are not read get an empty answer in their place."""
    assert [len(found) for found in DETECTOR.names(["no", "ask for Deborah", ""])] == [0, 1, 0]


def test_a_missing_pipeline_is_told_and_names_are_still_found() -> None:
    """Without the pipeline a warning says what to install, once, and cues still work."""
    detector = PipelineNames("no_such_pipeline")
    with pytest.warns(UserWarning, match="no_such_pipeline.*Install it"):
        found = detector.names(["The manager Deborah was rude"])
    assert found == [[(12, 19)]]
    assert detector.names(["The manager Deborah was rude"]) == found


def test_the_list_is_lower_case_and_large() -> None:
    """A list that failed to load would let names through in silence."""
    assert len(first_names()) > 15_000
    assert all(name == name.lower() for name in first_names())
