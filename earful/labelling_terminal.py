"""The terminal of ``earful label``: one comment at a time, one key for what is said most often.

From a terminal single keys are read; from a pipe lines, each a key (an empty one is Enter) or the
words that are asked for, so that a pass can be scripted.
"""

from __future__ import annotations

import getpass
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TextIO, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from classify.categories import Category, added_categories, shipped_categories
from classify.labels import CATEGORIES, FALLBACK
from earful.errors import DataError
from earful.labelling import (
    CHANCE,
    ESTIMATE,
    REQUEST_GATE,
    SENTIMENT,
    SENTIMENTS_TOLD,
    STRENGTHS_TOLD,
    TYPES_TOLD,
    Choice,
    Labelling,
    reason_for,
    same_labels,
    signal_standings,
    toggled,
    with_ask,
    with_sentiment,
    without_ask,
)
from earful.narrowing import planned_labels
from earful.pipeline import require_known_sources, tagger_loading
from earful.project import Project
from earful.records import REQUEST_TYPES, Ask, RequestType, Sentiment
from earful.store import Labels
from earful.store.tagged import Tagged
from earful.teaching import LEAST

WIDTH = 80
SHOWN = 1500
"""Characters of a comment that are shown; ``m`` shows all."""
ENTER, BACK, SKIP, STOP = "\n", "b", "k", "q"
_SENTIMENT_KEYS: dict[str, Sentiment] = {
    "n": "negative",
    "u": "neutral",
    "p": "positive",
    "m": "mixed",
}
_CONTROL_C, _CONTROL_D = "\x03", "\x04"
_HELP = (
    "Enter right   s sentiment   1-9 category   a ask   d delete ask\n"
    "? codebook    b back        k skip         q stop"
)


class Keys(Protocol):
    """Where keys and words come from."""

    def key(self) -> str:
        """The next key; ``STOP`` where there are no more."""
        ...

    def line(self, prompt: str) -> str:
        """The words that are asked for, without white space around them; may be empty."""
        ...


