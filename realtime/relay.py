"""The relay of one process: every connected client, and what makes them hear.

Clients come through `serve`. Three loops work beside them: `follow_log` emits each new row of the realtime log to its
channel, `watch_sessions` ends sockets whose sign-in is over, `keep_heartbeat` pings. The decisions are the pure modules'
(`protocol`, `hub`, `deadlines`); here they meet sockets, the database and the clock.
"""

import asyncio
import secrets
from contextlib import aclosing
from typing import Final

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from freehold.documents import RealtimeRow
from freehold.settings import RelaySettings
from freehold.store import OUTAGES, Store, now
from freehold.store.realtime_log import LogFollower, LogGap
from freehold.store.tickets import SESSIONS_AT_ONCE, good_sessions
from freehold.telemetry import tracing
from freehold.telemetry.context import TraceContext
from realtime import metrics, wire
from realtime.admission import TOO_MANY_CONNECTIONS, Refusal, check_in
from realtime.deadlines import Heartbeat
from realtime.hub import NAMESPACES, Hub
from realtime.loops import Loop
from realtime.peer import Effects, Peer
from realtime.protocol import (
    CloseCode,
    ConnectAsked,
    Connection,
    Effect,
    Heard,
    Left,
    Limits,
    Received,
    engineio,
    event,
    frames_of,
)
from realtime.wire import Emission, RelayConnection

HEARTBEAT_TURN_S: Final = 0.25
ROWS_AT_ONCE: Final = 32
"""After so many rows of a burst the sockets get a turn, so that a client that reads is not taken for a slow one."""

_PING: Final = Emission.of((engineio.PING,))
_log = structlog.get_logger(__name__)


