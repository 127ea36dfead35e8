"""The relay as a server: its port, its loops, its end. SIGTERM drains: clients are closed so that they come back elsewhere."""

import asyncio
import functools
import logging
import signal
from collections.abc import Mapping
from typing import Final, cast

import structlog
from websockets.asyncio.server import Server, serve
from websockets.typing import Origin

from freehold.settings import RelaySettings
from freehold.store import Store
from freehold.store.realtime_log import LogFollower
from freehold.telemetry import tracing
from realtime import metrics
from realtime.loops import Loop
from realtime.protocol import CloseCode, Limits
from realtime.relay import Relay
from realtime.requests import Answers
from realtime.wire import Door, RelayConnection

DATABASE_CONNECTIONS: Final = 16
PROBE_SOCKETS: Final = 64
"""Sockets beyond the limit of connections, so that a full relay still answers health questions."""
OPEN_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
QUEUED_FRAMES: Final = 4
BACKLOG: Final = 1_024
LOOP_PATIENCE_S: Final = 8.0
LAST_SPANS_S: Final = 2.0

_log = structlog.get_logger(__name__)
_library_log = logging.getLogger("freehold.relay.websockets")
_library_log.setLevel(logging.WARNING)


class RelayServer:
    """A relay that listens. Made inside of a running event loop; `start`, then `stop`."""

    def __init__(self, settings: RelaySettings, *, follower: LogFollower | None = None) -> None:
        self._settings = settings
        self._store = Store(settings.mongodb_uri, settings.mongodb_database, connections=DATABASE_CONNECTIONS)
        self._limits = Limits(
            ping_interval_s=settings.ping_interval_s,
            ping_timeout_s=settings.ping_timeout_s,
            connect_timeout_s=settings.connect_timeout_s,
        )
        relay = Relay(settings=settings, store=self._store, limits=self._limits, follower=follower or LogFollower(self._store))
        self._relay = relay
        self._loops = (
            Loop("feed", relay.follow_log, patience_s=LOOP_PATIENCE_S),
            Loop("sessions", relay.watch_sessions, patience_s=LOOP_PATIENCE_S),
            Loop("heartbeat", relay.keep_heartbeat, patience_s=LOOP_PATIENCE_S),
        )
        self._door = Door(
            socket_limit=settings.connection_limit + PROBE_SOCKETS,
            frames_per_second=settings.frames_per_second,
            on_cut=_report_cut,
            sockets=set(),
        )
        metrics.SOCKETS.set_function(lambda: len(self._door.sockets))
        metrics.SOCKET_LIMIT.set(settings.connection_limit)
        for loop in self._loops:
            _watch(loop)
        self._server: Server | None = None
        self._is_draining = False

    @property
    def port(self) -> int:
        """Where it listens, also when the system chose."""
        assert self._server is not None, "not started"  # noqa: S101 - a mistake of the caller
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many sockets a person has joined."""
        return self._relay.connections

    def checks(self) -> Mapping[str, bool]:
        """Say what works: each loop, and whether new sockets are let in."""
        return {"open": not self._is_draining, **{loop.name: loop.works for loop in self._loops}}

    async def start(self) -> None:
        """Listen, and start the loops. Raises OSError when the port is taken."""
        self._server = await serve(
            self._relay.serve,
            self._settings.relay_host,
            self._settings.relay_port,
            origins=[*_origins(self._settings.relay_origins), None],
            compression=None,
            process_request=Answers(checks=self.checks, is_full=self._is_full),
            server_header=None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=self._limits.packet_bytes,
            max_queue=QUEUED_FRAMES,
            write_limit=self._settings.unsent_limit_bytes,
            logger=_library_log,
            create_connection=cast("type[RelayConnection]", functools.partial(RelayConnection, door=self._door)),
            backlog=BACKLOG,
        )
        for loop in self._loops:
            loop.start()
        _log.info("relay_listening", host=self._settings.relay_host, port=self.port)

    async def stop(self) -> None:
        """Close every socket so that its client comes back by itself, and be done by the drain's deadline."""
        assert self._server is not None, "not started"  # noqa: S101 - a mistake of the caller
        _log.info("relay_draining", connections=len(self._server.connections))
        self._is_draining = True
        self._server.close(code=CloseCode.RESTART, reason="restarting")
        for connection in self._door.sockets - self._server.all_connections:
            connection.transport.abort()
        try:
            async with asyncio.timeout(self._settings.drain_timeout_s):
                await self._server.wait_closed()
        except TimeoutError:
            _log.warning("relay_drain_cut_short", sockets=len(self._door.sockets))
            for connection in tuple(self._door.sockets):
                connection.transport.abort()
        await asyncio.gather(*(loop.end() for loop in self._loops))
        await self._store.close()
        await asyncio.to_thread(tracing.close, LAST_SPANS_S)
        _log.info("relay_stopped")

    def _is_full(self) -> bool:
        return self._is_draining or len(self._door.sockets) > self._settings.connection_limit


async def run(settings: RelaySettings) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Raises OSError when the port is taken."""
    ending = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, ending.set)
    server = RelayServer(settings)
    await server.start()
    await ending.wait()
    await server.stop()


def _origins(setting: str) -> list[Origin]:
    return [Origin(origin) for origin in setting.split(",") if origin]


def _watch(loop: Loop) -> None:
    metrics.LOOP_WORKS.labels(loop.name).set_function(lambda: loop.works)


def _report_cut(connection: RelayConnection, reason: str) -> None:
    metrics.CUTS.labels(reason).inc()
    _log.warning("socket_cut", reason=reason, connection=str(connection.id))
