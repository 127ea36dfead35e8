"""PyMongo with shortcuts, for what costs most of a function's processor time: going to MongoDB and back.

- A transaction's commands go over one connection that is taken from the pool once; none of them chooses a server again.
- An answer is awaited where it is wanted, instead of in two or three tasks that are made and cancelled for each command.
- A read is one command and its answer, without a cursor's bookkeeping.

They bring what a command costs to about a third (docs/benchmarks.md). They stand on what PyMongo keeps for itself, so its
minor version is pinned in pyproject.toml, and `tests/store/test_driver.py` holds what is relied on. Where anything is out of
the ordinary (an error, the driver's own monitoring, a deadline by `pymongo.timeout`) the driver's own way is taken.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pymongo
from bson import Int64
from pymongo import AsyncMongoClient, ReadPreference, message
from pymongo.asynchronous import pool
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.common import MAX_MESSAGE_SIZE
from pymongo.errors import PyMongoError
from pymongo.network_layer import PyMongoProtocol, async_receive_message
from pymongo.server_selectors import writable_server_selector

from freehold.documents import Document
from freehold.store.mapping import CODEC, codec_of

READ_TIMEOUT_MS: Final = 5_000
_DOCUMENTS: Final = {"cursor": {"firstBatch": 1, "nextBatch": 1}}
_REPEATED_BY_THE_DRIVER: Final = ("RetryableError", "RetryableWriteError")


class Client(AsyncMongoClient[dict[str, Any]]):
    """A client whose transactions can hold a connection."""

    def __init__(self, uri: str, **options: Any) -> None:  # noqa: ANN401 - the driver's options
        super().__init__(uri, **options)
        self._held: dict[AsyncClientSession, tuple[Any, Any]] = {}

    @asynccontextmanager
    async def holding(self, session: AsyncClientSession) -> AsyncIterator[None]:
        """Hold one connection for the commands of this session's transaction.

        An error that leaves the block has been through the driver's own handling of a connection's errors, so the block
        stands inside of the transaction's.
        """
        server = await self._select_server(writable_server_selector, session, "transaction")
        async with self._checkout(server, session) as connection:
            self._held[session] = (server, connection)
            try:
                yield
            finally:
                self._held.pop(session, None)

    async def _retry_internal(self, func: Any, session: Any, bulk: Any, operation: str, **options: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Run one command: over the held connection if there is one. After an error nothing is held any more."""
        held = self._held.get(session)
        if held is None:
            return await super()._retry_internal(func, session, bulk, operation, **options)
        server, connection = held
        try:
            if options.get("is_read"):
                answer = await func(session, server, connection, ReadPreference.PRIMARY)
            else:
                answer = await func(session, connection, False)
        except PyMongoError as error:
            self._held.pop(session, None)
            if any(map(error.has_error_label, _REPEATED_BY_THE_DRIVER)):
                return await super()._retry_internal(func, session, bulk, operation, **options)
            raise
        session._transaction.has_completed_command = True  # noqa: SLF001 - what the driver's own way leaves behind
        return answer

    async def _process_response(self, reply: Any, session: AsyncClientSession | None) -> None:  # noqa: ANN401
        """Take from an answer what the session needs; the client learns the cluster's time from those outside."""
        if session in self._held:
            session._process_response(reply)  # noqa: SLF001
        else:
            await super()._process_response(reply, session)


class Database(AsyncDatabase[dict[str, Any]]):
    """A database that makes each of its collections once, and reads without cursors."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(client, name, codec_options=CODEC)
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
    protocol, timeout_s = connection.conn.get_conn, connection.conn.gettimeout
    if timeout_s is None or connection.is_sdam or pymongo._csot.get_timeout():  # noqa: SLF001
        return await async_receive_message(connection, request_id, max_message_size)
    alarm = asyncio.get_running_loop().call_later(timeout_s, protocol.close, TimeoutError("timed out"))
    try:
        data, kind = await protocol.read(request_id, max_message_size)
    finally:
        alarm.cancel()
    return message._UNPACK_REPLY[kind](data)  # noqa: SLF001


pool.async_sendall = _send  # type: ignore[attr-defined, assignment]
pool.async_receive_message = _receive  # type: ignore[attr-defined, assignment]
