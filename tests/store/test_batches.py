"""What a transaction sends at once: all of it is stored, or nothing, and the connection stays in step."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from pymongo.errors import OperationFailure, PyMongoError

from freehold.documents import Document, InboxRow, Lease, Position
from freehold.ids import new_id
from freehold.store import Stale, Unit
from freehold.store.driver import TransactionBroken, wire
from freehold.store.driver.answers import Protocol, receive_in_turn
from freehold.store.mapping import to_bson
from tests.store.conftest import connections_of

INBOX = {"id": f"{new_id('evt')}:test", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
LEASE = {"holder": "test", "fence": 1, "expires_at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize("is_for_the_driver", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_what_goes_out_at_once_all_is_stored_or_nothing(
    running, monkeypatch: pytest.MonkeyPatch, place: int, is_for_the_driver
) -> None:
    store, run = running
    monkeypatch.setattr(wire, "_is_for_the_driver", lambda _: is_for_the_driver)
    taken = [Position(id=new_id("trc"), aggregate_version=1, n=0), Lease(id="test-lease", **LEASE), InboxRow(**INBOX)]

    async def put(documents: list[Document]) -> None:
        async def work(unit: Unit) -> None:
            for document in documents:
                unit.insert(document, duplicate=KeyError(document.id))

        await store.transact(work, deadline_s=30)

    async def scenario() -> None:
        for document in taken:
            await store.collection(type(document)).delete_one({"_id": document.id})
        await put([taken[place]])
        with pytest.raises(KeyError, match=taken[place].id):
            await put(taken)
        assert [await store.get(type(each), each.id) is not None for each in taken] == [each is taken[place] for each in taken]
        assert len(connections_of(store)) == 1

    run(scenario())


@pytest.mark.parametrize(("is_worse", "error"), [(False, KeyError), (True, OperationFailure)])
def test_a_command_that_fails_among_others_undoes_them_all_and_the_connection_stays_good(running, is_worse, error) -> None:
    store, run = running
    first, last = (Position(id=new_id("trc"), aggregate_version=1, n=0) for _ in range(2))

    async def work(unit: Unit) -> None:
        collection = Position.collection
        bad = {"update": collection, "updates": [{"q": {"_id": 1}, "u": {"$nonsense": {"a": 1}}}]}
        inserts = [{"insert": collection, "documents": [to_bson(document)]} for document in (first, last)]
        worse = {"findAndModify": collection, "query": {}, "update": {"$inc": {"n": 1}}, "sort": {"$bad": 7}, "new": True}
        answers = await unit.database.write([inserts[0], worse if is_worse else bad, inserts[1]], unit.session)
        raise KeyError(answers[-1]["writeErrors"][0]["code"])

    with pytest.raises(error):
        run(store.transact(work, deadline_s=30))
    assert run(store.get(Position, first.id)) is run(store.get(Position, last.id)) is None
    assert len(connections_of(store)) == 1


def test_what_is_counted_at_the_end_is_judged_there_and_undone_with_everything(running) -> None:
    store, run = running
    counter = Position(id=new_id("trc"), aggregate_version=1, n=5)
    made = Position(id=new_id("trc"), aggregate_version=1, n=0)

    async def put(unit: Unit) -> None:
        unit.insert(counter)

    async def count(unit: Unit, identifier: str, *, refuse: bool) -> None:
        async def check(stands: dict[str, int]) -> None:
            assert await unit.get(Position, made.id) == made
            assert stands == {"n": 7, "aggregate_version": 2}
            if refuse:
                raise KeyError("too many")

        unit.increment_at_end(Position, identifier, {"n": 2, "aggregate_version": 1}, check)
        unit.insert(made)

    run(store.transact(put, deadline_s=30))
    for identifier, refuse, error in ((counter.id, True, KeyError), (new_id("trc"), False, Stale)):
        with pytest.raises(error):
            run(store.transact(partial(count, identifier=identifier, refuse=refuse), deadline_s=30))
        assert run(store.get(Position, made.id)) is None
        assert run(store.require(Position, counter.id)).n == 5
    run(store.transact(partial(count, identifier=counter.id, refuse=False), deadline_s=30))
    assert run(store.require(Position, counter.id)).n == 7


@pytest.mark.parametrize("bad", [{"nonsense": 1}, {"insert": "positions", "documents": [{"_id": "x"}], "bogus": 1}])
def test_work_that_swallows_the_failure_of_a_command_cannot_be_committed(running, bad) -> None:
    """What fails before the server has opened the transaction does not abort it: so the unit must not go on."""
    store, run = running
    rows = [Position(id=new_id("trc"), aggregate_version=1, n=0) for _ in range(2)]

    async def work(unit: Unit) -> None:
        inserts = [{"insert": Position.collection, "documents": [to_bson(row)]} for row in rows]
        with suppress(PyMongoError):
            await unit.database.write([inserts[0], bad, inserts[1]], unit.session)

    with pytest.raises(TransactionBroken):
        run(store.transact(work, deadline_s=30))
    assert [run(store.get(Position, row.id)) for row in rows] == [None, None]


def test_a_commit_that_too_few_members_have_yet_is_asked_for_again(running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the answer says that there is no such transaction: a member that took over may not know of it yet."""
    store, run = running
    row, tries, commits = Position(id=new_id("trc"), aggregate_version=1, n=0), [], []
    unclear = {
        "ok": 0.0, "code": 251, "codeName": "NoSuchTransaction", "errmsg": "no such transaction",
        "writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}},
    }  # fmt: skip

    class Unclear:
        def unpack_response(self, **_options: object) -> list[dict]:
            return [dict(unclear)]

    async def writing(protocol: Protocol, sent: bytes) -> None:
        if b"commitTransaction" in sent:
            commits.append(protocol)
        await own_write(protocol, sent)

    async def receiving(connection, *arguments):
        found = await receive_in_turn(connection, *arguments)
        return [Unclear()] if len(commits) == 1 else found

    async def work(unit: Unit) -> None:
        tries.append(1)
        unit.insert(row)

    own_write = Protocol.write
    monkeypatch.setattr(Protocol, "write", writing)
    monkeypatch.setattr(wire, "receive_in_turn", receiving)
    run(store.transact(work, deadline_s=30))
    assert (len(tries), len(commits)) == (1, 2)
    assert run(store.get(Position, row.id)) == row


def test_two_at_once_over_one_transaction_are_refused_at_once(running) -> None:
    store, run = running

    async def work(unit: Unit) -> None:
        await asyncio.gather(unit.first(Position, {}), unit.first(Position, {}))

    with pytest.raises(RuntimeError, match="two at once"):
        run(asyncio.wait_for(store.transact(work, deadline_s=30), 10))
    assert not store.client._held
    assert run(store.first(Position, {"_id": "trc_none"})) is None
