"""The shortcuts of the store's driver do what PyMongo's own way does, and what they rely on is still there."""

import asyncio
import inspect
from datetime import datetime

import pytest
from pymongo import pool_shared
from pymongo.asynchronous import pool
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.mongo_client import AsyncMongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from freehold.documents import Position
from freehold.ids import new_id
from freehold.store import Store, Unit
from freehold.store.driver import Client, SecondConnectionError, wire
from freehold.store.driver.answers import Protocol, _send, receive, receive_in_turn
from tests.store.conftest import connections_of

POSITIONS = 30


def test_what_the_shortcuts_stand_on_is_still_there(running) -> None:
    own = set(inspect.signature(AsyncMongoClient._retry_internal).parameters)
    assert {"func", "session", "bulk", "operation", "is_read"} <= own
    assert (pool.async_sendall, pool.async_receive_message, pool_shared.PyMongoProtocol) == (_send, receive, Protocol)
    assert "async_receive_message" in inspect.getsource(pool.AsyncConnection.receive_message)
    assert "async_sendall" in inspect.getsource(pool.AsyncConnection.send_message)
    assert "has_completed_command" in inspect.getsource(AsyncMongoClient._retry_internal) + inspect.getsource(
        inspect.getmodule(AsyncMongoClient)
    )
    assert "self._client.admin._command(" in inspect.getsource(AsyncClientSession._finish_transaction)
    (connection,) = connections_of(running[0])
    assert isinstance(connection.conn.get_conn, Protocol)


def test_the_commands_of_a_transaction_share_one_connection_and_nothing_is_held_after_it(running) -> None:
    store, run = running
    used = set()

    async def work(unit: Unit) -> None:
        for _ in range(3):
            unit.insert(Position(id=new_id("trc"), aggregate_version=1, n=0))
            await unit.flush()
            (held,) = store.client._held.values()
            used.add(held.connection.id)

    run(store.transact(work, deadline_s=30))
    assert len(used) == 1
    assert not store.client._held


def test_a_connection_that_breaks_in_a_transaction_has_it_run_again(running) -> None:
    store, run = running
    identifier, tries = new_id("trc"), []

    async def work(unit: Unit) -> None:
        tries.append(1)
        await unit.first(Position, {"_id": identifier})
        if len(tries) == 1:
            (held,) = store.client._held.values()
            held.connection.conn.get_conn.transport.abort()
        unit.insert(Position(id=identifier, aggregate_version=1, n=0))

    run(store.transact(work, deadline_s=30))
    assert len(tries) == 2
    assert run(store.get(Position, identifier)) is not None


