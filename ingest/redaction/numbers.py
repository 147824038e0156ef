"""Numbers that belong to one person: cards, accounts, papers, orders, dates of birth."""

# ruff: noqa: E501 - a pattern reads better on one line than cut where the line ends

from __future__ import annotations

from collections.abc import Callable

import regex
from stdnum import iban, luhn, verhoeff
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.pl import pesel

from ingest.redaction.spans import Ranges, cued, digits_of

_CARD = regex.compile(
    r"(?<![\w.,$€£-])\d(?:[ -]?\d){11,18}(?![\p{Latin}\p{Cyrillic}\p{N}_%]|[.,]\d|-\d)"
)
_CARD_SHAPE = regex.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}")
_CARD_CUE = regex.compile(
    r"(?:\bcards?|\bcc|\bvisa|\bmaster ?card|\bamex|\bdebit|\bcredit|\btarjeta|\bkarty?|\bkarte|"
    r"\bcarte|카드|カード)\b[^.!?\n]{0,24}$",
    regex.IGNORECASE,
)
_TWELVE_DIGIT_ISSUERS = ("50", "56", "57", "58", "6")

_IBAN = regex.compile(
    r"(?<![\w])[A-Z]{2}[ -]?\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Z0-9])", regex.IGNORECASE
)
_IBAN_CUE = regex.compile(r"\biban\b\W*(?:\w+\W+){0,3}$", regex.IGNORECASE)

_SSN = regex.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])")
_SSN_CUE = regex.compile(
    r"\b(?:ssn|social(?: security)?|sozialversicherung\w*)\b[^.!?\n]{0,24}$", regex.IGNORECASE
)
_NINE = regex.compile(r"(?<![\w-])\d{9}(?![\w-])")

_NATIONAL: tuple[tuple[regex.Pattern[str], Callable[[str], bool] | None], ...] = (
    (regex.compile(r"(?<![\w-])\d{6}-[1-8]\d{6}(?![\w-])"), None),  # Korea
    (regex.compile(r"(?<!\w)\d{11}(?!\w)"), pesel.is_valid),
    (regex.compile(r"(?<!\w)\d{8}-?[A-Za-z](?!\w)"), dni.is_valid),
    (regex.compile(r"(?<!\w)[XYZxyz]-?\d{7}-?[A-Za-z](?!\w)"), nie.is_valid),
    (
        regex.compile(r"(?<!\w)[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?!\w)"),
        nir.is_valid,
    ),
    (regex.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), cpf.is_valid),
    (
        regex.compile(r"(?<![\w.])[2-9]\d{3}([ -])\d{4}\1\d{4}(?![\w.])"),
        lambda number: verhoeff.is_valid(digits_of(number)),  # Aadhaar, India
    ),
    (
        regex.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)"),
        None,  # National Insurance, UK
    ),
)

_IDENTIFIED = regex.compile(
    r"""\b(?: passport | (?:driver'?s?'?|driving) \s licen[cs]e | licen[cs]e | dl | national \s id |
          id(?:entity)? (?:\s card)? | order | confirmation | booking | reservation | reference |
          ref | record \s locator | pnr | case | complaint | ticket | tracking | invoice | receipt |
          transaction | txn | account | acct | a/c | member(?:ship)? | loyalty | rewards? |
          frequent \s flyer | customer | client | policy | claim | patient | employee | student |
          badge | flight \s conf\w* | licen[cs]e \s plate | number \s plate | plate | vin | imei |
          serial | gift \s card | pedido | reserva | pasaporte | zamówieni[ae] | rezerwacj[ia] |
          paszport | bestell(?:ung|nummer) | kunden(?:nummer)? | ausweis(?:nummer)? |
          reisepass(?:nummer)? | commande | réservation | passeport | pesel | dni | steuer-?id ) s? (?!\p{L})
        (?: [ ]? (?: numbers? | num | no | nr | id | code | locator | nummer | número | numer |
          numéro | n[°º] | \# ) \b? \.? ){0,2}
        (?: \s? [:=\#-] | \s (?:is|was|are|of|es|ist|est|to) \b | ,? ){0,2} \s? \#? \s?
        (?P<value> (?=[A-Z-]{0,6}\d) [A-Z0-9]+ (?: [-/][A-Z0-9]+ | [ ]\d{2,}(?![\d/:.]) ){0,5} )
        (?![\w%]|[.,:]\d)""",
    regex.VERBOSE | regex.IGNORECASE,
)
_KOREAN_IDENTIFIED = regex.compile(
    r"(?:주문|예약|여권|운전면허|회원|계좌|송장|접수|注文|予約|会員|口座|旅券|パスポート|免許証?|問い合わせ)"
    r"\s?(?:번호|番号)?\s?(?:[:은는이가はが]|号)?\s?(?P<value>[A-Za-z0-9][A-Za-z0-9-]{4,24})"
)
_LOCATOR = regex.compile(
    r"\b(?:confirmation|booking|reservation|record locator|pnr|conf)(?: (?:code|number|no|#|reference|ref))?"
    r"(?:\s?[:#]|\sis)?\s(?P<value>(?=[A-Z0-9]{6}\b)(?=[A-Z0-9]*[A-Z])[A-Z0-9]*\d[A-Z0-9]*|"
    r"(?<=\b(?i:code|number|locator|pnr|reference)(?:\s?[:#]|\sis)?\s)[A-Z]{6})\b"
)
_FEWEST_DIGITS = 5
_FEWEST_DIGITS_OF_PAPERS = 4
_PAPERS = regex.compile(r"passport|licen|plate|\bdl\b|ausweis|paszport|pasaporte", regex.IGNORECASE)
_CALENDAR = regex.compile(r"(?:19|20)\d\d(?:[-/ ]\d\d?){0,2}|\d\d?[-/]\d\d?[-/](?:19|20)?\d\d")

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|januar|februar|märz|mai|"
    r"juni|juli|okt|dez|janv|févr|avr|juin|juil|août|déc|sty|lut|kwi|maj|cze|lip|sie|wrz|paź|lis|"
    r"gru)\p{L}*\.?"
)
_BIRTH = regex.compile(
    rf"""(?: \b(?: born (?:\s on)? (?:\s the)? | d\.?o\.?b\.? | date \s of \s birth | birth \s? da(?:te|y)
          | geboren (?:\s am)? | geburtsdatum | nac(?:í|ida|ido) (?:\s el)? | fecha \s de \s nacimiento
          | née? \s le | date \s de \s naissance | urodz\w+ | data \s urodzenia )
          | 생년월일 | 생일 | 生年月日 | 誕生日 )
        [\s:]{{0,3}} (?: is \s | was \s | [은는이가はが]\s? )? (?:on \s)?
        (?P<value> \d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}
          | \d{{1,2}}(?:st|nd|rd|th|\.)? \s (?:of \s | de \s)? {_MONTH} (?:,? \s (?:de \s)? \d{{4}})?
          | {_MONTH} \s \d{{1,2}}(?:st|nd|rd|th)? (?:,? \s \d{{4}})?
          | \d{{2,4}}[년年]\s?\d{{1,2}}[월月]\s?\d{{1,2}}[일日] | (?:19|20)\d{{6}} | \d{{6}}(?!\d) )""",
    regex.VERBOSE | regex.IGNORECASE,
)