class TerminalKeys:
    """Single keys of a terminal, and lines where words are asked for."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def key(self) -> str:
        """The next key that is pressed."""
        try:
            pressed = typer.getchar()
        except (EOFError, KeyboardInterrupt):
            return STOP
        if pressed in (_CONTROL_C, _CONTROL_D):
            return STOP
        return ENTER if pressed == "\r" else pressed

    def line(self, prompt: str) -> str:
        """A line, typed or pasted."""
        try:
            return self._console.input(Text(prompt)).strip()
        except EOFError:
            return ""


class PipedKeys:
    """Keys from a pipe or a file, shown as they are read so that the pass can be followed."""

    def __init__(self, stream: TextIO, console: Console) -> None:
        self._stream = stream
        self._console = console
        self._waiting: deque[str] = deque()

    def key(self) -> str:
        """The next key: of a line of several, one after the other."""
        if not self._waiting:
            line = self._stream.readline()
            if not line:
                return STOP
            self._waiting.extend(line.strip() or ENTER)
        key = self._waiting.popleft()
        self._console.print(Text(f"> {'Enter' if key == ENTER else key}"))
        return key

    def line(self, prompt: str) -> str:
        """The next line of the stream."""
        self._waiting.clear()
        words = self._stream.readline().strip()
        self._console.print(Text(f"{prompt}{words}"))
        return words


def keys_of(console: Console) -> Keys:
    """Single keys where standard input is a terminal, lines where it is not."""
    return TerminalKeys(console) if sys.stdin.isatty() else PipedKeys(sys.stdin, console)


class LabellingTerminal:
    """Shows comments and takes down what a person says of them.

    ``codebook`` are the categories in the order of ``labelling.categories``, ``thresholds`` the
    probabilities from which they hold.
    """

    def __init__(
        self,
        labelling: Labelling,
        keys: Keys,
        console: Console,
        codebook: Sequence[Category],
        thresholds: Mapping[str, float],
    ) -> None:
        self._labelling = labelling
        self._keys = keys
        self._console = console
        self._codebook = codebook
        self._thresholds = thresholds

    def run(self, queue: Sequence[Choice]) -> int:
        """Ask about the comments of a queue until it ends or the person stops; tells how many were
        skipped."""
        at = 0
        skipped: set[int] = set()
        while at < len(queue):
            done = self._ask_about(queue[at], f"{at + 1} of {len(queue)}")
            if done == STOP:
                break
            if done == BACK:
                at = max(0, at - 1)
                continue
            (skipped.add if done == SKIP else skipped.discard)(at)
            at += 1
        return len(skipped)

    def _ask_about(self, choice: Choice, place: str) -> str:
        """One comment; returns the key that ended it: ``ENTER``, ``BACK``, ``SKIP`` or ``STOP``."""
        try:
            comment = self._labelling.comment(choice.uid)
        except DataError:
            return SKIP  # erased since it was chosen
        labels = self._labelling.labels(comment)
        self._show(comment, choice, place)
        while True:
            self._show_labels(comment, labels)
            key = self._keys.key()
            if key == ENTER:
                self._labelling.save(comment, labels)
            if key in (ENTER, BACK, SKIP, STOP):
                return key
            try:
                labels = self._changed(key, comment, labels)
            except DataError as error:
                self._say(str(error))

    def _changed(self, key: str, comment: Tagged, labels: Labels) -> Labels:
        """The labels after a key; raises ``DataError`` with what to tell the person."""
        known = self._labelling.categories
        if key == "s":
            return self._with_sentiment(labels)
        if key.isdecimal():
            number = (int(key) or 10) - 1
            if number >= len(known):
                raise DataError(f"there are {len(known)} categories")
            return toggled(labels, known[number])
        if key == "c":
            return toggled(labels, _named(self._keys.line("category: "), known))
        if key == "a":
            return self._with_ask(comment, labels)
        if key == "d":
            return self._without_ask(labels)
        if key == "m":
            self._console.print(Text(comment.words))
        elif key == "?":
            self._show_codebook()
        else:
            self._say(f"{key!r} is no key here.\n{_HELP}")
        return labels

    def _with_sentiment(self, labels: Labels) -> Labels:
        self._say("n negative   u neutral   p positive   m mixed")
        key = self._keys.key()
        if key not in _SENTIMENT_KEYS:
            raise DataError("the sentiment stays as it was")
        return with_sentiment(labels, _SENTIMENT_KEYS[key])

    def _with_ask(self, comment: Tagged, labels: Labels) -> Labels:
        words = self._keys.line("words of the ask, typed or pasted: ")
        if not words:
            return labels
        ask = self._labelling.asked(comment, words)
        with_ask(labels, ask)  # says at once where it overlaps another
        item = self._keys.line(f"item [{ask.item}]: ") or ask.item
        types = "  ".join(f"{n} {name}" for n, name in enumerate(REQUEST_TYPES, 1))
        self._say(types)
        kind = self._keys.line(f"type [{ask.type}]: ")
        strength = self._keys.line(f"strength, 1 mild, 2 plain, 3 pressing [{ask.strength}]: ")
        if strength and strength not in ("1", "2", "3"):
            raise DataError(f"{strength!r} is no strength; the ask was not taken")
        return with_ask(
            labels,
            replace(
                ask,
                item=" ".join(item.lower().split()),
                type=cast("RequestType", _named(kind or ask.type, REQUEST_TYPES)),
                strength=int(strength or ask.strength),
            ),
        )

    def _without_ask(self, labels: Labels) -> Labels:
        if not labels.asks:
            raise DataError("there is no ask to delete")
        number = "1"
        if len(labels.asks) > 1:
            number = self._keys.line(f"delete which ask, 1 to {len(labels.asks)}: ")
        if not number.isdecimal() or not 1 <= int(number) <= len(labels.asks):
            raise DataError("no ask was deleted")
        return without_ask(labels, int(number) - 1)

    # What is shown

    def _say(self, words: str) -> None:
        self._console.print(Text(words, style="italic"))

    def _show(self, comment: Tagged, choice: Choice, place: str) -> None:
        if isinstance(self._keys, TerminalKeys):
            self._console.clear()
        about = [comment.source]
        about += [f"{comment.created_at:%Y-%m-%d}"] if comment.created_at else []
        about += [f"rated {comment.rating}"] if comment.rating else []
        about += [comment.place] if comment.place else []
        self._console.rule(Text(f"{place} · " + " · ".join(about)), align="left")
        words = Text(comment.words[:SHOWN])
        for ask in comment.labels.asks:
            words.stylize("bold underline", ask.start, ask.end)
        self._console.print(words)
        if len(comment.words) > SHOWN:
            self._say(f"... {len(comment.words) - SHOWN:,} more characters: m shows all")
        self._console.print()
        self._say(self._why(comment, choice))

    def _why(self, comment: Tagged, choice: Choice) -> str:
        if choice.reason == CHANCE:
            told = "drawn by chance"
        elif choice.reason == ESTIMATE:
            told = "drawn by lot, for the estimates"
        elif choice.reason not in (*CATEGORIES, SENTIMENT):
            told = f"one of the likeliest to be {choice.reason}"
        elif choice.reason in comment.scores:
            edge = self._thresholds.get(choice.reason, 0.5)
            told = (
                f"unsure of {choice.reason}: {comment.scores[choice.reason]:.2f},"
                f" it holds from {edge:.2f}"
            )
        else:
            told = f"unsure of the {choice.reason}"
        if choice.standing is None:
            return told
        people = choice.standing.people
        return f"{told}; part of {choice.standing.signal!r}, {people:,} people"

    def _show_labels(self, comment: Tagged, labels: Labels) -> None:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        as_read = same_labels(labels, comment.labels)
        table.add_row(
            "sentiment",
            Text.assemble(
                (labels.sentiment, "bold"), "" if as_read else "      (not as the model read it)"
            ),
        )
        table.add_row("categories", self._category_grid(comment, labels))
        for number, ask in enumerate(labels.asks, 1):
            table.add_row(f"ask {number}", _ask_line(ask))
        if REQUEST_GATE in labels.categories and not labels.asks:
            table.add_row("", "a request without words: mark them with a, or turn it off with 1")
        self._console.print(table)
        self._console.print(Text(_HELP, style="dim"))

    def _category_grid(self, comment: Tagged, labels: Labels) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        cells = []
        for number, name in enumerate(self._labelling.categories, 1):
            on = name in labels.categories
            key = str(number % 10) if number <= 10 else "c"
            likely = comment.scores.get(name)
            score = "" if likely is None or name == FALLBACK else f" {likely:.2f}"
            mark = "x" if on else " "
            cells.append(Text(f"{key} [{mark}] {name}{score}", style="bold" if on else ""))
        for at in range(0, len(cells), 2):
            grid.add_row(*cells[at : at + 2])
        return grid

    def _show_codebook(self) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for number, category in enumerate(self._codebook, 1):
            key = str(number % 10) if number <= 10 else "c"
            table.add_row(key, category.label, Text(category.definition))
        for name, told in SENTIMENTS_TOLD.items():
            table.add_row("s", name, told)
        for number, (kind, told) in enumerate(TYPES_TOLD.items(), 1):
            table.add_row(f"a {number}", kind, told)
        for strength, told in STRENGTHS_TOLD.items():
            table.add_row("a", f"strength {strength}", told)
        self._console.print(table)


def _ask_line(ask: Ask) -> Text:
    told = [ask.item, ask.type, f"strength {ask.strength}", *([ask.moment] if ask.moment else [])]
    return Text.assemble((f'"{ask.quote}"', "bold"), " -> " + " · ".join(told))


def _named(typed: str, names: Sequence[str]) -> str:
    """The one of ``names`` that was typed as its number or its beginning."""
    if typed.isdecimal() and 1 <= int(typed) <= len(names):
        return names[int(typed) - 1]
    if typed in names:
        return typed
    found = [name for name in names if typed and name.startswith(typed.lower())]
    if len(found) != 1:
        raise DataError(f"{typed!r} is not one of {', '.join(names)}")
    return found[0]


def label_in_terminal(
    project: Project,
    *,
    uids: Sequence[str] = (),
    count: int = 25,
    by: str | None = None,
    sources: Sequence[str] = (),
    category: str | None = None,
    for_estimates: bool = False,
) -> None:
    """One pass over a project: ``uids`` where they are named, ``for_estimates`` what would narrow
    them most, else what ``choose`` chooses."""
    settings = project.settings
    console = Console(width=WIDTH, highlight=False, markup=False)
    with project.ledger() as ledger:
        require_known_sources(ledger, sources)
        tagger = tagger_loading(project, heads=False)()
        labelling = Labelling(ledger, tagger, by or _user())
        standings = signal_standings(project, ledger)
        if uids:
            queue = [
                reason_for(labelling.comment(uid), tagger.thresholds, standings.get(uid))
                for uid in uids
            ]
        elif for_estimates:
            planned = planned_labels(project, ledger, count, standings)
            console.print(Text(str(planned)))
            queue = list(planned.queue)
        else:
            queue = labelling.queue(count, standings, sources, category)
        if not queue:
            raise DataError(
                "there is no comment to label", next_step="What is new is read by: earful tag"
            )
        own = settings.root / settings.classify.categories if settings.classify.categories else None
        skipped = LabellingTerminal(
            labelling,
            keys_of(console),
            console,
            (*shipped_categories(), *added_categories(own)),
            tagger.thresholds,
        ).run(queue)
        there_are = ledger.count_corrections().in_force
    done = labelling.progress
    console.print(
        f"{done.saved:,} saved, {done.confirmed:,} of them right as they were; {skipped:,} skipped."
    )
    console.print(
        f"Corrected so far: {there_are:,}. "
        + (
            f"Learning takes {LEAST}."
            if there_are < LEAST
            else "Learn from them: earful train --from corrections"
        )
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in a container
        return "somebody"
