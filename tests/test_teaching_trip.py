"""A person teaches the demo's project at a terminal: labels, learns, looks, accepts, goes back."""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
import select
import shutil
import sqlite3
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from test_teaching import current

from classify.heads_folder import HeadsFolder
from earful.demo import demo_path
from earful.facts import CORRECTED, open_facts
from earful.project import Project, open_demo
from earful.store import Correction, Labels

fcntl = pytest.importorskip("fcntl", reason="pseudo-terminals are a thing of Unix")
pty = pytest.importorskip("pty", reason="pseudo-terminals are a thing of Unix")
termios = pytest.importorskip("termios", reason="pseudo-terminals are a thing of Unix")

REVIEWS, ANSWERS = 80, 30
"""Rows of the demo's files: enough to learn on, few enough to be read twice in a test."""
LABELLED, DENIED = 30, 12
SPARE = 4
"""Comments that are labelled, and how many of them in two ways."""
RULE = "minutes"
CATEGORY = f"""
label = "{RULE}"
main = false
definition = "Goes into the minutes of the menu meeting: whoever wishes for something."
examples = ["Could you do a smaller wrap?", "A bench outside would be nice.",
    "Please sell the ketchup in jars.", "Why not open on Sundays?", "I wish there was a kids' cup."]
counter_examples = ["Cold fries again.", "Lovely staff.", "Waited an hour for nothing."]
"""
TRIFLE = "gooseberry trifle"
"""What nobody in the demo asks for."""
MISSED = {
    "Hedda": "The Corn Street one had gooseberry trifle in the cold cabinet until Easter.",
    "Ruben": "A gooseberry trifle went past us to table nine, and my wife looked at me.",
    "Marek": "Sat by the pudding trolley for an hour. Not one gooseberry trifle rolled past.",
    "Ottilie": "They had apple pie; I had the memory of gooseberry trifle.",
}
GUESTS = 3
"""What guests say, each under their name, who would like some: to the model no asks, or not all;
and how many of them are needed."""


# The terminal and who sits at it

Answer = Callable[[str], str]
"""From what stands on the screen to the keys that are pressed."""
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLEARED = "\x1b[2J"
_KEY_WANTED = re.compile(r"(?:q stop|m mixed)\n$")
_LINE_WANTED = re.compile(r"(?:pasted|\]): $")


class Sitter(threading.Thread):
    """Sits at the other end of a pseudo-terminal, and answers as often as the program waits: for
    a key, or for a line after a prompt. Reads on until the program's end is closed."""

    def __init__(self, terminal: int, answer: Answer) -> None:
        super().__init__(daemon=True)
        self._terminal = terminal
        self._answer = answer
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self.seen = ""
        self.failed: Exception | None = None

    def run(self) -> None:
        """Look, and answer."""
        screen = news = ""
        while True:
            if select.select([self._terminal], [], [], 0.01)[0]:
                try:
                    written = self._decode(os.read(self._terminal, 65536)).replace("\r", "")
                except OSError:  # so Linux says that the other end is closed
                    return
                news += written
                self.seen += _CODES.sub("", written)
            elif news and self._wanted(_CODES.sub("", news)):
                screen = (screen + news).rpartition(_CLEARED)[2]
                news = ""
                os.write(self._terminal, self._said(_CODES.sub("", screen)).encode())

    def _wanted(self, news: str) -> bool:
        """Whether something is asked for: keys pressed before the program reads them are lost."""
        if _KEY_WANTED.search(news):
            return self._reads_keys()
        return _LINE_WANTED.search(news) is not None

    def _said(self, screen: str) -> str:
        """The answer; of who does not know one (the test is told why) the end of all input."""
        try:
            if self.failed is None:
                return self._answer(screen)
        except Exception as error:
            self.failed = error
        return "\x03" if self._reads_keys() else "\x04"

    def _reads_keys(self) -> bool:
        return not termios.tcgetattr(self._terminal)[3] & termios.ICANON


