"""A client whose transactions hold a connection, and a database that asks over it directly."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from bson import Int64
from bson.codec_options import DEFAULT_CODEC_OPTIONS
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError
from pymongo.helpers_shared import _RETRYABLE_ERROR_CODES
from pymongo.server_selectors import writable_server_selector
from pymongo.topology_description import TOPOLOGY_TYPE

from freehold.documents import Document
from freehold.store.driver.wire import Answer, Codec, Command, ask, ask_in_turn
from freehold.store.mapping import CODEC, FREE_FORM_CODEC, codec_of, quick_codec_of

READ_TIMEOUT_MS: Final = 5_000
_DOCUMENTS: Final = {"cursor": {"firstBatch": 1, "nextBatch": 1}}
_VALUE: Final = {"value": 1}
_REPEATED_BY_THE_DRIVER: Final = ("RetryableError", "RetryableWriteError")


class SecondConnectionError(RuntimeError):
    """A mistake of ours: something that holds a connection asked for another one."""


class TransactionBroken(RuntimeError):  # noqa: N818 - it names what happened
    """A mistake of ours: the work went on after a command of its transaction had failed."""


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
        self._heard: object = None
        self._known_writer: Any = None
        self.admin: AsyncDatabase[dict[str, Any]] = _Admin(self, "admin")

    def holding(self, session: AsyncClientSession) -> "_Holding":
        """Hold one connection for the commands of this session's transaction (`async with`), until one of them fails.

        Whoever holds one must not wait for a second one: when all places of the pool are held, nobody would get it. The
        block stands inside of the transaction's, so that what aborts it goes the driver's own way.
        """
        self._refuse_a_second()
        return _Holding(self, session)

    def require_whole(self, session: AsyncClientSession) -> None:
        """Raise TransactionBroken when a command of this session's transaction has failed, whatever became of its error."""
        held = self._held.get(session)
        if held is None or held.connection.closed:
            raise TransactionBroken("a command of this transaction has failed: it can only be undone")

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
                error._add_error_label("TransientTransactionError")
                raise
        else:
            session._transaction.has_completed_command = True  # what the driver's own way leaves behind
            return answer
        return await super()._retry_internal(func, session, bulk, operation, **options)

    async def read_once(self, call: Any, operation: str) -> Any:  # noqa: ANN401 - the driver's own callback for a read
        """Read outside of a transaction and of any session. One that breaks on its way is repeated, as the driver does it."""
        self._refuse_a_second()
        server = await self._writer(None, operation)
        try:
            async with self._checkout(server, None) as connection:
                return await call(None, server, connection, ReadPreference.PRIMARY)
        except ConnectionFailure:
            pass
        except OperationFailure as error:
            if error.code not in _RETRYABLE_ERROR_CODES and not error.has_error_label("RetryableError"):
                raise
        return await self._retryable_read(call, ReadPreference.PRIMARY, None, operation)

    async def _writer(self, session: AsyncClientSession | None, operation: str) -> Any:  # noqa: ANN401 - the driver's own
        """Give the server that takes writes: of a replica set the same one, until something is heard of its servers."""
        heard = self._topology._description  # another object after each change
        if self._heard is not heard or heard.topology_type != TOPOLOGY_TYPE.ReplicaSetWithPrimary:
            self._known_writer = await self._select_server(writable_server_selector, session, operation)
            self._heard = heard
        return self._known_writer

    async def _process_response(self, reply: Any, session: AsyncClientSession | None) -> None:  # noqa: ANN401
        """Take from an answer what the session needs; the client learns the cluster's time when the transaction is over."""
        if session in self._held:
            session._process_response(reply)
        else:
            await super()._process_response(reply, session)


class _Holding:
    """The time for which a session's transaction holds a connection."""

    def __init__(self, client: Client, session: AsyncClientSession) -> None:
        self._client = client
        self._session = session
        self._checkout: Any = None

    async def __aenter__(self) -> None:
        client, session = self._client, self._session
        server = await client._writer(session, "transaction")
        self._checkout = client._checkout(server, session)
        connection = await self._checkout.__aenter__()
        client._held[session] = _Held(server, connection, self._checkout)
        _holder.set(session)

    async def __aexit__(self, *error: object) -> None:
        self._client._held.pop(self._session, None)
        await self._checkout.__aexit__(*error)
        if error[0] is None:
            await self._client._topology.receive_cluster_time(self._session.cluster_time)


