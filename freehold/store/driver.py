"""PyMongo with shortcuts, for what costs most of a function's processor time: going to MongoDB and back.

- A transaction's commands go over one connection that is taken from the pool once; none of them chooses a server again.
- An answer is awaited where it is wanted, instead of in two or three tasks that are made and cancelled for each command.
- A read is one command and its answer, without a cursor's bookkeeping.

What they save was measured once, on a busy machine: a fifth of a transaction's processor time, a third where it also counts
a quota. They stand on what PyMongo keeps for itself, so its minor version is pinned in pyproject.toml, and
`tests/store/test_driver.py` holds what is relied on. Where anything is out of the ordinary (an error, the driver's own
monitoring, a deadline by `pymongo.timeout`) the driver's own way is taken. Why they exist, what they save and how each is taken
out again: docs/adr/0019-shortcuts-in-the-driver.md.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import pymongo
from bson import Int64
from pymongo import AsyncMongoClient, ReadPreference, message
from pymongo.asynchronous import pool
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.common import MAX_MESSAGE_SIZE
from pymongo.errors import AutoReconnect, ProtocolError, PyMongoError
from pymongo.network_layer import PyMongoProtocol, async_receive_message
from pymongo.server_selectors import writable_server_selector

from freehold.documents import Document
from freehold.store.mapping import FREE_FORM_CODEC, codec_of

READ_TIMEOUT_MS: Final = 5_000
_DOCUMENTS: Final = {"cursor": {"firstBatch": 1, "nextBatch": 1}}
_REPEATED_BY_THE_DRIVER: Final = ("RetryableError", "RetryableWriteError")
_GLANCE_S: Final = 0.5
"""How often a command that waits looks whether its pool has been told to break off, as PyMongo does."""


class SecondConnectionError(RuntimeError):
    """A mistake of ours: something that holds a connection asked for another one."""


class _Held(NamedTuple):
    """The connection of a transaction, its server, and the driver's context for both."""

    server: Any
    connection: Any
    checkout: Any


_holder: ContextVar[AsyncClientSession | None] = ContextVar("holder", default=None)
"""The session whose transaction runs here; it holds a connection as long as its client says so."""


