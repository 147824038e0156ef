"""Reports are found by folder and entry point, and chosen by format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_reports_material import Said, made_facts

from earful.errors import ConfigurationError
from earful.facts import Facts
from earful.settings import Settings
from reports import report
from reports.demand import Demand
from reports.fact_tables import Window
from reports.report import find_reports, known_formats, write_reports
from reports.signals import demand_signals


def found_in(facts: Facts) -> Demand:
    """The signals of all that is there."""
    return demand_signals(facts, Window(), Settings())


class Plain:
    """A report as a stranger would write it: the names of the signals, one a line."""

    name = "plain"
    formats = ("txt",)

    def write(
        self,
        demand: Demand,
        out_dir: Path,
        formats: Sequence[str],
        accuracy: Mapping[str, Any] | None,
    ) -> list[Path]:
        """Write ``signals.txt``."""
        path = out_dir / "signals.txt"
        out_dir.mkdir(exist_ok=True)
        path.write_text("\n".join(signal.name for signal in demand.signals))
        return [path]


def plug_in(monkeypatch: pytest.MonkeyPatch, plugin: object) -> None:
    """Make ``plugin`` look installed."""
    entry = SimpleNamespace(name="stranger", value="stranger:report", load=lambda: plugin)
    monkeypatch.setattr(report, "entry_points", lambda group: [entry])


def test_shipped_reports_are_found() -> None:
    """A file in the folder is enough; modules that are no reports are passed over."""
    assert set(find_reports()) == {"brief", "exports"}
    assert known_formats() == ["csv", "html", "json", "parquet", "xlsx"]


def test_plugin_report_is_found_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stranger's report is chosen by its format like our own."""
    plug_in(monkeypatch, Plain())
    facts = made_facts(tmp_path / "facts", [Said("Chai!", (("chai", "new_offering"),))])
    written = write_reports(found_in(facts), tmp_path / "out", ["txt"])
    assert [path.read_text() for path in written] == ["chai"]


def test_two_reports_of_one_name_are_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reader must see which two files quarrel."""
    plugin = Plain()
    plugin.name = "brief"
    plug_in(monkeypatch, plugin)
    with pytest.raises(ConfigurationError, match="brief") as caught:
        find_reports()
    assert "brief.py" in str(caught.value)
    assert "test_reports_registry.py" in str(caught.value)


def test_broken_plugins_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lacks a part, one that cannot be loaded."""
    plug_in(monkeypatch, SimpleNamespace(name="half", formats=("x",)))
    with pytest.raises(ConfigurationError, match="no write"):
        find_reports()
    broken = EntryPoint("broken", "there_is_no_such_module:report", report.ENTRY_POINTS)
    monkeypatch.setattr(report, "entry_points", lambda group: [broken])
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        find_reports()


def test_unknown_format_is_refused_with_a_guess(tmp_path: Path) -> None:
    """Before any work is done, and with what is valid."""
    facts = made_facts(tmp_path / "facts", [])
    with pytest.raises(ConfigurationError, match="Did you mean 'xlsx'"):
        write_reports(found_in(facts), tmp_path / "out", ["xlxs"])
    assert not (tmp_path / "out").exists()


def test_all_formats_are_written_unless_told(tmp_path: Path) -> None:
    """``None`` means every one."""
    said = [Said("Chai!", (("chai", "new_offering"),), author=a) for a in "ab"]
    facts = made_facts(tmp_path / "facts", said)
    written = write_reports(found_in(facts), tmp_path / "out")
    assert {path.name for path in written} == {
        "brief.html",
        "signals.json",
        "signals.csv",
        "signals-items.csv",
        "signals-quotes.csv",
        "signals-hours.csv",
        "signals-tuples.csv",
        "set-aside.csv",
        "signals.xlsx",
        "signals.parquet",
    }
    assert {path.name for path in (tmp_path / "out").iterdir()} == {p.name for p in written}
