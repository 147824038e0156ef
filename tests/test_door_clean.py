"""What a platform sends becomes the words a person would read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import CUT_MARK, MAX_CHARACTERS, clean_text


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("5 < 6 and a > b", "5 < 6 and a > b"),
        ("I <3 the new menu", "I <3 the new menu"),
        ("List<T> is fine, <b>bold</b> too", "List<T> is fine, bold too"),
        ("<p>Dear shop,</p><p>more oat milk<br>please</p>", "Dear shop,\n\nmore oat milk\nplease"),
        ('see <a href="https://example.org/x">the menu</a>', "see the menu"),
        ("fish &amp; chips &lt;3", "fish & chips <3"),
        ("AT&T and R&D; stay", "AT&T and R&D; stay"),
        ("&lt;p&gt;escaped &amp; whole&lt;/p&gt;", "escaped & whole"),
        ("<script>alert(1)</script>late again", "late again"),
        ("a\x00b\x07c", "abc"),
        ("one \t  two\u00a0three", "one two three"),
        ("one\r\n\r\n\r\n\r\ntwo", "one\n\ntwo"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud83d pair", "half pair"),
        ("whole \ud83d\ude00 pair", "whole 😀 pair"),
        ("cafe\u0301", "café"),
        ("&#55357; lone", "&#55357; lone".replace("&#55357;", "\ufffd")),
        ('so good <img class="emoji" alt="😋" src="x.png">', "so good 😋"),
    ],
)
def test_reads_as_a_person_would(raw: str, read: str) -> None:
    """Markup, entities, control and broken characters go; everything that was written stays."""
    assert clean_text(raw) == read


@pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍🚀"])
def test_emoji_sequences_survive(emoji: str) -> None:
    """A joiner between emoji is part of the picture, and so are the tags of a flag."""
    assert clean_text(f"lovely {emoji} day") == f"lovely {emoji} day"


def test_joiners_that_spell_survive() -> None:
    """Persian and Hindi spell words with joiners; taking them out would change the word."""
    for word in ("می\u200cخواهم", "क्\u200dष"):
        assert clean_text(word) == word


def test_no_text_is_empty() -> None:
    """``None`` and white space come out as nothing."""
    assert clean_text(None) == clean_text(" \n\t ") == ""


def test_a_long_text_is_cut_on_a_word_and_says_so() -> None:
    """What is longer than the limit ends with a whole word and the mark of a cut."""
    cut = clean_text("breakfast " * 5000)
    assert len(cut) <= MAX_CHARACTERS
    assert cut.endswith("breakfast" + CUT_MARK)


@given(st.text())
def test_what_comes_out_can_be_stored(raw: str) -> None:
    """Any string at all becomes NFC text without controls that encodes as UTF-8."""
    read = clean_text(raw)
    read.encode("utf-8")
    assert unicodedata.is_normalized("NFC", read)
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in read)


@given(st.text(alphabet=st.characters(exclude_characters="<>&", categories=["L", "N", "P", "Zs"])))
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    """Text without markup is a fixed point once it is clean."""
    once = clean_text(raw)
    assert clean_text(once) == once
