"""The HTTP server in front of the intake: small, bounded, and meant to stand behind a proxy.

The standard library's server does, since there is little to do: a reverse proxy terminates TLS,
and what is left is reading a short body and one write to disk. What it lacks is added here: a
limit of the body, a deadline for a whole request, and a limit of requests at the same time.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingest.hooks.intake import SIZE_LIMIT, Answer, Intake

PREFIX = "/hooks/"
HEALTH = "/health"
DEADLINE = 10.0
"""Seconds that a request may take in all, however slowly it trickles in."""
AT_ONCE = 64
_LONGEST_NUMBER = 18


class HookServer(ThreadingHTTPServer):
    """Answers ``POST /hooks/NAME``, challenges by GET, and ``GET /health``.

    Bound when made; ``serve_forever`` and ``shutdown`` as of ``http.server``.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        intake: Intake,
        *,
        size_limit: int = SIZE_LIMIT,
        deadline: float = DEADLINE,
        at_once: int = AT_ONCE,
    ) -> None:
        self.intake = intake
        self.size_limit = size_limit
        self._deadline = deadline
        self._places = BoundedSemaphore(at_once)
        self._open: dict[Any, float] = {}
        self._open_lock = Lock()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        host, port = self.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else host
        return f"http://{shown!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait for a free place; the system's queue holds who comes meanwhile."""
        while not self._places.acquire(timeout=0.2):
            self.service_actions()
        with self._open_lock:
            self._open[request] = time.monotonic() + self._deadline
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and free the place however it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.pop(request, None)
            self._places.release()

    def service_actions(self) -> None:
        """Hang up on requests that take too long; called in every round of the server."""
        now = time.monotonic()
        with self._open_lock:
            late = [request for request, deadline in self._open.items() if deadline < now]
        for request in late:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error of ours; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request, one answer, then the connection is closed."""

    server: HookServer
    protocol_version = "HTTP/1.1"
    server_version = "earful"
    sys_version = ""
    timeout = DEADLINE
    # Head and body in one packet: two of them would wait for each other's receipt.
    wbufsize = 1 << 16

    def do_POST(self) -> None:
        name = self._hook()
        told = self.headers.get("Content-Length", "")
        if name is None:
            self._reply(Answer(404, "there is no such hook"))
        elif not (told.isascii() and told.isdigit()):
            self._reply(Answer(411, "the length of the delivery must be told"))
        elif len(told) > _LONGEST_NUMBER or (length := int(told)) > self.server.size_limit:
            self._reply(Answer(413, f"more than {self.server.size_limit} bytes"))
        else:
            body = self.rfile.read(length)
            if len(body) < length:
                self._reply(Answer(400, "the delivery was cut short"))
                return
            headers = {key.lower(): value for key, value in self.headers.items()}
            self._reply(self.server.intake.deliver(name, headers, body))

    def do_GET(self) -> None:
        name = self._hook()
        if self.path == HEALTH:
            self._reply(Answer(200, "listening"))
        elif name is None:
            self._reply(Answer(404, "there is no such hook"))
        else:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._reply(self.server.intake.ask(name, query))

    def do_HEAD(self) -> None:
        known = self._hook() is not None or self.path == HEALTH
        self._reply(Answer(200 if known else 404))

    def _hook(self) -> str | None:
        path = urlsplit(self.path).path
        name = path.removeprefix(PREFIX)
        return name if path.startswith(PREFIX) and name in self.server.intake.hooks else None

    def _reply(self, answer: Answer) -> None:
        self.close_connection = True
        content = answer.text.encode("utf-8", "replace")
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Addresses and queries stay out of logs; the intake tells what it refuses."""
