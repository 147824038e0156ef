"""Postal addresses: a house number with its street, a post box, a postcode beside them.

A city, a country or a street without a number is kept: demand needs places, and they name nobody.
"""

# ruff: noqa: E501 - a pattern reads better on one line than cut where the line ends

from __future__ import annotations

from collections.abc import Iterator

import regex

from ingest.redaction.spans import Range, Ranges, cued

_WORD = r"(?:\p{Lu}[\p{L}\p{M}'-]*|\p{Lu}\p{L}{0,2}\.)"
_ANY_WORD = r"[\p{L}\p{M}][\p{L}\p{M}'.-]*"
_LINK = r"(?:de|del|da|do|dos|das|di|du|des|la|le|les|los|van|von|der|den|of|the|y|e|et|and|am|zu)"
_HOUSE = r"\d{1,6}(?:[A-Za-z]|\s?(?:bis|ter))?(?:[-/]\d{1,4}[A-Za-z]?)?"
_BEFORE = r"(?<![\w$€£.,:#/-])"

_STREET_WORDS = (
    "Street|St|Str|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Terrace|Ter|"
    "Circle|Cir|Highway|Hwy|Parkway|Pkwy|Turnpike|Tpke|Freeway|Fwy|Expressway|Alley|Crescent|"
    "Cres|Mews|Esplanade|Promenade|Causeway"
)
_WEAK_STREET_WORDS = (
    "Close|Square|Sq|Plaza|Route|Trail|Trl|Way|Place|Pl|Walk|Row|Loop|Run|Path|Pass|Point|Park|Grove|Gardens?|Glen|Green|Heights?|Hills?|"
    "Isle|Island|Junction|Knolls?|Landing|Manors?|Meadows?|Mills?|Mount|Orchard|Oval|Parade|"
    "Pike|Plains?|Ports?|Rapids?|Ridges?|River|Roads|Shoals?|Shores?|Springs?|Spurs?|Stravenue|"
    "Streets|Summit|Throughway|Trace|Track|Trafficway|Tunnel|Unions?|Valleys?|Viaduct|Views?|"
    "Villages?|Ville|Vista|Walks|Wall|Ways|Wells?|Bend|Bluffs?|Branch|Bridge|Brooks?|Burgs?|"
    "Bypass|Camp|Canyon|Cape|Center|Centers|Cliffs?|Club|Common|Corners?|Course|Courts|Coves?|"
    "Creek|Crest|Crossing|Crossroad|Curve|Dale|Dam|Divide|Drives|Estates?|Extensions?|Falls?|"
    "Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort|Gateway|Harbors?|Haven|Hollow|Inlet|"
    "Keys?|Lakes?|Light|Lights|Locks?|Lodge|Mall|Mission|Motorway|Mountains?|Neck|Overpass|"
    "Passage|Pine|Pines|Prairie|Radial|Ramp|Ranch|Rest|Rue|Skyway|Squares|Station|Stream"
)
_LINE_START = r"(?:\n[ >|?*-]{0,6})?"
_UNIT_WORDS = r"(?:apt|apartment|suite|ste|unit|flat|room|rm|floor|fl|bldg|building)"
_UNIT = rf"(?:(?i:{_UNIT_WORDS})(?!\p{{L}})\.?\s?\#?\s?\w{{1,6}}(?:-\w{{1,4}})?|\#\s?\d{{1,5}}\w?)"
_NO_STREET_BEFORE = r"(?<!\b(?i:hard|disk|disc|flash|thumb|solid|state|usb|dvd|cd|gb|tb|mb|test))"

