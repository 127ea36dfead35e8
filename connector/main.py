"""The connector's process: from settings to nameko's runner, and out again in order.

The first SIGTERM or ctrl-C stops claiming, lets what is in flight end within `drain_timeout_s`, gives up the lease and
leaves with 0 (with 1 if something was left in flight; it is delivered again). The second one leaves at once.
"""

import os
import signal
import socket
import sys
from types import FrameType
from typing import Final

import eventlet
import structlog
from eventlet.event import Event
from nameko.runners import ServiceRunner
from pymongo.errors import PyMongoError

from connector import metrics
from connector.broker import InvalidBroker
from connector.database import InvalidAddress
from connector.parts import PARTS, Parts, build
from connector.services import services_of
from freehold import logs
from freehold.catalogue import InvalidCatalogue
from freehold.health import serve_health
from freehold.internal_calls import InvalidKey
from freehold.settings import ConnectorSettings, InvalidSettings, load, wants_traces
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded

OTHER_WORKERS: Final = 6
"""Places in nameko's pools beside those of deliveries; of these each has two, because one starts before the other has left."""
LAST_WORDS_S: Final = 2.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger()


def main() -> None:
    """Run until a signal ends it, or a fault; faults of the settings are said in a sentence each."""
    try:
        settings = load(ConnectorSettings)
        logs.configure(part="connector", level=settings.log_level)
        parts = build(settings)
        if wants_traces():
            tracing.record("freehold-connector")
    except (InvalidSettings, InvalidKey, InvalidCatalogue, InvalidAddress, InvalidBroker, TracesNotRecorded) as fault:
        sys.exit(str(fault))
    try:
        health = serve_health(settings.health_port, parts.checks, host=settings.health_host)
    except OSError as fault:
        place = f"port {settings.health_port} cannot be used on {settings.health_host}"
        sys.exit(f"FREEHOLD_HEALTH_PORT: {place}: {fault.strerror}")
    log.info(
        "started",
        health_port=health.port,
        functions_url=settings.functions_url,
        profile=settings.profile,
        transport="mongodb" if parts.broker is None else "rabbitmq",
    )
    metrics.LEADS.set_function(lambda: parts.leadership.leads)
    metrics.IN_FLIGHT.set_function(lambda: len(parts.lanes))
    drained = _run(parts)
    tracing.close(LAST_WORDS_S)
    sys.stdout.flush()
    os._exit(0 if drained else 1)  # daemon greenlets of the driver have nothing left to say


def _run(parts: Parts) -> bool:
    """Serve until it is over. Returns whether nothing was left in flight."""
    runner = ServiceRunner({PARTS: parts, "max_workers": 2 * parts.settings.concurrency + OTHER_WORKERS})
    for service in services_of(parts):
        runner.add_service(service)
    over = Event()
    eventlet.spawn(_wait_for_signal, over)
    runner.start()
    eventlet.spawn(runner.wait).link(lambda waiting: _note_death(waiting, over))
    if over.wait() == "died":
        return False
    log.info("stopping", in_flight=len(parts.lanes))
    with eventlet.Timeout(parts.settings.drain_timeout_s, exception=False):
        runner.stop()
    left = len(parts.lanes)
    _give_up_lease(parts)
    log.info("stopped", left_in_flight=left)
    return left == 0


def _note_death(waiting: eventlet.greenthread.GreenThread, over: Event) -> None:
    """End the process when a container has died of a fault; its supervisor starts a new one."""
    try:
        waiting.wait()
    except Exception:  # nameko gives back whatever a container died of
        log.critical("died", exc_info=True)
    if not over.ready():
        over.send("died")


def _wait_for_signal(over: Event) -> None:
    """Turn the first stop signal into the end of `over`, through a socket that wakes eventlet's hub at once."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    seen: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            os._exit(128 + number)

    for number in STOP_SIGNALS:
        signal.signal(number, handle)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    while not seen:
        reader.recv(1)
    if not over.ready():
        over.send("signal")


def _give_up_lease(parts: Parts) -> None:
    try:
        with eventlet.Timeout(LAST_WORDS_S, exception=False):
            parts.leadership.give_up()
    except PyMongoError as error:
        log.warning("lease_left", error=type(error).__name__)
