"""A JSON API on loopback that a stand-in of a payment provider answers. It can lose replies, and fails what it does not know.

What breaks the documented form of a request is kept in `violations`: a test that made one fails, even if our code got over it.
"""

import base64
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request: `headers` by lower-case names, `query` as it came, `raw` the body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def basic(self) -> tuple[str, str]:
        """The name and secret of HTTP's basic authentication."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(coded).decode().partition(":") if scheme == "Basic" else ("", "", "")
        return name, secret


Answer = tuple[int, Any]


@dataclass
class Loopback:
    """The server. `faults` are taken by the requests that match: (method, part of the path) -> what goes wrong."""

    answer: Callable[[Asked], Answer]
    violations: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turn = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, method: str, path_part: str, how: str) -> None:
        """Let the next such request go wrong: `unheard` (never acted on), `lost` (acted on, no answer), or `500`, `429` ..."""
        self.faults.append((method, path_part, how))

    def close(self) -> None:
        """Stop, and fail if a request broke the documented form, or a fault was never met."""
        self._server.shutdown()
        self._server.server_close()
        assert not self.violations, self.violations
        assert not self.faults, self.faults

    def respond(self, asked: Asked) -> Answer | None:
        """Answer a request in its turn; null when its answer gets lost."""
        with self._turn:
            self.calls.append((asked.method, asked.path))
            fault = next((each for each in self.faults if each[0] == asked.method and each[1] in asked.path), None)
            if fault is not None:
                self.faults.remove(fault)
            how = fault[2] if fault else ""
            if how == "unheard":
                return None
            if how.isdigit():
                return int(how), {"name": "OUT_OF_ORDER", "error": {"code": "SERVER_ERROR", "description": "out of order"}}
            answer = self.answer(asked)
            return None if how == "lost" else answer


def _handler(server: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, raw)
            answer = server.respond(asked)
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, body = answer
            content = json.dumps(body).encode() if body is not None else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