_STREET = regex.compile(
    rf"""{_BEFORE} {_HOUSE} ,?[ ] (?:(?:N|S|E|W|NE|NW|SE|SW)\.?[ ])?
        (?: (?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)|{_LINK}) [ ] ){{1,4}}? {_NO_STREET_BEFORE.replace("))", r")[ ])", 1)}
        (?:{_STREET_WORDS})\b\.? (?:[ ](?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?
        (?![ -]?(?i:thr|of[ ]|back|up|in[ ]theater))""",
    regex.VERBOSE,
)
_WEAK_STREET = regex.compile(
    rf"""{_BEFORE} \d{{3,6}}[A-Z]? [ ] (?:{_WORD}[ ]){{1,3}} (?<!\b(?:The|A|An|Your|My|This|On|In|By|Big|Best)[ ]) (?:{_WEAK_STREET_WORDS}) \b
        (?= \s*(?:[,\n.;)]|$|(?i:{_UNIT_WORDS})\b|\#\d) )""",
    regex.VERBOSE,
)
_LOWER_STREET = regex.compile(
    rf"""{_BEFORE} \d{{2,6}} [ ] (?!(?i:way|lane|mile|mi|min|minute|minutes|hour|hours|foot|ft|feet|km|day|year|
        dollar|bucks?|people|cars?|blocks?|yards?|meters?|different|other|more|degree|percent)\b)
        (?:{_ANY_WORD}[ ]){{1,2}}? (?i:street|avenue|ave|boulevard|blvd|road|rd)\b\.?
        (?![ ](?i:trip|map|test|block|work))""",
    regex.VERBOSE | regex.IGNORECASE,
)
_BEFORE_UNIT = regex.compile(
    rf"""{_BEFORE} {_HOUSE},? [ ] (?:{_ANY_WORD},?[ ]){{1,5}} (?:\d{{1,5}}\w?)? [ ,]? {_LINE_START}
        (?i:apt|apartment|suite|ste|unit|flat)\.?\s?\#?\s?\d{{1,5}}\w?\b""",
    regex.VERBOSE,
)
_UNIT_ALONE = regex.compile(r"\b(?:apt|apartment)\b\.?\s?#?\s?\d{1,5}[a-z]?\b", regex.IGNORECASE)

