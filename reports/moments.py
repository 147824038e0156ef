"""The moments that an ask names, told apart."""

from __future__ import annotations

from earful.records import DAYPARTS


def moments_of(moment: str | None) -> list[str]:
    """The moments that an ask names; several stand in one text, with ";" or "|" between them.

    A day with its part ("sunday morning") is both.
    """
    found: list[str] = []
    for whole in whole_moments(moment):
        words = whole.split()
        if len(words) > 1 and words[-1] in DAYPARTS:
            found += [words[-1], " ".join(words[:-1])]
        else:
            found.append(whole)
    return list(dict.fromkeys(found))


def whole_moments(moment: str | None) -> list[str]:
    """The same with a day and its part left together."""
    parts = (moment or "").lower().replace("|", ";").split(";")
    return list(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