def test_a_commit_whose_connection_breaks_is_asked_for_again(running, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = running
    identifier, asked = new_id("trc"), []
    own = Client._retry_internal

    async def breaking(client, func, session, bulk, operation, **options):
        if operation == "commitTransaction":
            asked.append(1)
            if len(asked) == 1:
                (held,) = client._held.values()
                held.connection.conn.get_conn.transport.abort()
        return await own(client, func, session, bulk, operation, **options)

    monkeypatch.setattr(Client, "_retry_internal", breaking)

    async def work(unit: Unit) -> None:
        unit.insert(Position(id=identifier, aggregate_version=1, n=0))

    run(store.transact(work, deadline_s=30))
    assert len(asked) == 2
    assert run(store.get(Position, identifier)) is not None


def test_a_commit_whose_answer_is_lost_counts_once(running, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = running
    identifier, tries = new_id("trc"), []
    run(store.collection(Position).insert_one({"_id": identifier, "version": 1, "aggregate_version": 1, "n": 0}))

    commits, lost = [], []

    async def sending(protocol, sent: bytes) -> None:
        if b"commitTransaction" in sent:
            commits.append(protocol)
        await own_write(protocol, sent)

    async def receiving(connection, *arguments):
        answer = await receive_in_turn(connection, *arguments)
        if connection.conn.get_conn in commits and not lost:
            lost.append(answer)
            raise OSError("the line is dead")
        return answer

    own_write = Protocol.write
    monkeypatch.setattr(Protocol, "write", sending)
    monkeypatch.setattr(wire, "receive_in_turn", receiving)

    async def work(unit: Unit) -> None:
        tries.append(1)
        await unit.increment(Position, identifier, {"n": 1})

    run(store.transact(work, deadline_s=30))
    assert (len(lost), len(commits), len(tries)) == (1, 2, 1)
    assert run(store.require(Position, identifier)).n == 1


def test_the_driver_judges_a_broken_connection_where_it_breaks(running) -> None:
    store, run = running
    seen = []

    async def work(unit: Unit) -> None:
        if not seen:
            (held,) = store.client._held.values()
            generation = held.server.pool.gen.get_overall()
            held.connection.conn.get_conn.transport.abort()
            with pytest.raises(AutoReconnect) as caught:
                await unit.first(Position, {})
            seen.append(caught.value)
            assert held.connection.closed
            assert (store.client._held, held.server.pool.requests) == ({}, 0)
            assert held.server.pool.gen.get_overall() == generation + 1
            assert unit.session._server_session.dirty
            raise caught.value

    run(store.transact(work, deadline_s=30))
    assert seen[0].has_error_label("TransientTransactionError")


def test_a_server_that_has_too_much_to_do_has_the_transaction_run_again(running, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = running
    identifier, tries = new_id("trc"), []
    own = wire._check_command_response
    overloaded = {"ok": 0, "code": 462, "errorLabels": ["SystemOverloadedError", "RetryableError"]}

    def judge(answer, *arguments, **options) -> None:
        if "cursor" in answer and len(tries) == 1:
            raise OperationFailure("too much to do", 462, overloaded)
        own(answer, *arguments, **options)

    monkeypatch.setattr(wire, "_check_command_response", judge)

    async def work(unit: Unit) -> None:
        tries.append(1)
        await unit.first(Position, {"_id": identifier})
        unit.insert(Position(id=identifier, aggregate_version=1, n=0))

    run(store.transact(work, deadline_s=30))
    assert len(tries) == 2
    assert run(store.get(Position, identifier)) is not None


def test_who_holds_a_connection_is_refused_a_second_one(running) -> None:
    store, run = running

    async def nothing(_: Unit) -> None:
        """Do nothing."""

    async def look_aside(_: Unit) -> None:
        await store.first(Position, {})

    async def nest(_: Unit) -> None:
        await store.transact(nothing, deadline_s=30)

    async def beside(_: Unit) -> None:
        await asyncio.gather(look_aside(_))

    for work in (look_aside, nest, beside):
        with pytest.raises(SecondConnectionError):
            run(store.transact(work, deadline_s=30))

    async def afterwards() -> None:
        await store.transact(nothing, deadline_s=30)
        await store.first(Position, {})

    run(afterwards())
    assert not store.client._held


def test_a_transaction_reads_the_databases_clock_over_its_own_connection(running) -> None:
    store, run = running

    async def work(unit: Unit) -> datetime:
        return await unit.database_now()

    before = run(store.database_now())
    assert before <= run(store.transact(work, deadline_s=30)) <= run(store.database_now())


def test_a_cancelled_command_closes_its_connection(running) -> None:
    store, run = running
    used = []

    async def work(unit: Unit) -> None:
        (held,) = store.client._held.values()
        used.append(held.connection)
        await unit.aggregate(Position, _SLOWLY, into=Position)

    async def cancelled() -> None:
        await store.collection(Position).insert_one({"_id": new_id("trc"), "version": 1, "aggregate_version": 1, "n": 0})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await store.transact(work, deadline_s=30)

    run(cancelled())
    assert used[0].closed
    assert used[0] not in connections_of(store)
    assert not store.client._held
    assert run(store.first(Position, {"_id": "trc_none"})) is None


def test_a_command_that_waits_breaks_off_when_its_pool_is_told_to(running) -> None:
    store, run = running
    tries = []

    async def work(unit: Unit) -> None:
        tries.append(1)
        if len(tries) == 1:
            (held,) = store.client._held.values()
            asyncio.get_running_loop().call_later(0.1, held.connection.cancel_context.cancel)  # a dead server's pool does so
            await unit.aggregate(Position, _SLOWLY, into=Position)

    async def interrupted() -> None:
        await store.collection(Position).insert_one({"_id": new_id("trc"), "version": 1, "aggregate_version": 1, "n": 0})
        await store.transact(work, deadline_s=30)

    run(interrupted())
    assert len(tries) == 2


def test_a_refused_insert_lets_go_of_the_connection(running) -> None:
    store, run = running
    position = Position(id=new_id("trc"), aggregate_version=1, n=0)

    async def work(unit: Unit) -> None:
        unit.insert(position, duplicate=KeyError("there"))

    run(store.transact(work, deadline_s=30))
    for _ in range(8):  # more often than there are connections
        with pytest.raises(KeyError):
            run(store.transact(work, deadline_s=30))
    assert not store.client._held


def test_a_read_gives_everything_also_when_one_answer_is_too_small(running) -> None:
    store, run = running
    large = "x" * 1_000_000
    marks = [new_id("trc") for _ in range(POSITIONS)]
    rows = [{"_id": mark, "version": 1, "aggregate_version": 1, "n": 2**40, "large": large, "of": marks[0]} for mark in marks]
    run(store.collection(Position).insert_many(rows))
    found = run(store.find(Position, {"of": marks[0]}, sort=(("_id", 1),), limit=POSITIONS + 5))
    assert [position.id for position in found] == marks
    assert {type(position.n) for position in found} == {int}
    run(store.collection(Position).delete_many({"of": marks[0]}))


def test_an_answer_that_does_not_come_ends_in_the_drivers_own_error(mongodb_uri: str, database: str) -> None:
    async def asked() -> None:
        store = Store(mongodb_uri, database, connections=1)
        await store.open()
        (connection,) = connections_of(store)
        connection.conn.get_conn.settimeout(0.2)
        with pytest.raises(AutoReconnect):
            await connection.command(database, {"aggregate": 1, "pipeline": [{"$documents": [{}]}, _SLEEP], "cursor": {}})
        await store.close()

    asyncio.run(asked())


_SLEEP = {"$match": {"$expr": {"$function": {"body": "function() { sleep(2000); return true; }", "args": [], "lang": "js"}}}}
_SLOWLY = [{"$limit": 1}, _SLEEP]


def test_the_server_that_takes_writes_is_chosen_again_after_any_news_of_the_servers(running, monkeypatch) -> None:
    store, run = running
    chosen = []
    own = AsyncMongoClient._select_server

    async def choosing(client, *arguments, **options):
        chosen.append(1)
        return await own(client, *arguments, **options)

    async def scenario() -> None:
        await store.first(Position, {})
        monkeypatch.setattr(AsyncMongoClient, "_select_server", choosing)
        await store.first(Position, {})
        assert chosen == []
        topology = store.client._topology
        server = next(iter(topology._servers.values()))
        await topology.on_change(server.description)
        await store.first(Position, {})
        assert chosen == [1]

    run(scenario())


def test_a_read_whose_connection_breaks_is_repeated(running) -> None:
    store, run = running

    async def scenario() -> None:
        await store.first(Position, {})
        (connection,) = connections_of(store)
        connection.conn.get_conn.transport.abort()
        assert await store.first(Position, {"_id": "trc_none"}) is None
        assert connection.closed

    run(scenario())


@pytest.mark.parametrize(("code", "labels"), [(6, []), (89, []), (134, []), (262, []), (462, ["RetryableError"])])
def test_a_read_that_a_server_cannot_do_just_now_is_repeated(running, monkeypatch: pytest.MonkeyPatch, code, labels) -> None:
    store, run = running
    own, refused = wire._check_command_response, []

    def judge(answer, *arguments, **options) -> None:
        if "cursor" in answer and not refused:
            refused.append(code)
            raise OperationFailure("not now", code, {"ok": 0, "code": code, "errorLabels": labels})
        own(answer, *arguments, **options)

    monkeypatch.setattr(wire, "_check_command_response", judge)
    assert run(store.first(Position, {"_id": "trc_none"})) is None
    assert refused == [code]


def test_a_read_that_is_wrong_is_not_repeated(running) -> None:
    store, run = running
    with pytest.raises(OperationFailure) as caught:
        run(store.first(Position, {"$nonsense": 1}))
    assert caught.value.code == 2