_STREET_FIRST_WORDS = (
    r"(?:Rua|Avenida|Av|Avda|Travessa|Praça|Calle|Carrer|Carrera|Paseo|Camino|Plaza|Ronda|Via|Viale|"
    r"Piazza|Corso|Vicolo|Largo|Rue|Boulevard|Chemin|Allée|Impasse|Quai|Strada|Bulevardul|Calea|"
    r"Jalan|Jl|[Uu]l|[Uu]lic[aey]|al|[Aa]lej[ai]|os|[Oo]siedle|pl|[Pp]lac|[Nn]áměstí|[Uu]lici|"
    r"Улица|улица|ул|проспект|пр|переулок|бульвар|Οδός|Πλατεία|Λεωφόρος|Λεωφ)"
)
_STREET_FIRST = regex.compile(
    rf"""(?:{_BEFORE}{_HOUSE},?[ ])? (?<![\p{{L}}\p{{N}}])
        (?:{_STREET_FIRST_WORDS}[ ]|(?:[Uu]l|al|os|pl|Av|Avda|Jl|ул|пр|Λεωφ)\.[ ]?|C/[ ]?)
        (?:{_LINK}[ ]|(?:l'|d')?{_WORD},?[ ]|\d{{1,2}}[ ]){{1,6}}?
        (?:n[º°o]?\.?[ ]?|nr\.?[ ]|km[ ]|s/n)?{_HOUSE}\b(?:/\d{{1,4}})?""",
    regex.VERBOSE,
)
_NUMBER_FIRST = regex.compile(
    rf"""{_BEFORE} {_HOUSE},? [ ] (?:rue|avenue|boulevard|chemin|allée|impasse|quai|rúa|rua|calle|avenida|
        Rue|Avenue|Av|Boulevard|Bd|Place|Chemin|Allée|Impasse|Quai|Route|Rua|Via|Calle|Avenida)\b\.? [ ] (?:(?:{_LINK}|l'|d')[ ]?){{0,3}} (?:{_ANY_WORD}) (?:[ ]{_WORD}){{0,3}}
        (?:[ ]\d{{1,4}}\b)?""",
    regex.VERBOSE,
)
_COMPOUND = regex.compile(
    rf"""(?:{_WORD}[ ]){{0,2}}? (?<![\p{{L}}\p{{N}}]) [\p{{L}}\p{{M}}-]{{3,}}
        (?i:straße|strasse|str\.|gasse|weg|platz|allee|ufer|damm|straat|laan|gracht|plein|gade|vej|
        vägen|gatan|gata|götu|veien|veg|tie|katu|kuja|polku|utca|útca)
        [ ] {_HOUSE}\b (?![%€$.,]?\d|[ ](?i:euro|eur|minut|uhr|mal|jahre|stunden))""",
    regex.VERBOSE,
)
_MAY_BE_COMPOUND = regex.compile(
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ufer|damm|straat|laan|gracht|plein|gade|vej|gen|"
    r"ata|ötu|eien|veg|tie|atu|uja|lku|utca) \d",
    regex.IGNORECASE,
)
_NAMED_WAYS = regex.compile(
    rf"""(?<![\p{{L}}\p{{N}}]) (?:{_WORD}[ -]){{1,3}}
        (?:Straße|Strasse|Str\.|Gasse|Weg|Platz|Allee|Ring|utca|u\.|út|útja|tér|tere|tie|gata|vej)[ ]{_HOUSE}\b""",
    regex.VERBOSE,
)
_NUMBER_BOTH_SIDES = regex.compile(
    rf"""{_BEFORE} \d{{2,6}} [ ] (?:{_WORD}[ ]){{1,3}} \d{{1,4}} (?=[ ]?[,\n][\s,>|?*-]{{0,6}}{_WORD})""",
    regex.VERBOSE,
)
_CORNER = regex.compile(
    rf"""\b(?:the[ ])?corner[ ]of[ ] (?=[^.,!?\n]{{0,40}}\d{{2}})
        (?:\d{{1,5}}[ ]|{_WORD}[ ]){{1,5}} and (?:[ ](?:{_WORD}|\d{{1,5}})){{1,4}}""",
    regex.VERBOSE,
)
_POST_BOX = regex.compile(
    rf"""(?:{_BEFORE}\d{{1,6}}[ ])? \b(?:(?i:p\.?[ ]?o\.?[ ]?box|post[ ]office[ ]box|postfach|apartado(?:[ ]de[ ]correos)?|
        casella[ ]postale|boîte[ ]postale|caixa[ ]postal|skrytka[ ]pocztowa)|B\.P\.)\.?[ ]?\#?\d{{1,6}}
        (?:,?[ ]{_UNIT})?""",
    regex.VERBOSE,
)
_MILITARY = regex.compile(
    r"""\b(?:(?:PSC|CMR|Unit)\s\d{1,5},?\s+Box\s\d{1,5}|US(?:NS|S|NV|CGC)\s\p{Lu}\w+)
        \s*,?\s*(?:APO|DPO|FPO),?\s(?:AA|AE|AP)\s\d{5}(?:-\d{4})?""",
    regex.VERBOSE | regex.IGNORECASE,
)
_ASIAN = regex.compile(
    r"[가-힣A-Za-z0-9]{1,12}(?:대로|로|길)\s?\d{1,4}(?:번길\s?\d{1,4})?(?:-\d{1,4})?(?![\d시분개명년월일원%])"
    r"(?:,?\s?\d{1,4}동)?(?:\s?\d{1,4}호)?|\d{1,4}동\s?\d{1,4}호"
    r"|〒\s?\d{3}-\d{4}|\d{1,3}丁目\s?\d{1,4}(?:番地?\s?(?:\d{1,4}号?)?|-\d{1,4}(?:-\d{1,4})?)"
    r"|[\p{Han}]{2,6}[路街道]\d{1,5}[号號](?:\d{1,4}[室楼])?"
)

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|"
    "NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|VI|GU|AS|MP|FM|MH|PW"
)
_PLACE_WORD = rf"(?:{_WORD}|\({_WORD}\))"
_POSTCODE = r"\d{2,3}[ -]\d{2,3}|\d{4,6}(?:-\d{3,4})?(?:[ ][A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d"
_STATE_ZIP = regex.compile(rf"\b(?:{_STATES}),?[ ](?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\w-])")
_UK_POSTCODE = regex.compile(r"\b[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}\b")
_ZIP_WORDS = (
    r"(?:\bzip(?:[ -]?codes?)?\b|\bpost(?:al)?[ -]?codes?\b|\b(?-i:PLZ)\b|\bpostleitzahl\b|"
    r"\bcódigo postal\b|\bcode postal\b|\bkod pocztowy\b|우편번호|郵便番号)"
)
_ZIP_CUED = regex.compile(
    rf"{_ZIP_WORDS}[^.!?\n\d]{{0,40}}?[\s:#(은는]{{1,4}}(?P<zip>(?-i:{_POSTCODE}))(?![\w-])"
    rf"|{_ZIP_WORDS}[?.]?\s*:?\s*(?P<zip>(?-i:{_POSTCODE}))(?![\w-])"
    rf"|(?<![\w$€£.,-])(?P<zip>(?-i:{_POSTCODE}))(?= (?:is|was|as|for) (?:\w+ ){{0,2}}{_ZIP_WORDS})",
    regex.IGNORECASE,
)

