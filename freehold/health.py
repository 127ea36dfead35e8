"""Health for the doors: a small HTTP server in a thread of its own, for supervisors, probes and the local front.

`GET /_/health` says whether the process lives, `GET /_/ready` whether it works, `GET /_/metrics` answers a scrape. The server
is the standard library's, because it also runs under eventlet. Functions answer the same paths on their own port.
"""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import msgspec

from freehold.telemetry import metrics

Checks = Callable[[], Mapping[str, bool]]

_SLOWEST_REQUEST_S: Final = 5.0


class HealthServer:
    """A running health server; `port` is where it listens."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port, also when the system chose it."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def serve_health(port: int, ready: Checks, *, alive: Checks = dict, host: str = "127.0.0.1") -> HealthServer:
    """Answer health questions on a port (0: the system chooses). A path answers 200 when all its checks hold, else 503.

    Raises OSError when the port is taken.
    """
    answers: dict[str, tuple[str, Checks]] = {"/_/ready": ("ready", ready), "/_/health": ("alive", alive)}

    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOWEST_REQUEST_S

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            known = answers.get(path)
            if path == metrics.PATH:
                self._answer(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.exposition())
                return
            if known is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            word, checks = known
            found = dict(checks())
            holds = all(found.values())
            status = HTTPStatus.OK if holds else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, "application/json", msgspec.json.encode({word: holds, "checks": found}))

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Probes come every few seconds; they are not news."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return HealthServer(Server((host, port), Handler))
