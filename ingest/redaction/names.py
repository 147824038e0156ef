"""Names of people where the words around them say that a name is meant.

Names without such words are left to a detector that reads sentences (see ``NameDetector``).
"""

# ruff: noqa: E501 - a pattern reads better on one line than cut where the line ends

# ruff: noqa: SIM905 - words read better without quotation marks

from __future__ import annotations

import regex

from ingest.redaction.spans import Ranges

_INITIAL = r"\p{Lu}\."
_WORD = r"\p{Lu}[\p{L}\p{M}]*(?:['-]\p{Lu}?[\p{L}\p{M}]+)*"
_PARTICLE = r"(?:de|del|della|da|dos|van|von|der|den|bin|ibn|al|el|la|le|di|du|ter|y)"
_NAME = rf"(?:{_WORD}|{_INITIAL})(?:[ ](?:{_PARTICLE}[ ]){{0,2}}(?:{_INITIAL}|\p{{Lu}}\b|{_WORD})){{0,3}}"
_TITLE = (
    r"(?:(?:Mr|MR|Mrs|MRS|Ms|Mx|Dr|DR|Prof|Rev|Sr|Sra|Srta|Mme|Mlle|Sig)\.?|Miss|Mister|Missus|Professor|Doctor|"
    r"Señora?|Herrn?|Frau|Madame|Monsieur|Pani?|Signora?)"
)
_NO_TITLE = (
    r"(?:Mr|Dr|Mrs|Ms|Miss)\.?[ ](?:Pepper|Robot|Bean|Who|Strange|Mario|Clean|Fields?|Pibb|Dre|Martens|"
    r"Scholls?|Pac|Universe|America|World|Manager|Bot|Bot|Potato|Fusion|House|Seuss|Oetker|Beast|Coffee)\b"
)
_THING = (
    r"(?:app|game|brand|product|user|file|folder|screen|account|device|team|store|company|restaurant|"
    r"domain|host|code|channel|playlist|program|site|website|band|song|album|movie|show|place|project|"
    r"it|them|this|thing|item|burger|drink|character|champion|server|class|species|city|town|street|"
    r"on|so|well|aptly|also|re|was|were|be|is|are|been)"
)
_TITLED = regex.compile(rf"(?<![\p{{L}};/])(?!{_NO_TITLE}){_TITLE}[ ](?P<name>{_NAME})")
_TITLED_LOWER = regex.compile(
    r"\b(?:mr|mrs|ms|mx)\.? (?P<name>\p{Ll}{3,}(?: \p{Ll}\b\.?)?(?: \p{Ll}{3,})?)(?=\s*[.,!?\n]|$)"
)
_CUED = regex.compile(
    rf"""(?: \b(?i: (?:my|her|his|their|maiden|managers?'?s?|drivers?'?s?|employees?'?s?|servers?'?s?|cashiers?'?s?|
                workers?'?s?|whose|last|first|full|sur) [ ]? names? \b (?:'s)? (?:[ ](?:is|was|=))?
            | (?<!\b{_THING}[ ]) (?:names? (?:'s|[ ]is|[ ]was|[ ]?:)) | in [ ] the [ ] name [ ] of
            | by [ ] the [ ] name [ ] (?:of|is)? | goes [ ] by | signed,? | surname:?
            | (?<!\b{_THING}[ ]) named
            | (?:manager|employee|worker|driver|server|waiter|waitress|cashier|agent|rep|guy|man|woman|lady|girl|boy|person|lad)
              [ ] (?:is[ ]|was[ ])? called
            | (?:everyone|everybody|people|friends|they|who|all) [ ] calls? [ ] me
            | me [ ] llamo | se [ ] llama | mi [ ] nombre [ ] es | ich [ ] hei(?:ß|ss)e | mein [ ] name [ ] ist
            | je [ ] m'appelle | nazywam [ ] się | mam [ ] na [ ] imię | imieniu )
          ) (?:[ ](?i:him|her))? [ ]{{0,2}}[:"'“]?\s? (?P<name>{_NAME})""",
    regex.VERBOSE,
)
_MAY_BE_CUED = regex.compile(
    r"name|called|calls me|call me|goes by|signed|llam|nombre|hei(?:ß|ss)|appelle|nazywam|imi",
    regex.IGNORECASE,
)
_STATED_LOWER = regex.compile(
    r"\b(?:my name(?:'s| is)|i am called|calls me|named (?:him|her)|me llamo|ich heiße|je m'appelle|"
    r"nazywam się|name:)\s(?P<name>\p{Ll}[\p{L}\p{M}'-]+(?: \p{L}\b\.?)?(?: \p{Ll}[\p{L}\p{M}'-]+){0,2}?)"
    r"(?=\s*(?:[.,!?;\n]|$| and\b| but\b| from\b| i\b| with\b))"
)
_NOT_A_NAME = regex.compile(
    r"(?:a|an|the|not|no|in|on|at|of|my|your|is|was|it|that|this|what|who|why|how|so|very|all|as|too|i|"
    r"you|we|they|he|she|still|now|just|because|please|and|but|or|none|never|always|changed?|wrong|"
    r"incorrect|misspelled|spelled|listed|there|here|been|being|already|correct|registered|under|"
    r"important|irrelevant|also|only|out|up|down|off|gone|unknown|missing|brand|value|tag|account|"
    r"name|game|server|file|after|for|to|from|with)\b",
    regex.IGNORECASE,
)
_TRAILING = regex.compile(
    r"[ ](?:I|And|But|The|He|She|They|We|It(?:'s)?|I'm|There|Is|Was|Who|At|In|On|From|My|Your|You|This|That|Please|"
    r"Thanks?|Thank|Has|Had|Will|Would|Can|Could|Not|So|If|When|As|For|To|With|Are|Our)(?:[ ].*)?$"
)
_SIGNED_OFF = regex.compile(
    rf"(?:^|\n)\s*(?i:(?:kind|best|warm)? ?regards|sincerely|cheers|yours(?: truly)?|thanks|thank you|"
    rf"saludos|mit freundlichen grüßen|cordialement|pozdrawiam),?\s*\n\s*[-–—]*\s*(?P<name>{_NAME})\s*$"
)
_KOREAN = regex.compile(
    r"(?<![가-힣])(?P<name>[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반]"
    r"[가-힣]{2})\s?(?:씨|님|매니저|점장|기사님|선생님|사장님|과장|대리)(?![가-힣]{3})"
    r"|(?:제 |내 )?이름은\s(?P<name>[가-힣]{2,4}?)(?:입니다|이에요|예요|이고|라고|이며)"
)
_NO_KOREAN = frozenset(
    "고객님 기사님 선생님 사장님 점원님 직원님 배달기 담당자 관리자 운영자 개발자 주인장".split()
)
_JAPANESE = regex.compile(
    r"(?:名前は|氏名[:：]?|担当の)(?P<name>[\p{Han}\p{Katakana}ー]{2,8}?)(?:です|と|さん|様|が|、|。|$)"
)


def stated_names(text: str) -> Ranges:
    """Names after a title, after "my name is", "named", "Name:", or under a farewell.

    Lower-case names are taken only where a sentence can hold nothing else ("my name is ann lee.").
    """
    cued = (_CUED,) if _MAY_BE_CUED.search(text) else ()
    for pattern in (_TITLED, *cued, _SIGNED_OFF):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            trailing = _TRAILING.search(match["name"])
            if trailing:
                end = start + trailing.start()
            if match["name"].isupper() and " " in match["name"]:
                end = start + match["name"].index(" ")  # a shouted sentence goes on after the name
            if not _NOT_A_NAME.match(match["name"]):
                yield start, end
    for pattern in (_STATED_LOWER, _TITLED_LOWER):
        for match in pattern.finditer(text):
            if not any(_NOT_A_NAME.match(word) for word in match["name"].split()):
                yield match.span("name")
    if not text.isascii():
        for match in _KOREAN.finditer(text):
            if match["name"] not in _NO_KOREAN:
                yield match.span("name")
        for match in _JAPANESE.finditer(text):
            yield match.span("name")
