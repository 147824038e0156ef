"""What passes the door is safe to store, and what does not is told why."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.keys import Keyring
from earful.records import Admitted, Comment
from earful.settings import Brand, Privacy, Settings
from ingest.door import Door, Refused, content_hash

KEYRING = Keyring(os.urandom(32))
SETTINGS = Settings(brand=(Brand(name="Bramble", exclusions=("bramble bush",)),))
COMMENT = Comment(
    source="forum",
    instance="a.example",
    native_id="1",
    title="Bramble at night",
    text="<p>Please open Bramble later, mail me at ann@example.org</p>",
    author="ann_k",
    created_at=datetime(2024, 3, 1, tzinfo=UTC),
    url="https://a.example/t/1",
    raw='{"user": "ann_k"}',
)


def admitted(comment: Comment = COMMENT, settings: Settings = SETTINGS) -> Admitted:
    (answer,) = Door(settings, KEYRING).admit([comment])
    assert isinstance(answer, Admitted), answer
    return answer


def test_nothing_that_names_the_author_is_stored() -> None:
    """Handle, e-mail and the platform's JSON are gone; a pseudonym stands for the person."""
    answer = admitted()
    everything = str([getattr(answer.comment, name) for name in answer.comment.__slots__])
    assert "ann_k" not in everything
    assert "ann@" not in everything
    assert answer.comment.text == "Please open Bramble later, mail me at [email]"
    assert answer.comment.author_key == KEYRING.pseudonym("forum", "a.example", "ann_k")
    assert answer.relevant


def test_the_way_back_is_sealed() -> None:
    """The sealed asker holds handle and permalink; only the key opens it."""
    token = admitted().sealed_asker
    assert token is not None
    assert b"ann" not in token
    asker = KEYRING.unseal(token)
    assert (asker.handle, asker.permalink) == ("ann_k", COMMENT.url)


def test_without_keep_askers_there_is_no_way_back() -> None:
    """The setting is obeyed: nothing is sealed, and the pseudonym still tells people apart."""
    settings = SETTINGS.model_copy(update={"privacy": Privacy(keep_askers=False)})
    answer = admitted(settings=settings)
    assert answer.sealed_asker is None
    assert answer.comment.author_key is not None


@pytest.mark.parametrize(
    "author", [None, "", " ", "[deleted]", "Anonymous", "A Google User", "익명"]
)
def test_a_stand_in_is_no_author(author: str | None) -> None:
    """What a platform shows for nobody is nobody, not one very busy person."""
    answer = admitted(replace(COMMENT, author=author))
    assert answer.comment.author_key is None
    assert answer.sealed_asker is None


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://twitter.com/ann_k/status/77", "https://twitter.com/i/status/77"),
        ("https://x.com/someone/status/77", "https://x.com/i/status/77"),
        ("https://social.example/@ann_k/77", None),
        ("https://shop.example/reviews?by=ann_k", None),
        ("https://a.example/annual/77", "https://a.example/annual/77"),
        ("https://twitter.com/BrambleHelp/status/7", "https://twitter.com/BrambleHelp/status/7"),
        (None, None),
    ],
)
def test_links_that_name_the_author_are_not_stored(url: str | None, stored: str | None) -> None:
    """A handle in a link is taken out where the link still works, else the link is dropped."""
    answer = admitted(replace(COMMENT, url=url))
    assert answer.comment.url == stored
    assert answer.sealed_asker is not None
    assert KEYRING.unseal(answer.sealed_asker).permalink == url


def test_an_author_who_signs_is_not_stored() -> None:
    """The author's own telling name goes from the text; a plain word that is a name stays."""
    signed = admitted(replace(COMMENT, text="More oats. ann_k", author="ann_k"))
    assert signed.comment.text == "More oats. [name]"
    plain = admitted(replace(COMMENT, text="more oatmilk", author="oatmilk"))
    assert plain.comment.text == "more oatmilk"


@pytest.mark.parametrize("text", ["", "  ", "<p></p>", "\u200b", "...", "\x00"])
def test_nothing_to_read_is_refused(text: str) -> None:
    """A comment without a word, a figure or an emoji is set aside with a reason."""
    (answer,) = Door(SETTINGS, KEYRING).admit([replace(COMMENT, title=None, text=text)])
    assert isinstance(answer, Refused)
    assert answer.comment_uid == COMMENT.uid
    assert "no words" in answer.reason


