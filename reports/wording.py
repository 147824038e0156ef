"""Numbers in plain words, for the pages that people read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from markupsafe import Markup

from earful.records import DemandSignal, Estimate, Ladder
from reports.fact_tables import Window
from reports.trends import WEEKS

TYPE_WORDS = {
    "new_offering": "something new",
    "bring_back": "bring it back",
    "availability": "at another time or place",
    "change": "done differently",
    "fix": "mended for good",
    "price": "a better price",
    "service": "better service",
    "information": "to be told",
    "wants": "want to buy",
}
STRENGTH_WORDS = ((1.5, "mild"), (2.2, "plain wish"), (2.6, "strong"), (3.0, "pressing"))


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 person", "2 people": a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def people(number: int) -> str:
    """A number of people."""
    return count(number, "person", "people")


def interval(estimate: Estimate) -> str:
    """ "31,200 people (29,800 to 32,700)": an estimate with the interval that holds 95 % of what it
    may be, in three digits."""
    middle, low, high = map(_three_digits, (estimate.people, estimate.low, estimate.high))
    return f"{people(middle)} ({low:,} to {high:,})"


def _three_digits(number: int) -> int:
    return round(number, min(0, 3 - len(str(number))))


def estimate_words(estimate: Estimate) -> str:
    """An estimate beside the people who were counted, or why there is none."""
    if not estimate.measured:
        return f"No estimate of how many truly ask: {estimate.why_not}."
    told = f"Estimate: {interval(estimate)} truly ask, corrected for asks misread and missed."
    if estimate.left_out:
        told += f" Not in it: {people(estimate.left_out)} counted ({estimate.why_not})."
    return told


def percent(part: int, whole: int) -> str:
    """A share as people read it: "19 %", "0.4 %", "less than 0.1 %"."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "less than 0.1 %"
    return f"{share:.1f} %" if share < 9.95 and part else f"{share:.0f} %"


def percent_of(share: float) -> str:
    """A share of one as people read it."""
    return percent(round(share * 1000), 1000)


def date_words(when: date) -> str:
    """A day without its time as "3 May 2023"."""
    return f"{when.day} {when:%b %Y}"


def day(moment: datetime | None) -> str:
    """A date as "3 May 2023"."""
    return "no date" if moment is None else f"{moment.day} {moment:%b %Y}"


def listing(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def window_words(window: Window, first: datetime | None, last: datetime | None) -> str:
    """The window as a reader names it; an open side is filled from the comments themselves."""
    since = window.since or first
    # The window ends with the first moment outside it.
    until = window.until - timedelta(microseconds=1) if window.until else last
    return f"{day(since)} to {day(until)}" if since and until else "all that was heard"


def basis_words(ladder: Ladder) -> str:
    """What a person is in these numbers."""
    if ladder.people_basis == "authors":
        return "A person is an author: who asks ten times counts once."
    if ladder.people_basis == "comments":
        return (
            "The sources name no authors, so each comment stands for one person; who wrote twice"
            " counts twice."
        )
    return (
        "A person is an author where the source names one: who asks ten times counts once. Where it"
        " names none, each comment stands for one person."
    )


def strength_words(strength: float) -> str:
    """The mean strength in a word or two."""
    return next((words for most, words in STRENGTH_WORDS if strength <= most), "pressing")


def trend_words(signal: DemandSignal) -> str:
    """The trend test's outcome in one sentence."""
    test = signal.trend
    if test.direction == "unknown":
        return (
            f"Whether it grows cannot be told: that takes {2 * WEEKS} weeks of listening to one of"
            " its sources, and comments with dates."
        )
    span = f"the last {WEEKS} weeks against the {WEEKS} before"
    if test.p is None:
        return f"Nobody asked in the last {2 * WEEKS} weeks."
    if test.direction == "steady":
        return f"Steady in {span}: the difference may be chance ({_p(test.p)})."
    if test.ratio is None:
        only = f"in the last {WEEKS} weeks, not in the {WEEKS} before"
        return f"Rising: asked for {only} ({_p(test.p)})."
    if test.ratio == 0:
        return f"Falling: nobody asked in the last {WEEKS} weeks ({_p(test.p)})."
    ends = ""
    if test.low is not None:
        ends = (
            f" ({test.low:.1f} or more)"
            if test.high is None
            else (f" ({test.low:.1f} to {test.high:.1f})")
        )
    times = f"{test.ratio:.1f} times the rate per comment heard{ends}"
    return f"{test.direction.capitalize()}: {times}, {span} ({_p(test.p)})."


def trend_word(signal: DemandSignal) -> str:
    """The trend in a word or two, for a table."""
    if signal.trend.direction == "unknown":
        return "not known"
    return "none asked" if signal.trend.p is None else signal.trend.direction


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def answer(signals: Sequence[DemandSignal], total: Ladder) -> Markup:
    """The report in one sentence, as markup that does not break inside a short name."""
    if not signals:
        return Markup("Nothing was asked for by two people or more among the {} heard.").format(
            people(total.people)
        )
    whole = Markup('<span class="whole">{}</span> ({})')
    named = [
        (whole if len(s.name) <= 24 else Markup("{} ({})")).format(
            s.name, people(s.people).replace(" ", "\N{NO-BREAK SPACE}")
        )
        for s in signals[:3]
    ]
    return Markup("People ask most for {}.").format(Markup(listing(named)))  # noqa: S704


def conclusion(signals: Sequence[DemandSignal], total: Ladder, solicited: float) -> str:
    """What follows, in two sentences at most; its boundary is told apart.

    ``solicited`` is the share of the first signal's people who said it in answer to a survey.
    """
    if not signals:
        return "No demand that two people share was heard in this window."
    first, *others = signals
    share = percent(first.people, total.people)
    text = f"Of {people(total.people)} heard, {first.people:,} ({share}) ask for {first.name}"
    if others and first.people > others[0].people:
        times = first.people / others[0].people
        text += f", {times:.1f} times as many as for {others[0].name}, the next"
    text += "."
    if solicited >= 0.8:
        text += " Nearly all of them were asked in a survey; few said so unasked."
    elif solicited <= 0.2:
        text += " Nearly all of them said so unasked."
    return text
