"""The project's secret: pseudonyms of authors, and the seal on the asker table.

One random secret of 32 bytes per project, from the environment variable ``EARFUL_KEY`` (base64)
or from a file of mode 0600 in the user's configuration folder. It never stands in the project
folder. Losing it means that pseudonyms of new rows no longer match those of old ones and that
askers cannot be answered; nothing else is lost.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import stat
from dataclasses import asdict
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from platformdirs import user_config_path

from earful.errors import ConfigurationError, IntegrityError
from earful.records import Asker

ENVIRONMENT = "EARFUL_KEY"
SECRET_BYTES = 32


def key_path(project_id: str) -> Path:
    """Where the secret of a project lies on this machine."""
    return user_config_path("earful") / "keys" / f"{project_id}.key"


def new_secret(project_id: str) -> Path:
    """Make and store a secret for a new project; the file is readable by its owner only."""
    path = key_path(project_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")
    return path


class Keyring:
    """Pseudonyms and seals, derived from one secret by keyed BLAKE2b with separate purposes.

    ``row_key`` keys the ids of rows that have none of their own, since they are made from the
    author and the words, which nobody shall be able to try out.
    """

    def __init__(self, secret: bytes) -> None:
        self._pseudonym_key = _derive(secret, b"pseudonym")
        self.row_key = _derive(secret, b"rows")
        self._seal = Fernet(base64.urlsafe_b64encode(_derive(secret, b"askers")))
        self._bytes_seal = Fernet(base64.urlsafe_b64encode(_derive(secret, b"deliveries")))

    @classmethod
    def of_project(cls, project_id: str) -> Keyring:
        """The keyring of a project, from the environment or the user's configuration folder.

        Raises ``ConfigurationError`` where there is no key, or one that others can read.
        """
        encoded = os.environ.get(ENVIRONMENT)
        if encoded:
            return cls(_decode(encoded, f"environment variable {ENVIRONMENT}"))
        path = key_path(project_id)
        if not path.is_file():
            raise ConfigurationError(
                "the key of this project is not on this machine",
                where=str(path),
                next_step=f"Copy it from where 'earful init' ran, or set {ENVIRONMENT}.",
            )
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigurationError(
                "the key can be read by other users",
                where=str(path),
                next_step=f"Close it with: chmod 600 '{path}'",
            )
        return cls(_decode(path.read_text(encoding="ascii", errors="replace"), str(path)))

    def pseudonym(self, source: str, instance: str, author: str) -> str:
        """A pseudonym of 26 characters: stable per person and platform, not to be turned back."""
        identity = "\x1f".join((source, instance, author.strip().casefold())).encode()
        digest = hashlib.blake2b(identity, key=self._pseudonym_key, digest_size=16).digest()
        return base64.b32encode(digest).decode("ascii").rstrip("=").lower()

    def seal(self, asker: Asker) -> bytes:
        """The asker, encrypted (Fernet: AES-128-CBC with HMAC-SHA256)."""
        return self._seal.encrypt(json.dumps(asdict(asker)).encode())

    def unseal(self, token: bytes) -> Asker:
        """The asker in a token of ``seal``; ``IntegrityError`` where another key made it."""
        try:
            return Asker(**json.loads(self._seal.decrypt(token)))
        except InvalidToken as error:
            raise IntegrityError(
                "an asker cannot be opened with this project's key",
                next_step="Use the key that was in place when the row was stored.",
            ) from error

    def seal_bytes(self, content: bytes) -> bytes:
        """What was delivered, encrypted in the same way under a key of its own."""
        return self._bytes_seal.encrypt(content)

    def unseal_bytes(self, token: bytes) -> bytes:
        """The content of a token of ``seal_bytes``; ``IntegrityError`` under another key."""
        try:
            return self._bytes_seal.decrypt(token)
        except InvalidToken as error:
            raise IntegrityError(
                "a delivery cannot be opened with this project's key",
                next_step="Use the key that was in place when it came in.",
            ) from error


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(b"earful", key=secret, person=purpose, digest_size=32).digest()


def _decode(encoded: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:  # not base64, or not even ASCII
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ConfigurationError(
            f"not a key: {SECRET_BYTES} bytes in base64 are expected",
            where=where,
            next_step="Restore the key file from a backup, or make a new project.",
        )
    return secret
