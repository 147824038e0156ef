"""The writer's own words in the text of a mail: without quotes, attributions and signature.

What a mail program adds is cut, what a person wrote is kept when in doubt: a signature that stays
costs little, a wish that goes is lost. So "Thanks," or a hyphen at the start of a line cut
nothing here; only the marks of the formats do (">" and "-- " of RFC 3676, the header blocks of
Outlook) and lines that programs write. The libraries for this were tried: they cut lists written
with hyphens, leave the quotes between answers, or take seconds for a hostile line.
"""

# ruff: noqa: SIM905 - words read better without quotation marks

from __future__ import annotations

import re
from collections.abc import Sequence

_QUOTED = re.compile(r"^\s{0,3}(?:>|\|\s?>)")
_SIGNATURE = re.compile(r"^-- ?$")
_RULE = re.compile(r"^\s*_{20,}\s*$")

_WROTE = (
    "wrote writes schrieb écrit escribió escreveu scritto napisał napisała napisał(a) schreef skrev"
    " написал написала пишет yazdı 작성 書きました のメッセージ 写道 כתב كتب เขียนว่า लिखा"
).split()
_ATTRIBUTION = re.compile(
    rf"(?:{'|'.join(map(re.escape, sorted(_WROTE, key=len, reverse=True)))})[^\n]{{0,120}}[:：]\s*$"
)
_NAMES_A_MAIL = re.compile(r"@|\b\d{1,2}[:.]\d\d\b|\b(?:19|20)\d\d\b|\d{4}年|\d{4}년")
_MOST_ATTRIBUTION = 400
_ATTRIBUTION_LINES = 3

_FORWARDED = re.compile(
    r"(?i)^\s*[-_=*]{2,}\s*(?:original message|forwarded message|begin forwarded message"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|message d'origine"
    r"|message original|message transféré|mensaje original|mensagem original|messaggio originale"
    r"|oryginalna wiadomość|wiadomość oryginalna|원본 메일|원본 메시지|元のメッセージ|转发邮件"
    r"|原始邮件"
    r"|الرسالة الأصلية)\s*[-_=*]*\s*$|^begin forwarded message:\s*$"
)
_FIELDS = {
    "from": (
        "from von de da od 보낸사람 보낸 差出人 发件人 van fra från от kimden من จาก प्रेषक"
    ).split(),
    "other": (
        "sent date to subject cc gesendet datum an betreff envoyé à objet enviado el para asunto"
        " enviada em assunto inviato data a oggetto wysłano do temat 보낸날짜 받는사람 제목 날짜"
        " 送信日時 宛先 件名 日付 发送时间 收件人 主题 verzonden aan onderwerp till ämne отправлено"
        " кому тема gönderilen kime konu التاريخ إلى الموضوع วันที่ ถึง เรื่อง दिनांक विषय"
    ).split(),
}
_FIELD = re.compile(r"^\s*\*{0,2}([^\W\d_][^\n:：*]{0,15}?)\*{0,2}\s?[:：]\*{0,2}\s?\S")

_SENT_FROM = re.compile(
    r"(?i)^\s*(?:sent from (?:my |the |outlook|mail|yahoo|proton)|get outlook for "
    r"|von meinem .{1,30} gesendet|gesendet (?:von|mit) (?:mein|outlook|der)"
    r"|envoyé (?:de|depuis) mon |enviado (?:desde|do) (?:mi|meu) |inviato da(?:l mio)? "
    r"|wysłane z |나의 .{1,30}에서 (?:보냄|보낸)|내 .{1,30}에서 (?:보냄|보낸)|iphoneから送信"
    r"|发自我的|أُرسلت من)[^\n]{0,80}$"
)


def own_words(text: str) -> str:
    """The text without what was quoted, forwarded or signed; "" where nothing else is there.

    A quote between two answers goes, the answers stay. A forwarded message goes only where words
    of the writer's own stand before it.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    lines = _without_rest(lines)
    lines = _without_quotes(lines)
    lines = _without_signature(lines)
    return "\n".join(lines).strip()


def _without_rest(lines: Sequence[str]) -> list[str]:
    """Up to the block with which programs begin a mail that they attach as text."""
    for number, line in enumerate(lines):
        if not (_FORWARDED.match(line) or _is_header_block(lines, number)):
            continue
        end = number
        while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1])):
            end -= 1
        if any(before.strip() for before in lines[:end]):
            return list(lines[:end])
    return list(lines)


def _is_header_block(lines: Sequence[str], number: int) -> bool:
    """Whether "From:" and two more fields of a mail's head stand here, one below the other."""
    if _field(lines[number]) not in _FIELDS["from"]:
        return False
    below = [line for line in lines[number + 1 : number + 8] if line.strip()][:4]
    return sum(_field(line) in _FIELDS["other"] for line in below) >= 2


def _field(line: str) -> str:
    match = _FIELD.match(line)
    return match[1].replace(" ", "").casefold() if match else ""


def _without_quotes(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    quoting = False
    for line in lines:
        if _QUOTED.match(line):
            if not quoting:
                _drop_attribution(kept)
            quoting = True
            continue
        quoting = quoting and not line.strip()
        kept.append(line)
    _drop_attribution(kept, last=True)
    return kept


def _drop_attribution(kept: list[str], *, last: bool = False) -> None:
    """Take "On ... X wrote:" off the end, which may be broken over up to three lines.

    At the end of a mail (``last``), where no quote follows, it must name a time or an address.
    """
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    told = ""
    for count in range(1, min(_ATTRIBUTION_LINES, end) + 1):
        line = kept[end - count].strip()
        told = f"{line} {told}".strip()
        if not line or len(told) > _MOST_ATTRIBUTION or not _ATTRIBUTION.search(told):
            break
        if _NAMES_A_MAIL.search(told):
            del kept[end - count :]
            return
    if not last and end and _ATTRIBUTION.search(kept[end - 1]):
        del kept[end - 1 :]


def _without_signature(lines: Sequence[str]) -> list[str]:
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line) and any(before.strip() for before in lines[:number]):
            lines = lines[:number]
            break
    return [line for line in lines if not _SENT_FROM.match(line)]
