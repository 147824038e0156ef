"""What a test does with a connector: it pulls, and starts anew from the cursor."""

from __future__ import annotations

import json
from typing import Any

from earful.records import Comment
from ingest.connector import Connector


def pulled(one: Connector, limit: int | None = None) -> list[Comment]:
    """What a pull brings, whatever its time."""
    return list(one.pull(None, None, limit))


def again(one: Connector) -> dict[str, Any]:
    """The cursor, as the ledger gives it back."""
    kept: dict[str, Any] = json.loads(json.dumps(one.cursor))
    return kept
