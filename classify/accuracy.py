"""What was measured of the shipped models, for the reports that show their numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from classify.shipped import FOLDER, MANIFEST

MEASURED = "measured.json"
_LANGUAGES = {
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "ja": "Japanese",
    "ko": "Korean",
    "pl": "Polish",
}


def measured_accuracy(folder: Path = FOLDER) -> dict[str, Any] | None:
    """Figures of the models in ``folder``: {model, figures: [{name, value, low, high, on}]}.

    ``value`` runs from 0 to 1 and ``on`` says on what it was measured; ``low`` and ``high``
    bound it where an interval was measured, and are None elsewhere. None where these very models
    were not measured.
    """
    path = folder / MEASURED
    if not path.is_file():
        return None
    measured = json.loads(path.read_text(encoding="utf-8"))
    version = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["version"]
    if measured["version"] != version:
        return None
    english = measured["english"]
    overall, request = english["overall"], english["categories"]["request"]
    on = f"{overall['comments']:,} English comments of six streams, cross-validated"
    within = overall.get("intervals", {})
    quoted, felt = within.get("ask_char_f1"), within.get("sentiment_macro_f1")
    figures = [
        _figure("Requests that are read as such (recall)", request["recall"], None, on),
        _figure("Comments read as requests that are (precision)", request["precision"], None, on),
        _figure("Characters of the quoted words (F1)", overall["ask_char_f1"], quoted, on),
        _figure("Items that share a word with the reader's", overall["item_word_match"], None, on),
        _figure("Sentiment in three classes (macro-F1)", overall["sentiment_macro_f1"], felt, on),
    ]
    figures += [
        _figure(
            f"Requests in {_LANGUAGES.get(lang, lang)} (F1)",
            row["request_f1"],
            row.get("intervals", {}).get("request_f1"),
            f"{row['comments']:,} written comments, cross-validated",
        )
        for lang, row in measured["others"]["by_lang"].items()
    ]
    return {"model": version, "figures": figures}


def _figure(
    name: str, value: float, interval: dict[str, float] | None, on: str
) -> dict[str, str | None]:
    low, high = (f"{interval[end]:.2f}" if interval else None for end in ("low", "high"))
    return {"name": name, "value": f"{value:.2f}", "low": low, "high": high, "on": on}
