"""The door of ``ingest``: what happens to a comment before it is stored.

Text is cleaned and redacted, the author becomes a pseudonym, the way back to the person is sealed,
and the comment gets its fingerprint and its relevance. What the platform sent besides is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, TypeVar
from urllib.parse import unquote

import regex

from earful.keys import Keyring
from earful.records import Admitted, Asker, Comment, reading
from earful.settings import Settings
from ingest.clean import clean_text
from ingest.fingerprints import fingerprint
from ingest.redact import NameDetector, Redactor
from ingest.redaction import contacts
from ingest.relevance import Relevance, brand_words

Done = TypeVar("Done")

_NOBODY: Final = frozenset(
    {
        "", "[deleted]", "[removed]", "deleted", "deleted user", "deleted account", "removed",
        "anonymous", "anonymous user", "anonymous coward", "anon", "unknown", "unknown user",
        "guest", "user", "former user", "n/a", "na", "none", "null", "nan", "-", "?", "ghost",
        "a google user", "google user", "a customer", "customer", "amazon customer",
        "kindle customer", "un utilisateur de google", "ein google-nutzer",
        "un usuario de google", "użytkownik google", "google 사용자", "google ユーザー",
        "anonyme", "anonym", "anonyma", "anónimo", "anônimo", "anonimo", "anonim", "anonimowy",
        "gast", "invité", "invitado", "gość", "익명", "匿名", "名無し", "名無しさん",
    }
)  # fmt: skip
_TAKEN_DOWN: Final = frozenset(
    {"[deleted]", "[removed]", "[deleted by user]", "[removed by reddit]"}
)
_SOMETHING_TO_READ: Final = regex.compile(r"[\p{L}\p{N}\p{S}]")
_PSEUDONYM: Final = regex.compile(r"[a-z2-7]{26}")
_STATUS: Final = regex.compile(
    r"(?i)(https?://(?:www\.|mobile\.)?(?:twitter|x)\.com)/[^/?#]+(/status(?:es)?/\d+)"
)
_TELLING_NAME: Final = regex.compile(r"[\s\d_.-]")
_SHORTEST_AUTHOR_SOUGHT: Final = 5


@dataclass(frozen=True, slots=True)
class Refused:
    """A comment that is not stored, and why. The reason never quotes the comment."""

    comment_uid: str
    reason: str


class Door:
    """Turns the comments of a connector into what may be stored.

    ``name_detector`` finds names of people that no cue announces; it is asked once per batch.
    """

    def __init__(
        self, settings: Settings, keyring: Keyring, name_detector: NameDetector | None = None
    ) -> None:
        self._keyring = keyring
        self._keep_askers = settings.privacy.keep_askers
        self._redact = settings.privacy.redact
        self._redactor = Redactor(
            brand_words(settings.brand),
            detector=name_detector,
            names=settings.privacy.redact_names,
        )
        self._relevance = Relevance(settings.brand)

    def admit(self, comments: Sequence[Comment]) -> list[Admitted | Refused]:
        """One answer per comment, in the order given. A bad comment is refused, never raised."""
        readable = [_guarded(_cleaned, each) for each in comments]
        texts = [
            text
            for each in readable
            if isinstance(each, Comment)
            for text in (each.title or "", each.text)
        ]
        redacted = iter(self._redacted(texts))
        answers: list[Admitted | Refused] = []
        for each in readable:
            if isinstance(each, Refused):
                answers.append(each)
                continue
            title, text = next(redacted), next(redacted)
            if title is None or text is None:
                answers.append(Refused(each.uid, "personal data could not be looked for"))
                continue
            redone = replace(each, title=title or None, text=text)
            answers.append(_guarded(self._admitted, redone))
        return answers

    def redacted(self, texts: Sequence[str]) -> list[str]:
        """Other words than comments, made fit to be written: redacted, "" where that failed."""
        return [text or "" for text in self._redacted(texts)]

    def _redacted(self, texts: Sequence[str]) -> list[str | None]:
        """The texts without personal data; ``None`` where that failed, which nothing may pass."""
        if not self._redact:
            return list(texts)
        try:
            return [each.text for each in self._redactor.redact_all(texts)]
        except Exception:
            if len(texts) == 1:
                return [None]
            return [alone for text in texts for alone in self._redacted([text])]

    def _admitted(self, comment: Comment) -> Admitted:
        author = _person(comment.author)
        key = self._author_key(comment, author)
        sealed = None
        if author is not None and key is not None and self._keep_askers and not comment.deleted:
            sealed = self._keyring.seal(
                Asker(key, comment.source, comment.instance, author, comment.url)
            )
        stored = replace(
            comment,
            title=self._without_author(comment.title, author),
            text=self._without_author(comment.text, author) or "",
            url=self._without_handle(comment.url, author),
            author=None,
            author_key=key,
            raw=None,
        )
        prints = fingerprint(reading(stored.title, stored.text))
        return Admitted(
            comment=stored,
            content_hash=content_hash(stored),
            relevant=self._relevance.relevant(stored),
            exact_print=prints.exact,
            near_prints=prints.near,
            words=prints.words,
            sealed_asker=sealed,
        )

    def _author_key(self, comment: Comment, author: str | None) -> str | None:
        if comment.deleted:
            return None
        if author is None:  # what is no pseudonym of ours must not be stored as one
            given = comment.author_key
            return given if given and _PSEUDONYM.fullmatch(given) else None
        return self._keyring.pseudonym(comment.source, comment.instance, author)

    def _without_author(self, text: str | None, author: str | None) -> str | None:
        """The text without the author's own name, where it is telling ("ann_k", "Ann Kay")."""
        if not text or author is None or not self._redact:
            return text
        name = author.strip().lstrip("@")
        if len(name) < _SHORTEST_AUTHOR_SOUGHT or not _TELLING_NAME.search(name):
            return text
        if name.lower() not in text.lower():
            return text
        if self._redactor.keeps(name) or name.replace(".", "").replace(",", "").isdigit():
            return text
        return regex.sub(rf"(?i)(?<!\w){regex.escape(name)}(?!\w)", "[name]", text)

    def _without_handle(self, url: str | None, author: str | None) -> str | None:
        """The link where it names nobody; the sealed asker keeps it as it was."""
        if not url:
            return None
        handle = (author or "").strip().removeprefix("@").removeprefix("u/").split("@")[0]
        named = (
            handle != ""
            and handle.lower() in unquote(url).lower()
            and not self._redactor.keeps(handle)
            and regex.search(
                rf"(?i)(?<![\p{{L}}\p{{N}}]){regex.escape(handle)}(?![\p{{L}}\p{{N}}])",
                unquote(url),
            )
        )
        if not named and not any(True for _ in contacts.handles(url, self._redactor.keeps)):
            return url
        status = _STATUS.match(url)
        return f"{status[1]}/i{status[2]}" if status else None


