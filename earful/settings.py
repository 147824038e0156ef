"""The project's settings: ``earful.toml``, found in the working folder or above it.

Secrets never stand in the file. Keys come from the environment or from the user's configuration
folder (see ``earful.keys``), credentials of a platform from the environment or the system's
keyring (see ``earful.credentials``).
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from earful.errors import ConfigurationError, did_you_mean

FILE_NAME = "earful.toml"
LEDGER_NAME = "earful.db"
SPOOL_NAME = "deliveries.db"
# A source is a part of uids, between colons, and of file names.
SOURCE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(_Section):
    """What is listened for. All words are matched without regard to case, on word borders.

    ``names`` and ``misspellings`` name the brand, ``products`` its things; ``exclusions`` are
    phrases in which a name means something else ("bramble bush"). ``queries`` maps a source to
    what its search is asked. ``sources`` limits the relevance test to these sources: what a
    page of the brand's own brings in is about the brand whether it is named or not.
    """

    name: str
    names: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    misspellings: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    queries: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sources: tuple[str, ...] | None = None


class Launch(_Section):
    """Something that was brought out, and the signals it answers; docs/launches.md.

    ``when`` is its first day (UTC). ``signals`` are ids or names. ``words`` are what people call
    it, by default ``what`` and the names of its signals.
    """

    what: Words
    when: date
    signals: tuple[Words, ...] = Field(min_length=1)
    words: tuple[Words, ...] = ()


class Source(_Section):
    """One thing to pull: a connector, a name for it in this project, and the connector's options.

    ``name`` is the ``source`` part of every uid and what ``earful pull NAME`` takes.
    """

    name: str = Field(pattern=SOURCE_NAME)
    connector: str
    options: dict[str, Any] = Field(default_factory=dict)


class Hook(_Section):
    """Somebody who pushes to us: a row of ``hooks/`` or a shipped one; docs/webhooks.md.

    ``name`` is the ``source`` part of every uid, and the end of the address: ``/hooks/NAME``.
    ``signature`` and ``secret`` (the variable that holds it) replace what the row says.
    """

    name: str = Field(pattern=SOURCE_NAME)
    row: str
    signature: str | None = None
    secret: str | None = Field(default=None, pattern=r"^EARFUL_[A-Z0-9_]+$")


class Privacy(_Section):
    """``redact`` false stores text as it came; ``keep_askers`` false keeps no way to answer."""

    redact: bool = True
    redact_names: bool = True
    keep_askers: bool = True


class Retention(_Section):
    """Days after which a comment (by ``seen_at``) or the platform's raw JSON is erased.

    ``sources`` overrides the days for one source, where its terms ask for less.
    """

    comments_days: int | None = Field(default=None, ge=1)
    raw_days: int | None = Field(default=None, ge=1)
    sources: dict[str, int] = Field(default_factory=dict)


class Classify(_Section):
    """How comments are read. ``categories`` is a folder of category files beside the shipped ones.

    A comment counts as spam from ``spam_threshold`` on; ``spacy_pipeline`` replaces the shipped
    English pipeline.
    """

    categories: Path | None = None
    spacy_pipeline: str | None = None
    spam_threshold: float = Field(default=0.5, ge=0, le=1)


class Report(_Section):
    """What a report says about itself and how it ranks.

    ``ranking`` is an expression over the columns people, mentions, strength and reach; signals
    are sorted by it, largest first, singles always below the others.
    """

    title: str | None = None
    ranking: str = "people"
    quotes_per_signal: int = Field(default=5, ge=0)


class Pace(_Section):
    """Seconds between two pulls of a source: of a busy one, and of one that brings nothing.

    What stands here for one source goes before what stands in ``[watch]``.
    """

    shortest_wait: float | None = Field(default=None, gt=0)
    longest_wait: float | None = Field(default=None, gt=0)


class Watch(_Section):
    """How ``earful watch`` listens, and what it takes for trouble; docs/watch.md. In seconds.

    A source is pulled when about ``comments_per_pull`` new comments are to be expected, but no
    sooner than ``shortest_wait`` and no later than ``longest_wait`` after its last pull, each
    wait made longer or shorter by up to the share ``jitter``. After failures the wait doubles up
    to ``longest_backoff``. Old comments are looked up again every ``recheck_every``. Pulls wait
    while more than ``most_untagged`` comments are not tagged. Reports are made every
    ``report_every`` hours.

    A source is unwell after ``failures`` pulls that failed in a row, or ``stale_after`` without
    one that succeeded; tagging after ``lag_after`` behind. ``false_alarm`` is the chance that a
    source which is as ever is taken for silent, or for bursting, at one look. Alerts are posted
    to the address in the environment variable EARFUL_ALERT_URL, which may be private where
    ``alert_allow_private`` says so.
    """

    shortest_wait: float = Field(default=15, gt=0)
    longest_wait: float = Field(default=900, gt=0)
    comments_per_pull: float = Field(default=50, gt=0)
    jitter: float = Field(default=0.1, ge=0, le=0.5)
    longest_backoff: float = Field(default=3600, gt=0)
    recheck_every: float = Field(default=3600, gt=0)
    most_untagged: int = Field(default=5000, ge=1)
    report_every: float = Field(default=24, gt=0)
    failures: int = Field(default=3, ge=1)
    stale_after: float = Field(default=7200, gt=0)
    lag_after: float = Field(default=300, gt=0)
    false_alarm: float = Field(default=1e-6, gt=0, lt=0.1)
    alert_allow_private: bool = False
    sources: dict[str, Pace] = Field(default_factory=dict)

    def waits(self, source: str) -> tuple[float, float]:
        """(shortest, longest) wait of a source; the shortest is never above the longest."""
        own = self.sources.get(source, Pace())
        longest = own.longest_wait or self.longest_wait
        return min(own.shortest_wait or self.shortest_wait, longest), longest


class Settings(_Section):
    """The whole of ``earful.toml``, with the folder it was found in as ``root``."""

    root: Path = Path()
    project: str = "earful"
    project_id: str = ""
    brand: tuple[Brand, ...] = ()
    launch: tuple[Launch, ...] = ()
    source: tuple[Source, ...] = ()
    hook: tuple[Hook, ...] = ()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    classify: Classify = Classify()
    report: Report = Report()
    watch: Watch = Watch()

    @property
    def ledger_path(self) -> Path:
        """The SQLite file that holds every comment."""
        return self.root / LEDGER_NAME

    @property
    def spool_path(self) -> Path:
        """The SQLite file of deliveries that were pushed and wait to be processed."""
        return self.root / SPOOL_NAME

    @property
    def facts_path(self) -> Path:
        """The folder of Parquet facts, rebuildable from the ledger at any time."""
        return self.root / "facts"

    @property
    def heads_path(self) -> Path:
        """The folder of what the model has learned from this project's corrections."""
        return self.root / "models"


