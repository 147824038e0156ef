"""The hooks of a project: its settings and the rows that they name, made ready to verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from earful.credentials import credential
from earful.errors import ConfigurationError, did_you_mean
from earful.settings import Hook as HookSettings
from ingest.connector import Need, require_needs
from ingest.hooks.row import HookRow
from ingest.hooks.signatures import Signature
from ingest.rest.files import read_toml

SHIPPED = Path(__file__).parent / "rows"


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that is listened at: its row, how it verifies, and with what.

    ``key`` is the secret shared with the platform, ``id_key`` our own for ids that name people.
    """

    name: str
    row: HookRow
    signature: Signature
    key: bytes = field(repr=False)
    id_key: bytes = field(repr=False)
    token: str | None = field(default=None, repr=False)


def find_rows(folder: Path | None = None) -> dict[str, HookRow]:
    """The shipped rows and those of a project's folder, by name.

    Raises ``ConfigurationError`` that names the file and every key that is wrong, or two files
    of one name.
    """
    rows: dict[str, HookRow] = {}
    origin: dict[str, Path] = {}
    for place in (SHIPPED, *([folder] if folder else [])):
        for path in sorted(place.glob("[!_]*.toml")):
            row = read_toml(path, HookRow, "is no row of a webhook")
            if row.name in rows:
                raise ConfigurationError(
                    f"two rows of webhooks are named {row.name!r}: {origin[row.name]} and {path}",
                    next_step="Give yours another name.",
                )
            rows[row.name], origin[row.name] = row, path
    return rows


def make_hooks(
    settings: Sequence[HookSettings], rows: Mapping[str, HookRow], id_key: bytes
) -> dict[str, Hook]:
    """The hooks of the settings by name, with their secrets.

    Raises ``ConfigurationError`` where a row, a dialect or a secret is missing.
    """
    return {one.name: _made(one, rows, id_key) for one in settings}


def _made(settings: HookSettings, rows: Mapping[str, HookRow], id_key: bytes) -> Hook:
    where = f"hook {settings.name!r}"
    row = rows.get(settings.row)
    if row is None:
        raise ConfigurationError(
            f"there is no row {settings.row!r}",
            where=where,
            next_step=did_you_mean(settings.row, rows),
        )
    signature = row.signature
    if settings.signature is not None:
        try:
            signature = Signature.model_validate(settings.signature)
        except ValidationError as error:
            told = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise ConfigurationError(f"signature: {told}", where=where) from error
    variable = settings.secret or row.secret.environment
    needs = [Need(variable, "environment", row.secret.what, row.secret.how, secret=True)]
    asked = row.challenge.environment if row.challenge else None
    if asked:
        what, how = "the word that the platform must know", "Make one up and tell the platform."
        needs.append(Need(asked, "environment", what, how, secret=True))
    require_needs(needs, settings.name, {})
    return Hook(
        settings.name,
        row,
        signature,
        signature.bytes_of(credential(variable), f"credential {variable}"),
        id_key,
        credential(asked) if asked else None,
    )
