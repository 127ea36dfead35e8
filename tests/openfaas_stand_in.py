"""A stand-in that behaves like OpenFaaS's gateway, in a thread of the test: what came to it, and what functions said.

    with OpenFaas.serving() as openfaas:
        openfaas.functions["jobs-list-jobs"] = "http://127.0.0.1:8080"   # a real function process
        openfaas.answers["jobs-get-job"] = Answer(200, b"{}")            # or an answer that is made here

Like the real one it serves `/function/NAME` and whatever path follows, forwards bodies chunked and without Content-Length,
takes Upgrade and the other hop-by-hop headers off, adds X-Call-Id and X-Start-Time on the way in and X-Duration-Seconds on
the way out, answers plain text when a function is not there, and has `/async-function/` and `/system/` beside it.
"""

import http.client
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from msgspec import Struct

HOP_BY_HOP = {
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers",
    "transfer-encoding", "upgrade",
}  # fmt: skip
FUNCTION_LIMIT_S = 30.0
Headers = tuple[tuple[str, str], ...]
JSON: Headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
TEXT: Headers = (("Content-Type", "text/plain"),)


class Seen(Struct, frozen=True):
    """A request that came: its target as it was written."""

    method: str
    target: str
    headers: Headers
    body: bytes

    def values(self, name: str) -> list[str]:
        """Give the values of a header, in their order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Answer(Struct, frozen=True):
    """What a function says; `after` is waited for first, and without a `status` the connection is cut."""

    status: int | None = 200
    body: bytes = b"{}"
    headers: Headers = JSON
    after: threading.Event | None = None


class OpenFaas:
    """The stand-in. A function is an address to forward to, or an answer; one that is neither is not deployed."""

    def __init__(self) -> None:
        self.functions: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}
        self.seen: list[Seen] = []
        self.port = 0

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator["OpenFaas"]:
        """Serve on a free port of 127.0.0.1 for as long as the block lasts."""
        stand_in = cls()
        handler = type("Handler", (_Handler,), {"stand_in": stand_in})
        server = _Server(("127.0.0.1", 0), handler)
        stand_in.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def answer_all(self, answer: Answer, names: list[str]) -> None:
        """Let these functions all say the same, and forget what was before."""
        self.functions.clear()
        self.answers = dict.fromkeys(names, answer)
        self.seen.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing of callers that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: OpenFaas

    def handle_one_request(self) -> None:
        """Take one request of any method."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self._read_body()
        self.stand_in.seen.append(Seen(self.command, self.path, tuple(self.headers.items()), body))
        self._route(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while size := int(self.rfile.readline(100), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _route(self, body: bytes) -> None:
        door, _, rest = self.path.lstrip("/").partition("/")
        name, slash, inner = rest.partition("/")
        if door == "function":
            self._call(name, slash + inner, body)
        elif door == "async-function":
            self._say(Answer(202, b"", ()))
        elif door in {"system", "healthz"}:
            self._say(Answer(200, b"[]"))
        else:
            self._say(Answer(404, b"404 page not found\n", TEXT))

    def _call(self, name: str, inner: str, body: bytes) -> None:
        if name in self.stand_in.answers:
            answer = self.stand_in.answers[name]
            if answer.after is not None:
                answer.after.wait(FUNCTION_LIMIT_S)
            self._say(answer)
        elif name in self.stand_in.functions:
            self._say(self._forward(self.stand_in.functions[name], inner or "/", body))
        else:
            self._say(Answer(404, f"error finding function {name}\n".encode(), TEXT))

    def _forward(self, url: str, inner: str, body: bytes) -> Answer:
        began = time.time_ns()
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
        headers.setdefault("X-Call-Id", str(uuid.uuid4()))
        headers |= {"X-Start-Time": str(began), "X-Forwarded-Host": self.headers.get("Host", "")}
        function = http.client.HTTPConnection(urlsplit(url).netloc, timeout=FUNCTION_LIMIT_S)
        try:
            function.request(self.command, inner, iter([body]) if body else None, headers, encode_chunked=True)
            response = function.getresponse()
            content = response.read()
        except OSError:
            return Answer(503, b"Can't reach service for the function.\n", TEXT)
        finally:
            function.close()
        kept = [(key, value) for key, value in response.getheaders() if key.lower() not in HOP_BY_HOP]
        said = {"X-Call-Id": headers["X-Call-Id"], "X-Start-Time": str(began)}
        said["X-Duration-Seconds"] = f"{(time.time_ns() - began) / 1e9:f}"
        kept = [(key, value) for key, value in kept if key.lower() != "x-call-id"]
        return Answer(response.status, content, (*kept, *said.items()))

    def _say(self, answer: Answer) -> None:
        if answer.status is None:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for key, value in answer.headers:
            self.send_header(key, value)
        if answer.status not in {204, 304}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in {204, 304}:
            self.wfile.write(answer.body)