def content_hash(comment: Comment) -> str:
    """A hash of what a reader would see change: title, text, rating, whether it stands."""
    rating = "" if comment.rating is None else f"{comment.rating:.6f}"
    shown = comment.rating_original or ""
    seen = (comment.title or "", comment.text, shown, rating, str(comment.deleted))
    return blake2b("\x1f".join(seen).encode(), digest_size=16).hexdigest()


def _person(author: str | None) -> str | None:
    """The author, or ``None`` where the platform shows a stand-in ("[deleted]", "Anonymous")."""
    if author is None:
        return None
    cleaned = clean_text(author)
    return None if cleaned.casefold() in _NOBODY else cleaned


def _cleaned(comment: Comment) -> Comment | Refused:
    """The comment with readable text; a tombstone is emptied, a comment without words refused."""
    text = clean_text(comment.text)
    title = clean_text(comment.title).replace("\n", " ") or None
    if text.casefold() in _TAKEN_DOWN:
        text = ""
        comment = replace(comment, deleted=comment.deleted or title is None)
    if comment.deleted:
        return replace(comment, title=None, text="", url=None, raw=None, author=None)
    if not _SOMETHING_TO_READ.search(f"{title or ''}{text}"):
        return Refused(comment.uid, "no words: the text is empty once it is cleaned")
    return replace(comment, title=title, text=text)


def _guarded(step: Callable[[Comment], Done], comment: Comment) -> Done | Refused:
    """The step's answer, or a refusal with the kind of error; its words may quote the text."""
    try:
        return step(comment)
    except Exception as error:
        return Refused(comment.uid, f"cannot be read ({type(error).__name__})")
