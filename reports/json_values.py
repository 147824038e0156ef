"""Values as ``out/signals.json`` writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: datetime | None) -> str | None:
    """A time as ISO text in UTC, to the second."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def rounded(value: float | None) -> float | None:
    """To four digits; None stays."""
    return None if value is None else float(f"{value:.4g}")
