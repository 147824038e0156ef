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
    """Figures of the models in ``folder``: {model, figures: [{name, value, on}]}.

    ``value`` runs from 0 to 1 and ``on`` says on what it was measured. None where these very
    models were not measured.
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
    figures = [
        ("Requests that are read as such (recall)", request["recall"], on),
        ("Comments read as requests that are (precision)", request["precision"], on),
        ("Characters of the quoted words (F1)", overall["ask_char_f1"], on),
        ("Items that share a word with the reader's", overall["item_word_match"], on),
        ("Sentiment in three classes (macro-F1)", overall["sentiment_macro_f1"], on),
    ]
    figures += [
        (
            f"Requests in {_LANGUAGES.get(lang, lang)} (F1)",
            row["request_f1"],
            f"{row['comments']:,} written comments, cross-validated",
        )
        for lang, row in measured["others"]["by_lang"].items()
    ]
    return {
        "model": version,
        "figures": [
            {"name": name, "value": f"{value:.2f}", "on": where} for name, value, where in figures
        ],
    }
