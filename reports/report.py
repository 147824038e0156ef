"""Reports are found, not listed: every module of this folder, and every plug-in, that can write.

A report is one file with ``name``, ``formats`` and ``write(demand, out_dir, formats, accuracy)``,
in this folder or named by an entry point of the group ``earful.reports`` (a module or an object).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import reports
from earful.errors import ConfigurationError, did_you_mean
from reports.demand import Demand

ENTRY_POINTS = "earful.reports"


class Report(Protocol):
    """What a report offers; a module serves as well as an object."""

    @property
    def name(self) -> str:
        """What the report is called; no two share a name."""
        ...

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats it writes, as ``earful report --format`` takes them."""
        ...

    def write(
        self,
        demand: Demand,
        out_dir: Path,
        formats: Sequence[str],
        accuracy: Mapping[str, Any] | None,
    ) -> list[Path]:
        """Write those of ``formats`` that it knows into ``out_dir``; tells the files."""
        ...


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report and the file it lives in."""

    report: Report
    file: str


def find_reports() -> dict[str, FoundReport]:
    """Every report by name: those of this folder, then those of plug-ins.

    Raises ``ConfigurationError`` that names both files where two reports share a name, and where
    a plug-in cannot be loaded or lacks a part.
    """
    found: dict[str, FoundReport] = {}
    for module_info in sorted(pkgutil.iter_modules(reports.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"reports.{module_info.name}")
        if not _missing(module):
            _add(found, cast("Report", module), module.__file__ or module.__name__)
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value)):
        try:
            plugin = entry.load()
        except Exception as error:
            raise ConfigurationError(
                f"the report plug-in {entry.name!r} cannot be loaded: {error}",
                where=entry.value,
                next_step="Update or uninstall the package that brings it.",
            ) from error
        if missing := _missing(plugin):
            raise ConfigurationError(
                f"the report plug-in {entry.name!r} has no {', '.join(missing)}",
                where=entry.value,
                next_step="A report needs name, formats and write; see reports/report.py.",
            )
        _add(found, plugin, _file_of(plugin) or entry.value)
    return found


def _missing(candidate: object) -> list[str]:
    return [part for part in ("name", "formats", "write") if not hasattr(candidate, part)]


def _file_of(plugin: object) -> str | None:
    try:
        return inspect.getfile(plugin if isinstance(plugin, ModuleType) else type(plugin))
    except (TypeError, OSError):
        return None


def _add(found: dict[str, FoundReport], report: Report, file: str) -> None:
    if report.name in found:
        raise ConfigurationError(
            f"two reports are called {report.name!r}",
            where=f"{found[report.name].file} and {file}",
            next_step="Rename one of them, or uninstall the package that brings it.",
        )
    found[report.name] = FoundReport(report, file)


def known_formats() -> list[str]:
    """Every format that some report writes."""
    return sorted({wanted for found in find_reports().values() for wanted in found.report.formats})


def write_reports(
    demand: Demand,
    out_dir: Path,
    formats: Sequence[str] | None = None,
    accuracy: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the reports of what was found in all ``formats`` (None: every one); tells the files.

    ``accuracy`` is what was measured of the model, as ``reports.brief`` shows it. Raises
    ``ConfigurationError`` for a format that no report writes.
    """
    found = find_reports()
    valid = {wanted for entry in found.values() for wanted in entry.report.formats}
    for wanted in formats or ():
        if wanted not in valid:
            raise ConfigurationError(
                f"no report writes the format {wanted!r}",
                where="--format",
                next_step=did_you_mean(wanted, valid),
            )
    chosen = list(dict.fromkeys(formats)) if formats is not None else sorted(valid)
    written: list[Path] = []
    for entry in found.values():
        mine = [wanted for wanted in chosen if wanted in entry.report.formats]
        if mine:
            written += entry.report.write(demand, out_dir, mine, accuracy)
    return written
