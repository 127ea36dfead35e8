"""Run the scheduler: `python -m jobs_scheduler`.

The first SIGTERM or ctrl-C ends it when the calls under way have ended, or at `drain_timeout_s`; the second one at once.
"""

import logging
import os
import select
import signal
import sys
import threading
from types import FrameType
from typing import Final

import structlog

from freehold import logs
from freehold.catalogue import Catalogue, InvalidCatalogue
from freehold.health import serve_health
from freehold.internal_calls import CallSigner, InvalidKey
from freehold.settings import InvalidSettings, SchedulerSettings, load, wants_traces
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded
from jobs_scheduler.clockwork import Clockwork
from jobs_scheduler.sweeps import Functions, Sweep

WATCH_EVERY_S: Final = 1.0
LAST_SPANS_S: Final = 2.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger()


def main() -> None:
    """Tick until a signal comes, or until the clockwork's thread has died."""
    try:
        settings = load(SchedulerSettings)
        logs.configure(part="scheduler", level=settings.log_level)
        clockwork = _wind_up(settings)
        if wants_traces():
            tracing.record("freehold-scheduler")
    except (InvalidSettings, InvalidKey, InvalidCatalogue, TracesNotRecorded) as fault:
        sys.exit(str(fault))
    for chatty in ("apscheduler", "httpx"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        health = serve_health(settings.health_port, clockwork.is_ready, alive=clockwork.is_alive, host=settings.health_host)
    except OSError as fault:
        place = f"port {settings.health_port} cannot be used on {settings.health_host}"
        sys.exit(f"FREEHOLD_HEALTH_PORT: {place}: {fault.strerror}")
    signalled = _catch_signals()
    clockwork.start()
    log.info("started", health_port=health.port, functions_url=settings.functions_url, profile=settings.profile)
    while not select.select([signalled], [], [], WATCH_EVERY_S)[0]:
        if not clockwork.turns:
            log.critical("died", what="the clockwork's thread")
            _leave(1)
    log.info("stopping")
    drained = clockwork.stop(settings.drain_timeout_s)
    tracing.close(LAST_SPANS_S)
    log.info("stopped", drained=drained)
    _leave(0 if drained else 1)


def _wind_up(settings: SchedulerSettings) -> Clockwork:
    stopping = threading.Event()
    functions = Functions(
        url=settings.functions_url,
        profile=settings.profile,
        signer=CallSigner.from_jwk(settings.scheduler_call_key),
    )
    catalogue = Catalogue.load(settings.catalogue_file)
    return Clockwork([Sweep(entry, functions, stopping) for entry in catalogue.sweeps], stopping)


def _catch_signals() -> int:
    """Answer a file descriptor that can be read once a stop signal has come; the second signal ends the process."""
    reader, writer = os.pipe()
    seen: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            os._exit(128 + number)
        os.write(writer, b".")  # nothing here may take a lock: the thread that was interrupted could hold it

    for number in STOP_SIGNALS:
        signal.signal(number, handle)
    return reader


def _leave(code: int) -> None:
    """End now: a call that is still under way must not hold the process."""
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
