"""A server on 127.0.0.1 that lives as long as the block it is used in."""

from __future__ import annotations

from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self

PATIENCE = {"wait_initial": 0.01, "wait_max": 0.02, "wait_jitter": 0.01, "attempts": 4}
"""For a connector that is aimed at such a server: it waits no longer than a blink."""


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    # A test that ends while a client is still connected does not wait for it.
    daemon_threads = True


class TcpServer:
    """Gives every connection to ``handler``, on ``port``, by default a free one."""

    def __init__(self, handler: type[BaseRequestHandler], port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