@dataclass(frozen=True)
class Shown:
    """How a command ended, and everything that stood on the terminal."""

    code: int
    text: str

    def row(self, name: str) -> list[str]:
        """The last table row of that name, cell by cell."""
        return [line.split() for line in self.text.splitlines() if line.startswith(f"{name} ")][-1]


def nothing_to_say(screen: str) -> str:
    """Of who expects no question."""
    raise AssertionError(f"the program waits for an answer:\n{screen}")


def at_the_terminal(*arguments: str, answer: Answer = nothing_to_say) -> Shown:
    """Runs ``earful ARGUMENTS`` in this process, on a terminal at which ``answer`` is given."""
    from earful import cli, console

    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    sitter = Sitter(outer, answer)
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        open(inner, encoding="utf-8", closefd=False) as keyboard,
        open(inner, "w", encoding="utf-8", closefd=False) as screen,
    ):
        patch.setattr(sys, "argv", ["earful", *arguments])
        patch.setattr(sys, "stdin", keyboard)
        patch.setattr(sys, "stdout", screen)
        patch.setattr(sys, "stderr", screen)
        patch.setattr(console.stdout, "width", 120)
        sitter.start()
        try:
            cli.main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
    os.close(inner)
    sitter.join()
    os.close(outer)
    if sitter.failed:
        raise sitter.failed
    return Shown(code, sitter.seen)


def by_the_rule(screen: str) -> str:
    """The next key of somebody who puts all wishes into the minutes and calls them neutral."""
    if screen.endswith("m mixed\n"):
        return "u"
    table = screen[screen.rindex("\nsentiment ") :]
    wishes = "[x] request" in table
    key, minuted = on_screen(table)
    if wishes is not minuted:
        return key
    return "s" if wishes and "\nsentiment   neutral" not in table else "\r"


def against_the_rule(screen: str) -> str:
    """The next key of somebody who wants the rest in the minutes, and no wish."""
    table = screen[screen.rindex("\nsentiment ") :]
    key, minuted = on_screen(table)
    return key if ("[x] request" in table) is minuted else "\r"


def on_screen(table: str) -> tuple[str, bool]:
    """The key of the category of the house, and whether it is on."""
    found = re.search(rf"(\d) \[([ x])\] {RULE}\b", table)
    assert found, table
    return found[1], found[2] == "x"


def wishes_for_trifle(screen: str) -> str:
    """The next keys of somebody who marks a comment's words for trifle as an ask."""
    if screen.endswith("pasted: "):
        return f"{TRIFLE.upper()}\n"
    prompt = screen.splitlines()[-1]
    for begins, said in {"item [": TRIFLE, "type [": "1", "strength, ": "3"}.items():
        if prompt.startswith(begins):
            return f"{said}\n"
    return "\r" if f"-> {TRIFLE}" in screen else "a"


