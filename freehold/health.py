"""Health for the doors: a small HTTP server in a thread of its own, for supervisors, probes and the local front.

`GET /_/health` says whether the process lives, `GET /_/ready` whether it works. Only the standard library, because it
also runs under eventlet's monkey patching. Functions answer the same two paths on their own port.
"""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import msgspec

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
            known = answers.get(self.path.partition("?")[0])
            if known is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            word, checks = known
            found = dict(checks())
            holds = all(found.values())
            body = msgspec.json.encode({word: holds, "checks": found})
            self.send_response(HTTPStatus.OK if holds else HTTPStatus.SERVICE_UNAVAILABLE)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Probes come every few seconds; they are not news."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return HealthServer(Server((host, port), Handler))
