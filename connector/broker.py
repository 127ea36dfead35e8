"""Connections to RabbitMQ, and what is known about them: whether one is there, said once when that changes."""

import ssl
import time
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from amqp.exceptions import AMQPError
from eventlet import Timeout
from kombu import Connection
from kombu.exceptions import KombuError

from connector.topology import Topology
from freehold.settings import ConnectorSettings

CONNECT_TIMEOUT_S: Final = 5.0
LAST_WORDS_S: Final = 1.0
BACKOFF_BASE_S: Final = 0.25
BACKOFF_MAX_S: Final = 5.0
SEEN_WITHIN_S: Final = 15.0
TLS_PORT: Final = 5671

BROKER_ERRORS: Final = (AMQPError, KombuError, OSError, Timeout)
"""Whatever goes wrong between a broker and us."""

log = structlog.get_logger()


class InvalidBroker(Exception):  # noqa: N818 - it names what is wrong
    """What should be the broker's address is none."""


class Link:
    """One connection, made anew whenever it is gone. `purpose` names it in the log."""

    def __init__(self, settings: ConnectorSettings, topology: Topology, *, purpose: str, heartbeat_s: float) -> None:
        self._settings = settings
        self._purpose = purpose
        self._heartbeat_s = heartbeat_s
        self._failures = 0
        self._try_again_at_s = 0.0
        self._said: bool | None = None
        self._seen_at_s = float("-inf")
        self.topology = topology
        self._in_doubt = False
        self.doubts = 0

    @property
    def works(self) -> bool:
        """Whether it is there, and was seen to be lately."""
        return self._said is True and time.monotonic() - self._seen_at_s < SEEN_WITHIN_S

    @property
    def fails(self) -> bool:
        """Whether the broker could not be reached when that was last tried."""
        return self._said is False

    @property
    def wait_s(self) -> float:
        """How long to wait before it is worth trying again."""
        return max(0.0, self._try_again_at_s - time.monotonic())

    def open(self) -> Any:  # noqa: ANN401 - kombu has no types
        """Connect and declare everything. Raises one of BROKER_ERRORS."""
        with Timeout(CONNECT_TIMEOUT_S):
            connection = _connection(self._settings, self._heartbeat_s).transport.establish_connection()
        with ExitStack() as undo:
            undo.callback(close, connection)
            with Timeout(CONNECT_TIMEOUT_S), connection.channel() as channel:
                self.topology.declare(channel)
            undo.pop_all()
        self.doubts += self._in_doubt
        self._in_doubt = False
        self.see()
        return connection

    def see(self) -> None:
        """Take note that the broker answers."""
        self._failures, self._try_again_at_s, self._seen_at_s = 0, 0.0, time.monotonic()
        self._note(None)

    def lose(self, error: BaseException) -> None:
        """Take note that it does not."""
        self._failures += 1
        self.doubt()
        pause_s = min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** min(self._failures, 10))
        self._try_again_at_s = time.monotonic() + pause_s
        self._note(error)

    def doubt(self) -> None:
        """Take note that the broker may have lost what it held; `doubts` rises once there is a connection to fill it again."""
        self._in_doubt = True

    def _note(self, error: BaseException | None) -> None:
        if self._said is (error is None):
            return
        self._said = error is None
        if error is None:
            log.info("broker_answers", link=self._purpose)
        else:
            code = getattr(error, "reply_code", None)
            log.warning("broker_fails", link=self._purpose, error=type(error).__name__, code=code, advice="waiting for it")


def close(connection: Any) -> None:  # noqa: ANN401
    """Say goodbye, so that the broker has read all that was written; then let go. Never fails, never takes long."""
    try:
        with Timeout(LAST_WORDS_S):
            connection.close()
    except BROKER_ERRORS:
        connection.collect()


def check_address(uri: str) -> None:
    """Refuse what is no address: raises InvalidBroker, whose message does not repeat the address, which holds a password."""
    try:
        parts = urlsplit(uri)
        usable = parts.scheme in {"amqp", "amqps"} and bool(parts.hostname) and (parts.port or TLS_PORT) > 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidBroker("the secret file amqp-uri (or AMQP_URI) must hold an address like amqp://... or amqps://...")


def _connection(settings: ConnectorSettings, heartbeat_s: float) -> Connection:
    uri = urlsplit(settings.amqp_uri)
    options: dict[str, Any] = {}
    if uri.scheme == "amqps":
        ca_file = settings.amqp_ca_file or None
        options["ssl"] = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": ca_file, "server_hostname": uri.hostname}
        options["port"] = uri.port or TLS_PORT
    address = f"amqp{settings.amqp_uri[len(uri.scheme) :]}"
    return Connection(address, connect_timeout=CONNECT_TIMEOUT_S, heartbeat=heartbeat_s, **options)