class Relay:
    """Everybody who is connected to this process. It lives in one event loop."""

    def __init__(self, *, settings: RelaySettings, store: Store, limits: Limits, follower: LogFollower) -> None:
        self._store = store
        self._limits = limits
        self._follower = follower
        self._session_check_s = settings.session_check_s
        self._node = settings.relay_node
        self._hub: Hub[Peer] = Hub(connections_per_person=settings.connections_per_person)
        self._heartbeat: Heartbeat[Peer] = Heartbeat(limits)
        self._endings: set[asyncio.Task[None]] = set()
        metrics.CONNECTIONS.set_function(lambda: len(self._hub))
        metrics.PEOPLE.set_function(lambda: self._hub.people)
        metrics.CHANNELS.set_function(lambda: self._hub.channels)

    @property
    def connections(self) -> int:
        """How many sockets have given their ticket."""
        return len(self._hub)

    async def serve(self, websocket: ServerConnection) -> None:
        """Carry on one client's conversation until the socket ends."""
        assert isinstance(websocket, RelayConnection)  # noqa: S101 - the server makes no others
        talk = Connection(sid=self._new_sid(), namespaces=NAMESPACES.keys(), limits=self._limits)
        peer = Peer(websocket, talk)
        self._heartbeat.opened(peer, now_s=_now_s())
        try:
            await self._perform(peer, talk.open())
            async for frame in websocket:
                await self._perform(peer, talk.receive(frame))
        except ConnectionClosed:
            pass  # how the socket ended is of no interest any more
        finally:
            self._hub.drop(peer)
            self._heartbeat.ended(peer)

    def emit(self, row: RealtimeRow) -> None:
        """Send a row of the log to everybody on its channel: encoded once, the same bytes for all."""
        metrics.ROWS.inc()
        metrics.LAG.observe(max(0.0, (now() - row.created_at).total_seconds()))
        audience = self._hub.audience(row.namespace, row.channel)
        if not audience:
            return
        try:
            emission = Emission.of(frames_of(event(row.namespace, row.event, row.payload)))
        except TypeError as error:
            _log.error("realtime_row_has_no_json", row=row.id, fault=str(error))
            return
        parent = TraceContext.read(row.traceparent)
        with tracing.start(f"emit {row.event}", kind="consumer", parent=parent, attributes=_of_emit(row)):
            wire.write((peer.websocket for peer in audience), emission)

    async def follow_log(self, loop: Loop) -> None:
        """Emit every row of the log from now on. When its place is lost, all clients are sent to load anew what they show."""
        count = 0
        try:
            async with aclosing(self._follower.rows()) as rows:
                async for row in rows:
                    loop.beat()
                    if row is None:
                        continue
                    self.emit(row)
                    count += 1
                    if count % ROWS_AT_ONCE == 0:
                        await asyncio.sleep(0)
        except LogGap as gap:
            metrics.GAPS.inc()
            _log.error("realtime_log_gap", fault=str(gap), connections=len(self._hub))
            for peer in self._hub.connections():
                self._end(peer, peer.talk.close(CloseCode.GAP, "events may have been missed"))
            raise

    async def watch_sessions(self, loop: Loop) -> None:
        """End every socket whose session ended, expired or changed its rights, within seconds.

        It asks, and does not listen: that a session expires is no change in the database, and a change stream would
        bring every refreshed session of everybody to every process.
        """
        while True:
            portions = self._hub.sessions(SESSIONS_AT_ONCE)
            if not portions:
                await self._store.ping()
            for asked in portions:
                self._enforce(asked, await good_sessions(self._store, asked))
            loop.beat()
            await asyncio.sleep(self._session_check_s)

    async def keep_heartbeat(self, loop: Loop) -> None:
        """Ping whose turn it is, and end the sockets that are silent or never joined a namespace."""
        while True:
            turn = self._heartbeat.turn(now_s=_now_s())
            wire.write((peer.websocket for peer in turn.to_ping), _PING)
            for peer in turn.silent:
                self._end(peer, peer.talk.close(CloseCode.SILENT, "no answer to a ping"))
            for peer in turn.idle:
                self._end(peer, peer.talk.close(CloseCode.LIMIT, "joined no namespace in time"))
            loop.beat()
            await asyncio.sleep(HEARTBEAT_TURN_S)

    def _enforce(self, asked: tuple[str, ...], good: dict[str, int]) -> None:
        verdict = self._hub.judge(asked, good)
        for peer in verdict.over:
            self._end(peer, peer.talk.dismiss(CloseCode.SESSION_OVER, "the session is over"))
        for peer in verdict.changed:
            self._end(peer, peer.talk.close(CloseCode.RIGHTS_CHANGED, "the session's rights have changed"))
        if verdict.over or verdict.changed:
            _log.info("sockets_ended", over=len(verdict.over), changed=len(verdict.changed))

    def _new_sid(self) -> str:
        """Name a session: by its node too, so that the gateway leads all of it here."""
        secret = secrets.token_urlsafe(15)
        return f"{self._node}.{secret}" if self._node else secret

    def _end(self, peer: Peer, effects: Effects) -> None:
        """End a socket from outside of its own task: at once for the hub, in a task of its own for the closing handshake."""
        self._hub.drop(peer)
        task = asyncio.create_task(self._perform(peer, effects))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _perform(self, peer: Peer, effects: Effects) -> None:
        for effect in await peer.perform(effects):
            await peer.perform(await self._answer(peer, effect))

    async def _answer(self, peer: Peer, effect: Effect) -> Effects:
        match effect:
            case ConnectAsked(namespace, auth):
                return await self._admit(peer, namespace, auth)
            case Received(namespace, name, _, int(identifier)):
                error = {"code": "unknown_event", "message": f"{namespace} takes no event of this name: {name}"}
                return peer.talk.acknowledge(namespace, identifier, {"error": error})
            case Left(namespace):
                self._hub.leave(peer, namespace)
            case Heard():
                self._heartbeat.heard(peer, now_s=_now_s())
            case _:
                pass  # an event that nobody takes, as in the reference server
        return ()

    async def _admit(self, peer: Peer, namespace: str, auth: dict[str, object]) -> Effects:
        """Let a client into a namespace: by its ticket the first time, by what that ticket bought afterwards."""
        if not self._follower.has_place:
            return peer.talk.close(CloseCode.TRY_LATER, "the relay is not ready yet")
        if not self._hub.is_admitted(peer):
            try:
                found = await check_in(self._store, auth)
            except OUTAGES:
                return peer.talk.close(CloseCode.TRY_LATER, "the database cannot be reached")
            if not isinstance(found, Refusal) and not self._hub.admit(peer, found):
                found = TOO_MANY_CONNECTIONS
            if isinstance(found, Refusal):
                metrics.REFUSALS.labels(found.code).inc()
                _log.info("socket_refused", code=found.code)
                return peer.talk.refuse(namespace, code=found.code, message=found.message)
        effects = peer.talk.accept(namespace, sid=secrets.token_urlsafe(15))
        if effects:
            self._hub.join(peer, namespace)
            self._heartbeat.joined(peer)
        return effects


def _of_emit(row: RealtimeRow) -> dict[str, str]:
    """Describe an emit, by the conventions for messaging; the channel is a person's, so it is left out."""
    return {
        "messaging.system": "freehold", "messaging.operation.name": "emit", "messaging.operation.type": "process",
        "messaging.destination.name": row.event, "messaging.message.id": row.id,
    }  # fmt: skip


def _now_s() -> float:
    return asyncio.get_running_loop().time()
