"""What goes over the line to MongoDB is what PyMongo would send."""

import asyncio
import re
import struct
from contextlib import suppress

import bson
import pytest
from bson import json_util
from pymongo import monitoring
from pymongo.errors import OperationFailure

from freehold.documents import Position
from freehold.events import UserRegistered
from freehold.ids import new_id
from freehold.store import Store, Unavailable, Unit
from freehold.store.driver import wire
from freehold.store.driver.answers import Protocol
from tests.listening import listening


def test_a_command_says_to_the_server_what_the_driver_would_say(running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same transaction, asked directly and by the driver: the same commands, but for numbers and times."""
    store, run = running
    identifier = new_id("trc")
    said: list[list[dict]] = [[]]

    async def sending(protocol: Protocol, sent: bytes) -> None:
        said[-1] += commands_in(sent)
        await own_write(protocol, sent)

    async def work(unit: Unit) -> None:
        await unit.first(Position, {"_id": identifier})
        await unit.increment(Position, identifier, {"n": 1})
        unit.insert(Position(id=new_id("trc"), aggregate_version=1, n=0))

    async def both() -> None:
        await store.collection(Position).insert_one({"_id": identifier, "version": 1, "aggregate_version": 1, "n": 0})
        for is_for_the_driver in (False, True):
            monkeypatch.setattr(wire, "_is_for_the_driver", lambda _, answer=is_for_the_driver: answer)
            said.append([])
            await store.transact(work, deadline_s=30)

    own_write = Protocol.write
    monkeypatch.setattr(Protocol, "write", sending)
    run(both())
    direct, by_the_driver = ([command for command in one if "autocommit" in command] for one in said[1:])
    assert [next(iter(command)) for command in direct] == ["find", "findAndModify", "insert", "commitTransaction"]
    assert [plain(command) for command in direct] == [plain(command) for command in by_the_driver]


def commands_in(sent: bytes) -> list[dict]:
    """Read OP_MSG messages as the wire's documents say: a header, flags, a section 0, perhaps sections 1."""
    commands = []
    while sent:
        (length,) = struct.unpack_from("<i", sent)
        message, sent = sent[20:length], sent[length:]
        (size,) = struct.unpack_from("<i", message, 1)
        command = bson.decode(message[1 : 1 + size])
        rest = message[1 + size :]
        if rest:
            assert rest[0] == 1
            name, documents = rest[5:].split(b"\0", 1)
            command[name.decode()] = bson.decode_all(documents)
        commands.append(command)
    return commands


def plain(command: dict) -> dict:
    """Leave out what differs from one call to the next."""
    kept = {key: value for key, value in command.items() if key not in {"lsid", "txnNumber", "$clusterTime"}}
    return json_util.loads(re.sub("trc_[0-9a-f]{32}", "trc", json_util.dumps(kept)))


class Heard(monitoring.CommandListener):
    """Notes what it is told of inserts and commits."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def _note(self, what: str, event: monitoring._CommandEvent) -> None:
        if event.command_name in {"insert", "commitTransaction"}:
            self.told.append((what, event.command_name))

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self._note("started", event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._note("succeeded", event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._note("failed", event)


def test_listeners_are_told_of_each_command_of_a_batch(mongodb_uri: str, database: str) -> None:
    heard = Heard()

    async def work(unit: Unit) -> None:
        position = Position(id=new_id("trc"), aggregate_version=1, n=0)
        unit.insert(position)
        unit.emit(UserRegistered(user_id="usr_1"), position)
        if is_broken:
            (held,) = unit.database.client._held.values()
            held.connection.conn.get_conn.close(OSError("the line is dead"))

    async def scenario() -> None:
        with listening(heard):
            store = Store(mongodb_uri, database, connections=1)
        with suppress(Unavailable):
            await store.transact(work, deadline_s=0 if is_broken else 30)
        await store.close()

    is_broken = False
    asyncio.run(scenario())
    assert heard.told == [
        ("started", "insert"), ("started", "insert"), ("succeeded", "insert"), ("succeeded", "insert"),
        ("started", "commitTransaction"), ("succeeded", "commitTransaction"),
    ]  # fmt: skip
    heard.told.clear()
    is_broken = True
    asyncio.run(scenario())
    assert heard.told == [("started", "insert"), ("started", "insert"), ("failed", "insert"), ("failed", "insert")]


def test_listeners_are_told_that_a_command_was_refused(mongodb_uri: str, database: str) -> None:
    heard = Heard()

    async def work(unit: Unit) -> None:
        await unit.database.write([{"insert": "positions", "documents": [{"_id": "x"}], "bogus": 1}], unit.session)

    async def scenario() -> None:
        with listening(heard):
            store = Store(mongodb_uri, database, connections=1)
        with pytest.raises(OperationFailure):
            await store.transact(work, deadline_s=30)
        await store.close()

    asyncio.run(scenario())
    assert heard.told == [("started", "insert"), ("failed", "insert")]
