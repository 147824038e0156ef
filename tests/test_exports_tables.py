"""Survey and CRM exports: known columns, question text kept, people told apart by their contact."""

from __future__ import annotations

import csv
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_files_reading import comments

from earful.errors import ConfigurationError, DataError
from ingest.files import FileReading, read_comments

ANSWERS = (
    "A lid that does not drip on my hand",
    "Nothing at all, it is a fine kettle",
    "Make the cord a good bit longer",
    "כבל ארוך יותר בבקשה",
    "The beep at six in the morning 😡 wakes the house",
)


def table(path: Path, rows: list[list[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read(path: Path, **options: Any) -> FileReading:
    return read_comments(path, source="survey", **options)


def test_three_rows_of_headings_of_qualtrics(tmp_path: Path) -> None:
    """The question is the title, times have the zone of the ids, previews are left out."""
    path = table(
        tmp_path / "survey.csv",
        [
            ["StartDate", "Status", "RecordedDate", "ResponseId", "RecipientEmail", "Q1",
             "Q2_TEXT"],
            ["Start Date", "Response Type", "Recorded Date", "Response ID", "Recipient Email",
             "How likely are you to recommend us?", "What should we <b>change</b>\nfirst?"],
            ['{"ImportId":"startDate","timeZone":"America/Denver"}', '{"ImportId":"status"}',
             '{"ImportId":"recordedDate","timeZone":"America/Denver"}', '{"ImportId":"_recordId"}',
             '{"ImportId":"recipientEmail"}', '{"ImportId":"QID1"}', '{"ImportId":"QID2_TEXT"}'],
            *(
                ["2024-05-01 10:00:00", "IP Address", "2024-05-01 10:04:00", f"R_{n}",
                 f"p{n}@example.org" if n else "", 9 - n, words]
                for n, words in enumerate(ANSWERS)
            ),
            ["2024-05-01 10:00:00", "Survey Preview", "2024-05-01 10:04:00", "R_x", "", 1,
             "just trying the survey out"],
        ],
    )  # fmt: skip
    found = read(path)
    got = comments(found)
    assert found.describe()[0] == "recognised: answers from Qualtrics"
    assert [one.text for one in got] == list(ANSWERS)
    assert {one.title for one in got} == {"What should we change first?"}
    assert all(one.solicited and one.kind == "survey_answer" for one in got)
    assert got[0].created_at == datetime(2024, 5, 1, 16, 4, tzinfo=UTC)
    assert [one.author for one in got[:2]] == ["R_0", "p1@example.org"]
    assert got[0].native_id == "R_0/What should we change first?"
    assert "Left out: 1 answers of a preview." in found.notes


def test_two_rows_of_headings_of_surveymonkey(tmp_path: Path) -> None:
    """A question over several columns, the last of which has no heading of its own."""
    path = table(
        tmp_path / "monkey.csv",
        [
            ["Respondent ID", "Collector ID", "Start Date", "End Date", "Email Address",
             "What is missing from our kettles?", "Which one do you own?", ""],
            ["", "", "", "", "", "Open-Ended Response", "Response", "Other (please specify)"],
            *(
                [1000 + n, 7, "05/01/2024 09:00:00 AM", "05/01/2024 09:03:00 AM", "", words,
                 "Blue" if n % 2 else "Red", f"the old grey one of {1990 + n}"]
                for n, words in enumerate(ANSWERS)
            ),
        ],
    )  # fmt: skip
    found = read(path)
    got = comments(found)
    assert found.describe()[0] == "recognised: answers from SurveyMonkey"
    assert {one.title for one in got} == {
        "What is missing from our kettles?",
        "Which one do you own? - Other (please specify)",
    }
    assert len(got) == 10
    assert got[0].author == "1000"
    assert got[0].thread_uid == got[1].thread_uid


def test_typeform_and_google_forms(tmp_path: Path) -> None:
    """One open question is still a question: it becomes the title, and the answers solicited."""
    typeform = table(
        tmp_path / "typeform.csv",
        [
            ["#", "If you could change one thing, what?", "Start Date (UTC)", "Submit Date (UTC)",
             "Network ID"],
            *([f"tok{n}", words, "2024-05-01 10:00:00", "2024-05-01 10:01:00", f"n{n}"]
              for n, words in enumerate(ANSWERS)),
        ],
    )  # fmt: skip
    found = read(typeform)
    got = comments(found)
    assert found.describe()[0] == "recognised: answers from Typeform"
    assert got[3].native_id == "tok3/If you could change one thing, what?"
    assert got[3].title == "If you could change one thing, what?"
    assert got[3].solicited
    forms = table(
        tmp_path / "forms.csv",
        [
            ["Timestamp", "Email Address", "What would make you buy another one?"],
            *([f"2024/05/0{n + 1} 9:12:33 AM GMT+2", f"p{n}@example.org", words]
              for n, words in enumerate(ANSWERS)),
        ],
    )  # fmt: skip
    found = read(forms)
    got = comments(found)
    assert found.describe()[0] == "recognised: answers from Google Forms"
    assert got[0].author == "p0@example.org"
    assert got[0].created_at == datetime(2024, 5, 1, 7, 12, 33, tzinfo=UTC)


def test_tickets_and_cases_join_people(tmp_path: Path) -> None:
    """Two tickets of one contact are of one author; deleted cases are left out."""
    tickets = table(
        tmp_path / "tickets.csv",
        [
            ["Ticket ID", "Ticket name", "Ticket description", "Create date", "Pipeline",
             "Associated Contact IDs"],
            ["1", "Lid", "The lid drips on my hand", "2024-05-01 10:00", "Support", "501"],
            ["2", "Again", "It still drips on my hand", "2024-05-03 10:00", "Support", "501"],
        ],
    )  # fmt: skip
    got = comments(read(tickets))
    assert [(one.kind, one.author, one.title) for one in got] == [
        ("ticket", "501", "Lid"),
        ("ticket", "501", "Again"),
    ]
    cases = table(
        tmp_path / "Case.csv",
        [
            ["Id", "IsDeleted", "CaseNumber", "ContactId", "SuppliedEmail", "Subject",
             "Description", "CreatedDate", "Origin"],
            ["500a", "0", "1", "003x", "", "Cord", "Why is it so short?", "2024-05-01T10:00:00Z",
             "Web"],
            ["500b", "1", "2", "003x", "", "Gone", "deleted words", "2024-05-01T10:00:00Z", "Web"],
        ],
    )  # fmt: skip
    contacts = table(
        tmp_path / "Contact.csv",
        [["Id", "FirstName", "LastName", "Email"], ["003x", "Ann", "Kay", "ann@example.org"]],
    )
    with pytest.raises(DataError, match="holds people and nothing that they said"):
        read(contacts)
    archive = tmp_path / "WE_00D.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(contacts, "AContact.csv")
        file.write(cases, "Case.csv")
    found = read(archive)
    got = comments(found)
    assert [(one.native_id, one.author, one.channel) for one in got] == [("500a", "003x", "Web")]
    assert "Left out: 1 deleted records." in found.notes
    assert any("AContact.csv" in note and "passed over" in note for note in found.notes)


def test_what_the_user_says_of_a_known_table(tmp_path: Path) -> None:
    """--map goes over what is known, --export table takes nothing for known."""
    path = table(
        tmp_path / "typeform.csv",
        [
            ["#", "What now?", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"],
            *([f"tok{n}", words, "2024-05-01 10:00:00", "2024-05-02 10:00:00", "n"]
              for n, words in enumerate(ANSWERS)),
        ],
    )  # fmt: skip
    mapped = comments(read(path, mapping={"created_at": "Start Date (UTC)"}))
    assert mapped[0].created_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert not comments(read(path, export="table"))[0].solicited
    with pytest.raises(ConfigurationError, match="not those of answers from Qualtrics"):
        read(path, export="qualtrics")