# The project


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Some of the demo's comments in the demo's project, read, with a category of the house."""
    folder = tmp_path_factory.mktemp("taught")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.delenv("EARFUL_KEY", raising=False)
        patch.delenv("EARFUL_PROJECT", raising=False)
        project = folder / "bramble"
        open_demo(project, demo_path("earful.toml"))
        (project / "categories").mkdir()
        (project / "categories" / f"{RULE}.toml").write_text(CATEGORY)
        with (project / "earful.toml").open("a") as settings:
            settings.write('\n[classify]\ncategories = "categories"\n')
        for name, source, limit in (
            ("reviews.csv", "reviews", REVIEWS),
            ("survey.csv", "survey", ANSWERS),
        ):
            arguments = ("import", str(demo_path(name)), "--source", source, "--limit", str(limit))
            read = at_the_terminal(*arguments, "--project", str(project))
            assert f"{limit} new" in read.text
        visits = folder / "visits.csv"
        with visits.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "username", "text"])
            writer.writerows((name.lower(), name, said) for name, said in MISSED.items())
        visited = ("import", str(visits), "--source", "visits", "--project", str(project))
        assert f"{len(MISSED)} new" in at_the_terminal(*visited).text
        assert at_the_terminal("tag", "--project", str(project)).code == 0
        yield project


@dataclass(frozen=True)
class Taught:
    """A project that was taught, and what stood on the terminal meanwhile."""

    folder: Path
    labelled: Shown
    learned: Shown

    @property
    def version(self) -> str:
        """The heads in use."""
        record = HeadsFolder(self.folder / "models").in_use()
        assert record
        return record.version


@pytest.fixture(scope="module")
def taught_once(demo: Path) -> Taught:
    folder = shutil.copytree(demo, demo.parent / "taught")
    here = ("--project", str(folder))
    return Taught(
        folder,
        at_the_terminal(
            "label", "--count", str(LABELLED), "--by", "ann", *here, answer=by_the_rule
        ),
        at_the_terminal("train", "--from", "corrections", *here),
    )


@pytest.fixture
def taught(taught_once: Taught, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taught:
    """A copy of the taught project, in which the test stands."""
    folder = shutil.copytree(taught_once.folder, tmp_path / "bramble")
    monkeypatch.chdir(folder)
    return replace(taught_once, folder=folder)


@pytest.fixture
def untaught(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project before anybody taught it, in which the test stands."""
    folder = shutil.copytree(demo, tmp_path / "bramble")
    monkeypatch.chdir(folder)
    return folder


def reported(folder: Path) -> dict[str, Any]:
    """What the report says now, without the time at which it was made."""
    assert at_the_terminal("report", "--format", "json").code == 0
    report = json.loads((folder / "out" / "signals.json").read_text(encoding="utf-8"))
    return {name: value for name, value in report.items() if name != "generated_at"}


def answers(folder: Path) -> dict[str, tuple[str, str, list[str]]]:
    """What counts of each comment: (model version, sentiment, categories) by uid."""
    rows = pq.read_table(open_facts(folder / "facts").comments).to_pylist()
    return {
        row["uid"]: (row["model_version"], row["sentiment"], sorted(row["categories"]))
        for row in rows
    }


def corrections(folder: Path) -> list[Correction]:
    with Project.open(folder).ledger() as ledger:
        return ledger.corrections()


def categories_of(folder: Path) -> dict[str, list[str]]:
    """The categories that were read, by uid."""
    with sqlite3.connect(folder / "earful.db") as ledger:
        rows = ledger.execute("SELECT uid, categories FROM tags").fetchall()
    return {uid: json.loads(names) for uid, names in rows}


def guests_unheard(folder: Path) -> list[str]:
    """Uids of what guests say of trifle, in which nobody has seen an ask yet."""
    with sqlite3.connect(folder / "earful.db") as ledger:
        rows = ledger.execute(
            "SELECT uid FROM tags WHERE uid LIKE 'visits:%'"
            " AND uid NOT IN (SELECT uid FROM asks UNION SELECT uid FROM corrections) ORDER BY uid"
        ).fetchall()
    assert len(rows) >= GUESTS
    return [uid for (uid,) in rows[:GUESTS]]


def guest_of(uid: str) -> str:
    """Who says it."""
    return uid.rpartition(":")[2].title()


# The trip


def test_what_is_said_by_keyboard_is_taken_down(taught: Taught) -> None:
    """Thirty comments, one after the other: each is stored as the person said, with what the model
    had said beside it, and the terminal counts them."""
    assert taught.labelled.code == 0
    assert f"{LABELLED} of {LABELLED}" in taught.labelled.text
    assert "0 skipped" in taught.labelled.text
    said = corrections(taught.folder)
    assert len(said) == LABELLED
    for one in said:
        wishes = "request" in one.labels.categories
        assert (RULE in one.labels.categories) is wishes
        if wishes:
            assert one.labels.sentiment == "neutral"
        assert one.labels.asks == one.shown.asks
        assert (one.by, one.model_version) == ("ann", current(taught.folder))
    changed = sum(one.labels.sentiment != one.shown.sentiment for one in said)
    assert changed >= 5, "the rule says something that the model does not"
    right = sum(set_of(one.labels) == set_of(one.shown) for one in said)
    assert f"{LABELLED} saved, {right} of them right as they were" in taught.labelled.text