def check_source_name(name: str) -> None:
    """Raise ``ConfigurationError`` where ``name`` cannot be the name of a source."""
    if not re.fullmatch(SOURCE_NAME, name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a source",
            next_step="Use up to 64 letters, digits, dots, hyphens and underscores: shop-reviews.",
        )


def find_root(start: Path | None = None) -> Path:
    """The nearest folder at or above ``start`` that holds an ``earful.toml``.

    Raises ``ConfigurationError`` where there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise ConfigurationError(
        f"no {FILE_NAME} here or in any folder above",
        where=str(here),
        next_step="Make a project folder with 'earful init DIR', then work inside it.",
    )


def load_settings(start: Path | None = None) -> Settings:
    """Read the ``earful.toml`` at or above ``start``.

    Raises ``ConfigurationError`` that names the file, the entry and what would be valid.
    """
    root = find_root(start)
    path = root / FILE_NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"not valid TOML: {error}", where=str(path), next_step="Correct the line named."
        ) from error
    content.pop("root", None)
    try:
        return Settings.model_validate({**content, "root": root})
    except ValidationError as error:
        raise _explain(error, path) from error


def _explain(error: ValidationError, path: Path) -> ConfigurationError:
    """The first thing pydantic minds, in words, with a guess at a misspelt key."""
    first = error.errors()[0]
    entry = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return ConfigurationError(f"{entry}: {first['msg']}", where=str(path))
    valid = _valid_keys(first["loc"][:-1])
    return ConfigurationError(
        f"{entry}: there is no such setting",
        where=str(path),
        next_step=did_you_mean(str(first["loc"][-1]), valid),
    )


def _valid_keys(section: tuple[str | int, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "brand": Brand,
        "launch": Launch,
        "source": Source,
        "hook": Hook,
        "privacy": Privacy,
        "retention": Retention,
        "classify": Classify,
        "report": Report,
        "watch": Watch,
    }
    model = models.get(str(section[0]), Settings) if section else Settings
    return [key for key in model.model_fields if key != "root"]
