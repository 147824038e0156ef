"""Tables of customer relations: tickets and feedback of HubSpot, cases of Salesforce.

The person is the contact as each row names it, by its number or its address: rows of one contact
count as one person, over all tables that are imported under one source.
"""

from __future__ import annotations

from collections.abc import Mapping

from earful.errors import DataError
from ingest.files.exports.shapes import Shaped, TableShape, chosen, has, reshaped
from ingest.files.formats import Table
from ingest.files.values import Value, present

_TICKET = {
    "id": ("Ticket ID", "Record ID"),
    "text": ("Ticket description", "Description", "Content"),
    "title": ("Ticket name", "Ticket Name", "Subject"),
    "created_at": ("Create date", "Created date"),
    "author": (
        "Contact email", "Associated Contact Email", "Associated Contact IDs",
        "Associated Contact", "Associated contact",
    ),
    "channel": ("Source",),
    "product": ("Product",),
}  # fmt: skip
_FEEDBACK = {
    "id": ("Record ID", "Response ID", "Feedback Submission ID"),
    "text": ("Response", "Follow-up response", "Follow up response", "Open text response"),
    "title": ("Survey name",),
    "created_at": ("Submission date", "Submission timestamp", "Create date"),
    "author": ("Contact email", "Email", "Associated Contact IDs", "Associated Contact"),
    "rating": ("Rating", "Value", "Survey value"),
}
_CASE = {
    "id": ("Id", "Case ID", "CaseNumber", "Case Number"),
    "text": ("Description",),
    "title": ("Subject",),
    "created_at": ("CreatedDate", "Date/Time Opened", "Created Date", "Opened Date"),
    "author": (
        "ContactId", "Contact ID", "Contact Email", "Contact: Email", "SuppliedEmail", "Web Email",
        "Contact Name",
    ),
    "channel": ("Origin", "Case Origin"),
    "product": ("Product", "Product Name"),
}  # fmt: skip
_CASE_COMMENT = {
    "id": ("Id",),
    "text": ("CommentBody",),
    "created_at": ("CreatedDate",),
    "author": ("CreatedById",),
    "parent": ("ParentId",),
    "thread": ("ParentId",),
}
_CASE_MAIL = {
    "id": ("Id",),
    "text": ("TextBody",),
    "title": ("Subject",),
    "created_at": ("MessageDate", "CreatedDate"),
    "author": ("FromAddress",),
    "parent": ("ParentId",),
    "thread": ("ParentId",),
}
_PEOPLE = (
    ("Record ID", "First Name", "Last Name", "Email"),
    ("Id", "FirstName", "LastName", "Email"),
    ("Contact ID", "First Name", "Last Name", "Email"),
)


def _hubspot(table: Table) -> Shaped | None:
    if has(table, "Ticket ID") or has(table, "Ticket name", "Pipeline"):
        return _known(table, _TICKET, "ticket")
    if has(table, "Survey name") and (
        has(table, "Survey type") or has(table, "Response group") or has(table, "Sentiment")
    ):
        return _known(table, _FEEDBACK, "survey_answer", solicited=True)
    return None


def _salesforce(table: Table) -> Shaped | None:
    if has(table, "CaseNumber", "Description") or has(table, "Case Number", "Description"):
        return _known(table, _CASE, "ticket")
    if has(table, "CommentBody", "ParentId"):
        return _known(table, _CASE_COMMENT, "ticket")
    if has(table, "TextBody", "FromAddress"):
        return _known(table, _CASE_MAIL, "ticket")
    return None


def _people(table: Table) -> Shaped | None:
    """Contacts and leads hold no words; said at once, before a column is taken for some."""
    if any(has(table, *names) for names in _PEOPLE) and not has(table, "Description"):
        raise DataError(
            "holds people and nothing that they said",
            where=table.name,
            next_step="Export tickets, cases or feedback; each row there names its contact. "
            "To read it all the same: --export table --map text=COLUMN.",
        )
    return None


def _known(
    table: Table, fields: Mapping[str, tuple[str, ...]], kind: str, *, solicited: bool = False
) -> Shaped:
    changed = reshaped(table, keep=_refuses, first_filled=fields["author"])
    return Shaped(changed, chosen(changed, fields, kind=kind), solicited=solicited)


def _refuses(row: Mapping[str, Value]) -> str:
    told = {name.casefold(): present(value).casefold() for name, value in row.items()}
    if told.get("isdeleted") in ("true", "1"):
        return "deleted records"
    if told.get("incoming") in ("false", "0"):
        return "mails that were sent to customers"
    return ""


CRM = (
    TableShape("hubspot", "tickets or feedback from HubSpot", _hubspot),
    TableShape("salesforce", "cases from Salesforce", _salesforce),
    TableShape("contacts", "contacts", _people),
)