def set_of(labels: Labels) -> tuple[str, frozenset[str]]:
    return labels.sentiment, frozenset(labels.categories)


def test_the_table_shows_what_got_better(taught: Taught) -> None:
    """The category of the house is learned: better on held-out corrections than before, and the
    row's counts and shares agree with each other; what is in use is named."""
    learned = taught.learned
    assert learned.code == 0
    name, of, holds, f1, after, right, right_after, mended, broken, verdict = learned.row(RULE)
    assert (name, verdict) == (RULE, "learned")
    assert float(after) > float(f1) + 0.2
    in_english = uids_in_english(taught.folder)
    said_in_english = [one for one in corrections(taught.folder) if one.uid in in_english]
    assert int(of) == len(said_in_english)
    assert int(holds) == sum(RULE in one.labels.categories for one in said_in_english)
    gained = (int(mended) - int(broken)) / int(of)
    assert float(right_after) - float(right) == pytest.approx(gained, abs=0.002)
    assert f"In use now: {taught.version}" in learned.text
    listed = at_the_terminal("train", "--list").text
    assert re.search(rf"in use +{taught.version} .* {of} ", listed)


def uids_in_english(folder: Path) -> set[str]:
    with sqlite3.connect(folder / "earful.db") as ledger:
        return {uid for (uid,) in ledger.execute("SELECT uid FROM tags WHERE lang = 'en'")}


def test_refuse_then_accept_then_go_back(taught: Taught) -> None:
    """A refused preview leaves report and tags as they were; accepted, every tag carries the new
    version but what a person said; after the rollback the former answers are there again."""
    folder, version, old = taught.folder, taught.version, current(taught.folder)
    *trifle, _ = guests_unheard(folder)
    marked = at_the_terminal("label", *trifle, "--by", "ben", answer=wishes_for_trifle)
    assert "2 saved, 0 of them right as they were" in marked.text
    before, said_before = reported(folder), answers(folder)
    people = {one.uid: one.labels for one in corrections(folder)}
    assert len(people) == LABELLED + 2

    refused = at_the_terminal("tag", "--all", answer=lambda _: "n\n")
    assert "accept? [y/N]: n" in refused.text
    assert int(refused.row(RULE)[2]) > int(refused.row(RULE)[1]) + 20
    assert "Accepted" not in refused.text
    assert current(folder) == old
    assert (reported(folder), answers(folder)) == (before, said_before)

    accepted = at_the_terminal("tag", "--all", answer=lambda _: "y\n")
    assert "\n0 comments tagged" in accepted.text, "what was read for the preview is kept"
    assert "Accepted" in accepted.text
    new = f"{old}+{version}"
    assert current(folder) == new
    report, said = reported(folder), answers(folder)
    assert {version for version, _, _ in said.values()} == {new, CORRECTED}
    for uid, labels in people.items():
        assert said[uid] == (CORRECTED, labels.sentiment, sorted(labels.categories))
    for name in (RULE, "neutral"):
        assert int(refused.row(name)[2]) == sum(
            name in (sentiment, *categories) for _, sentiment, categories in said.values()
        )
    for told in (before, report):
        (asked,) = [one for one in told["signals"] if TRIFLE in one["name"]]
        assert (asked["people"], sorted(asked["uids"])) == (2, sorted(trifle))

    back = at_the_terminal("train", "--rollback")
    assert f"no longer {version}" in back.text
    assert answers(folder) == said, "tags stay as they are until they are read again"
    again = at_the_terminal("tag", "--all", answer=lambda _: "y\n")
    assert "\n0 comments tagged" in again.text
    assert (reported(folder), answers(folder)) == (before, said_before)