def test_an_emoji_is_something_to_read() -> None:
    """One picture can be the whole of a review."""
    assert admitted(replace(COMMENT, title=None, text="😡")).comment.text == "😡"


def test_a_tombstone_passes_empty() -> None:
    """A deletion at the source is followed: text, author and link are gone, the uid remains."""
    answer = admitted(replace(COMMENT, deleted=True))
    stored = answer.comment
    assert (stored.text, stored.title, stored.url, stored.author_key) == ("", None, None, None)
    assert stored.deleted
    assert stored.uid == COMMENT.uid
    assert answer.sealed_asker is None


def test_a_text_taken_down_is_a_tombstone() -> None:
    """Where the platform shows "[removed]" for the text, nothing of it is kept as words."""
    assert admitted(replace(COMMENT, title=None, text="[removed]")).comment.deleted
    titled = admitted(replace(COMMENT, text="[deleted]")).comment
    assert (titled.deleted, titled.title, titled.text) == (False, "Bramble at night", "")


def test_a_bad_comment_does_not_stop_the_others() -> None:
    """What cannot be read is refused without a word of it, and the rest passes."""
    broken = replace(COMMENT, native_id="2", text=b"bytes of ann_k")  # type: ignore[arg-type]
    first, second = Door(SETTINGS, KEYRING).admit([broken, COMMENT])
    assert isinstance(first, Refused)
    assert "ann_k" not in first.reason
    assert isinstance(second, Admitted)


def test_a_key_that_is_no_pseudonym_is_not_stored() -> None:
    """A connector that puts a handle in ``author_key`` does not get it past the door."""
    assert admitted(replace(COMMENT, author=None, author_key="ann_k")).comment.author_key is None
    own = KEYRING.pseudonym("forum", "a.example", "ann_k")
    assert admitted(replace(COMMENT, author=None, author_key=own)).comment.author_key == own


def test_redaction_can_be_switched_off() -> None:
    """With ``redact`` false the text is cleaned and kept; the author is a pseudonym still."""
    settings = SETTINGS.model_copy(update={"privacy": Privacy(redact=False)})
    answer = admitted(settings=settings)
    assert "ann@example.org" in answer.comment.text
    assert answer.comment.author is None


class _Failing:
    """A detector that cannot read one text."""

    def names(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        if any("poison" in text for text in texts):
            raise ValueError("poison")
        return [[] for _ in texts]


def test_text_that_cannot_be_redacted_is_refused() -> None:
    """Where names could not be looked for, the text is not stored; its neighbours are."""
    bad = replace(COMMENT, text="poison")
    first, second = Door(SETTINGS, KEYRING, _Failing()).admit([bad, COMMENT])
    assert isinstance(first, Refused)
    assert isinstance(second, Admitted)


def test_the_hash_tells_what_a_reader_would_see_changed() -> None:
    """Title, text, rating and deletion change it; likes, dates seen and the link do not."""
    base = content_hash(COMMENT)
    for changed in ({"text": "x"}, {"title": "x"}, {"rating": 0.5}, {"deleted": True}):
        assert content_hash(replace(COMMENT, **changed)) != base
    for same in ({"reach": 9}, {"seen_at": datetime(2025, 1, 1, tzinfo=UTC)}, {"url": "u"}):
        assert content_hash(replace(COMMENT, **same)) == base


def test_relevance_is_judged_by_the_settings() -> None:
    """A comment that names no brand is stored and marked as not relevant."""
    assert not admitted(replace(COMMENT, title=None, text="the bramble bush is cut")).relevant


@given(st.text(), st.text(), st.one_of(st.none(), st.text()))
def test_any_comment_gets_an_answer(title: str, text: str, author: str | None) -> None:
    """No strings a platform can send raise at the door, and no author is stored as such."""
    comment = replace(COMMENT, title=title, text=text, author=author)
    (answer,) = Door(SETTINGS, KEYRING).admit([comment])
    if isinstance(answer, Admitted):
        assert answer.comment.author is None
        assert answer.comment.raw is None
    else:
        assert answer.comment_uid == COMMENT.uid
