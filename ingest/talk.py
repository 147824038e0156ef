"""What somebody said in an edit of a talk page: the paragraphs that are new and their own.

A talk page is one text in wikitext, below which everybody writes. What is new is found by comparing
a revision with the one before it. A line that was changed is a correction and no new comment; a
paragraph that bears another's signature was moved there, as when a page is archived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 500
MOST_CHARACTERS = 50_000
"""An edit that changes more of a page than this is no comment."""
_ALIKE = 0.6
"""A line that shares so many of its words with the one it replaced is a correction of that."""
_LONGEST_HEADING = 500

# "[[User:Ada|Ada]] ([[User talk:Ada|talk]]) 21:35, 22 November 2026 (UTC)"; the words differ by
# language, the links and the zone in brackets do not.
_STAMP = re.compile(r"\d{1,2}[:.]\d\d\b[^\n\[\]]{0,60}\([^\s()]{1,6}\)\s*$")
_LINK = re.compile(r"\[\[:?([^\[\]|\n]{1,255})(?:\|([^\[\]\n]{0,500}))?\]\]")
_DASHES = " \t-–—~"
_HEADING = re.compile(r"^(={1,6})\s*(.+?)\s*\1\s*$")
_INDENT = re.compile(r"^[:*#;\s]+")
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_HIDDEN = re.compile(r"<!--.*?-->|<ref\b[^>]*?/>|<ref\b.*?</ref>|</?nowiki\s*/?>", re.DOTALL)
_OUTSIDE = re.compile(r"\[(?:https?:)?//[^\s\]]+\s+([^\]\n]+)\]")
_MARKS = re.compile(r"'{2,5}|__[A-Z]+__")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Said:
    """The words of an edit, without marks of wikitext, and the heading that it added."""

    text: str
    heading: str | None


def said(before: str, after: str, user: str) -> Said:
    """What ``user`` added to a page whose text was ``before`` and is ``after``.

    The text is "" where the edit says nothing: a correction, a removal, a move of what others
    wrote, or templates alone.
    """
    heading = None
    own: list[str] = []
    paragraph: list[str] = []
    for line in _added(before.splitlines(), after.splitlines()):
        if len(line) <= _LONGEST_HEADING and (match := _HEADING.match(line)):
            heading = heading or _plain(match[2])
            continue
        signers = _signers(line)
        if signers is None:
            paragraph.append(line)
            continue
        if any(_is(user, signer) for signer in signers):
            own += [*paragraph, _without_signature(line, user)]
        paragraph = []
    text = _plain("\n".join([*own, *paragraph]))
    return Said(text, heading or None)


def _added(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Lines that are new; of one that was written on, what was added."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > MOST_LINES or sum(map(len, new)) > MOST_CHARACTERS:
        return
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "insert":
            yield from new[k:m]
        elif what == "replace":
            for line in new[k:m]:
                yield from _beyond(old[i:j], line)


def _beyond(replaced: Sequence[str], line: str) -> Iterator[str]:
    """A line that took the place of others: all of it, what it adds to one, or nothing."""
    for other in replaced:
        if other.strip() and line.startswith(other):
            yield line[len(other) :]
            return
    words = _words(line)
    for there in map(_words, replaced):
        if 2 * len(words & there) > _ALIKE * (len(words) + len(there)):
            return
    yield line


def _words(line: str) -> set[str]:
    """The words of a line without its signature, which are alike wherever somebody signs."""
    return set(_LINK.sub("", _STAMP.sub("", line)).casefold().split())


def _signers(line: str) -> list[str] | None:
    """Whom the links of a signed line name; None for a line without a signature."""
    if not _STAMP.search(line):
        return None
    named = [match[1].partition(":")[2] for match in _LINK.finditer(line) if ":" in match[1]]
    return named or None


def _is(user: str, named: str) -> bool:
    """Whether a link to "Ada", "Ada/notes" or "Contributions/127.0.0.1" is one to that user."""
    plain = named.replace("_", " ").strip().casefold()
    wanted = user.replace("_", " ").strip().casefold()
    return wanted in (plain, plain.partition("/")[0], plain.partition("/")[2])


def _without_signature(line: str, user: str) -> str:
    for match in _LINK.finditer(line):
        if ":" in match[1] and _is(user, match[1].partition(":")[2]):
            return line[: match.start()].rstrip(_DASHES)
    return line


def _plain(text: str) -> str:
    """The words of wikitext; tags of HTML are left to those who clean comments."""
    text = _HIDDEN.sub("", text)
    for _ in range(_DEEPEST):
        shorter = _TEMPLATE.sub("", text)
        if shorter == text:
            break
        text = shorter
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    text = _OUTSIDE.sub(r"\1", text)
    text = _MARKS.sub("", text)
    lines = [_INDENT.sub("", line).rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
