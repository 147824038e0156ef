"""What was measured of the shipped models, for the reports that show their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classify.shipped import FOLDER, MANIFEST
from earful.validation import Validation

MEASURED = "measured.json"
VALIDATION = "validation.json"
UNMEASURED = "not measured"
_LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "pl": "Polish",
    "pt": "Portuguese",
    "th": "Thai",
}


def measured_accuracy(folder: Path = FOLDER) -> dict[str, Any] | None:
    """Figures of the models in ``folder``: {model, figures: [{name, value, low, high, on}]}.

    ``value`` runs from 0 to 1, or says that nothing was measured, and ``on`` says on what it was
    measured; ``low`` and ``high`` bound it where an interval was measured, and are None elsewhere.
    None where these very models were not measured.
    """
    measured = _measured(folder)
    if measured is None:
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
    served = _manifest(folder)["settings"]["others"]["languages"]
    unmeasured = [lang for lang in served if lang not in measured["others"]["by_lang"]]
    for lang in unmeasured:
        score = measured["outside_sentiment"].get(lang)
        if score is not None:
            on = f"{score['rows']:,} outside texts in {score['classes']} classes, held out"
            name = f"Sentiment in {_LANGUAGES.get(lang, lang)} (macro-F1)"
            figures.append(_figure(name, score["macro_f1"], None, on))
    if unmeasured:
        named = ", ".join(_LANGUAGES.get(lang, lang) for lang in unmeasured)
        name = f"Requests in {named}"
        figures.append({"name": name, "value": UNMEASURED, "low": None, "high": None, "on": ""})
    return {"model": measured["version"], "figures": figures}


def languages_read(comments: Mapping[str, int], folder: Path = FOLDER) -> str:
    """How many comments were read in each language, and how well each is read, in one line.

    ``comments`` maps a language to comments; most first. Empty where the models in ``folder`` were
    not measured.
    """
    measured = _measured(folder)
    if measured is None:
        return ""
    order = sorted(comments, key=lambda lang: (-comments[lang], lang))
    return "; ".join(f"{lang} {comments[lang]:,} ({_told(measured, lang)})" for lang in order)


def reading_counts(folder: Path = FOLDER) -> Validation | None:
    """How the asks of labelled comments were read that the models in ``folder`` did not learn from.

    None where these very models were not measured; ``DataError`` where the file is none of counts.
    """
    counted = _of_these_models(folder, VALIDATION)
    return None if counted is None else Validation.of_record(counted, str(folder / VALIDATION))


def _told(measured: Mapping[str, Any], lang: str) -> str:
    own = (
        measured["english"]["overall"] if lang == "en" else measured["others"]["by_lang"].get(lang)
    )
    if own is not None:
        return f"request F1 {own['request_f1']:.2f}, sentiment F1 {own['sentiment_macro_f1']:.2f}"
    outside = measured["outside_sentiment"].get(lang)
    felt = f"{outside['macro_f1']:.2f}" if outside else UNMEASURED
    return f"request F1 {UNMEASURED}, sentiment F1 {felt}"


def _measured(folder: Path) -> dict[str, Any] | None:
    """The figures of the very models in ``folder``."""
    return _of_these_models(folder, MEASURED)


def _of_these_models(folder: Path, name: str) -> dict[str, Any] | None:
    """What a file beside the models holds; None where it is of other models, or not there."""
    path = folder / name
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found["version"] == _manifest(folder)["version"] else None


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _figure(
    name: str, value: float, interval: dict[str, float] | None, on: str
) -> dict[str, str | None]:
    low, high = (f"{interval[end]:.2f}" if interval else None for end in ("low", "high"))
    return {"name": name, "value": f"{value:.2f}", "low": low, "high": high, "on": on}
