"""Scenarios: how many people ask for what, when it changes, and what shall mislead.

A TOML file under ``scenarios/``; weeks count from 0, the week of ``start``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.planted.sentences import brands
from earful.errors import ConfigurationError, did_you_mean

FOLDER = Path(__file__).parent / "scenarios"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Growth(_Part):
    """From ``week`` on, ``factor`` times as many people ask for ``item``."""

    item: str
    week: int
    factor: float = Field(gt=0)


class Launch(_Part):
    """``item`` is offered from ``week`` on; the share ``residual`` of its asks goes on."""

    item: str
    week: int
    residual: float = Field(ge=0, le=1)


class Gap(_Part):
    """Nothing of ``source`` is heard from week ``since`` until before week ``until``."""

    source: str
    since: int
    until: int


class Backfill(_Part):
    """What ``source`` held before week ``before`` becomes known in week ``arrives`` only."""

    source: str
    before: int
    arrives: int


class Opening(_Part):
    """``source`` begins to exist in ``week``."""

    source: str
    week: int


class Loud(_Part):
    """One person who asks for ``cause`` ``times`` times, evenly over ``weeks`` from ``week`` on."""

    cause: str
    times: int
    week: int
    weeks: int


class Brigade(_Part):
    """``accounts`` accounts post the one text of ``cause`` within ``hours`` in ``week``."""

    cause: str
    accounts: int
    week: int
    hours: float = 2.0


class Scenario(_Part):
    """What is planted.

    ``people`` are expected to ask for the most wanted item of a brand, and
    ``people / rank ** zipf`` for the others, but no fewer than ``least``. ``background`` comments
    a week ask for nothing. ``languages`` weighs the languages of the items that have several.
    ``again`` is the share of askers who ask for the same once more, ``several`` of those who ask
    for something else as well, ``copies`` of the long asks that are posted again, half of them by
    others. ``season`` is the swing of a year, 0.3 from 70 to 130 %.
    """

    name: str
    brands: tuple[str, ...]
    start: date
    weeks: int = Field(gt=0)
    people: float = Field(gt=0)
    zipf: float = 0.8
    least: float = 0.0
    background: float = 0.0
    languages: dict[str, float] = Field(default_factory=lambda: {"en": 1.0})
    again: float = 0.0
    several: float = 0.0
    copies: float = 0.0
    season: float = 0.0
    growth: tuple[Growth, ...] = ()
    launch: tuple[Launch, ...] = ()
    gap: tuple[Gap, ...] = ()
    backfill: tuple[Backfill, ...] = ()
    opening: tuple[Opening, ...] = ()
    loud: tuple[Loud, ...] = ()
    brigade: tuple[Brigade, ...] = ()


def scenario_names() -> list[str]:
    """The scenarios that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_scenario(name: str | Path) -> Scenario:
    """A scenario by its name, or from a file of one's own.

    Raises ``ConfigurationError`` that says which entry is wrong and what would be valid.
    """
    path = Path(name) if Path(name).suffix == ".toml" else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ConfigurationError(
            f"there is no scenario {str(name)!r}",
            next_step=did_you_mean(str(name), scenario_names()),
        )
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        scenario = Scenario.model_validate({"name": path.stem, **told})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{entry}: {first['msg']}", where=str(path)) from error
    _check(scenario, str(path))
    return scenario


def _check(scenario: Scenario, where: str) -> None:
    known = brands()
    _known("brand", scenario.brands, known, where)
    chosen = [known[key] for key in scenario.brands]
    items = [item.key for brand in chosen for item in brand.items]
    sources = [source.name for brand in chosen for source in brand.sources]
    changed = [*(one.item for one in scenario.growth), *(one.item for one in scenario.launch)]
    _known("item", changed, items, where)
    uneven = [
        *(one.source for one in scenario.gap),
        *(one.source for one in scenario.backfill),
        *(one.source for one in scenario.opening),
    ]
    _known("source", uneven, sources, where)
    campaigns = {
        "loud": [one.cause for one in scenario.loud],
        "brigade": [one.cause for one in scenario.brigade],
    }
    for kind, wanted in campaigns.items():
        causes = [one.key for brand in chosen for one in brand.causes if one.kind == kind]
        _known(f"{kind} cause", wanted, causes, where)


def _known(what: str, names: Iterable[str], valid: Iterable[str], where: str) -> None:
    choices = list(valid)
    for name in names:
        if name not in choices:
            raise ConfigurationError(
                f"there is no {what} {name!r}",
                where=where,
                next_step=did_you_mean(name, choices),
            )
