"""A small socket.io client, enough to listen: Engine.IO 4 over a websocket, one namespace.

Source: https://github.com/socketio/engine.io-protocol, https://github.com/socketio/socket.io-protocol.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from infra.client import NeverHappened, Person

NAMESPACE: Final = "/notifications"
OPEN, PING, PONG = "0", "2", "3"
CONNECT, EVENT = "40", "42"


class Ticket(Struct, frozen=True):
    """The right to open one socket, and where."""

    ticket: str
    url: str


class LiveEvent(Struct, frozen=True):
    """Something that came over the socket."""

    name: str
    payload: dict[str, Any]


class Listener:
    """Somebody's open socket. `heard` holds every event so far, in its order."""

    def __init__(self, socket: ClientConnection, who: str) -> None:
        self.heard: list[LiveEvent] = []
        self._socket = socket
        self._who = who
        self._news = asyncio.Condition()

    async def wait_for(self, name: str, *, limit_s: float = 30.0, **fields: object) -> LiveEvent:
        """Wait until an event of this name has come whose payload has these fields. Raises NeverHappened."""
        try:
            async with asyncio.timeout(limit_s), self._news:
                while (found := self._find(name, fields)) is None:
                    await self._news.wait()
                return found
        except TimeoutError as error:
            heard = ", ".join(event.name for event in self.heard) or "nothing"
            raise NeverHappened(f"{self._who} waited {limit_s:g} s in vain for {name} with {fields}; heard: {heard}") from error

    async def join(self, ticket: str) -> None:
        """Open the session and enter the namespace with the ticket. Raises NeverHappened when the relay refuses."""
        frame = await self._socket.recv()
        if not isinstance(frame, str) or not frame.startswith(OPEN):
            raise NeverHappened(f"the relay did not open a session, but sent {frame!r}")
        await self._socket.send(f"{CONNECT}{NAMESPACE}," + msgspec.json.encode({"ticket": ticket}).decode())
        answer = await self._socket.recv()
        if not isinstance(answer, str) or not answer.startswith(f"{CONNECT}{NAMESPACE}"):
            raise NeverHappened(f"the relay refused {self._who}: {answer!r}")

    async def listen(self) -> None:
        """Take what comes until the socket closes."""
        try:
            async for frame in self._socket:
                await self._take(str(frame))
        except ConnectionClosed:
            return

    async def _take(self, frame: str) -> None:
        if frame == PING:
            await self._socket.send(PONG)
        elif frame.startswith(f"{EVENT}{NAMESPACE},"):
            name, payload, *_ = msgspec.json.decode(frame.removeprefix(f"{EVENT}{NAMESPACE},"))
            async with self._news:
                self.heard.append(LiveEvent(name, payload))
                self._news.notify_all()

    def _find(self, name: str, fields: dict[str, object]) -> LiveEvent | None:
        for event in self.heard:
            if event.name == name and all(event.payload.get(field) == value for field, value in fields.items()):
                return event
        return None


@asynccontextmanager
async def listening(person: Person) -> AsyncIterator[Listener]:
    """Open a socket for somebody and listen for as long as the block lasts."""
    ticket = await person.post("/api/realtime/tickets", None, into=Ticket)
    address = ticket.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    async with connect(address, compression=None, ping_interval=None, proxy=None) as socket:
        listener = Listener(socket, person.name)
        await listener.join(ticket.ticket)
        task = asyncio.create_task(listener.listen())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
