"""The store of one process: its client, its transactions."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final, TypeVar

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from freehold.store.driver import Client, Database
from freehold.store.errors import Unavailable
from freehold.store.reads import Reads
from freehold.store.unit import Unit
from freehold.telemetry.context import TraceContext
from freehold.telemetry.requests import TRANSACTION_RETRIES

R = TypeVar("R")
Work = Callable[[Unit], Awaitable[R]]

TRIES: Final = 6
FIRST_PAUSE_S: Final = 0.01
SERVER_SELECTION_MS: Final = 4_000
CONNECT_MS: Final = 3_000
SOCKET_MS: Final = 15_000
COMMIT_MS: Final = 1_000


class NotAReplicaSet(Exception):  # noqa: N818 - it names what is wrong
    """Transactions need a replica set; this server stands alone."""


class Store(Reads):
    """MongoDB, for one process. Make it inside a running event loop; close it at the end.

    A `patient` one waits for an answer as long as the database works on it: indexes over millions of documents take minutes.
    """

    def __init__(self, uri: str, database: str, *, connections: int, patient: bool = False) -> None:
        self.client = Client(
            uri,
            maxPoolSize=connections,
            serverMonitoringMode="poll",
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            connectTimeoutMS=CONNECT_MS,
            socketTimeoutMS=None if patient else SOCKET_MS,
            waitQueueTimeoutMS=SERVER_SELECTION_MS,
            retryWrites=True,
            w="majority",
            journal=True,
            appname="freehold",
        )
        self._turns = asyncio.Lock()
        super().__init__(Database(self.client, database))

    async def open(self) -> None:
        """Reach the database. Raises NotAReplicaSet, or the driver's error when it cannot be reached."""
        hello = await self.client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise NotAReplicaSet("MongoDB must run as a replica set: transactions and change streams need one")

    async def ping(self) -> None:
        """Ask the database for a sign of life."""
        await self.client.admin.command("ping")

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()

    async def transact(self, work: Work[R], *, deadline_s: float, trace: TraceContext | None = None) -> R:
        """Run `work` in one transaction: snapshot reads, majority and journalled writes.

        The work is run again, whole, when the database says that the transaction may be retried; so it must have no
        effect outside of its unit. Those of this process that met another one's write then take turns, so that many who
        want the same document get it one after the other. Raises Unavailable when it did not commit within `deadline_s`
        or TRIES tries.
        """
        ends_at = asyncio.get_running_loop().time() + deadline_s
        turn: AbstractAsyncContextManager[None] = nullcontext()
        async with self.client.start_session() as session:
            for attempt in range(1, TRIES + 1):
                try:
                    async with turn:
                        return await self._attempt(work, session, ends_at, trace)
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError"):
                        raise
                    pause_s = FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
                    if attempt == TRIES or asyncio.get_running_loop().time() + pause_s > ends_at:
                        raise Unavailable(f"the transaction did not commit in {attempt} tries") from error
                    TRANSACTION_RETRIES.inc()
                    turn = self._turn(ends_at)
                await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    @asynccontextmanager
    async def _turn(self, ends_at: float) -> AsyncIterator[None]:
        """Wait for this process's other repeated transactions. Raises Unavailable when that takes too long."""
        try:
            async with asyncio.timeout_at(ends_at):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Unavailable("too many want to write the same") from error
        try:
            yield
        finally:
            self._turns.release()

    async def _attempt(self, work: Work[R], session: AsyncClientSession, ends_at: float, trace: TraceContext | None) -> R:
        transaction = await session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern(w="majority", j=True),
            read_preference=ReadPreference.PRIMARY,
            max_commit_time_ms=COMMIT_MS,
        )
        async with transaction, self.client.holding(session):
            unit = Unit(self.database, session, trace)
            result = await work(unit)
            await unit.flush()
            self.client.require_whole(session)
            await self._commit(session, ends_at)
        return result

    @staticmethod
    async def _commit(session: AsyncClientSession, ends_at: float) -> None:
        """Commit, and ask again while the outcome is unknown: a commit may be repeated without harm."""
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
                if asyncio.get_running_loop().time() > ends_at:
                    raise Unavailable("the outcome of the commit is not known yet") from error
                await asyncio.sleep(FIRST_PAUSE_S)
            else:
                return