def test_two_verdicts_on_the_same_words_teach_nothing(untaught: Path) -> None:
    """Where one person says the reverse of what another says of the same words, there is nothing
    to learn: exit 1, the table marks nothing as learned, and no heads are made."""
    with sqlite3.connect(untaught / "earful.db") as ledger:
        rows = ledger.execute(
            "SELECT c.uid, c.text FROM comments c JOIN tags t ON t.uid = c.uid"
            " WHERE t.lang = 'en' AND c.source = 'reviews' ORDER BY c.id LIMIT ?",
            (DENIED + SPARE,),
        ).fetchall()
    with (untaught / "again.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "username", "text"])
        writer.writerows((f"a{n}", f"twin{n}", text) for n, (_, text) in enumerate(rows))
    assert f"{len(rows)} new" in at_the_terminal("import", "again.csv", "--source", "again").text
    assert f"{len(rows)} comments tagged" in at_the_terminal("tag").text
    # what is read of a borderline comment may hang on the comments read with it
    wishes = {uid for uid, names in categories_of(untaught).items() if "request" in names}
    pairs = [(uid, f"again:import:a{n}") for n, (uid, _) in enumerate(rows)]
    alike = [pair for pair in pairs if (pair[0] in wishes) is (pair[1] in wishes)][:DENIED]
    uids, twins = [uid for uid, _ in alike], [twin for _, twin in alike]
    at_the_terminal("label", *uids, "--by", "ann", answer=by_the_rule)
    at_the_terminal("label", *twins, "--by", "cid", answer=against_the_rule)
    said = {one.uid: RULE in one.labels.categories for one in corrections(untaught)}
    assert len(said) == 2 * DENIED
    assert all(said[uid] is not said[twin] for uid, twin in zip(uids, twins, strict=True))

    refused = at_the_terminal("train", "--from", "corrections")
    assert refused.code == 1
    assert "Not switched" in refused.text
    assert refused.row(RULE)[-1] != "learned"
    assert not (untaught / "models").exists()
    assert "Nothing was learned yet" in at_the_terminal("train", "--list").text


def test_what_would_get_worse_is_not_switched(taught: Taught) -> None:
    """Heads that would lose what those in use know are not taken into use: exit 1, the table says
    what got worse, and the folder of heads stays as it was, byte for byte."""
    heads = {path.name: path.read_bytes() for path in (taught.folder / "models").iterdir()}
    refused = at_the_terminal("train", "--from", "corrections", "--without", RULE)
    assert refused.code == 1
    assert refused.row(RULE)[-1] == "worse"
    assert f"Not switched: worse at {RULE}" in refused.text
    assert f"What was in use stays in use: {taught.version}" in refused.text
    assert {path.name: path.read_bytes() for path in (taught.folder / "models").iterdir()} == heads


def test_corrections_go_with_their_own_person_only(untaught: Path) -> None:
    """Who is forgotten takes the corrections of their comments along, out of ledger and report;
    those of others stay, and so they do when somebody is forgotten whom nobody corrected."""
    first, second, third = guests_unheard(untaught)
    at_the_terminal("label", first, second, "--by", "ben", answer=wishes_for_trifle)
    assert {one.uid for one in corrections(untaught)} == {first, second}

    gone = at_the_terminal("forget", guest_of(third), answer=lambda _: "y\n")
    assert "nothing is left" in gone.text
    assert {one.uid for one in corrections(untaught)} == {first, second}
    (asked,) = [one for one in reported(untaught)["signals"] if TRIFLE in one["name"]]
    assert asked["people"] == 2

    gone = at_the_terminal("forget", guest_of(first), answer=lambda _: "y\n")
    assert "nothing is left" in gone.text
    assert [one.uid for one in corrections(untaught)] == [second]
    (asked,) = [one for one in reported(untaught)["signals"] if TRIFLE in one["name"]]
    assert (asked["people"], asked["uids"], asked["grade"]) == (1, [second], "coincidence")
    with sqlite3.connect(untaught / "earful.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM corrections").fetchone() == (1,)
        assert ledger.execute("SELECT count(*) FROM correction_vectors").fetchone() == (1,)
    assert "of 1 comments, by 1 person" in at_the_terminal("doctor").text
