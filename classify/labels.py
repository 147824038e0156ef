"""The names that the heads of the models answer with, in the order of their columns."""

from __future__ import annotations

from earful.records import REQUEST_TYPES, SENTIMENTS

CATEGORIES: tuple[str, ...] = (
    "request",
    "purchase_intent",
    "problem",
    "complaint",
    "question",
    "praise",
    "churn_risk",
    "noise",
    "remark",
)
"""The codebook's categories; ``remark`` holds where none of the others does."""

MAIN_CATEGORIES: tuple[str, ...] = tuple(
    name for name in CATEGORIES if name not in {"purchase_intent", "noise", "remark"}
)
"""The six categories that the main macro-F1 averages."""

FALLBACK = "remark"
ASK_GATES = ("request", "purchase_intent")
"""Only a comment of one of these is searched for asks."""

TYPES = REQUEST_TYPES
STRENGTHS = (1, 2, 3)

__all__ = [
    "ASK_GATES",
    "CATEGORIES",
    "FALLBACK",
    "MAIN_CATEGORIES",
    "SENTIMENTS",
    "STRENGTHS",
    "TYPES",
]