class Client(AsyncMongoClient[dict[str, Any]]):
    """A client whose transactions can hold a connection."""

    def __init__(self, uri: str, **options: Any) -> None:  # noqa: ANN401 - the driver's options
        super().__init__(uri, **options)
        self._held: dict[AsyncClientSession, _Held] = {}

    @asynccontextmanager
    async def holding(self, session: AsyncClientSession) -> AsyncIterator[None]:
        """Hold one connection for the commands of this session's transaction, until one of them fails.

        Whoever holds one must not wait for a second one: when all places of the pool are held, nobody would get it. The
        block stands inside of the transaction's, so that what aborts it goes the driver's own way.
        """
        self._refuse_a_second()
        server = await self._select_server(writable_server_selector, session, "transaction")
        checkout = self._checkout(server, session)
        async with checkout as connection:
            self._held[session] = _Held(server, connection, checkout)
            _holder.set(session)
            try:
                yield
            finally:
                self._held.pop(session, None)
        await self._topology.receive_cluster_time(session.cluster_time)

    async def _let_go(self, session: AsyncClientSession, held: _Held, error: PyMongoError) -> None:
        """Have the driver judge the error (its labels, the session, the server's state), and give the connection back.

        A checkout ends once: what leaves the block later finds nothing more to do.
        """
        self._held.pop(session, None)
        await held.checkout.__aexit__(type(error), error, error.__traceback__)

    def _refuse_a_second(self) -> None:
        if _holder.get() in self._held:
            raise SecondConnectionError("inside of a transaction, ask through its unit: it holds the only connection there is")

    async def _retry_internal(self, func: Any, session: Any, bulk: Any, operation: str, **options: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Run one command: over the held connection if there is one. After an error nothing is held any more."""
        held = self._held.get(session)
        if held is None:
            self._refuse_a_second()
            return await super()._retry_internal(func, session, bulk, operation, **options)
        try:
            if options.get("is_read"):
                answer = await func(session, held.server, held.connection, ReadPreference.PRIMARY)
            else:
                answer = await func(session, held.connection, False)
        except PyMongoError as error:
            await self._let_go(session, held, error)
            if not any(map(error.has_error_label, _REPEATED_BY_THE_DRIVER)):
                raise
            if operation != "commitTransaction":  # nothing is committed: the whole of it is run again, after a pause
                error._add_error_label("TransientTransactionError")  # noqa: SLF001
                raise
        else:
            session._transaction.has_completed_command = True  # noqa: SLF001 - what the driver's own way leaves behind
            return answer
        return await super()._retry_internal(func, session, bulk, operation, **options)

    async def _process_response(self, reply: Any, session: AsyncClientSession | None) -> None:  # noqa: ANN401
        """Take from an answer what the session needs; the client learns the cluster's time when the transaction is over."""
        if session in self._held:
            session._process_response(reply)  # noqa: SLF001
        else:
            await super()._process_response(reply, session)


class Database(AsyncDatabase[dict[str, Any]]):
    """A database that makes each of its collections once, and reads without cursors."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(client, name, codec_options=FREE_FORM_CODEC)
        self._collections: dict[type[Document], AsyncCollection[dict[str, Any]]] = {}

    def collection_of(self, kind: type[Document]) -> AsyncCollection[dict[str, Any]]:
        """Give the collection of a kind, which decodes it as it should be."""
        found = self._collections.get(kind)
        if found is None:
            found = self._collections[kind] = self.get_collection(kind.collection, codec_options=codec_of(kind))
        return found

    async def read(self, kind: type[Document], question: Mapping[str, Any], session: AsyncClientSession | None) -> Any:  # noqa: ANN401
        """Ask `find` this, with a `limit`, and give the documents: in one answer, unless they are too large."""
        codec: Any = codec_of(kind)
        command = {"find": kind.collection, **question, "batchSize": question["limit"], "maxTimeMS": READ_TIMEOUT_MS}

        async def ask(session: Any, _server: Any, connection: pool.AsyncConnection, preference: Any) -> list[Any]:  # noqa: ANN401
            sending = {"session": session, "client": self.client, "user_fields": _DOCUMENTS}
            cursor = (await connection.command(self.name, dict(command), preference, codec, **sending))["cursor"]
            documents: list[Any] = cursor["firstBatch"]
            while cursor["id"]:
                more = {"getMore": Int64(cursor["id"]), "collection": kind.collection, "batchSize": question["limit"]}
                cursor = (await connection.command(self.name, more, preference, codec, **sending))["cursor"]
                documents += cursor["nextBatch"]
            return documents

        return await self.client._retryable_read(ask, ReadPreference.PRIMARY, session, "find")  # noqa: SLF001


async def _send(connection: PyMongoProtocol, sent: bytes) -> None:
    await connection.write(sent)


async def _receive(connection: pool.AsyncConnection, request_id: int | None, max_message_size: int = MAX_MESSAGE_SIZE) -> Any:  # noqa: ANN401
    timeout_s = connection.conn.gettimeout
    if timeout_s is None or connection.is_sdam or pymongo._csot.get_timeout():  # noqa: SLF001
        return await async_receive_message(connection, request_id, max_message_size)
    watch = _Watch(connection, timeout_s)
    try:
        data, kind = await connection.conn.get_conn.read(request_id, max_message_size)
    finally:
        watch.end()
    unpack = message._UNPACK_REPLY.get(kind)  # noqa: SLF001
    if unpack is None:
        raise ProtocolError(f"an answer of the unknown kind {kind}")
    return unpack(data)


class _Watch:
    """Closes a connection whose answer does not come in time, or whose pool is told to break off; waiting for it then fails."""

    def __init__(self, connection: pool.AsyncConnection, timeout_s: float) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + timeout_s
        self._alarm = self._loop.call_later(min(_GLANCE_S, timeout_s), self._glance)

    def end(self) -> None:
        """Watch no longer."""
        self._alarm.cancel()

    def _glance(self) -> None:
        left_s = self._ends_at - self._loop.time()
        protocol = self._connection.conn.get_conn
        if self._connection.cancel_context.cancelled:
            protocol.close(AutoReconnect("operation cancelled"))
        elif left_s <= 0:
            protocol.close(TimeoutError("timed out"))
        else:
            self._alarm = self._loop.call_later(min(_GLANCE_S, left_s), self._glance)


pool.async_sendall = _send  # type: ignore[attr-defined, assignment]
pool.async_receive_message = _receive  # type: ignore[attr-defined, assignment]
