"""Two pages for machines, ``/metrics`` and ``/healthz``, on an address of this machine."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from earful.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
Page = Callable[[], tuple[int, str, str]]
"""Answers with a status, a content type and the text."""


def read_address(listen: str) -> tuple[str, int]:
    """HOST and PORT of ``--listen``; a port alone is one of this machine.

    Raises ``ConfigurationError`` where it is neither.
    """
    host, colon, port = listen.rpartition(":")
    host = host if colon else LOOPBACK
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not port.isascii() or not port.isdigit() or int(port) > 65535 or not host:
        raise ConfigurationError(
            f"{listen!r} is no address to listen on",
            where="--listen",
            next_step="Write HOST:PORT or PORT: 127.0.0.1:9464",
        )
    return host, int(port)


class PagesServer:
    """Serves ``pages`` (path -> page) in a thread of its own, for as long as the block runs."""

    def __init__(self, address: tuple[str, int], pages: dict[str, Page]) -> None:
        try:
            self._server = _server_class(address[0])(address, _handler(pages))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}",
                where="--listen",
                next_step="Name an address of this machine and a port that is free.",
            ) from error
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )

    @property
    def address(self) -> str:
        """HOST:PORT that is really listened on."""
        host, port = self._server.server_address[:2]
        return f"[{host!s}]:{port}" if ":" in str(host) else f"{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _server_class(host: str) -> type[ThreadingHTTPServer]:
    import socket

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    try:
        if ipaddress.ip_address(host).version == 6:
            Server.address_family = socket.AF_INET6
    except ValueError:  # a name
        pass
    return Server


def _handler(pages: dict[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0  # who says nothing for so long is hung up on
        server_version, sys_version = "earful", ""

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, text = page() if page else (404, "text/plain", "not found\n")
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A scrape every few seconds is no news."""

    return Handler


def as_json(status: int, content: Any) -> tuple[int, str, str]:
    """A page of JSON."""
    return status, "application/json", json.dumps(content, indent=1, ensure_ascii=False) + "\n"
