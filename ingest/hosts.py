"""Which hosts may be called: public ones, encrypted, unless the settings allow private ranges.

An address that comes from settings, or from a server's reply, may point into the private network
or at this machine. The check is made on the address that is connected to, so that a name which
resolves differently the second time is of no use.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import httpx2

from earful.errors import ConfigurationError

Resolve = Callable[[str], Sequence[str]]
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""


class PrivateHostError(ConfigurationError):
    """An address in a private range, where the settings allow public ones only."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when it hides an IPv4 one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def refuse_private_literal(host: str, where: str) -> None:
    """Raise ``PrivateHostError`` where ``host`` is itself a private address or this machine.

    This is all that can be checked where a proxy does the connecting.
    """
    name = host.rstrip(".").lower()
    try:
        private = not is_public(name)
    except ValueError:
        private = name == "localhost" or name.endswith(".localhost")
    if private:
        raise _refused(host, host, where)


def checked_host(url: str, where: str, example: str, *, allow_private: bool) -> str:
    """The host of a web service whose address is from the settings.

    Raises ``ConfigurationError`` where the address is none, holds credentials, or, unless private
    hosts are allowed, is private or not encrypted. ``example`` shows how one is written.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # half of an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        # what stands before an @ may be a password, and is not repeated
        raise ConfigurationError(
            f"{url.rpartition('@')[2]!r} is no address of a web service",
            where=where,
            next_step=f"Write it like {example}, without a name or password.",
        )
    if not allow_private:
        refuse_private_literal(parts.hostname, where)
        if parts.scheme == "http":
            raise ConfigurationError(
                "the address is not encrypted",
                where=where,
                next_step="Begin it with https://; http:// is for private addresses only.",
            )
    return parts.hostname


def refuse_unencrypted(security: str, where: str, *, allow_private: bool) -> None:
    """Raise ``ConfigurationError`` where ``security`` is "none" and no private host is allowed."""
    if security == "none" and not allow_private:
        raise ConfigurationError(
            'security = "none" would send everything in the clear',
            where=where,
            next_step='Leave the option out to be encrypted; "none" is for private hosts only.',
        )


def not_trusted(where: str, named_in: str) -> ConfigurationError:
    """The error for a server whose certificate fails; ``named_in`` is the setting that names it."""
    return ConfigurationError(
        "the server's certificate is not to be trusted",
        where=where,
        next_step=f"Name the server in {named_in} as its certificate does; it is always verified.",
    )


def resolve(host: str) -> list[str]:
    """The addresses of a host, in the order of the operating system."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def verified_tls() -> ssl.SSLContext:
    """A context of one's own that verifies certificates, for what is not HTTP."""
    return httpx2.create_ssl_context()


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Certificates are verified; reading the trusted ones takes a while, so it is done once."""
    return verified_tls()


class PublicTransport(httpx2.BaseTransport):
    """Connects to public addresses only.

    The name is resolved once, every address is checked, and the connection is made to the address
    that was checked; TLS still verifies the certificate against the name.
    """

    def __init__(self, where: str, resolve: Resolve = resolve) -> None:
        self._where = where
        self._resolve = resolve
        self._inner = httpx2.HTTPTransport(verify=tls())

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request to the first address that answers."""
        host = request.url.host
        try:
            addresses = self._resolve(host)
        except OSError as error:
            raise httpx2.ConnectError(f"{host} is not known: {error}", request=request) from error
        for address in addresses:
            if not is_public(address):
                raise _refused(host, address, self._where)
        failed: httpx2.ConnectError | None = None
        for address in addresses:
            try:
                return self._inner.handle_request(_aimed_at(request, address, host))
            except httpx2.ConnectError as error:
                failed = error
        raise failed or httpx2.ConnectError(f"{host} has no address", request=request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def checked_addresses(host: str, where: str, *, allow_private: bool) -> list[str]:
    """The addresses of a host, for what connects by itself; public ones unless told otherwise.

    Raises ``OSError``, or ``PrivateHostError``.
    """
    addresses = resolve(host)
    for address in addresses:
        if not allow_private and not is_public(address):
            raise _refused(host, address, where)
    return addresses


def connected(
    host: str, port: int, seconds: float, where: str, *, allow_private: bool
) -> socket.socket:
    """A socket to a host, for what is not HTTP; public addresses only unless told otherwise.

    ``seconds`` is how long connecting, and each reading, may take. Raises ``OSError``, or
    ``PrivateHostError``.
    """
    failed: OSError | None = None
    for address in checked_addresses(host, where, allow_private=allow_private):
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failed = error
    raise failed or OSError(f"{host} has no address")


def _aimed_at(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _refused(host: str, address: str, where: str) -> PrivateHostError:
    told = host if host == address else f"{host} ({address})"
    return PrivateHostError(
        f"{told} is no public address",
        where=where,
        next_step="If it is yours and meant, set allow_private = true in the source's options.",
    )