def cards(text: str) -> Ranges:
    """Payment cards of 12 to 19 digits, with spaces or hyphens, that pass the Luhn check.

    A number in the shape of a card after a word for one is taken even where the check fails:
    people mistype, and what they meant is still a card.
    """
    for match in _CARD.finditer(text):
        found = match.group()
        digits = digits_of(found)
        cue = cued(text, match.start(), _CARD_CUE)
        issued = len(digits) > 12 or cue or digits.startswith(_TWELVE_DIGIT_ISSUERS)
        passes = luhn.is_valid(digits) and len(set(digits)) > 1 and issued
        meant = cue and (len(digits) >= 13 or _CARD_SHAPE.fullmatch(found) is not None)
        if passes or meant:
            yield match.span()


def ibans(text: str) -> Ranges:
    """IBANs that pass mod 97 (ISO 13616), with or without spaces; any of that shape after "IBAN"."""
    for match in _IBAN.finditer(text):
        end = _iban_end(match.group())
        if end:
            yield match.start(), match.start() + end
        elif cued(text, match.start(), _IBAN_CUE):
            yield match.span()


def _iban_end(candidate: str) -> int:
    """Length of the longest start of the candidate that is an IBAN and ends with a word, or 0."""
    ends = [len(candidate), *(m.start() for m in regex.finditer(r"[ -]", candidate))]
    for end in sorted(ends, reverse=True):
        if iban.is_valid(candidate[:end], check_country=False):
            return end
    return 0


def social_security(text: str) -> Ranges:
    """US social security and taxpayer numbers: 3-2-4 digits, or nine in a row after a cue."""
    for match in _SSN.finditer(text):
        if match[1] == "-" or cued(text, match.start(), _SSN_CUE):
            yield match.span()
    for match in _NINE.finditer(text):
        if cued(text, match.start(), _SSN_CUE):
            yield match.span()


def identifiers(text: str) -> Ranges:
    """National identity numbers, and what stands after "passport", "order number" and the like.

    A value needs five digits (four on papers): "order 66" and "account since 2012" stay.
    """
    for pattern, valid in _NATIONAL:
        for match in pattern.finditer(text):
            if valid is None or valid(match.group()):
                yield match.span()
    for match in _IDENTIFIED.finditer(text):
        value = match["value"]
        fewest = _FEWEST_DIGITS_OF_PAPERS if _PAPERS.search(match.group()) else _FEWEST_DIGITS
        if len(digits_of(value)) >= fewest and not _CALENDAR.fullmatch(value):
            yield match.span("value")
    for pattern in (_LOCATOR, _KOREAN_IDENTIFIED):
        for match in pattern.finditer(text):
            if any(character.isdigit() for character in match["value"]) or pattern is _LOCATOR:
                yield match.span("value")


def birth_dates(text: str) -> Ranges:
    """Days of birth after a word that says so; a year alone names nobody and stays."""
    for match in _BIRTH.finditer(text):
        yield match.span("value")
