"""Commands over a connection of PyMongo's, and their answers, with as little in between as the protocol allows.

What goes over the line is what PyMongo would send: its messages, its session's fields; and it judges the answers. Left out
are its layers for what this product does not use: encryption of fields by the driver, unacknowledged writes, exhaust
cursors, deadlines by `pymongo.timeout`. Where one of them is in use the driver's own way is taken.
docs/adr/0019-shortcuts-in-the-driver.md says what this stands on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pymongo
from bson.codec_options import CodecOptions
from msgspec import Struct
from pymongo import ReadPreference, message
from pymongo._telemetry import _CommandTelemetry
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.mongo_client import AsyncMongoClient
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.helpers_shared import _check_command_response
from pymongo.logger import _COMMAND_LOGGER, _is_debug_enabled

from freehold.store.driver.answers import receive_in_turn

Codec = CodecOptions[dict[str, Any]]
Answer = dict[str, Any]


class Command(Struct, frozen=True):
    """What is asked (the first key is its name), of which database, and how its answer is decoded.

    `documents` names the parts of the answer that hold documents: the codec's own decoders are for them alone. Of a command
    that ends a transaction it also counts whether enough members of the replica set have it.
    """

    database: str
    body: dict[str, Any]
    codec: Codec
    documents: Mapping[str, Any] | None = None
    ends_transaction: bool = False


async def ask(
    connection: AsyncConnection,
    command: Command,
    *,
    client: AsyncMongoClient[dict[str, Any]],
    session: AsyncClientSession | None,
) -> Answer:
    """Send one command, and give its answer. Raises PyMongoError, as the driver would."""
    (answer,) = await ask_in_turn(connection, (command,), client=client, session=session)
    return answer


async def ask_in_turn(
    connection: AsyncConnection,
    commands: Sequence[Command],
    *,
    client: AsyncMongoClient[dict[str, Any]],
    session: AsyncClientSession | None,
) -> list[Answer]:
    """Send commands at once, and give their answers, in the same order: the server does one after the other.

    A write that a unique index refuses is no error: its answer has `writeErrors`, and it is the last of those given. Raises
    PyMongoError, as the driver would, for the first command that fails; what came after it in a transaction failed with it.
    """
    timeout_s = connection.conn.gettimeout
    if timeout_s is None or _is_for_the_driver(client):
        return await _ask_by_the_driver(connection, commands, client, session)
    listeners: list[_CommandTelemetry] = []
    try:
        prepared = [_prepare(connection, command, client, session) for command in commands]
        if _is_listened_to(connection):
            listeners = [_begin_to_tell(connection, client, one) for one in prepared]
        await connection.conn.get_conn.write(b"".join([one.sent for one in prepared]))
        found = await receive_in_turn(connection, [one.number for one in prepared], timeout_s)
        answers = [
            reply.unpack_response(codec_options=command.codec, user_fields=command.documents)[0]
            for reply, command in zip(found, commands, strict=True)
        ]
        for answer in answers:
            await client._process_response(answer, session)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the connection is of no use any more; this raises
        for listener in listeners:
            listener.failed(message._convert_exception(error), listener._name, False)  # type: ignore[arg-type]
        await connection._raise_connection_failure(error)
    for listener, answer in zip(listeners, answers, strict=False):
        if answer.get("ok"):
            listener.succeeded(answer, listener._name, False)
        else:
            listener.failed(answer, listener._name, True)
    for place, (answer, command) in enumerate(zip(answers, commands, strict=True)):
        _check_command_response(answer, connection.max_wire_version, parse_write_concern_error=command.ends_transaction)
        if "writeErrors" in answer:
            return answers[: place + 1]
    return answers


def _is_for_the_driver(client: AsyncMongoClient[dict[str, Any]]) -> bool:
    """Whether the driver has more to do than to ask."""
    return client._encrypter is not None or pymongo._csot.get_timeout() is not None


class _Prepared(NamedTuple):
    """A command as it goes out, and its number."""

    number: int
    sent: bytes
    body: dict[str, Any]
    database: str


def _prepare(
    connection: AsyncConnection,
    command: Command,
    client: AsyncMongoClient[dict[str, Any]],
    session: AsyncClientSession | None,
) -> _Prepared:
    body = dict(command.body)
    if session is not None:
        session._apply_to(body, False, ReadPreference.PRIMARY, connection)
        if session._starting_transaction:
            session._transaction.set_in_progress()
    connection.send_cluster_time(body, session, client)
    number, sent, size, _ = message._op_msg(
        0, body, command.database, ReadPreference.PRIMARY, command.codec, ctx=connection.compression_context
    )
    largest = connection.max_bson_size + message._COMMAND_OVERHEAD
    if size > largest:
        message._raise_document_too_large(next(iter(body)), size, largest)
    return _Prepared(number, sent, body, command.database)


def _is_listened_to(connection: AsyncConnection) -> bool:
    """Whether somebody wants to be told of commands: PyMongo's listeners, or its logger."""
    return (connection.listeners is not None and connection.listeners.enabled_for_commands) or _is_debug_enabled(
        _COMMAND_LOGGER
    )


def _begin_to_tell(connection: AsyncConnection, client: AsyncMongoClient[dict[str, Any]], one: _Prepared) -> _CommandTelemetry:
    listener = _CommandTelemetry(
        client._topology_id, connection, connection.listeners, one.body, one.database, one.number, None, next(iter(one.body))
    )
    listener.started(one.body, False)
    return listener


async def _ask_by_the_driver(
    connection: AsyncConnection,
    commands: Sequence[Command],
    client: AsyncMongoClient[dict[str, Any]],
    session: AsyncClientSession | None,
) -> list[Answer]:
    answers: list[Answer] = []
    for asked in commands:
        options: dict[str, Any] = {"session": session, "client": client, "user_fields": asked.documents}
        options["parse_write_concern_error"] = asked.ends_transaction
        codec: Any = asked.codec
        answer = await connection.command(asked.database, dict(asked.body), ReadPreference.PRIMARY, codec, **options)
        answers.append(answer)
        if "writeErrors" in answer:
            break
    return answers
