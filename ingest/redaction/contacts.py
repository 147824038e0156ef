"""E-mail addresses, handles, network addresses, and links, where no numbers are looked for."""

# ruff: noqa: SIM905 - words read better without quotation marks

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import regex

from ingest.redaction.spans import Ranges, cued

_PROVIDERS = (
    "gmail|googlemail|yahoo|ymail|hotmail|outlook|live|msn|aol|icloud|proton|protonmail|gmx|zoho|"
    "fastmail|naver|daum|hanmail|yandex|mail|qq|163|126|wp|o2|onet|interia|orange|free|laposte|"
    "t-online|comcast|verizon|att|sbcglobal|rediffmail"
)
_LOCAL = r"[\p{L}\p{N}](?:[\p{L}\p{N}._%+'-]{0,62}[\p{L}\p{N}_+-])?"
_HOST = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
_EMAIL = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}]){_LOCAL}@(?:{_HOST}\.){{1,6}}\p{{L}}[\p{{L}}\p{{N}}-]{{1,23}}"
    rf"|(?<![\p{{L}}\p{{N}}]){_LOCAL}@(?:{_PROVIDERS})\b(?!\.\p{{L}})"
    r"|\"[^\"\n@]{1,60}\"@(?:[\w-]{1,63}\.){1,6}\p{L}{2,24}",
    regex.IGNORECASE,
)
_AT = r"(?:\s?[(\[{<]\s?at\s?[)\]}>]\s?|\s?[(\[{<]\s?@\s?[)\]}>]\s?|\s@\s|@\s|\s\(?at\)?\s|_at_)"
_DOT = r"(?:\s?[(\[{<]\s?(?:dot|\.)\s?[)\]}>]\s?|\s?\.\s?|\sdot\s|_dot_)"
_TOP_LEVEL = (
    "com|net|org|edu|gov|info|biz|io|co|me|us|uk|ca|de|fr|es|it|nl|be|at|ch|pl|cz|sk|hu|ro|ru|ua|"
    "se|no|dk|fi|pt|gr|ie|eu|br|mx|ar|cl|in|jp|kr|cn|tw|hk|sg|au|nz|za"
)
_SPELT_EMAIL = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}])(?P<local>{_LOCAL}(?:\sdot\s{_LOCAL}|\sunderscore\s{_LOCAL}){{0,2}})"
    rf"(?P<at>{_AT})(?P<host>{_HOST}(?:{_DOT}{_HOST}){{0,2}}?)"
    rf"(?P<dot>{_DOT})(?P<top>{_TOP_LEVEL})(?:{_DOT}(?:{_TOP_LEVEL}))?(?![\p{{L}}\p{{N}}])",
    regex.IGNORECASE,
)
_MAY_BE_SPELT = regex.compile(
    r"(?:[\s(\[{<_](?:at|AT|At)[\s)\]}>_]|@\s|\s@\s|[(\[{<]\s?@)[^\n]{0,60}?(?:[.]|dot|DOT|Dot)"
)
_EMAIL_CUE = regex.compile(
    r"\b(?:e-?mails?|mail|contact|reach|write|message|address|inbox|correo|adres|courriel|"
    r"이메일|메일|メール)\b[^.!?\n]{0,30}$",
    regex.IGNORECASE,
)
_PROVIDER = regex.compile(rf"(?:{_PROVIDERS})", regex.IGNORECASE)
_WRITTEN_LOCAL = regex.compile(r"[\d._]|\sdot\s|\sunderscore\s")

_URL = regex.compile(
    r"\b(?:https?://|www\.)[^\s<>\"']+"
    r"|\b(?:[a-z0-9-]+\.){1,3}(?:com|net|org|io|ly|me|gl|co|tv|be|gg|it|us|gov|edu)/[^\s<>\"']*",
    regex.IGNORECASE,
)
_PROFILE = regex.compile(
    r"(?:twitter|x|facebook|fb|instagram|tiktok|threads|snapchat|twitch|github|medium|"
    r"soundcloud|pinterest|vk|t|last|ello)\.(?:com|net|tv|me|fm|co)/(?:add/|people/)?@?(?P<a>[\w.-]{2,40})"
    r"|linkedin\.com/in/(?P<b>[\w%-]{2,80})"
    r"|reddit\.com/u(?:ser)?/(?P<c>[\w-]{2,40})"
    r"|youtube\.com/(?:user/|c/|@)(?P<d>[\w.-]{2,60})"
    r"|steamcommunity\.com/(?:id|profiles)/(?P<e>[\w-]{2,40})"
    r"|bsky\.app/profile/(?P<f>[\w.:-]{2,80})"
    r"|\b[\w-]+(?:\.[\w-]+)+/@(?P<g>[\w.]{2,40})",
    regex.IGNORECASE,
)
_NO_PROFILE = frozenset(
    "i web intent share search home hashtag watch groups pages events photo photos video videos "
    "status statuses explore p reel reels stories legal about help settings login signup sharer "
    "permalink.php story.php photo.php profile.php tv games store features pricing topics tags "
    "messages notifications policies privacy terms marketplace apps".split()
)

