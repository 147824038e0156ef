"""Asking for comments by id: what they are now, or a tombstone where they are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import regex

from earful.records import Comment
from ingest.budget import BudgetSpentError
from ingest.rest.asking import LookUp
from ingest.rest.given import Words
from ingest.rest.items import items_at
from ingest.rest.service import Service
from ingest.rest.values import Value, fill, leaves_path

_FEW = 3
"""So many comments may be gone without one that is still there."""


def look_up(
    service: Service, look: LookUp, source: str, instance: str, native_ids: Sequence[str]
) -> Iterator[Comment]:
    """The comments with these ids, the first ``look.most`` of them, and tombstones last."""
    wanted = iter(list(native_ids)[: look.most])
    gone: list[Comment] = []
    found = 0
    while chunk := list(islice(wanted, look.at_once)):
        try:
            here, missing = _asked(service, look, chunk)
        except BudgetSpentError:
            break
        for comment in here:
            if comment.deleted:
                gone.append(comment)
            else:
                found += 1
                yield comment
        kind = service.row.kind
        gone += [Comment(source, instance, one, "", kind=kind, deleted=True) for one in missing]
    # A site that hides everything at once was closed, or wants a login: nothing was deleted.
    if found or len(gone) <= _FEW:
        yield from gone


def _asked(service: Service, look: LookUp, chunk: list[str]) -> tuple[list[Comment], list[str]]:
    """(comments that came, ids that are said to be gone)."""
    words = _words(service.given.single, look, chunk)
    if words is None:
        return [], []
    path = service.given.path(look.path, words, look.separator)
    parameters = {name: fill(str(value), words) for name, value in look.parameters.items()}
    service.budget.before_call(len(chunk))
    answer = service.client.ask(path, parameters, expected=look.gone)
    if answer.status in look.gone:
        return [], chunk
    items = items_at(answer.content, look.items) or []
    service.budget.after_call(len(items))
    found: dict[str, Comment] = {}
    for item in items:
        if service.mapper.is_comment(item) and (mapped := service.mapper.map(item, words)):
            found[mapped.comment.native_id] = mapped.comment
    here = [found[native_id] for native_id in chunk if native_id in found]
    if look.missing == "unknown":
        return here, []
    return here, [native_id for native_id in chunk if native_id not in found]


def _words(single: Words, look: LookUp, chunk: list[str]) -> dict[str, Value] | None:
    """The options and the parts of the ids; None where an id would leave the path."""
    words: dict[str, Value] = {**single, "id": chunk[0], "ids": look.separator.join(chunk)}
    if look.pattern is not None:
        match = regex.fullmatch(look.pattern, chunk[0])
        if match is None:
            return None
        words.update(match.groupdict())
    return None if leaves_path(words) else words
