"""Text as a platform sends it, turned into the words a person would read.

Markup becomes text, invisible and broken characters go, white space is folded and line breaks
stay. Whoever quotes a comment later quotes what this module leaves.
"""

# ruff: noqa: SIM905 - words read better without quotation marks

from __future__ import annotations

import html
import re
import unicodedata

import regex
from selectolax.lexbor import LexborHTMLParser

MAX_CHARACTERS = 20_000
"""Longest text that is kept; what is cut ends in ``CUT_MARK``."""

CUT_MARK = " …"

MAX_RAW_CHARACTERS = 400_000
"""Markup beyond this is not parsed: no comment is that long, and a hostile page may be."""

_BLOCKS = (
    "address article aside blockquote br caption dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul"
).split()
_INLINE = (
    "a abbr acronym audio b bdi bdo big body button center cite code data del dfn em embed font "
    "head html i iframe img input ins kbd label link mark meta meter noscript object option param "
    "picture q rp rt ruby s samp script select small source span strike strong style sub sup svg "
    "template textarea time title tt u var video wbr"
).split()

_BLOCK_TAG = re.compile(rf"</?(?:{'|'.join(_BLOCKS)})(?=[\s/>])", re.IGNORECASE)
_TAG = re.compile(
    rf"<(?:/?(?:{'|'.join(_BLOCKS + _INLINE)})(?=[\s/>])[^<>]*>|!--.*?-->|!doctype[^<>]*>)",
    re.IGNORECASE | re.DOTALL,
)
_OPENING = re.compile("<")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ESCAPED_MARKUP = re.compile(
    rf"\s*&lt;(?:{'|'.join(_BLOCKS + _INLINE)})\b.*&gt;\s*", re.IGNORECASE | re.DOTALL
)
_UNSEEN_ELEMENTS = ["script", "style", "template", "noscript", "head", "svg", "iframe"]

_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SUSPECT = regex.compile(r"[\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")
_INVISIBLE = regex.compile(
    r"""
      (?<=[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{EMod}\ufe0f]) \u200d
          (?=\p{Extended_Pictographic}) (*SKIP)(*FAIL)      # joins two emoji into one
    | (?<=[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}
           \p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{M}])
          [\u200c\u200d] (?=[\p{L}\p{M}]) (*SKIP)(*FAIL)    # spells a word in these scripts
    | (?<=\U0001f3f4[\U000e0020-\U000e007e]*) [\U000e0020-\U000e007f] (*SKIP)(*FAIL)  # flags
    | [\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]
    """,
    regex.VERBOSE,
)
_BLANKS = re.compile(r"[^\S\n]+")
_BLANKS_AT_BREAKS = re.compile(r" ?\n ?")
_MANY_BREAKS = re.compile(r"\n{3,}")


def clean_text(raw: str | None) -> str:
    """The readable text of ``raw``: no markup, no broken or invisible characters, NFC.

    Line breaks are kept (two at most in a row), other white space is folded to one space. A text
    longer than ``MAX_CHARACTERS`` is cut after a word and ends in ``CUT_MARK``. ``None`` is "".
    """
    if not raw:
        return ""
    text = raw[:MAX_RAW_CHARACTERS]
    if _SURROGATES.search(text):
        text = _join_surrogates(text)
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    if "<" in text or "&" in text:
        text = _LINE_ENDS.sub("\n", _CONTROLS.sub("", _without_markup(text)))
    if not text.isascii():
        if _SUSPECT.search(text):
            text = _INVISIBLE.sub("", text)
        text = unicodedata.normalize("NFC", text)
    text = _BLANKS.sub(" ", text)
    text = _BLANKS_AT_BREAKS.sub("\n", text)
    text = _MANY_BREAKS.sub("\n\n", text).strip()
    return _cut(text)


def _join_surrogates(text: str) -> str:
    """Pairs of surrogates (from a parser that did not join them) joined, lone ones dropped."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _without_markup(text: str) -> str:
    if _ESCAPED_MARKUP.fullmatch(text) and not _TAG.search(text):
        text = _ENTITY.sub(_entity, text)  # a feed that escapes its markup as a whole
    if _TAG.search(text):
        return _parsed(text)
    return _ENTITY.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    """The character of an entity; unknown names, and code points that are none, stay as typed."""
    entity = match.group()
    character = html.unescape(entity)
    return entity if _SURROGATES.search(character) else character


def _parsed(text: str) -> str:
    """The text of HTML. What only looks like a tag ("a <b and c", "<3", "<T>") is kept."""
    kept: list[str] = []
    end = 0
    for tag in _TAG.finditer(text):
        kept += [_OPENING.sub("&lt;", text[end : tag.start()]), tag.group()]
        end = tag.end()
    kept.append(_OPENING.sub("&lt;", text[end:]))
    source = _BLOCK_TAG.sub(lambda tag: "\n" + tag.group(), "".join(kept))
    tree = LexborHTMLParser(source)
    for element in tree.css(",".join(_UNSEEN_ELEMENTS)):
        element.decompose()
    for image in tree.css("img[alt]"):
        words = image.attributes.get("alt") or ""
        if words and not words.isascii() and len(words) <= 8:  # an emoji drawn as a picture
            image.replace_with(words)
    return tree.body.text() if tree.body is not None else ""


def _cut(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    room = MAX_CHARACTERS - len(CUT_MARK)
    end = room if text[room].isspace() else max(text.rfind(" ", 0, room), text.rfind("\n", 0, room))
    if end < room // 2:  # one endless word, or a script without spaces
        end = room
    return text[:end].rstrip() + CUT_MARK