_TAIL = regex.compile(
    rf"""(?: (?:[ ]?[,\n][\s,>|?*-]{{0,6}}|[ ](?=(?:{_STATES})[ ]\d{{5}}\b)|[ ](?=(?i:{_UNIT_WORDS})\b\.?[ ]?\#?\d)|[ ](?=\#\d)
            |,?[ ]-[ ]|\.[ ](?=(?i:apt|apartment|suite|ste|flat)\b)|(?<=\b(?i:apt|apartment|suite|ste|unit|flat)\.?[ ]\#?\w{{1,6}})[ ])
        (?: {_UNIT}
          | (?:{_PLACE_WORD}|{_LINK})(?:[ -]{_PLACE_WORD}){{0,3}}(?:,?[ ][A-Z]{{2}})?[ ](?:{_POSTCODE})\b
          | (?:[A-Z]{{2}}|\p{{Ll}}{{2,3}})[\s,]{{1,4}}(?:{_POSTCODE})\b
          | (?: (?:{_POSTCODE})(?:[ ]{_PLACE_WORD}){{0,3}}
            | [A-Z]{{2}}
            | (?:{_PLACE_WORD}|{_LINK})(?:[ -]{_PLACE_WORD}){{0,4}}(?:,?[ ][A-Z]{{2}})?
            ) (?=\s*(?:[,\n.;!?)]|$)|[ ](?:{_STATES})[ ]\d|[ ](?i:{_UNIT_WORDS})\b)
        ) ){{1,6}}""",
    regex.VERBOSE,
)
_TAIL_LOWER = regex.compile(
    rf"""(?: (?:[ ]?[,\n][\s,]{{0,3}}|(?<=\b(?:apt|suite|unit)\.?[ ]\#?\w{{1,6}})[ ])
        (?: {_UNIT} | (?:{_POSTCODE})(?:[ ]{_ANY_WORD}){{0,2}}
          | {_ANY_WORD}(?:[ -]\(?{_ANY_WORD}\)?){{0,4}}(?:[ ](?:{_POSTCODE}))? )
        (?=\s*(?:[,\n]|$|[.;!?)]\s*$)) ){{1,5}}""",
    regex.VERBOSE | regex.IGNORECASE,
)
_CUE = regex.compile(
    r"(?:\baddress(?:es)?(?: is| was| with| to|:|\? it(?:'s| is)(?: in| at)?)?|\baddress[^.!?\n]{0,20}(?:is|are):?|"
    r"\b(?:live[sd]?|living|resid(?:e|es|ed|ing)|located) (?:at|on)|"
    r"\b(?:ship(?:ped)?|send|sent|deliver(?:ed)?|mail(?:ed)?|forward(?:ed)?|return(?:ed)?|taxi|cab|"
    r"ride)(?: (?:it|them|this|that|one|new|a|the|my|order|me|card|items?)){0,3} to|"
    r"\bmeet (?:me|you|us|him|her) (?:at|on)|\b(?:drops?|pick(?:ed|s)?) (?:you|me|us|him|her) (?:off|up) "
    r"(?:at|from|on)|\b(?:office|house|home|restaurant|store|place|apartment) is (?:at|on|in)|it'?s in|"
    r"\bsent to\? user:|dirección(?: es|:)?|vivo en|wohne (?:in|an) (?:der)?|adresse(?: ist|:| est)?|"
    r"j'habite(?: au)?|adres(?: to|:)?|mieszkam (?:na|przy)|주소(?:는|:)?|住所(?:は|:)?)"
    r"[\s:,\"]*(?:the corner of )?$",
    regex.IGNORECASE,
)
_CUED_PLACE = regex.compile(
    rf"""{_HOUSE},?[ ](?:{_WORD}|{_LINK})(?:,?[ ](?:{_WORD}|{_LINK}|\d{{1,5}}\b)){{0,5}}
       | {_WORD}(?:[ ](?:{_WORD}|{_LINK})){{0,4}},?[ ]{_HOUSE}\b(?:[ ]?{_UNIT})?
       | \d{{1,6}}[ ][\p{{L}}'-]{{4,}}(?:[ ][\p{{L}}'-]+){{0,2}}(?:[ ]\d{{1,5}})(?=\s*[,.\n]|$)""",
    regex.VERBOSE,
)
_NUMBER_BEFORE = regex.compile(r"(?<![\w$€£.,:#/-])\d{1,6}[ ]\Z")
_HOME_CUE = regex.compile(
    r"(?:\b(?:my|his|her|our|their|home) address (?:is|was):?|\b(?:live[sd]?|living|resid(?:e|es|ed|ing)) (?:at|on))"
    r"[\s:,\"]*$",
    regex.IGNORECASE,
)
_CUED_STREET = regex.compile(
    rf"{_WORD}(?:[ ]{_WORD}){{0,2}}[ ](?:{_STREET_WORDS}|{_WEAK_STREET_WORDS})\b"
)
_CLOCK_OR_COUNT = regex.compile(
    r"(?:\d{1,2}\s?(?:am|pm|o'clock|h)\b|\d+\s(?:AM|PM|Minutes?|Hours?|Days?|GB|Stars?|Times?|People)\b)",
    regex.IGNORECASE,
)
_CUE_WORDS = regex.compile(
    r"address|liv|resid|locat|ship|sen[dt]|deliver|mail|return|taxi|cab|ride|meet|"
    r"drop|pick|office|house|home|restaurant|store|place|it'?s in|direcci|vivo|wohne|adres|habite|"
    r"mieszkam|주소|住所",
    regex.IGNORECASE,
)
_CUED_START = regex.compile(r"(?<=[\s:,\"]|^)(?=[\p{Lu}\p{N}])")

