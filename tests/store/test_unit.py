"""The unit of work on the real MongoDB: all or nothing, compare and set, the database's clock."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from bson import Int64
from pymongo.errors import OperationFailure

from freehold.documents import Lease, Position
from freehold.domain.errors import InvalidValue
from freehold.events import UserRegistered
from freehold.ids import new_id
from freehold.store import Duplicate, Missing, Stale, Unavailable, Unit, apply_schema, now
from tests.store.conftest import Opened


class Taken(Exception):  # noqa: N818
    pass


def position(**fields) -> Position:
    return Position(id=new_id("trc"), **{"aggregate_version": 1, "n": 0, **fields})


def transact(opened: Opened, work, deadline_s: float = 5):
    return opened.run(opened.store.transact(work, deadline_s=deadline_s))


def stored(opened: Opened, document: Position) -> Position | None:
    return opened.run(opened.store.get(Position, document.id))


def put(opened: Opened, document: Position) -> Position:
    async def work(unit: Unit) -> Position:
        unit.insert(document)
        return document

    return transact(opened, work)


def test_work_that_raises_leaves_nothing(opened: Opened):
    document = position()

    async def work(unit: Unit) -> None:
        unit.insert(document)
        unit.emit(UserRegistered(user_id="usr_1"), document)
        await unit.flush()
        raise Taken

    with pytest.raises(Taken):
        transact(opened, work)
    assert stored(opened, document) is None
    assert opened.run(opened.store.database["outbox"].count_documents({"aggregate": document.id})) == 0


def test_an_update_moves_the_version_and_writes_only_what_changed(opened: Opened):
    before = put(opened, position(n=1))
    raw = opened.store.database["positions"]
    opened.run(raw.update_one({"_id": before.id}, {"$set": {"from_tomorrow": True, "n": 7}}))
    after = transact(opened, lambda unit: unit.update(before, msgspec.structs.replace(before, aggregate_version=5)))
    row = opened.run(raw.find_one({"_id": before.id}))
    assert after.version == 2
    assert row == {"_id": before.id, "version": 2, "aggregate_version": 5, "n": 7, "from_tomorrow": True}


def test_numbers_are_stored_in_64_bits(opened: Opened):
    document = put(opened, position(n=3))
    assert isinstance(
        opened.run(opened.store.client[opened.store.database.name]["positions"].find_one(document.id))["n"], Int64
    )
    with pytest.raises(InvalidValue):
        put(opened, position(n=2**63))


def test_a_stale_version_a_guard_that_fails_and_a_gone_document_are_refused(opened: Opened):
    before = put(opened, position())
    later = msgspec.structs.replace(before, n=1)
    with pytest.raises(Stale):
        transact(opened, lambda unit: unit.update(before, later, guard={"n": {"$gte": 9}}))
    transact(opened, lambda unit: unit.update(before, later))
    with pytest.raises(Stale):
        transact(opened, lambda unit: unit.update(before, later))
    with pytest.raises(Stale):
        transact(opened, lambda unit: unit.delete(before))
    with pytest.raises(Stale):
        transact(opened, lambda unit: unit.increment(Position, new_id("trc"), {"n": 1}))
    with pytest.raises(Missing):
        transact(opened, lambda unit: unit.require(Position, new_id("trc")))
    assert stored(opened, before) == msgspec.structs.replace(later, version=2)


def test_of_twenty_that_update_the_same_version_one_wins(opened: Opened):
    before = put(opened, position())

    async def storm():
        work = [
            opened.store.transact(
                lambda unit, n=n: unit.update(before, msgspec.structs.replace(before, n=n + 1)), deadline_s=20
            )
            for n in range(20)
        ]
        return await asyncio.gather(*work, return_exceptions=True)

    outcomes = opened.run(storm())
    assert sum(isinstance(outcome, Position) for outcome in outcomes) == 1
    assert all(isinstance(outcome, Position | Stale | Unavailable) for outcome in outcomes)
    after = stored(opened, before)
    assert after is not None
    assert after.version == 2


def test_a_deadline_is_set_by_the_databases_clock(opened: Opened):
    lease = Lease(id=new_id("trc"), holder="$holder", fence=1, expires_at=now() - timedelta(days=400))

    async def work(unit: Unit) -> None:
        unit.insert(lease)

    transact(opened, work)
    begun = opened.run(opened.store.database_now())
    changed = msgspec.structs.replace(lease, holder="$fence")
    after = transact(opened, lambda unit: unit.update(lease, changed, deadlines={"expires_at": 60}))
    ended = opened.run(opened.store.database_now())
    assert begun <= after.expires_at - timedelta(seconds=60) <= ended
    assert after.holder == "$fence"


def test_a_duplicate_raises_what_its_insert_asked_for(opened: Opened):
    document = put(opened, position())

    def again(duplicate, *, beside: int):
        async def work(unit: Unit) -> None:
            for _ in range(beside):
                unit.insert(position())
            unit.insert(document, duplicate=duplicate)

        return work

    for beside in (0, 2):
        with pytest.raises(Taken):
            transact(opened, again(Taken, beside=beside))
        with pytest.raises(Duplicate):
            transact(opened, again(None, beside=beside))


def test_events_are_numbered_within_a_version(opened: Opened):
    document = position()

    async def work(unit: Unit) -> None:
        unit.insert(document)
        unit.emit(UserRegistered(user_id="usr_1"), document)
        unit.emit(UserRegistered(user_id="usr_2"), document)

    transact(opened, work)
    rows = opened.run(opened.store.database["outbox"].find({"aggregate": document.id}).sort("n").to_list())
    assert [(row["type"], row["aggregate_version"], row["n"], row["sent"]) for row in rows] == [
        ("user.registered", 1, 0, None),
        ("user.registered", 1, 1, None),
    ]


def test_a_transient_error_runs_the_work_again_and_a_lasting_one_does_not(opened: Opened):
    tries: list[int] = []

    def failing(times: int, labels: list[str]):
        async def work(unit: Unit) -> str:
            tries.append(1)
            assert unit.session is not None
            if len(tries) <= times:
                raise OperationFailure("planned", 112, {"errorLabels": labels})
            return "committed"

        return work

    assert transact(opened, failing(2, ["TransientTransactionError"])) == "committed"
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(OperationFailure):
        transact(opened, failing(1, []))
    assert len(tries) == 1
    tries.clear()
    with pytest.raises(Unavailable):
        transact(opened, failing(99, ["TransientTransactionError"]))
    assert len(tries) == 6


def test_applying_the_schema_again_changes_nothing(opened: Opened):
    assert opened.run(apply_schema(opened.store.database)) == []


def test_an_index_that_says_something_else_now_is_replaced(opened: Opened):
    sessions = opened.store.database["sessions"]
    before = opened.run(sessions.index_information())
    ttl = next(name for name, found in before.items() if found["key"] == [("expires_at", 1)])
    opened.run(sessions.drop_index(ttl))
    opened.run(sessions.create_index([("expires_at", 1)], name="of_yesterday", expireAfterSeconds=5))
    assert opened.run(apply_schema(opened.store.database)) == [f"created index sessions.{ttl}"]
    assert opened.run(sessions.index_information()) == before
    assert opened.run(apply_schema(opened.store.database)) == []
