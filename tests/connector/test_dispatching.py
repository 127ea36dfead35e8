"""The dispatcher and the reconciler, step by step: what happens when the lease is lost, or a step fails in between."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from connector.deliveries import Deliveries
from connector.dispatcher import Dispatcher, Route
from connector.lease import Leadership
from connector.outbox import EVENT_LIMIT_BYTES, Outbox, Unreadable, read_event
from connector.reconciler import PAGE, WINDOW, Reconciler
from connector.transport import Outgoing
from tests.connector.world import World, eventually


@pytest.fixture
def world(emptied: World) -> World:
    return emptied


class Interrupted(Deliveries):
    """A transport at which something happens right after the deliveries are stored."""

    happens: Callable[[], None]

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        acknowledged = super().send(outgoing, now)
        self.happens()
        return acknowledged


def route(world: World, transport: Deliveries, holder: str = "me") -> Route:
    leadership = Leadership(world.database.leases, role="dispatcher", holder=holder, lease_s=60)
    return Route(outbox=Outbox(world.database), transport=transport, catalogue=world.catalogue(), leadership=leadership)


def dispatcher(world: World, transport: Deliveries | None = None, *, holder: str = "me", batch: int = 100) -> Dispatcher:
    carried = transport or Deliveries(world.database)
    return Dispatcher(route(world, carried, holder), parking=Deliveries(world.database), batch=batch)


def unsent(world: World) -> int:
    return world.database.outbox.count_documents({"sent": None})


def test_a_leader_that_loses_its_lease_in_mid_batch_marks_nothing(world: World) -> None:
    transport = Interrupted(world.database)

    def somebody_takes_over() -> None:
        world.database.leases.update_one({}, [{"$set": {"expires_at": "$$NOW"}}])
        assert Leadership(world.database.leases, role="dispatcher", holder="other", lease_s=60).keep().fence == 2

    transport.happens = somebody_takes_over
    events = [world.emit() for _ in range(3)]
    assert dispatcher(world, transport).turn() is False
    assert unsent(world) == 3
    assert world.database.deliveries.count_documents({}) == 6
    assert dispatcher(world, holder="third").turn() is False
    assert unsent(world) == 3, "only the new leader may send"
    world.database.leases.update_one({}, [{"$set": {"expires_at": "$$NOW"}}])
    dispatcher(world, holder="third").turn()
    assert unsent(world) == 0
    assert world.database.deliveries.count_documents({"event_id": {"$in": events}}) == 6


def test_a_failure_before_marking_leaves_the_rows_unsent_and_the_next_turn_completes_them(world: World) -> None:
    transport = Interrupted(world.database)

    def fails() -> None:
        raise AutoReconnect("the database went away")

    transport.happens = fails
    world.emit()
    with pytest.raises(AutoReconnect):
        dispatcher(world, transport).turn()
    assert unsent(world) == 1
    transport.happens = lambda: None
    world.database.leases.delete_many({})
    dispatcher(world, transport).turn()
    assert (unsent(world), world.database.deliveries.count_documents({})) == (0, 2)


def test_only_what_the_transport_acknowledges_is_marked(world: World) -> None:
    class Choosy(Deliveries):
        def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
            return set(sorted(super().send(outgoing, now))[:1])

    events = sorted(world.emit() for _ in range(3))
    dispatcher(world, Choosy(world.database)).turn()
    assert [row["_id"] for row in world.database.outbox.find({"sent": {"$type": "date"}})] == events[:1]


def test_an_event_of_which_a_delivery_is_refused_by_the_database_stays_unsent(world: World) -> None:
    grown, happened = world.emit("thing.grew"), world.emit("thing.happened")
    world.database.command("collMod", "deliveries", validator={"reaction": {"$ne": "tests-second"}})
    try:
        dispatcher(world).turn()
    finally:
        world.database.command("collMod", "deliveries", validator={})
    assert [row["_id"] for row in world.database.outbox.find({"sent": None})] == [happened]
    assert world.state(grown) == "waiting"
    world.database.leases.delete_many({})
    dispatcher(world).turn()
    assert (unsent(world), world.state(happened, "tests-second")) == (0, "waiting")


def test_a_full_batch_asks_for_another_turn_and_a_follower_does_nothing(world: World) -> None:
    for _ in range(5):
        world.emit()
    leader = dispatcher(world, batch=2)
    assert [leader.turn() for _ in range(3)] == [True, True, False]
    assert unsent(world) == 0
    world.emit()
    assert dispatcher(world, holder="follower").turn() is False
    assert unsent(world) == 1


def test_deliveries_are_due_by_the_databases_clock_not_by_the_functions(world: World) -> None:
    row = {**world.row("thing.grew"), "created_at": datetime(2999, 1, 1)}  # noqa: DTZ001 - a clock that is far ahead
    world.database.outbox.insert_one(row)
    dispatcher(world).turn()
    assert len(Deliveries(world.database).due(limit=9, without=())) == 1


def restored(world: World, reconciler: Reconciler, leading: Leadership) -> int:
    before = world.database.deliveries.count_documents({})
    leading.keep()
    assert reconciler.turn() is False
    return world.database.deliveries.count_documents({}) - before


def test_the_reconciler_restores_what_is_missing_page_by_page(world: World) -> None:
    rows = [world.row() for _ in range(PAGE + 50)]
    world.database.outbox.insert_many(rows)
    sender = dispatcher(world, batch=200)
    while sender.turn():
        pass
    assert unsent(world) == 0
    world.database.deliveries.delete_many({"_id": {"$regex": "tests-second$"}})
    found = route(world, Deliveries(world.database))
    world.database.leases.delete_many({})
    reconciler = Reconciler(found, world.database, after_s=0.01)
    eventually(lambda: restored(world, reconciler, found.leadership) == 0)
    assert world.database.deliveries.count_documents({}) == 2 * len(rows)


def test_the_reconciler_leaves_young_events_and_followers_alone(world: World) -> None:
    world.emit()
    dispatcher(world).turn()
    world.database.deliveries.delete_many({})
    patient = route(world, Deliveries(world.database), "me too")
    assert restored(world, Reconciler(patient, world.database, after_s=0.001), patient.leadership) == 0, "a follower"
    world.database.leases.delete_many({})
    leader = route(world, Deliveries(world.database))
    assert restored(world, Reconciler(leader, world.database, after_s=600), leader.leadership) == 0, "too young"
    eager = Reconciler(leader, world.database, after_s=0.001)
    assert restored(world, eager, leader.leadership) == 2


class Faulty(Deliveries):
    """A transport that may have lost something, and that may refuse a reaction's deliveries."""

    epoch = 0
    refuses = ""

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        return super().send([item for item in outgoing if self.refuses not in item.reactions], now)


