"""Credentials of a row: taken from the environment, sent where the platform wants them."""

from __future__ import annotations

import base64
import os

from ingest.rest.asking import Auth


def credentials(auth: Auth | None) -> tuple[dict[str, str], dict[str, str]]:
    """(headers, parameters) that hold the credential; both empty where there is none."""
    value = os.environ.get(auth.environment, "") if auth else ""
    if auth is None or not value:
        return {}, {}
    match auth.kind:
        case "bearer":
            return {"Authorization": f"Bearer {value}"}, {}
        case "basic":
            pair = f"{os.environ.get(auth.user or '', '')}:{value}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        case "header":
            return {auth.name or "": value}, {}
        case "parameter":
            return {}, {auth.name or "": value}
