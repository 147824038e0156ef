"""A project's people teach the model, from the first key to another version of every tag."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from earful.demo import demo_path
from earful.labelling import Labelling, toggled
from earful.moves import Move, Moves, signal_moves
from earful.pipeline import CURRENT, tagger_loading
from earful.project import Project
from earful.records import DemandSignal, Estimate, Ladder, Trend
from earful.teaching import LEAST

COMMENTS = 110
BLAME = """
label = "blame"
main = false
definition = "Is displeased, with whatever it may be."
examples = ["Cold fries again, never on time.", "The till was rude to my mum.",
    "Overpriced and soggy.", "Waited an hour for nothing.", "Worst burger of my life."]
counter_examples = ["Lovely staff and hot fries.", "What time do you close?"]
"""


@pytest.fixture
def shop(project: Path, earful: Callable) -> Path:
    """A project with some of the demo's reviews, tagged, and a category of its own."""
    (project / "categories").mkdir()
    (project / "categories" / "blame.toml").write_text(BLAME)
    settings = project / "earful.toml"
    settings.write_text(
        settings.read_text().replace("[classify]", '[classify]\ncategories = "categories"')
    )
    reviews = str(demo_path("reviews.csv"))
    imported = earful("import", reviews, "--source", "shop", "--limit", str(COMMENTS))
    assert imported.code == 0, imported.err
    tagged = earful("tag")
    assert tagged.code == 0, tagged.err
    return project


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def blamed(folder: Path, model_version: str | None = None) -> int:
    """How many comments carry the category by the tags of a version, by default all of them."""
    with sqlite3.connect(folder / "earful.db") as ledger:
        (count,) = ledger.execute(
            "SELECT count(*) FROM tags WHERE categories LIKE '%\"blame\"%'"
            " AND model_version = coalesce(?, model_version)",
            (model_version,),
        ).fetchone()
    return int(count)


def current(folder: Path) -> str:
    """The version of the model whose tags are in force."""
    with Project.open(folder).ledger() as ledger:
        return ledger.get_meta(CURRENT) or ""


def teach(folder: Path, count: int) -> None:
    """Somebody says of comments whether they blame: what is negative does, in this project."""
    project = Project.open(folder)
    with project.ledger() as ledger:
        labelling = Labelling(ledger, tagger_loading(project)(), "ann")
        for choice in labelling.queue(count, {}):
            comment = labelling.comment(choice.uid)
            labels = comment.labels
            if ("blame" in labels.categories) != (labels.sentiment == "negative"):
                labels = toggled(labels, "blame")
            labelling.save(comment, labels)