class Unreliable(Outbox):
    """An outbox of which a page may fail; it notes from when on it was asked."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fails = False
        self.asked: list[datetime] = []

    def sent_between(self, since: datetime, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
        self.asked.append(since)
        if self.fails:
            raise AutoReconnect("the database went away")
        return super().sent_between(since, *arguments, **options)


def looked_through(world: World) -> tuple[Faulty, Unreliable, Reconciler]:
    """Give a transport, an outbox and a reconciler that has seen what is in them."""
    transport, outbox = Faulty(world.database), Unreliable(world.database)
    found = msgspec.structs.replace(route(world, transport), outbox=outbox)
    Dispatcher(found, parking=transport, batch=100).turn()
    world.database.outbox.update_many({}, [{"$set": {"sent": {"$subtract": ["$sent", 60_000]}}}])
    reconciler = Reconciler(found, world.database, after_s=1)
    reconciler.turn()
    return transport, outbox, reconciler


def test_a_page_that_fails_leaves_the_whole_window_to_be_looked_at(world: World) -> None:
    event = world.emit()
    transport, outbox, reconciler = looked_through(world)
    reconciler.turn()
    assert outbox.asked[-1] > datetime.now(UTC) - WINDOW / 2, "it goes on where it was"
    world.database.deliveries.delete_many({})
    transport.epoch, outbox.fails = 1, True
    with pytest.raises(AutoReconnect):
        reconciler.turn()
    outbox.fails = False
    reconciler.turn()
    assert world.state(event) == "waiting"
    reconciler.turn()
    assert outbox.asked[-1] > datetime.now(UTC) - WINDOW / 2, "once is enough"


def test_what_the_transport_refuses_is_not_called_restored_and_stays_owed(world: World) -> None:
    grown, happened = world.emit("thing.grew"), world.emit("thing.happened")
    transport, outbox, reconciler = looked_through(world)
    world.database.deliveries.delete_many({"_id": {"$ne": f"{happened}:tests-first"}})
    transport.epoch, transport.refuses = 1, "tests-second"
    with capture_logs() as logs:
        reconciler.turn()
    assert [line["events"] for line in logs if line["event"] == "deliveries_restored"] == [[grown]]
    with capture_logs() as logs:
        reconciler.turn()
    assert logs == [], "nothing was taken, nothing was restored"
    assert outbox.asked[-1] > datetime.now(UTC) - WINDOW / 2, "from what is owed on, not the whole window"
    transport.refuses = ""
    reconciler.turn()
    assert world.state(happened, "tests-second") == "waiting"


def test_an_event_of_the_largest_size_is_read_and_a_larger_one_is_not(world: World) -> None:
    row = world.row()
    spare = EVENT_LIMIT_BYTES - len(
        b'{"id":"","type":"","aggregate":"","aggregate_version":1,"n":0,"body":{"x":""},"trace_id":"","traceparent":null}'
    )
    spare -= sum(len(row[field]) for field in ("_id", "type", "aggregate", "trace_id"))
    assert read_event({**row, "body": {"x": "a" * spare}}).id == row["_id"]
    with pytest.raises(Unreadable, match="more than an event may have"):
        read_event({**row, "body": {"x": "a" * (spare + 1)}})
