"""The fake on the wire: a server on loopback that judges every request and response, replays keys, and fails on demand."""

import hashlib
import hmac
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.payments.stripe_fake import form
from tests.payments.stripe_fake.books import Books, Refusal
from tests.payments.stripe_fake.routes import answer
from tests.payments.stripe_fake.spec import Operation, description, faults

SECRET_KEY = "sk_test_fake"
WEBHOOK_KEY = "whsec_fake"


@dataclass
class Fault:
    """What goes wrong with the next request of this method and path: `unreached`, `lost` (it acts, nobody hears), a status."""

    what: str | int
    method: str = "post"
    path: str = "/v1/"


@dataclass
class Kept:
    """What was answered under a key."""

    digest: str
    status: int
    body: bytes


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    text: str
    key: str | None

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.method} {self.path} {self.text}".encode()).hexdigest()


@dataclass
class FakeStripe:
    """Stripe, as one platform sees it."""

    books: Books = field(default_factory=Books)
    violations: list[str] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        description()  # it takes a moment to read, and no request is to wait for that
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop; fails when a request or a response was not what Stripe describes."""
        self._server.shutdown()
        self._server.server_close()
        assert self.violations == []

    def forget_keys(self) -> None:
        """Let a day pass: Stripe forgets what was asked under which key."""
        self.kept.clear()

    def event(self, kind: str, about: dict[str, Any], *, account: str | None = None) -> bytes:
        """Make an event about an object as it stands now."""
        made = self.books.event(kind, about)
        body = made | ({"account": account} if account else {})
        self._judge(faults({"$ref": "#/components/schemas/event"}, body, kind))
        return json.dumps(body).encode()

    def respond(self, asked: Asked) -> tuple[int, bytes, dict[str, str]] | None:
        """Answer a request; nothing when it, or its answer, is lost."""
        with self.lock:
            self.asked.append(asked)
            fault = self._fault(asked)
            if fault == "unreached":
                return None
            if isinstance(fault, int):
                return fault, _body("api_error", f"a fault: {fault}"), {}
            status, body, headers = self._under_key(asked)
            return None if fault == "lost" else (status, body, headers)

    def _fault(self, asked: Asked) -> str | int | None:
        if self.faults and asked.method == self.faults[0].method and asked.path.startswith(self.faults[0].path):
            return self.faults.popleft().what
        return None

    def _under_key(self, asked: Asked) -> tuple[int, bytes, dict[str, str]]:
        if asked.key is None or asked.method == "get":
            return *self._act(asked), {}
        if (kept := self.kept.get(asked.key)) is None:
            kept = self.kept[asked.key] = Kept(asked.digest, *self._act(asked))
            return kept.status, kept.body, {}
        if kept.digest != asked.digest:
            return 400, _body("idempotency_error", "Keys can only be used with the same parameters."), {}
        return kept.status, kept.body, {"Idempotent-Replayed": "true"}

    def _act(self, asked: Asked) -> tuple[int, bytes]:
        operation = Operation(asked.method, asked.path)
        if not operation.exists:
            self._judge([f"{asked.method} {asked.path} is no operation of Stripe's"])
            return 404, _body("invalid_request_error", "no such operation")
        schema = operation.request_schema(asked.method)
        params = form.read(asked.text, schema)
        wrong = faults(schema, params, f"{asked.method} {asked.path}")
        if wrong:
            self._judge(wrong)
            return 400, _body("invalid_request_error", "; ".join(wrong))
        try:
            status, found = 200, answer(self.books, asked.method, asked.path, params)
        except Refusal as refusal:
            status, found = refusal.status, {"error": refusal.error}
        self._judge(faults(operation.response_schema(status), found, f"{status} {asked.path}"))
        return status, json.dumps(found).encode()

    def _judge(self, wrong: list[str]) -> None:
        self.violations.extend(wrong)


def signed(body: bytes, at: float, *, key: str = WEBHOOK_KEY) -> dict[str, str]:
    """Sign an event as Stripe does."""
    stamp = int(at)
    mac = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={mac},v0={'0' * 64}"}


def _body(kind: str, message: str) -> bytes:
    return json.dumps({"error": {"type": kind, "message": message}}).encode()


def _handler(fake: FakeStripe) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            place = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length).decode()
            method = self.command.lower()
            if self.headers["Authorization"] != f"Bearer {SECRET_KEY}":
                return self._send(401, _body("invalid_request_error", "Invalid API Key provided"), {})
            text = sent if method == "post" else place.query
            answered = fake.respond(Asked(method, place.path, text, self.headers.get("Idempotency-Key")))
            if answered is None:
                self.close_connection = True
                return None
            return self._send(*answered)

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve  # noqa: N815 - the server's words

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
