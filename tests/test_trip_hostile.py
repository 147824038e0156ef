"""Hostile input through the command line: a clear sentence, an exit code, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["../../evil", "/etc", "a:b", "", " ", "x" * 65, "a\nb"])
def test_a_source_name_cannot_leave_the_project(project: Path, earful: Callable, name: str) -> None:
    """A source is part of uids and file names: anything else is the caller's mistake."""
    (project / "in.csv").write_text("id,text\n1,please open later\n2,\n")
    run = earful("import", "in.csv", f"--source={name}")
    assert run.code == 2
    assert "name of a source" in run.err
    assert not (project / "earful.db").exists()


def test_rows_that_cannot_be_read_are_counted_when_tagging(
    tmp_path: Path, earful: Callable
) -> None:
    """Broken rows of a file to tag are set aside beside the output, with their line."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "fine"}\n{broken\n{"text": "half a pair \\ud83d here"}\n')
    run = earful("tag", "--input", str(source), "--output", str(tmp_path / "out.jsonl"))
    assert run.code == 0, run.err
    assert "1 rows could not be read" in run.out
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "line 3"]
    assert (tmp_path / "out.jsonl.rejects.csv").read_text().count("\n") == 2


def test_a_survey_question_is_not_an_ask(project: Path, earful: Callable) -> None:
    """The question stands in the title; only what people answered is read."""
    (project / "survey.csv").write_text(
        "respondent,What should we improve?,Any other wishes?,age\n"
        "1,please add breakfast all day,more parking please,33\n2,cheaper coffee please,,44\n"
    )
    imported = earful("import", "survey.csv", "--source", "survey", "--solicited")
    assert imported.code == 0, imported.err
    assert earful("tag").code == 0
    assert earful("report").code == 0
    report = json.loads((project / "out" / "signals.json").read_text())
    assert report["signals"]
    for signal in report["signals"]:
        assert "improve" not in signal["name"]
        assert "wishes" not in signal["name"]
    assert report["ladder"]["people"] == 2, "two answers of one respondent are one person"


def test_forgetting_words_that_others_wrote_as_well(project: Path, earful: Callable) -> None:
    """Words that stand in other people's comments too are theirs, and no leftover."""
    words = "please open the lobby on sundays"
    (project / "in.csv").write_text(f"id,author,text\n1,tinker_tam,{words}\n2,otherone,{words}\n")
    earful("import", "in.csv", "--source", "shop")
    (project / "in.csv").unlink()
    run = earful("forget", "shop:import:1")
    assert run.code == 0, run.out
    assert "nothing is left" in run.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["init", "taken/below"], 1),
        (["import", "in.csv", "--source", "s", "--as-of", "9999-12-31"], 2),
        (["backup", "nowhere/copy.db"], 2),
        (["eval", "missing.jsonl"], 1),
        (["eval", "empty.jsonl"], 1),
        (["search", "tea", "--limit", "99999999999"], 2),
        (["report", "--since", "0001-01-01"], 2),
        (["tag", "--input", "in.csv", "--output", "nowhere/o.jsonl"], 1),
    ],
)
def test_no_traceback(project: Path, earful: Callable, arguments: list[str], code: int) -> None:
    """What goes wrong is said in a sentence, with the exit code of the contract."""
    (project / "taken").write_text("a file, no folder")
    (project / "empty.jsonl").write_text("")
    (project / "in.csv").write_text("id,text\n1,please open later\n")
    assert earful("import", "in.csv", "--source", "s").code == 0
    run = earful(*arguments)
    assert run.code == code, run.err
    assert "Traceback" not in run.err
    assert run.err.strip()


def test_brackets_in_names_are_shown_as_they_are(project: Path, earful: Callable) -> None:
    """A file called [bold] is no markup."""
    (project / "[bold]a[").mkdir()
    (project / "[bold]a[" / "b].csv").write_text("id,text\n1,please open later\n")
    run = earful("import", "[bold]a[/b].csv", "--source", "s")
    assert run.code == 0, run.err
    assert "[bold]a[/b].csv" in run.out


def test_broken_facts_are_built_anew(project: Path, earful: Callable) -> None:
    """Facts can be rebuilt at any time, so a broken manifest stops nobody."""
    (project / "in.csv").write_text("id,text\n1,please open later\n")
    earful("import", "in.csv", "--source", "s")
    earful("tag")
    (project / "facts" / "manifest.json").write_text("{")
    assert earful("report").code == 0


def test_doctor_fails_where_the_key_is_missing(
    project: Path, earful: Callable, user_config: Path
) -> None:
    """A project that cannot run is not well."""
    for key in (user_config / "earful" / "keys").iterdir():
        key.unlink()
    run = earful("doctor")
    assert run.code == 1
    assert "key" in run.out
