"""`python -m gateway.telemetry`: listen to nginx until SIGTERM."""

import asyncio
import signal
import socket
import sys
from typing import Final

import structlog

from freehold import logs
from freehold.catalogue import Catalogue, InvalidCatalogue
from freehold.health import serve_health
from freehold.settings import GatewayTelemetrySettings, InvalidSettings, load, wants_traces
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded
from gateway.telemetry.counting import Counting

LAST_SPANS_S: Final = 2.0
WAITING_BYTES: Final = 4_194_304
"""What the kernel keeps of datagrams that have not been read yet (it may allow less); what is more is lost."""

log = structlog.get_logger()


class Listener(asyncio.DatagramProtocol):
    """Hands each datagram on."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Count one."""
        self._counting.take(data)


async def listen(settings: GatewayTelemetrySettings, counting: Counting) -> None:
    """Listen until a signal comes. Raises OSError when a port is taken."""
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ending.set)
    place = (settings.syslog_host, settings.syslog_port)
    transport, _ = await loop.create_datagram_endpoint(lambda: Listener(counting), local_addr=place)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING_BYTES)
    health = serve_health(settings.health_port, dict, host=settings.health_host)
    log.info("listening", syslog_port=settings.syslog_port, health_port=health.port)
    await ending.wait()
    transport.close()
    health.close()


def main() -> int:
    """Run the command; 0 after a signal, 2 when the settings or the ports do not allow it to start."""
    try:
        settings = load(GatewayTelemetrySettings)
        logs.configure(part="gateway-telemetry", level=settings.log_level)
        counting = Counting([entry.name for entry in Catalogue.load().functions if entry.kind == "endpoint"])
        if wants_traces():
            tracing.record("freehold-gateway")
        asyncio.run(listen(settings, counting))
    except (InvalidSettings, InvalidCatalogue, TracesNotRecorded) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"FREEHOLD_SYSLOG_PORT or FREEHOLD_HEALTH_PORT cannot be used: {error.strerror}\n")
        return 2
    tracing.close(LAST_SPANS_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