_HANDLE = regex.compile(
    r"(?<![\p{L}\p{N}_@./\[])@(?P<name>[\p{L}_][\p{L}\p{N}_]{0,39}(?:[.-][\p{L}\p{N}_]{2,30}){0,3}"
    r"|\d{1,6}[\p{L}_][\p{L}\p{N}_]{3,30})(?P<server>[@:][\w-]+(?:\.[\w-]+)+)?(?![\p{L}\p{N}_/])"
    r"|(?<![\p{L}\p{N}_./])/?u/(?P<reddit>[A-Za-z0-9_-]{3,20})(?![\w/])"
)
_NO_HANDLE = frozenset(
    "media import param params return returns throws override deprecated author since see todo "
    "property interface everyone here channel all home work types charset keyframes supports "
    "suppresswarnings test autowired bean null nullable echo off".split()
)
_CLOCK = regex.compile(r"\d{1,2}(?:am|pm|h|hrs?)\b", regex.IGNORECASE)

_IPV4 = regex.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w|\.\d)")
_IPV6 = regex.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
_MAC = regex.compile(
    r"(?<![\w:-])[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}(?![\w:-])"
)
_VERSION_CUE = regex.compile(
    r"(?:\b(?:v|ver|version|versions|build|release|update|updated|patch|firmware|driver|drivers|"
    r"android|ios|chrome|firefox|skype|app|sdk|api|java|flash|section|rev)|(?<=\w)-|\bto)\.?\s?:?\s?$",
    regex.IGNORECASE,
)
_HIGHEST_OF_A_VERSION = 31


def emails(text: str) -> Ranges:
    """E-mail addresses, also spelt out ("ann at example dot com") or with spaces and brackets.

    A bare "at ... dot" needs a mail provider, a written local part ("ann.k", "ann77") or a cue
    before it: "look at shop dot com" is no address.
    """
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.span()
    if not _MAY_BE_SPELT.search(text):
        return
    for match in _SPELT_EMAIL.finditer(text):
        if _is_address(match, cued(text, match.start(), _EMAIL_CUE)):
            yield match.span()


def _is_address(spelt: regex.Match[str], cue: bool) -> bool:
    at, dot = spelt["at"].strip().lower(), spelt["dot"].strip()
    provider = _PROVIDER.fullmatch(spelt["host"]) is not None
    if "@" in at:
        return cue or spelt["dot"] == "." or dot != "."  # not "thanks @ann. It works"
    if at != "at":
        return True
    if dot == "." and "." not in spelt["local"]:
        return cue and provider  # not "we ate at place.com"
    return provider or cue or _WRITTEN_LOCAL.search(spelt["local"]) is not None


def urls(text: str) -> Ranges:
    """Links. They are kept, and numbers inside them are parts of an address on the web."""
    if "/" in text or "www" in text.lower():
        for match in _URL.finditer(text):
            yield match.span()


def handles(text: str, kept: Callable[[str], bool]) -> Ranges:
    """Names on a platform: @ann, @ann@example.social, u/ann, and those in links to a profile.

    ``kept`` tells the handles that stay, which are the brand's own.
    """
    if "/" in text:
        for match in _PROFILE.finditer(text):
            for group, name in match.groupdict().items():
                if name and name.lower() not in _NO_PROFILE and not kept(name):
                    yield match.span(group)
    if "@" not in text and "u/" not in text:
        return
    for match in _HANDLE.finditer(text):
        name = match["name"] or match["reddit"]
        if name.lower() in _NO_HANDLE or _CLOCK.match(name) or kept(name):
            continue
        yield match.span()


def network_addresses(text: str) -> Ranges:
    """Public IPv4 and IPv6 addresses and hardware addresses; not versions ("v1.2.3.4").

    Private, loopback and documentation ranges name nobody and stay.
    """
    if "." in text:
        for match in _IPV4.finditer(text):
            if _public_v4(match.group()) and not cued(text, match.start(), _VERSION_CUE):
                yield match.span()
    if ":" in text or "-" in text:
        for match in _MAC.finditer(text):
            yield match.span()
        for match in _IPV6.finditer(text):
            if _public_v6(match.group()):
                yield match.span()


def _public_v4(address: str) -> bool:
    try:
        parsed = IPv4Address(address)
    except ValueError:
        return False
    numbers = [int(part) for part in address.split(".")]
    return not parsed.is_private and max(numbers) > _HIGHEST_OF_A_VERSION


def _public_v6(address: str) -> bool:
    if sum(character.isalnum() for character in address) < 4:
        return False  # "::" of C++, times of day
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local)
