"""Tables of survey tools: the question is kept as the title of each answer.

Qualtrics writes three rows of headings (names, questions, ids in JSON), SurveyMonkey two
(questions, kinds of answer), Typeform and Google Forms one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.clean import clean_text
from ingest.files.exports.shapes import (
    Shaped,
    TableShape,
    chosen,
    first_row,
    has,
    open_questions,
    reshaped,
    unique_names,
)
from ingest.files.formats import Table
from ingest.files.values import Value, present

_LONGEST_QUESTION = 300

_QUALTRICS_FIELDS = {
    "id": ("ResponseId", "ResponseID"),
    "created_at": ("RecordedDate", "EndDate", "StartDate"),
    "author": ("RecipientEmail", "ExternalReference", "ExternalDataReference"),
    "lang": ("UserLanguage",),
}
_QUALTRICS_ABOUT = {
    "startdate", "enddate", "status", "ipaddress", "progress", "duration (in seconds)", "finished",
    "recordeddate", "responseid", "recipientlastname", "recipientfirstname", "recipientemail",
    "externalreference", "externaldatareference", "locationlatitude", "locationlongitude",
    "distributionchannel", "userlanguage",
}  # fmt: skip
_NOT_ANSWERED_BY_PEOPLE = {
    "survey preview": "answers of a preview",
    "1": "answers of a preview",
    "2": "answers of a test",
    "survey test": "answers of a test",
    "spam": "answers that Qualtrics holds for spam",
    "8": "answers that Qualtrics holds for spam",
}

_MONKEY_FIELDS = {
    "id": ("Respondent ID", "respondent_id"),
    "created_at": ("End Date", "date_modified", "Start Date", "date_created"),
    "author": ("Email Address", "email_address"),
}
_MONKEY_ABOUT = {
    "respondent id", "collector id", "start date", "end date", "ip address", "email address",
    "first name", "last name", "custom data 1", "respondent_id", "collector_id", "date_created",
    "date_modified", "ip_address", "email_address", "first_name", "last_name", "custom_1",
}  # fmt: skip
_MONKEY_PLAIN_ANSWER = ("", "response", "open-ended response")
_UNNAMED = re.compile(r"column \d+")

_TYPEFORM_FIELDS = {
    "id": ("#", "Token", "Response ID"),
    "created_at": ("Submit Date (UTC)", "Start Date (UTC)"),
}
_TYPEFORM_ABOUT = {
    "#", "token", "response id", "response type", "start date (utc)", "stage date (utc)",
    "submit date (utc)", "network id", "tags", "ending",
}  # fmt: skip

_FORMS_TIMES = (
    "Timestamp", "Zeitstempel", "Horodateur", "Marca temporal", "Informazioni cronologiche",
    "Carimbo de data/hora", "Sygnatura czasowa", "Tijdstempel", "타임스탬프", "タイムスタンプ",
)  # fmt: skip
_FORMS_ABOUT = {"email address", "username", "score", "e-mail-adresse", "adresse e-mail"}


def _qualtrics(table: Table) -> Shaped | None:
    at = next((row for row in range(3) if _holds_ids(first_row(table, row))), None)
    if at is None:
        return None
    questions = first_row(table, at - 1) if at else {}
    ids = first_row(table, at)
    asked = [name for name in table.columns if name.casefold() not in _QUALTRICS_ABOUT]
    names = unique_names(
        {
            name: (_question(questions.get(name, "")) if name in asked else "") or name
            for name in table.columns
        }
    )
    changed = reshaped(
        table,
        rename=names,
        skip=at + 1,
        keep=_qualtrics_refuses,
        change={name: zoned for name in table.columns if (zoned := _in_zone(ids.get(name, "")))},
    )
    texts = open_questions(changed, [names[name] for name in asked])
    return Shaped(changed, chosen(changed, _QUALTRICS_FIELDS, texts), solicited=True)


def _holds_ids(row: Mapping[str, str]) -> bool:
    return sum(cell.startswith(('{"ImportId"', "{'ImportId'")) for cell in row.values()) >= 2


def _qualtrics_refuses(row: Mapping[str, Value]) -> str:
    status = next((present(v) for name, v in row.items() if name.casefold() == "status"), "")
    return _NOT_ANSWERED_BY_PEOPLE.get(status.casefold(), "")


def _in_zone(told: str) -> Callable[[Value], Value] | None:
    """What turns the times of a column into times with an offset, by the zone its id names."""
    try:
        zone = ZoneInfo(json.loads(told)["timeZone"])
    except (ValueError, KeyError, TypeError, ZoneInfoNotFoundError, OSError):
        return None

    def zoned(value: Value) -> Value:
        text = present(value)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return value
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    return zoned


def _monkey(table: Table) -> Shaped | None:
    if not (
        has(table, "Respondent ID", "Collector ID") or has(table, "respondent_id", "collector_id")
    ):
        return None
    second = first_row(table, 0)
    respondent = next(
        n for n in table.columns if n.casefold() in ("respondent id", "respondent_id")
    )
    two_rows = second.get(respondent, "") == ""
    wanted: dict[str, str] = {}
    question = ""
    for name in table.columns:
        if name.casefold() in _MONKEY_ABOUT:
            wanted[name] = name
            continue
        if not _UNNAMED.fullmatch(name):
            question = _question(name)
        kind = second.get(name, "") if two_rows else ""
        plain = kind.casefold() in _MONKEY_PLAIN_ANSWER
        wanted[name] = question if plain else f"{question} - {_question(kind)}"
    names = unique_names(wanted)
    changed = reshaped(table, rename=names, skip=1 if two_rows else 0)
    asked = [names[name] for name in table.columns if name.casefold() not in _MONKEY_ABOUT]
    texts = open_questions(changed, asked)
    return Shaped(changed, chosen(changed, _MONKEY_FIELDS, texts), solicited=True)


def _typeform(table: Table) -> Shaped | None:
    if not has(table, "Submit Date (UTC)", "Network ID"):
        return None
    asked = [name for name in table.columns if name.casefold() not in _TYPEFORM_ABOUT]
    guess = chosen(table, _TYPEFORM_FIELDS, open_questions(table, asked))
    return Shaped(table, guess, solicited=True)


def _forms(table: Table) -> Shaped | None:
    if not table.columns or table.columns[0] not in _FORMS_TIMES:
        return None
    asked = [name for name in table.columns[1:] if name.casefold() not in _FORMS_ABOUT]
    if not any(len(name.split()) >= 3 or name.rstrip().endswith("?") for name in asked):
        return None
    fields = {
        "created_at": table.columns[:1],
        "author": ("Email Address", "Username", "E-Mail-Adresse", "Adresse e-mail"),
    }
    texts = open_questions(table, asked)
    return Shaped(table, chosen(table, fields, texts), solicited=True) if texts else None


def _question(written: str) -> str:
    """A question as one line; tools keep its markup."""
    words = " ".join(clean_text(written).split())
    return words if len(words) <= _LONGEST_QUESTION else f"{words[:_LONGEST_QUESTION]} ..."


SURVEYS = (
    TableShape("qualtrics", "answers from Qualtrics", _qualtrics),
    TableShape("surveymonkey", "answers from SurveyMonkey", _monkey),
    TableShape("typeform", "answers from Typeform", _typeform),
    TableShape("googleforms", "answers from Google Forms", _forms),
)
