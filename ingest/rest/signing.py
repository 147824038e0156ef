"""Tokens that are signed here: JSON Web Tokens (RFC 7519) by ES256 and RS256 (RFC 7518)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from earful.errors import ConfigurationError
from ingest.rest.asking import Signing
from ingest.rest.values import fill

_HALF = 32
"""Bytes of each of the two numbers of an ES256 signature."""


def signed_token(signing: Signing, words: Mapping[str, str], variable: str) -> str:
    """A token signed with the PEM key ``words["secret"]``, which came from ``variable``.

    Raises ``ConfigurationError`` where that is no key, or one for another algorithm.
    """
    now = int(time.time())
    header = {
        "alg": signing.algorithm,
        "typ": "JWT",
        **{name: fill(text, words) for name, text in signing.header.items()},
    }
    claims = {
        **{name: fill(text, words) for name, text in signing.claims.items()},
        "iat": now,
        "exp": now + signing.minutes * 60,
    }
    message = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    return f"{message}.{_part(_signature(words['secret'], message.encode(), signing, variable))}"


def _signature(pem: str, message: bytes, signing: Signing, variable: str) -> bytes:
    try:
        # In a variable of the environment the lines of a key are often written with \n.
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError) as error:
        raise _no_key(variable, "holds no private key in PEM form") from error
    if signing.algorithm == "RS256" and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    curve = key.curve if isinstance(key, ec.EllipticCurvePrivateKey) else None
    if signing.algorithm == "ES256" and isinstance(curve, ec.SECP256R1):
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
    raise _no_key(variable, f"holds a key that is not for {signing.algorithm}")


def _no_key(variable: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{variable} {what}",
        next_step="Put the whole content of the key file into it, from -----BEGIN to END-----.",
    )


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
