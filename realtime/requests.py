"""What the relay's port answers over plain HTTP: health, readiness, a scrape, and why a socket cannot be opened this way."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from freehold.telemetry import metrics
from realtime.protocol import engineio

PATH: Final = "/socket.io"


class EngineError(Struct, frozen=True):
    """A refusal in the form that Engine.IO clients know."""

    code: int
    message: str


UNKNOWN_TRANSPORT: Final = EngineError(0, "Transport unknown")
UNKNOWN_SESSION: Final = EngineError(1, "Session ID unknown")
UNSUPPORTED_PROTOCOL: Final = EngineError(5, "Unsupported protocol version")


class Answers:
    """Answers what is not a websocket, and lets through what asks for one rightly."""

    def __init__(self, *, checks: Callable[[], Mapping[str, bool]], is_full: Callable[[], bool]) -> None:
        self._checks = checks
        self._is_full = is_full

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer one request; None lets the websocket's handshake go on."""
        path, _, query = request.path.partition("?")
        path = path.rstrip("/")
        if (own := self._about_itself(connection, path)) is not None:
            return own
        if path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"There is nothing here; sockets open at {PATH}/.\n")
        if (error := _fault(parse_qs(query))) is not None:
            return _json(connection, HTTPStatus.BAD_REQUEST, error)
        if self._is_full():
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "No more sockets at present; come back in a moment.\n")
        return None

    def _about_itself(self, connection: ServerConnection, path: str) -> Response | None:
        match path:
            case "/_/health":
                return _json(connection, HTTPStatus.OK, {"alive": True, "checks": {}})
            case "/_/ready":
                return self._readiness(connection)
            case metrics.PATH:
                return _typed(connection, HTTPStatus.OK, metrics.exposition().decode(), metrics.CONTENT_TYPE)
        return None

    def _readiness(self, connection: ServerConnection) -> Response:
        checks = dict(self._checks())
        is_ready = all(checks.values())
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _json(connection, status, {"ready": is_ready, "checks": checks})


def _fault(query: Mapping[str, list[str]]) -> EngineError | None:
    """Find what is wrong with the query of an Engine.IO address. Polling has its place here."""
    if query.get("EIO") != [str(engineio.PROTOCOL)]:
        return UNSUPPORTED_PROTOCOL
    if query.get("transport") != ["websocket"]:
        return UNKNOWN_TRANSPORT
    if "sid" in query:
        return UNKNOWN_SESSION
    return None


def _json(connection: ServerConnection, status: HTTPStatus, body: object) -> Response:
    return _typed(connection, status, msgspec.json.encode(body).decode(), "application/json")


def _typed(connection: ServerConnection, status: HTTPStatus, body: str, content_type: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response
