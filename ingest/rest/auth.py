"""Credentials of a row: read, changed for tokens, and sent where the platform wants them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from earful.credentials import credential
from earful.errors import ConfigurationError
from ingest.http import JsonClient
from ingest.rest.asking import Auth, Login
from ingest.rest.items import value_at
from ingest.rest.signing import signed_token
from ingest.rest.values import fill

Connect = Callable[[str], JsonClient]
"""A client for an address, which may be a path of the service; it bears no credential."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What bears the credential: headers, parameters of the query, names in what is posted."""

    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


def credentials(auth: Auth | None, connect: Connect) -> Credentials:
    """The credential as it is sent; empty where there is none.

    Raises what a login raises, and ``ConfigurationError`` for a key that cannot sign.
    """
    value = credential(auth.environment) if auth else ""
    if auth is None or not value:
        return Credentials()
    words = {name: credential(told) for name, told in auth.every_variable.items()}
    match auth.kind:
        case "bearer":
            return _bearer(value)
        case "basic":
            pair = f"{words['user']}:{value}" if auth.user else f"{value}:X"
            coded = base64.b64encode(pair.encode()).decode()
            return Credentials({"Authorization": f"Basic {coded}"})
        case "header":
            return Credentials({auth.name or "": f"{auth.prefix}{value}"})
        case "parameter":
            return Credentials(parameters={auth.name or "": value})
        case "body":
            return Credentials(body={auth.name or "": value})
        case "signed":
            assert auth.signing is not None
            return _bearer(signed_token(auth.signing, words, auth.environment))
        case "login":
            assert auth.login is not None
            return _bearer(_TOKENS.token(auth, auth.login, words, connect))


def _bearer(token: str) -> Credentials:
    return Credentials({"Authorization": f"Bearer {token}"})


class _Tokens:
    """Tokens of logins, kept in memory while they hold: platforms count logins, too."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[str, float]] = {}
        self._lock = Lock()

    def token(self, auth: Auth, login: Login, words: Mapping[str, str], connect: Connect) -> str:
        with self._lock, connect(login.address) as client:
            key = (client.base_url, login.address, *words.values())
            token, until = self._kept.get(key, ("", 0.0))
            if time.monotonic() >= until:
                token = _log_in(auth, login, words, client)
                self._kept[key] = (token, time.monotonic() + login.minutes * 60)
            return token


_TOKENS = _Tokens()


def _log_in(auth: Auth, login: Login, words: Mapping[str, str], client: JsonClient) -> str:
    if auth.signing is not None:
        words = {**words, "signed": signed_token(auth.signing, words, auth.environment)}
    values: dict[str, Any] = {name: fill(text, words) for name, text in login.values.items()}
    path = "" if "://" in login.address else login.address
    token = value_at(client.ask(path, body=values, form=login.form).content, login.token)
    if not isinstance(token, str) or not token:
        raise ConfigurationError(
            f"the login answered no token (looked for at {login.token})",
            where=client.where,
            next_step=f"Check {', '.join(auth.every_variable.values())}. {auth.how}",
        )
    return token
