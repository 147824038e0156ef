"""Credentials of platforms: from the environment, or from the system's keyring.

The keyring is asked where a variable is not set and the extra ``keyring`` is installed, for the
service ``earful`` and the variable's name. Values are held no longer than their reader holds them,
and stand in no message.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from earful.errors import ConfigurationError

SERVICE = "earful"


def credential(name: str) -> str:
    """The value of the variable ``name``, else what the keyring has under that name; empty where
    there is neither. A variable that is set but empty says that there is none.

    Raises ``ConfigurationError`` for a keyring that is there and cannot be read.
    """
    told = os.environ.get(name)
    return _kept(name) if told is None else told


def ways_to_set(names: Sequence[str]) -> str:
    """A sentence that says where ``names`` are looked for."""
    return (
        f"Set {' and '.join(names)} in the environment, or in the system's keyring with"
        f" 'keyring set {SERVICE} {names[0]}' (pip install 'earful[keyring]')."
    )


def _kept(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except NoKeyringError:
        return ""
    except KeyringError as error:
        raise ConfigurationError(
            f"the system's keyring cannot be read ({type(error).__name__})",
            where=name,
            next_step="Unlock it, or set the variable in the environment (empty for none).",
        ) from error
