"""PyMongo's client with two shortcuts, for what costs most of a function's processor time: waiting for MongoDB's answers.

- A transaction's commands all go over one connection, taken from the pool once, instead of each choosing a server and a connection.
- An answer is awaited where it is wanted, instead of in two or three tasks that are made and cancelled for each command.

What one command costs falls to about a third by them (docs/benchmarks.md). Both stand on what PyMongo keeps for itself, so its
version is pinned to 4.20 in pyproject.toml, and `tests/store/test_driver.py` holds what is relied on. Where anything is out of the
ordinary (an error, the driver's own monitoring, a deadline of `pymongo.timeout`) the driver's own way is taken.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient, ReadPreference, _csot
from pymongo.asynchronous import pool
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.network_layer import MAX_MESSAGE_SIZE, PyMongoProtocol, async_receive_message
from pymongo.message import _UNPACK_REPLY
from pymongo.server_selectors import writable_server_selector

_REPEATED_BY_THE_DRIVER = ("RetryableError", "RetryableWriteError")


class Client(AsyncMongoClient[dict[str, Any]]):
    """A client whose transactions can hold a connection."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the driver's own
        super().__init__(*args, **options)
        self._held: dict[AsyncClientSession, tuple[Any, Any]] = {}

    @asynccontextmanager
    async def holding(self, session: AsyncClientSession) -> AsyncIterator[None]:
        """Hold one connection for the commands of this session's transaction. Leave before the transaction is ended by force.

        An error that leaves the block has been through the driver's own handling of a connection's errors.
        """
        server = await self._select_server(writable_server_selector, session, "transaction")
        async with self._checkout(server, session) as connection:
            self._held[session] = (server, connection)
            try:
                yield
            finally:
                self._held.pop(session, None)

    async def _retry_internal(self, func: Any, session: Any, bulk: Any, operation: str, **options: Any) -> Any:  # noqa: ANN401 - the driver's own
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
        except BaseException as error:
            self._held.pop(session, None)
            if isinstance(error, PyMongoError) and any(map(error.has_error_label, _REPEATED_BY_THE_DRIVER)):
                return await super()._retry_internal(func, session, bulk, operation, **options)
            raise
        session._transaction.has_completed_command = True
        return answer


class Database(AsyncDatabase[dict[str, Any]]):
    """A database that makes each of its collections once."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the driver's own
        super().__init__(*args, **options)
        self._collections: dict[str, AsyncCollection[dict[str, Any]]] = {}

    def __getitem__(self, name: str) -> AsyncCollection[dict[str, Any]]:
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = super().__getitem__(name)
        return found


async def _send(connection: PyMongoProtocol, message: bytes) -> None:
    await connection.write(message)


async def _receive(connection: pool.AsyncConnection, request_id: int | None, max_message_size: int = MAX_MESSAGE_SIZE) -> Any:  # noqa: ANN401
    if connection.is_sdam or _csot.get_timeout():
        return await async_receive_message(connection, request_id, max_message_size)
    async with asyncio.timeout(connection.conn.gettimeout):
        data, kind = await connection.conn.get_conn.read(request_id, max_message_size)
    return _UNPACK_REPLY[kind](data)


pool.async_sendall = _send  # type: ignore[attr-defined]
pool.async_receive_message = _receive  # type: ignore[attr-defined]
