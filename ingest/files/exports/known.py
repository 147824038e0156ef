"""Which of the known tables a table is."""

from __future__ import annotations

from earful.errors import ConfigurationError
from ingest.files.exports.crm import CRM
from ingest.files.exports.shapes import Shaped, TableShape
from ingest.files.exports.surveys import SURVEYS
from ingest.files.formats import Table

SHAPES: tuple[TableShape, ...] = (*SURVEYS, *CRM)
"""Every kind of known table, in the order in which a table is asked whether it is one."""


def known_table(table: Table, wanted: str | None = None) -> tuple[Shaped, TableShape] | None:
    """The table with its columns known, and what kind it is; None where it is of no such kind.

    Raises ``ConfigurationError`` where the user ``wanted`` a kind that it is not.
    """
    for shape in SHAPES:
        if wanted in (None, shape.name) and (shaped := shape.shaped(table)) is not None:
            return shaped, shape
    if wanted is not None:
        title = next(shape.title for shape in SHAPES if shape.name == wanted)
        raise ConfigurationError(
            f"the columns are not those of {title}",
            where=table.name,
            next_step=f"Leave --export away to have columns guessed. They are: "
            f"{', '.join(table.columns)}.",
        )
    return None