def test_from_the_first_key_to_every_tag(
    shop: Path, earful: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Label, learn, see what would move, accept, roll back: each step does what it says."""
    # Too few corrections: told how many are missing.
    typed(monkeypatch, "", "k", "8", "", "q")
    labelled = earful("label", "--count", "5", "--by", "ann")
    assert labelled.code == 0, labelled.err
    assert "2 saved, 1 of them right as they were; 1 skipped." in labelled.out
    early = earful("train", "--from", "corrections")
    assert early.code == 1
    english = int(
        early.err.split("there are ")[1].split()[0].rstrip(":")
    )  # of two, one may be in Polish
    assert f"{LEAST - english} are missing" in early.err
    assert "of 2 comments, by 1 person" in earful("doctor").out

    # Enough: learned, in use, and nothing else is touched.
    teach(shop, 60)
    before = current(shop)
    taught = earful("train", "--from", "corrections")
    assert taught.code == 0, taught.out + taught.err
    assert "5-fold" in taught.out
    row = next(line for line in taught.out.splitlines() if line.startswith("blame"))
    assert row.endswith("learned")
    version = next(word for word in taught.out.split() if word.startswith("heads-1-")).rstrip(".")
    assert "in use" in earful("train", "--list").out
    assert "heads" in earful("doctor").out

    # The new tags lie beside the old ones until they are accepted.
    assert blamed(shop, before) == blamed(shop) < 10
    shown = earful("tag", "--all", "--preview")
    assert shown.code == 0, shown.err
    assert "blame" in shown.out
    assert current(shop) == before
    new = f"{before}+{version}"
    assert blamed(shop, new) > 20
    with_facts = json.loads((shop / "facts" / "manifest.json").read_text())
    assert with_facts["model_version"] == before
    assert [path.name for path in (shop / "facts").glob("facts-*")] == [with_facts["folder"]]
    refused = earful("tag", "--all")
    assert "Not accepted" in refused.out
    assert earful("tag").out.startswith("0 comments tagged")
    assert current(shop) == before, "what waits is not slipped in by the next run"
    assert "wait to be accepted" in earful("doctor").out
    accepted = earful("tag", "--all", "--yes")
    assert "Accepted" in accepted.out
    assert current(shop) == new
    assert earful("tag", "--all", "--preview").out.rstrip().endswith("nothing would move.")

    # Back, one step; the old tags are there still, so nothing has to be read.
    back = earful("train", "--rollback")
    assert version in back.out
    again = earful("tag", "--all", "--yes")
    assert again.out.startswith("0 comments tagged")
    assert current(shop) == before
    assert earful("train", "--rollback").code == 2


def test_random_corrections_are_refused(shop: Path, earful: Callable) -> None:
    """What follows no pattern changes nothing: exit 1, and what is in use stays in use."""
    project = Project.open(shop)
    with project.ledger() as ledger:
        labelling = Labelling(ledger, tagger_loading(project)(), "ann")
        for number, choice in enumerate(labelling.queue(30, {})):
            comment = labelling.comment(choice.uid)
            labels = comment.labels
            labelling.save(comment, toggled(labels, "question") if number % 4 == 0 else labels)
    refused = earful("train", "--from", "corrections")
    assert refused.code == 1
    assert "Not switched" in refused.out
    assert not (shop / "models").exists()
    assert earful("train", "--from", "corrections", "--without", "questoin").code == 2


def test_heads_of_another_model_stop_the_tagging(shop: Path, earful: Callable) -> None:
    """After another model is installed, tagging with the old heads is refused with the way out."""
    teach(shop, 40)
    assert earful("train", "--from", "corrections").code == 0
    manifest = shop / "models" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"base": "reader-', '"base": "older-'))
    refused = earful("tag")
    assert refused.code == 2
    assert "earful train --from corrections" in refused.err
    assert earful("doctor").code == 1
    assert earful("train", "--from", "corrections").code == 0, "learned anew for this model"
    assert earful("tag", "--all", "--yes").code == 0


def test_one_comment_is_corrected_and_counts_at_once(
    shop: Path, earful: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment that is named is corrected, and the next report has it as the person said."""
    with Project.open(shop).ledger() as ledger:
        uid, text = ledger.connection.execute("SELECT uid, text FROM comments LIMIT 1").fetchone()
    words = " ".join(text.split()[:3])
    typed(monkeypatch, "a", words, "gooseberry trifle", "1", "3", "")
    assert earful("label", uid, "--by", "ann").code == 0
    assert earful("report", "--format", "json").code == 0
    signals = json.loads((shop / "out" / "signals.json").read_text(encoding="utf-8"))["signals"]
    (trifle,) = [one for one in signals if "gooseberry" in one["name"]]
    assert uid in trifle["uids"]
    typed(monkeypatch, "")
    unknown = earful("label", "shop:import:nothing")
    assert unknown.code == 1
    assert "shop:import:nothing" in unknown.err


def test_train_says_what_is_missing(
    shop: Path, earful: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a source, with two of them, or without the extra: the message says what to do."""
    assert "--from corrections" in earful("train").err
    assert earful("train", "--list", "--rollback").code == 2
    assert earful("train", "--from", "elsewhere").code == 2
    assert "Nothing was learned yet" in earful("train", "--list").out
    assert earful("tag", "--yes").code == 2
    from earful import train_command

    monkeypatch.setattr(train_command, "NEEDED", ("no_such_package",))
    missing = earful("train", "--data", str(tmp_path))
    assert missing.code == 2
    assert "pip install 'earful[train]'" in missing.err


def test_training_the_models_is_handed_on(
    earful: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--data`` and its companions go to the training of the shipped models as they are."""
    from classify.training import __main__ as training
    from earful import train_command

    given: list[list[str]] = []

    def main(arguments: list[str]) -> int:
        given.append(arguments)
        return 3

    monkeypatch.setattr(train_command, "NEEDED", ())
    monkeypatch.setattr(training, "main", main)
    assert earful("train", "--data", "sets", "--output", "models").code == 3
    assert given == [["--data", "sets", "--output", "models"]]


def signal(name: str, people: int, *uids: str) -> DemandSignal:
    return DemandSignal(
        id=name,
        name=name,
        type="change",
        items=(),
        people=people,
        mentions=len(uids),
        ladder=Ladder(len(uids), len(uids), len(uids), people, "authors"),
        estimate=Estimate(people, people, people),
        grade="pattern",
        first_seen=None,
        last_seen=None,
        series=(),
        trend=Trend("unknown", None, None),
        moments={},
        sources={},
        places={},
        sentiment={},
        strength=2.0,
        quotes=(),
        uids=uids,
    )


@pytest.mark.parametrize(("answer", "takes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, answer: str, takes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a terminal the moves are shown, largest first, fifteen at most, and No is the default."""
    from rich.console import Console

    from earful.acceptance import accepted

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    moves = Moves(
        "old", "new", tuple(Move(f"thing {n}", 0, 30 - n) for n in range(20)), 7,
        {"praise": (10, 12)}, {},
    )  # fmt: skip
    assert accepted(Console(width=80), moves, yes=False, preview=False) is takes
    shown = capsys.readouterr().out
    assert "accept?" in shown
    assert "thing 14" in shown
    assert "thing 15" not in shown
    assert "5 more move; 7 signals stay" in shown


def test_signals_are_followed_by_id_and_by_their_comments() -> None:
    """A signal that keeps its id, or most of its comments, has moved; others are born or gone."""
    old = [
        signal("a", 5, "1", "2", "3", "4", "5"),
        signal("b", 3, "6", "7", "8"),
        signal("c", 2, "9", "10"),
        signal("still", 4, "s", "t", "u", "v"),
        signal("one", 1, "x"),
    ]
    new = [
        signal("a", 9, "1", "2", "3", "4", "5", "11", "12", "13", "14"),
        signal("renamed", 4, "6", "7", "8", "15"),
        signal("new", 2, "20", "21"),
        signal("still", 4, "s", "t", "u", "v"),
        signal("other", 1, "y"),
    ]
    moves, still = signal_moves(old, new)
    assert still == 1
    assert moves == [Move("a", 5, 9), Move("c", 2, 0), Move("new", 0, 2), Move("renamed", 3, 4)]
    assert [move.kind for move in moves] == ["moved", "gone", "born", "moved"]
