"""A relay that runs on uvloop over the real MongoDB, people with sessions and tickets, and a bare client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from freehold.documents import RealtimeRow, Session
from freehold.ids import new_id
from freehold.realtime_events import RelayEvent
from freehold.settings import RelaySettings, Secret
from freehold.store import Store, Unit, apply_schema
from freehold.store.notices import notify
from freehold.store.realtime_log import LogFollower
from freehold.store.tickets import make_ticket
from realtime.server import RelayServer

T = TypeVar("T")
PATIENCE_S = 20.0
"""So long a test waits for what must come; nothing is measured by it."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on a uvloop, as the relay does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = holds()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it never came to this: {what}") from None


Scenario = Callable[["World", RelayServer], Coroutine[Any, Any, None]]


class World:
    """The database's side: people who sign in, and what is said to them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def sign_in(self, user_id: str | None = None, *, lasts_s: float = 3_600) -> Session:
        """Store a session."""
        now = datetime.now(UTC)
        session = Session(
            id=new_id("ses"), user_id=user_id or new_id("usr"), rotated_at=now, device="test", created_at=now,
            expires_at=await self.store.database_now() + timedelta(seconds=lasts_s),
        )  # fmt: skip
        await self.write(lambda unit: _insert(unit, session))
        return session

    async def ticket(self, session: Session) -> str:
        """Make a ticket as the function does."""
        return await self.write(lambda unit: make_ticket(unit, session, ("freelancer",)))

    async def change(self, session: Session, **fields: Any) -> None:
        """Change a stored session."""
        await self.store.database["sessions"].update_one({"_id": session.id}, {"$set": fields})

    async def say(self, user_id: str, event: str = "newJob", payload: dict[str, Any] | None = None) -> str:
        """Insert a row of the realtime log, as a reaction does."""
        row = RealtimeRow(
            id=new_id("ntf"), namespace="/notifications", channel=f"user:{user_id}", event=event,
            payload=payload or {}, created_at=datetime.now(UTC),
        )  # fmt: skip
        await self.write(lambda unit: _insert(unit, row))
        return row.id

    async def notify(self, session: Session, event: RelayEvent) -> None:
        """Tell this session's person, as the store does it for reactions."""

        async def tell(unit: Unit) -> None:
            notify(unit, datetime.now(UTC), [session.user_id], event)

        await self.write(tell)

    async def write(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Do it in a transaction."""
        return await self.store.transact(work, deadline_s=10)


async def _insert(unit: Unit, document: Any) -> None:
    unit.insert(document)


def relay_settings(mongodb_uri: str, database: str, **changes: Any) -> RelaySettings:
    """Settings of a relay on a free port."""
    return RelaySettings(
        mongodb_uri=Secret(mongodb_uri), mongodb_database=database, environment="sandbox", relay_port=0, **changes
    )  # fmt: skip


@asynccontextmanager
async def open_world(mongodb_uri: str, database: str) -> AsyncIterator[World]:
    """Open the database's side, with the schema."""
    store = Store(mongodb_uri, database, connections=8)
    try:
        await apply_schema(store.database)
        yield World(store)
    finally:
        await store.close()


@asynccontextmanager
async def open_relay(settings: RelaySettings, follower: LogFollower | None = None) -> AsyncIterator[RelayServer]:
    """Start a relay and wait until it is ready; stop it at the end."""
    server = RelayServer(settings, follower=follower)
    await server.start()
    try:
        await until(lambda: all(server.checks().values()), "the relay is ready")
        yield server
    finally:
        await server.stop()


class Client:
    """A bare client: it speaks frames, so that a test sees exactly what is on the wire."""

    def __init__(self, websocket: ClientConnection, opening: str = "") -> None:
        self.websocket = websocket
        self.opening = opening

    async def send(self, *frames: str | bytes) -> None:
        """Send these frames."""
        for frame in frames:
            await self.websocket.send(frame)

    async def receive(self) -> str | bytes:
        """Give the next frame that is no ping (pings are answered)."""
        async with asyncio.timeout(PATIENCE_S):
            while (frame := await self.websocket.recv()) == "2":
                await self.websocket.send("3")
        return frame

    async def join(self, ticket: str | None, namespace: str = "/notifications") -> str:
        """CONNECT to a namespace; give the answer's text."""
        auth = "" if ticket is None else msgspec.json.encode({"ticket": ticket}).decode()
        await self.send(f"40{namespace},{auth}")
        return str(await self.receive())

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait for the end; give its code and reason."""
        async with asyncio.timeout(PATIENCE_S):
            await self.websocket.wait_closed()
        return self.websocket.close_code, self.websocket.close_reason


def address(server: RelayServer, path: str = "/socket.io/?EIO=4&transport=websocket") -> str:
    """Where a client of this relay connects."""
    return f"ws://127.0.0.1:{server.port}{path}"


@asynccontextmanager
async def open_client(server: RelayServer, **options: Any) -> AsyncIterator[Client]:
    """Open a socket and read the opening."""
    async with connect(address(server), compression=None, ping_interval=None, close_timeout=2, **options) as websocket:
        opening = await asyncio.wait_for(websocket.recv(), PATIENCE_S)
        assert isinstance(opening, str)
        assert opening.startswith("0{")
        yield Client(websocket, opening)


@asynccontextmanager
async def open_listener(server: RelayServer, world: World, session: Session | None = None) -> AsyncIterator[Client]:
    """Open a socket that has joined `/notifications` with a ticket."""
    async with open_client(server) as client:
        joined = await client.join(await world.ticket(session or await world.sign_in()))
        assert joined.startswith('40/notifications,{"sid":"')
        yield client
