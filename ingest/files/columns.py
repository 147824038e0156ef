"""Which column is what, guessed from names and from what stands in the columns, and explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from earful.records import KINDS
from ingest.files.dates import UTC, DateReader, date_shape, looks_relative
from ingest.files.formats import Table
from ingest.files.profiles import Profile, profile
from ingest.files.ratings import decide_scale
from ingest.files.synonyms import (
    FIELDS,
    NEVER_NUMBERS,
    NOT_CREATED,
    NOT_TEXT,
    REACH_GROUPS,
    VOTE_SIGNS,
    plain,
    rank,
)
from ingest.files.values import present

_QUESTION_WORDS = 2.0
_LEAST_DATES = 0.6


@dataclass(frozen=True, slots=True)
class Choice:
    """One field and the column, or columns, that fill it; ``why`` in words."""

    field: str
    columns: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.field} <- {' + '.join(self.columns)}: {self.why}"


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What every column of a table was taken for.

    ``precision_from`` is a column of relative dates ("3 years ago") that the date column was
    computed from: it tells how well those dates are known. ``kind`` is set where the user named
    one kind for all rows. ``notes`` holds what the reader should check. ``questions`` tells that
    the columns of text are headed by what was asked, also where there is only one.
    """

    choices: tuple[Choice, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()
    precision_from: str | None = None
    kind: str | None = None
    questions: bool = False

    def columns(self, field_name: str) -> tuple[str, ...]:
        """The columns that fill a field, none where nothing does."""
        for choice in self.choices:
            if choice.field == field_name:
                return choice.columns
        return ()

    def column(self, field_name: str) -> str | None:
        """The one column that fills a field, None where nothing does."""
        return next(iter(self.columns(field_name)), None)

    def __str__(self) -> str:
        return "\n".join(f"  {line}" for line in self.describe())

    def describe(self) -> list[str]:
        """One line per field, then the columns that are not used."""
        lines = [str(choice) for choice in self.choices]
        if self.unused:
            lines.append(f"not used: {', '.join(self.unused)}")
        return lines


def guess_columns(table: Table, *, solicited: bool = False) -> ColumnGuess:
    """Guess from the first rows of ``table``. A field without a fitting column stays empty.

    ``solicited`` tells that the table holds answers of a survey: then every column of an open
    question is a text.
    """
    cells: dict[str, list[object]] = {name: [] for name in table.columns}
    for row in table.sample:
        for name in table.columns:
            cells[name].append(row.values.get(name))
    profiles = {name: profile(name, values) for name, values in cells.items()}  # type: ignore[arg-type]
    return _Guesser(profiles, solicited).guess()


@dataclass
class _Guesser:
    """Fields are filled in an order in which the surest come first; a column is used once."""

    profiles: Mapping[str, Profile]
    solicited: bool
    choices: dict[str, Choice] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def guess(self) -> ColumnGuess:
        if self.solicited:
            self._questions()
        if "text" not in self.choices:
            self._text()
        self._title()
        if "text" not in self.choices:
            for _, one in self._named("text")[:1]:
                self._take("text", [one.name], "name, though it hardly holds words")
        self._created_at()
        self._simple("edited_at", lambda p: p.dates >= _LEAST_DATES, "dates")
        self._rating()
        self._identity()
        self._reach()
        self._simple("url", lambda p: p.urls >= 0.8, "urls")
        self._simple("local_offset", lambda p: p.distinct < 0.9 or p.rows < 20, "filled")
        self._simple("version", lambda p: p.words < 3 and p.dates < 0.9, "filled")
        self._simple("lang", lambda p: p.codes >= 0.7 or _few_words(p), "filled")
        self._simple("parent", lambda p: p.words < 3 and p.filled > 0, "filled")
        self._simple("thread", lambda p: p.words < 4 and p.distinct < 1.0, "filled")
        self._simple("channel", lambda p: p.numbers < 0.5 and p.distinct < 0.9, "wordy")
        self._simple("place", lambda p: p.numbers < 0.5 and p.urls < 0.5, "wordy")
        self._simple("product", lambda p: p.distinct < 0.9 or p.rows < 20, "filled")
        self._simple("kind", _all_kinds, "filled")
        precision_from = self._precision_from()
        self._leftovers()
        return ColumnGuess(
            choices=tuple(self.choices[name] for name in FIELDS if name in self.choices),
            unused=tuple(
                name for name in self.profiles if name not in self.taken and name != precision_from
            ),
            notes=tuple(self.notes),
            precision_from=precision_from,
        )

    def _named(self, field_name: str) -> list[tuple[int, Profile]]:
        """Free columns whose name fits a field, the surest name first."""
        found = [
            (position, one)
            for one in self.profiles.values()
            if one.name not in self.taken
            and one.filled > 0
            and (position := rank(field_name, one.name)) is not None
        ]
        return sorted(found, key=lambda pair: pair[0])

    def _take(self, field_name: str, columns: Sequence[str], why: str) -> None:
        self.choices[field_name] = Choice(field_name, tuple(columns), why)
        self.taken.update(columns)

    def _simple(self, field_name: str, fits: Callable[[Profile], bool], measure: str) -> None:
        for _, one in self._named(field_name):
            if fits(one):
                self._take(field_name, [one.name], f"name, {_percent(one, measure)}")
                return

    def _questions(self) -> None:
        """Columns of open questions: several words a cell under a heading that asks."""
        asked = [
            one.name
            for one in self.profiles.values()
            if _is_question(one.name) and one.words >= _QUESTION_WORDS and one.distinct > 0.2
        ]
        if len(asked) > 1:
            self._take("text", asked, "open questions of a survey, one comment per answer")

    def _text(self) -> None:
        for _, one in self._named("text"):
            if _may_be_text(one) and not NOT_TEXT & set(plain(one.name).split("_")):
                self._take("text", [one.name], f"name, {_percent(one, 'wordy')}")
                return
        wordiest = max(
            (one for one in self.profiles.values() if _is_prose(one)),
            key=lambda one: one.words * one.filled,
            default=None,
        )
        if wordiest is not None and wordiest.words >= 3:
            self._take(
                "text", [wordiest.name], f"content, {wordiest.words:.0f} words a cell, the most"
            )

    def _title(self) -> None:
        for _, one in self._named("title"):
            if _is_prose(one) and one.distinct > 0.01:
                if "text" in self.choices:
                    self._take("title", [one.name], f"name, {_percent(one, 'wordy')}")
                else:
                    self._take("text", [one.name], "name of a title, and there is no longer text")
                return

    def _created_at(self) -> None:
        found: list[tuple[int, int, Profile]] = []
        for position, one in self._named("created_at"):
            if NOT_CREATED & set(plain(one.name).split("_")):
                continue
            if one.dates >= _LEAST_DATES:
                found.append((_date_class(one), position, one))
            elif one.urls < 0.5 and one.words <= 5 and _reads_slowly(one):
                found.append((2, position, one))
        if not found:
            return
        found.sort(key=lambda entry: entry[:2])
        _, _, best = found[0]
        why = f"name, {_percent(best, 'dates')}"
        if len(found) > 1:
            others = ", ".join(one.name for _, _, one in found[1:])
            why += (
                f", surer to read than {others}"
                if found[1][0] > found[0][0]
                else (f", a surer name than {others}")
            )
        self._take("created_at", [best.name], why)

    def _rating(self) -> None:
        votes = any(plain(name) in VOTE_SIGNS for name in self.profiles)
        for _, one in self._named("rating"):
            words = set(plain(one.name).split("_"))
            if "count" in words or "confidence" in words:
                continue
            scale = decide_scale(one.values)
            if scale is None:
                continue
            if plain(one.name) in ("score", "점수") and (votes or not _is_scale(one, scale.high)):
                continue
            self._take("rating", [one.name], f"name, {scale.why}")
            return

    def _identity(self) -> None:
        named = [
            one
            for _, one in self._named("id")
            if one.filled >= 0.99 and one.urls < 0.5 and one.words < 3
        ]
        fitting = [one for one in named if one.distinct >= 0.9]
        fitting.sort(
            key=lambda one: one.counts_from is not None
        )  # a row's number is the weakest of ids
        authors = [
            one for _, one in self._named("author") if one.words <= 6 and one.dates < _LEAST_DATES
        ]
        authors = [
            one for one in authors if one.numbers < 0.8 or not NEVER_NUMBERS & {plain(one.name)}
        ]
        numbers = [one for one in authors if one.unique and one.counts_from is not None]
        authors = [one for one in authors if one not in numbers and one.name not in
                   {chosen.name for chosen in fitting[:1]}]  # fmt: skip
        if fitting:
            self._take_id(
                fitting[0], f"name, {fitting[0].distinct:.0%} different".replace("%", " %")
            )
        elif numbers:
            self._take_id(
                numbers[0],
                "it counts the rows (no value twice), so it is the row's number and no author",
            )
        for one in named:
            if one not in fitting:
                self.notes.append(
                    f"{one.name} is called an id and repeats too often to be one; it is not used."
                )
        for one in authors:
            if one.distinct * one.rows > 1 or one.rows < 3:
                self._take(
                    "author", [one.name], f"name, {one.distinct:.0%} different".replace("%", " %")
                )
                return

    def _take_id(self, one: Profile, why: str) -> None:
        self._take("id", [one.name], why)
        if one.counts_from in (0, 1):
            self.notes.append(
                f"{one.name} counts the rows. Another file with the same numbers under the same "
                "source would replace these comments: give it a source of its own, or leave the "
                "numbers out with --map id=."
            )

    def _reach(self) -> None:
        columns: list[str] = []
        for group in REACH_GROUPS:
            free = [
                one
                for one in self.profiles.values()
                if one.name not in self.taken
                and plain(one.name).rsplit(".", 1)[-1] in group
                and one.numbers >= 0.8
            ]
            if free:
                best = min(free, key=lambda one: group.index(plain(one.name).rsplit(".", 1)[-1]))
                columns.append(best.name)
        if columns:
            why = "name, whole numbers" if len(columns) == 1 else "names, added up"
            self._take("reach", columns, why)

    def _precision_from(self) -> str | None:
        """A column of relative dates from which the date column was computed."""
        created = self.choices.get("created_at")
        if created is None:
            return None
        dates = self.profiles[created.columns[0]]
        if dates.relative > 0.5:
            return None
        for one in self.profiles.values():
            if one.relative >= _LEAST_DATES and _is_source_of(one, dates):
                self.choices["created_at"] = replace(
                    created,
                    why=f"{created.why}; {one.name} ({_relative_example(one)!r}) tells how well "
                    "it is known",
                )
                return one.name
        return None

    def _leftovers(self) -> None:
        if "created_at" not in self.choices:
            dates = [
                one.name
                for one in self._free()
                if one.exact + one.ambiguous >= 0.9 and one.numbers < 0.5
            ]
            hint = (
                f" {dates[0]} holds dates; if they say when it was written: --map "
                f"created_at={dates[0]}."
                if dates
                else ""
            )
            self.notes.append(
                f"No column says when it was written; the comments are kept without a date.{hint}"
            )
        texts = [
            one.name
            for one in self._free()
            if one.words >= 5
            and _is_prose(one)
            and one.distinct > 0.3
            and one.filled > 0.2
            and not _is_json(one)
            and not NOT_TEXT & set(plain(one.name).split("_"))
        ]
        if texts and len(self.choices.get("text", Choice("", (), "")).columns) == 1:
            both = "+".join([*self.choices["text"].columns, *texts])
            self.notes.append(
                f"Words stand in {', '.join(texts)} too. To read each as a comment of its own: "
                f"--map text={both}"
            )

    def _free(self) -> Iterator[Profile]:
        return (one for one in self.profiles.values() if one.name not in self.taken)


def _percent(one: Profile, measure: str) -> str:
    words = {
        "wordy": "words",
        "dates": "dates",
        "urls": "addresses",
        "filled": "filled",
    }
    share: float = getattr(one, measure)
    return f"{100 * share:.0f} % {words[measure]}"


def _is_prose(one: Profile) -> bool:
    return one.wordy >= 0.3 and _may_be_text(one)


def _may_be_text(one: Profile) -> bool:
    return one.urls < 0.5 and one.dates < 0.5 and one.numbers < 0.8 and one.counts_from is None


def _few_words(one: Profile) -> bool:
    """A handful of single words, as languages spelt out are."""
    return one.wordy >= 0.9 and one.words < 1.5 and len({present(v) for v in one.values}) <= 40


def _is_json(one: Profile) -> bool:
    return all(text[0] in "[{" for value in one.values if (text := present(value)))


def _is_question(name: str) -> bool:
    words = plain(name).split("_")
    return name.rstrip().endswith(("?", "？")) or (
        words[0].startswith("q") and words[0][1:].isdigit()
    )


def _is_scale(one: Profile, high: float) -> bool:
    """Whether numbers under a name as vague as "score" are few and small enough for a rating."""
    different = {present(value) for value in one.values}
    return len(different) <= 12 and high in (1, 5, 10)


def _all_kinds(one: Profile) -> bool:
    return all(text in KINDS for value in one.values if (text := present(value)))


def _date_class(one: Profile) -> int:
    if one.relative > one.dates / 2:
        return 3
    return 1 if one.ambiguous > one.dates / 2 else 0


def _reads_slowly(one: Profile) -> bool:
    """Whether dates of another language stand in the column; a handful of cells is tried."""
    texts = list(dict.fromkeys(text for value in one.values if (text := present(value))))[:6]
    now = datetime.now(UTC)
    reader = DateReader(as_of=now, ceiling=now)
    understood = sum(reader.read(text).when is not None for text in texts)
    return bool(texts) and understood >= _LEAST_DATES * len(texts)


def _is_source_of(relative: Profile, dates: Profile) -> bool:
    """Whether each relative date always stands beside one and the same date.

    Real dates under "2 years ago" spread over a year; computed ones are all the same day.
    """
    beside: dict[str, set[str]] = defaultdict(set)
    rows = 0
    for value, when in zip(relative.values, dates.values, strict=True):
        text, written = present(value), present(when)
        if text and written and looks_relative(text) and date_shape(written):
            beside[text].add(written[:10])
            rows += 1
    return rows >= 2 * len(beside) > 0 and all(len(days) == 1 for days in beside.values())


def _relative_example(one: Profile) -> str:
    return next((text for value in one.values if looks_relative(text := present(value))), "")