class _Admin(AsyncDatabase[dict[str, Any]]):
    """The `admin` database, where transactions end: `commitTransaction` is asked over the connection directly."""

    async def _command(self, conn: AsyncConnection, command: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        session, write_concern = options.get("session"), options.get("write_concern")
        is_plain = not arguments and options.keys() <= {"session", "write_concern", "parse_write_concern_error"}
        if not is_plain or session is None or not session.in_transaction:
            return await super()._command(conn, command, *arguments, **options)
        body = {**command, "writeConcern": write_concern.document} if write_concern else dict(command)
        asked = Command(self.name, body, DEFAULT_CODEC_OPTIONS, ends_transaction=True)
        return await ask(conn, asked, client=self._client, session=session)


class Database(AsyncDatabase[dict[str, Any]]):
    """A database that makes each of its collections once, and reads without cursors."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(client, name, codec_options=FREE_FORM_CODEC)
        self._client: Client = client
        self._collections: dict[type[Document], AsyncCollection[dict[str, Any]]] = {}

    def collection_of(self, kind: type[Document]) -> AsyncCollection[dict[str, Any]]:
        """Give the collection of a kind, which decodes it as it should be."""
        found = self._collections.get(kind)
        if found is None:
            found = self._collections[kind] = self.get_collection(kind.collection, codec_options=codec_of(kind))
        return found

    async def write(self, commands: Sequence[dict[str, Any]], session: AsyncClientSession) -> list[Answer]:
        """Run commands that write, in the session's transaction, and give their answers; they go out at once.

        An answer with `writeErrors` is the last one: what a unique index refuses ends the transaction.
        """
        asked = [Command(self.name, command, CODEC) for command in commands]
        return await self._write(asked, session)

    async def write_and_read(self, kind: type[Document], command: dict[str, Any], session: AsyncClientSession) -> Any:  # noqa: ANN401
        """Run a `findAndModify` in the session's transaction, and give the document, or None."""
        (answer,) = await self._write([Command(self.name, command, codec_of(kind), _VALUE)], session)
        return answer["value"]

    async def _write(self, commands: list[Command], session: AsyncClientSession) -> list[Answer]:
        async def call(session: Any, connection: AsyncConnection, _: bool) -> list[Answer]:  # noqa: ANN401, FBT001
            return await ask_in_turn(connection, commands, client=self._client, session=session)

        answers: list[Answer] = await self._client._retry_internal(call, session, None, next(iter(commands[0].body)))
        return answers

    async def read(self, kind: type[Document], question: Mapping[str, Any], session: AsyncClientSession | None) -> list[Answer]:
        """Ask `find` this, with a `limit`, and give the documents: in one answer, unless they are too large."""
        asked = {"find": kind.collection, **question, "batchSize": question["limit"], "maxTimeMS": READ_TIMEOUT_MS}
        codec: Codec = quick_codec_of(kind)

        async def call(session: Any, _server: Any, connection: AsyncConnection, _preference: Any) -> list[Answer]:  # noqa: ANN401
            async def page(asked: dict[str, Any]) -> Answer:
                command = Command(self.name, asked, codec, _DOCUMENTS)
                answer = await ask(connection, command, client=self._client, session=session)
                cursor: Answer = answer["cursor"]
                return cursor

            cursor = await page(asked)
            documents: list[Answer] = cursor["firstBatch"]
            while cursor["id"]:
                more = {"getMore": Int64(cursor["id"]), "collection": kind.collection, "batchSize": question["limit"]}
                cursor = await page(more)
                documents += cursor["nextBatch"]
            return documents

        if session is None:
            once: list[Answer] = await self._client.read_once(call, "find")
            return once
        found: list[Answer] = await self._client._retryable_read(call, ReadPreference.PRIMARY, session, "find")
        return found
