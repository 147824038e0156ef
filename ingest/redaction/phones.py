"""Telephone numbers by their shape and by the words before them."""

# ruff: noqa: E501 - a pattern reads better on one line than cut where the line ends

from __future__ import annotations

import regex

from ingest.redaction.spans import Ranges, cued, digits_of

_CANDIDATE = regex.compile(
    r"""(?<![\p{L}\p{N}_$€£¥₩&=/+@-])(?<!\d[.,:]) (?:\+\s?)?
        (?:\(\+?\d{1,5}\)|\d+)
        (?: (?:\s?[-/]\s?|[.]|[ ])? \(\d{1,5}\) | (?:[ ]?[-/][ ]?|[.]|[ ])\d+ | (?<=\))\d+ )*
        (?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?
        (?! [\p{Latin}\p{Cyrillic}\p{N}_] | [%°$€£¥] | [.,:/]\d | -\d | \s?(?:am|pm|GB|MB|USD|EUR|km|miles?|dollars?)\b )""",
    regex.VERBOSE | regex.IGNORECASE,
)
_CUE = regex.compile(
    r"(?:\b(?:tele)?phones?|\btel|\bmobile|\bcell(?:phone)?|\bcall(?:ing|ed)?|\btext(?:ing|ed)?|"
    r"\bfax|\bwhatsapp|\bcontact|\breach|\bring|\bdial(?:ed|ing)?|\bsms|\bhotline|\bnumber|"
    r"\banswering|\bmessages?|\bregistered|\b(?:desk|office|home|work)(?=:)|\bteléfono|\bnúmero|\btelefon\w*|"
    r"\bnumer|\bhandy|\bportable|\bnuméro|전화(?:번호)?|연락처?|핸드폰|휴대폰|번호|電話(?:番号)?|携帯|番号)"
    r"(?:\W|(?<=\W)(?:me|us|him|her|them|at|on|to|is|was|my|our|his|numbers?|no|back|please|it|the|"
    r"of|by|under|with|al|es|unter|ist|pod|au|est)\b|[은는이가를을])*$",
    regex.IGNORECASE,
)
_LABEL = regex.compile(r"\s?[-(/]\s?(?:fax|office|cell|mobile|home|work|tel|phone)\b", regex.I)
"""What follows a number on a visiting card: "...-Fax", "... (cell)"."""
_YEAR = r"(?:19|20)\d\d"
_DATE = regex.compile(
    rf"(?:{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:{_YEAR}|\d\d)|"
    rf"{_YEAR}\s?[-/]\s?{_YEAR}|{_YEAR}(?: {_YEAR})+)(?=$| )"
)
_GROUPS = regex.compile(r"\d+")
_EXTENSION = regex.compile(r"\s?(?:x|ext\.?|extension)\s?\d{1,6}$", regex.IGNORECASE)
_SPACED_SHAPES = frozenset(
    {
        (3, 3, 3),
        (3, 3, 4),
        (2, 2, 2, 2),
        (2, 2, 2, 2, 2),
        (3, 2, 2, 2),
        (2, 3, 2, 2),
        (2, 3, 3),
        (2, 3, 3, 4),
        (3, 2, 3),
        (2, 6),
        (3, 4, 4),
        (1, 3, 3, 4),
        (5, 5),
        (5, 6),
    }
)
_SHORT_SHAPES = frozenset({(3, 4), (4, 4)})
# A local number of North America, such as 555-0123; no exchange begins with 0 or 1.
_LOCAL = regex.compile(r"[2-9]\d{2}-\d{4}")
_FIGURES = frozenset({"360", "720", "1080", "100", "200", "300", "400", "500", "1000", "2000"})
_YEAR_AT_END = regex.compile(rf"{_YEAR}$")
_BARE = regex.compile(r"0\d{9,10}|1?[2-9]\d{2}[2-9]\d{6}|[6-9]\d{9}|91[6-9]\d{9}")


def phones(text: str) -> Ranges:
    """Telephone numbers of 7 to 15 digits, national and international, with their extension.

    Without a cue ("call", "tel", ...) the shape must be one that telephone numbers have; dates,
    prices, ranges of numbers and years are let be.
    """
    for match in _CANDIDATE.finditer(text):
        found = match.group()
        number = _EXTENSION.sub("", found)
        count = len(digits_of(number))
        if not 6 <= count <= 15 or _DATE.match(found):
            continue
        told = cued(text, match.start(), _CUE) or _LABEL.match(text, match.end())
        if (told and _callable(number)) or _shaped(number, count):
            yield match.span()


def _callable(number: str) -> bool:
    """Not a round figure, such as the "500,000" of a boast."""
    return not digits_of(number).endswith("0000")


def _shaped(number: str, count: int) -> bool:
    groups = _GROUPS.findall(number)
    sizes = tuple(len(group) for group in groups)
    if len(set(digits_of(number))) == 1 or all(group.endswith("0") for group in groups):
        return False
    if sizes in _SHORT_SHAPES and " " in number:
        return not _YEAR_AT_END.search(number) and groups[0] not in _FIGURES
    if count < 8:
        # "800-1000" is a range of figures, not a number to call.
        return _LOCAL.fullmatch(number) is not None and not number.endswith("00")
    if number.startswith("+"):
        return True
    if len(groups) == 1:
        return _BARE.fullmatch(groups[0]) is not None
    if "(" in number:
        return min(sizes[1:]) >= 2
    if "/" in number:
        return groups[0].startswith("0") and count >= 9
    if groups[0].startswith("0"):
        return count >= 9 and min(sizes) >= 2
    if sizes == (5, 5):
        return groups[0][0] in "6789"
    if "-" in number or "." in number:
        return count <= 12 and max(sizes) <= 4 and min(sizes[1:]) >= 2 and sizes != (4, 4, 4)
    return sizes in _SPACED_SHAPES
