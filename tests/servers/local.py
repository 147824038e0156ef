"""A small HTTP server on 127.0.0.1 whose replies can be made to fail on demand."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from servers.tcp import TcpServer


@dataclass(frozen=True)
class Request:
    """What a client asked; ``fields`` are the query and the form together, ``body`` as it came."""

    method: str
    path: str
    fields: Mapping[str, str]
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True)
class Reply:
    """What it is answered: JSON, or bytes as they are.

    ``cut`` sends only so many bytes of the body and hangs up; ``delay`` is waited before, in
    seconds.
    """

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay: float = 0.0


class LocalServer(TcpServer):
    """Serves ``answer`` on ``port``, by default a free one.

    ``faults`` are given out first, one a request, to requests whose path holds the key. Requests
    are kept in ``requests``. ``slowness`` is waited before each reply, in seconds.
    """

    def __init__(
        self, answer: Callable[[Request], Reply], slowness: float = 0.0, port: int = 0
    ) -> None:
        self.answer = answer
        self.slowness = slowness
        self.faults: list[tuple[str, Reply]] = []
        self.requests: list[Request] = []
        self._lock = Lock()
        super().__init__(self._handler(), port)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, part_of_path: str, *replies: Reply) -> None:
        """Answer the next requests to such a path with these replies."""
        self.faults += [(part_of_path, reply) for reply in replies]

    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [request.path for request in self.requests]

    def _reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            for number, (part, reply) in enumerate(self.faults):
                if part in request.path:
                    del self.faults[number]
                    return reply
            return self.answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        local = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: two of them would wait for each other's receipt.
            wbufsize = 1 << 16

            def _handle(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = "" if "json" in self.headers.get("Content-Type", "") else body
                fields = dict(parse_qsl(parts.query) + parse_qsl(form))
                reply = local._reply(
                    Request(self.command, parts.path, fields, dict(self.headers.items()), body)
                )
                time.sleep(local.slowness + reply.delay)
                content = reply.content
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(reply.status)
                if "Content-Type" not in reply.headers:
                    self.send_header("Content-Type", "application/json")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status == 304:
                    content = b""
                if reply.cut is not None or self.close_connection:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                if reply.cut is not None:
                    # Without a length, so that the client cannot tell the cut from the end.
                    content = content[: reply.cut]
                else:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = _handle  # noqa: N815 - the name that http.server calls
            do_POST = _handle  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Keep the tests' output clean."""

            def handle(self) -> None:
                # A client that is killed in the middle is what some tests are about.
                with contextlib.suppress(ConnectionError):
                    super().handle()

        return Handler
