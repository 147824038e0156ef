"""What came of a launch, in sentences for the page."""

from __future__ import annotations

from reports.before_and_after import BeforeAfter
from reports.launches import Launched
from reports.wording import count, listing, people, percent
from reports.wording_over_time import interval


def headline(one: Launched) -> str:
    """The finding in a sentence."""
    if not one.signals:
        return f"{one.what}: none of its signals is known."
    asked, spoken = verdict(one.asking), verdict(one.speaking)
    still = next((row for row in one.still if row.beside), None)
    words = (
        f"Since the launch of {one.what}, {listing(list(one.signals.values()))} is {_asked(asked)}"
    )
    words += {
        "more": ", and more people speak of it",
        "less": ", and fewer people speak of it",
    }.get(spoken, "")
    if still is not None and still.people > 1:
        words += f"; those who speak of it now ask for {still.name}"
    return words + "."


def _asked(told: str) -> str:
    return {
        "more": "asked for more often",
        "less": "asked for less often",
        "same": "asked for as before, as far as chance lets us tell",
    }.get(told, "asked for by too few, or too short a time, to tell a change")


def verdict(told: BeforeAfter) -> str:
    """ "more", "less", "same" or "" where nothing was tested."""
    if told.growth is None:
        return ""
    if not told.beyond_chance:
        return "same"
    return "more" if told.growth.recent > told.growth.expected else "less"


def change(told: BeforeAfter, verb: str) -> str:
    """One sentence on a comparison; ``verb`` is "asked for it" or "spoke of it"."""
    grown = told.growth
    if grown is None:
        return f"How many {verb} before and after was not compared: {told.untested}."
    text = (
        f"{people(grown.recent)} {verb} in the {count(told.weeks_after, 'week')} after it; at the"
        f" rate of the {count(told.weeks_before, 'week')} before it would be {grown.expected:.0f}"
    )
    if grown.ratio is not None:
        text += f" ({interval(grown.ratio, grown.low, grown.high)})"
    chance = "beyond chance" if told.beyond_chance else "no more than chance explains"
    p = told.p or 0.0
    text += f": {chance} (p {'< 0.001' if p < 0.001 else f'= {p:.2g}'})."
    if told.drifted and told.drift is not None:
        moved = "rising" if told.drift.recent > told.drift.expected else "falling"
        text += f" It was {moved} before already, so not all of this is the launch's doing."
    return text


def voices(one: Launched) -> str:
    """Who speaks of it now, and how far it is heard."""
    heard = one.voices
    if not heard.after:
        return "Nobody has been heard to speak of it since."
    text = f"{people(heard.after)} spoke of it since, in {count(heard.mentions_after, 'comment')}."
    if heard.authors:
        text += (
            f" Of the {heard.authors:,} known by an author,"
            f" {heard.new:,} ({percent(heard.new, heard.authors)}) had never named it before, and"
            f" {heard.unheard:,} of these had not been heard at all."
        )
    if heard.reach_after is not None:
        before = 0.0 if heard.reach_before is None else heard.reach_before
        text += (
            " Reach (likes, reposts and views, as platforms tell them):"
            f" {_mean(heard.reach_after)} a week, {_mean(before)} before."
        )
    return text


def _mean(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def again(one: Launched) -> str:
    """What became of those who had asked."""
    if not one.asked_before:
        return "Nobody was heard to ask for it before."
    return (
        f"Of the {people(one.asked_before)} who had asked before, {one.asked_again:,} asked again"
        " after it."
    )
