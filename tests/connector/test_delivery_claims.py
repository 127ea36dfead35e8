"""Deliveries in MongoDB: stored once, claimed by one at a time, settled under the fence, ruled by the database's clock."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.database import LONG_AGO
from connector.deliveries import Deliveries
from connector.transport import Outgoing
from connector.verdicts import Step
from freehold.events import EventEnvelope
from freehold.ids import new_id
from tests.connector.world import World, eventually

DONE = Step(kind="done")


@pytest.fixture
def world(emptied: World) -> World:
    return emptied


@pytest.fixture
def deliveries(world: World) -> Deliveries:
    return Deliveries(world.database)


def event(**fields: Any) -> EventEnvelope:
    own = {"id": new_id("evt"), "type": "t", "aggregate": "thing_1", "aggregate_version": 1, "n": 0, "body": {"large": 2**40}}
    return EventEnvelope(**{**own, **fields})


def send(deliveries: Deliveries, *reactions: str, now: datetime = LONG_AGO, **fields: Any) -> EventEnvelope:
    sent = event(**fields)
    assert deliveries.send([Outgoing(sent, reactions or ("r",))], now) == {sent.id}
    return sent


def test_what_is_sent_can_be_claimed_with_the_event_as_it_was(deliveries: Deliveries) -> None:
    sent = send(deliveries, trace_id="trc_1")
    (due,) = deliveries.due(limit=10, without=())
    assert (due.reaction, due.aggregate, due.aggregate_version, due.n) == ("r", "thing_1", 1, 0)
    claim = deliveries.claim(due, 60)
    assert (claim.event, claim.fence, claim.attempts) == (sent, 1, 1)


def test_sending_again_changes_nothing(world: World, deliveries: Deliveries) -> None:
    sent = send(deliveries, "r", "s")
    (due,) = [each for each in deliveries.due(limit=10, without=()) if each.reaction == "r"]
    assert deliveries.settle(deliveries.claim(due, 60), DONE)
    before = list(world.database.deliveries.find().sort("_id"))
    assert deliveries.send([Outgoing(sent, ("r", "s"))], datetime.now(UTC)) == {sent.id}
    assert list(world.database.deliveries.find().sort("_id")) == before


def test_an_event_for_nobody_is_sent_with_nothing_stored(world: World, deliveries: Deliveries) -> None:
    nobody = event()
    assert deliveries.send([Outgoing(nobody, ())], LONG_AGO) == {nobody.id}
    assert deliveries.send([], LONG_AGO) == set()
    assert world.database.deliveries.count_documents({}) == 0


def test_lacking_names_what_has_no_delivery_in_any_state(deliveries: Deliveries) -> None:
    there, half, gone = send(deliveries, "r", "s"), send(deliveries, "r"), event()
    wanted = [Outgoing(each, ("r", "s")) for each in (there, half, gone)]
    assert deliveries.lacking(wanted) == [Outgoing(half, ("s",), again=True), Outgoing(gone, ("r", "s"), again=True)]


def test_a_delivery_is_claimed_by_one_of_many(deliveries: Deliveries) -> None:
    send(deliveries)
    (due,) = deliveries.due(limit=10, without=())
    claims = []
    start = threading.Barrier(12)

    def race() -> None:
        start.wait()
        claims.append(deliveries.claim(due, 60))

    racers = [threading.Thread(target=race) for _ in range(12)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len([claim for claim in claims if claim is not None]) == 1


def test_a_claimed_delivery_is_not_due_until_its_claim_has_run_out(deliveries: Deliveries) -> None:
    send(deliveries)
    (due,) = deliveries.due(limit=10, without=())
    deliveries.claim(due, 0.2)
    assert deliveries.claim(due, 60) is None
    (again,) = eventually(lambda: deliveries.due(limit=10, without=()))
    taken = deliveries.claim(again, 60)
    assert (taken.fence, taken.attempts) == (2, 2)


@pytest.mark.parametrize(
    "step", [DONE, Step(kind="park", error="why"), Step(kind="retry", error="why", delay_s=0)], ids=lambda s: s.kind
)
def test_a_former_claim_settles_nothing(world: World, deliveries: Deliveries, step: Step) -> None:
    send(deliveries)
    (due,) = deliveries.due(limit=10, without=())
    former = deliveries.claim(due, 0.01)
    present = eventually(lambda: deliveries.claim(due, 60))
    before = world.database.deliveries.find_one({})
    assert deliveries.settle(former, step) is False
    assert world.database.deliveries.find_one({}) == before
    assert deliveries.settle(present, DONE) is True
    assert deliveries.settle(present, DONE) is False
    assert world.database.deliveries.find_one({})["state"] == "done"


def test_settling_stores_what_came_out(world: World, deliveries: Deliveries) -> None:
    steps = {
        "done": DONE,
        "parked": Step(kind="park", error="answered 422"),
        "waiting": Step(kind="retry", error="$error", delay_s=60),
    }
    for name in steps:
        send(deliveries, name)
    for due in deliveries.due(limit=10, without=()):
        assert deliveries.settle(deliveries.claim(due, 60), steps[due.reaction])
    rows = {row["state"]: row for row in world.database.deliveries.find()}
    now = datetime.now(UTC)
    assert (rows["done"]["error"], rows["parked"]["error"], rows["waiting"]["error"]) == (None, "answered 422", "$error")
    assert abs(rows["done"]["done_at"] - now) < timedelta(seconds=30)
    assert abs(rows["parked"]["parked_at"] - now) < timedelta(seconds=30)
    assert abs(rows["waiting"]["due_at"] - now - timedelta(seconds=60)) < timedelta(seconds=30)
    assert {row["version"] for row in rows.values()} == {3}


def test_only_what_is_due_by_the_databases_clock_is_found_oldest_first(world: World, deliveries: Deliveries) -> None:
    order = [send(deliveries, now=LONG_AGO + timedelta(days=days)).id for days in (1, 2, 3)]
    send(deliveries, now=datetime.now(UTC) + timedelta(hours=1))
    broken = send(deliveries)
    world.database.deliveries.update_one({"event_id": broken.id}, {"$set": {"due_at": None}})
    absent = send(deliveries)
    world.database.deliveries.update_one({"event_id": absent.id}, {"$unset": {"due_at": 1}})
    assert [due.id.partition(":")[0] for due in deliveries.due(limit=10, without=())] == order
    assert [due.id.partition(":")[0] for due in deliveries.due(limit=2, without=())] == order[:2]


def test_reactions_can_be_left_out(deliveries: Deliveries) -> None:
    send(deliveries, "busy", "free")
    assert [due.reaction for due in deliveries.due(limit=10, without=("busy",))] == ["free"]


def test_looking_for_what_is_due_reads_no_more_than_it_returns(world: World, deliveries: Deliveries) -> None:
    for _ in range(60):
        send(deliveries)
    for due in deliveries.due(limit=50, without=()):
        deliveries.settle(deliveries.claim(due, 60), DONE)
    world.database.command("profile", 2)
    assert len(deliveries.due(limit=5, without=())) == 5
    world.database.command("profile", 0)
    looked = world.database["system.profile"].find_one({"op": "query", "ns": f"{world.database.name}.deliveries"})
    assert looked["docsExamined"] <= 6
    assert looked["keysExamined"] <= 8
    assert not looked.get("hasSortStage", False)