_PATTERNS = (
    _MILITARY,
    _STREET,
    _WEAK_STREET,
    _LOWER_STREET,
    _BEFORE_UNIT,
    _STREET_FIRST,
    _NUMBER_FIRST,
    _NAMED_WAYS,
    _NUMBER_BOTH_SIDES,
    _CORNER,
    _POST_BOX,
    _UNIT_ALONE,
)


def addresses(text: str) -> Ranges:
    """Addresses with a house or box number, and the city, state and postcode that follow them.

    After words such as "my address is" or "lives on", a street without a number is taken too.
    """
    for start, end in _heads(text):
        number = _NUMBER_BEFORE.search(text, max(0, start - 8), start)
        yield (number.start() if number else start), _with_tail(text, end)


def postcodes(text: str) -> Ranges:
    """Postcodes after a state, after a word for one, or in the unmistakable shape of the UK."""
    for pattern in (_STATE_ZIP, _ZIP_CUED):
        for match in pattern.finditer(text):
            yield match.span("zip")
    for match in _UK_POSTCODE.finditer(text):
        yield match.span()


def _patterns(text: str) -> Iterator[regex.Pattern[str]]:
    """The patterns that have a chance; the dear ones are asked only where a cheap look allows."""
    yield from _PATTERNS
    if _MAY_BE_COMPOUND.search(text):
        yield _COMPOUND
    if not text.isascii():
        yield _ASIAN


def _heads(text: str) -> Iterator[Range]:
    if any(character.isdigit() for character in text):
        for pattern in _patterns(text):
            for match in pattern.finditer(text):
                yield match.span()
    if _CUE_WORDS.search(text):
        for start in _CUED_START.finditer(text):
            if not cued(text, start.start(), _CUE):
                continue
            place = _CUED_PLACE.match(text, start.start())
            if place is None and cued(text, start.start(), _HOME_CUE):
                place = _CUED_STREET.match(text, start.start())
            if place and not _CLOCK_OR_COUNT.match(place.group()):
                yield place.span()


def _with_tail(text: str, end: int) -> int:
    tail = _TAIL.match(text, end)
    if text.islower():  # a writer without capitals: any short words up to a comma may be a city
        tail = _TAIL_LOWER.match(text, end)
    return tail.end() if tail else end
