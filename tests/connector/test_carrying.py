"""Events reach their reactions, each with one effect; what cannot be delivered is parked and holds up nobody."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from freehold.documents.delivery import UNREADABLE
from tests.connector.world import World, eventually


def script(**instructions: Any) -> dict[str, Any]:
    return {"tests-first": instructions, "tests-hasty": instructions, "tests-stuck": instructions}


def fresh(delivery: dict[str, Any]) -> dict[str, Any]:
    """Make a delivery look as if it had just been stored."""
    return {**delivery, "state": "waiting", "attempts": 0, "due_at": delivery["created_at"]}


def test_an_event_reaches_every_reaction_that_wants_it_and_no_other(steady: World) -> None:
    event = steady.emit("thing.happened")
    grown = steady.emit("thing.grew")
    eventually(lambda: steady.state(event) == steady.state(event, "tests-second") == steady.state(grown) == "done")
    assert [steady.effects(event), steady.effects(event, "tests-second"), steady.effects(grown)] == [1, 1, 1]
    assert steady.database.deliveries.count_documents({"event_id": grown}) == 1


def test_calls_carry_a_token_of_their_own_and_the_trace(steady: World) -> None:
    event = steady.emit("thing.grew", trace_id="trc_42")
    eventually(lambda: steady.state(event) == "done")
    call = steady.database.calls.find_one({"key": f"{event}:tests-first"})
    assert (call["door"], call["word"], call["deployed"], call["trace_id"]) == (
        "connector",
        "function",
        "tests-first",
        "trc_42",
    )
    assert steady.database.refusals.count_documents({}) == 0


def test_an_event_is_marked_as_sent_once_the_transport_has_it_in_charge(steady: World) -> None:
    event = steady.emit("thing.grew")
    row = eventually(lambda: steady.database.outbox.find_one({"_id": event, "sent": {"$type": "date"}}))
    delivery = eventually(lambda: steady.delivery(event))
    assert steady.amqp_uri or row["sent"] >= delivery["created_at"], "MongoDB has it once its deliveries are stored"


@pytest.mark.parametrize("status", [404, 408, 429, 500, 502, 503, 504, 202, 302])
def test_what_may_pass_is_tried_again(steady: World, status: int) -> None:
    event = steady.emit("thing.grew", script=script(statuses=[status, 200]))
    eventually(lambda: steady.state(event) == "done")
    assert (steady.calls(event), steady.effects(event), steady.delivery(event)["attempts"]) == (2, 1, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 410, 413, 422, 451])
def test_a_refusal_is_parked_at_once_with_its_error(steady: World, status: int) -> None:
    event = steady.emit("thing.grew", script=script(statuses=[status, 200]))
    eventually(lambda: steady.state(event) == "parked")
    assert (steady.calls(event), steady.effects(event)) == (1, 0)
    assert steady.delivery(event)["error"] == f"answered {status} scripted: as the script says: {status}"
    assert steady.delivery(event)["parked_at"] is not None


@pytest.mark.parametrize(
    "answer",
    [[], "done", None, {"result": "done"}, [{"id": "evt_of_another", "result": "done"}], [{"result": "done"}]],
    ids=repr,
)
def test_200_without_a_result_for_this_event_is_no_success(steady: World, answer: object) -> None:
    event = steady.emit("thing.grew", script=script(answer=answer))
    eventually(lambda: steady.state(event) == "parked")
    assert (steady.calls(event), steady.effects(event)) == (4, 0)
    assert "answered 200" in steady.delivery(event)["error"]


def test_too_many_attempts_end_in_parking(steady: World) -> None:
    event = steady.emit("thing.grew", script=script(statuses=[503]))
    eventually(lambda: steady.state(event) == "parked")
    assert steady.calls(event) == 4
    assert steady.delivery(event)["error"].startswith("given up after 4 attempts: answered 503 scripted")


def test_pauses_between_attempts_grow(steady: World) -> None:
    event = steady.emit("thing.grew", script=script(statuses=[500]))
    eventually(lambda: steady.state(event) == "parked")
    times_s = [call["at_s"] for call in steady.database.calls.find({"key": f"{event}:tests-first"}).sort("at_s")]
    pauses_s = [later - earlier for earlier, later in pairwise(times_s)]
    assert all(pause_s >= least_s for pause_s, least_s in zip(pauses_s, [0.025, 0.05, 0.1], strict=True)), pauses_s


def test_retry_after_is_honoured(steady: World) -> None:
    event = steady.emit("thing.grew", script=script(statuses=[429, 200], retry_after="1"))
    eventually(lambda: steady.state(event) == "done")
    first, second = steady.database.calls.find({"key": f"{event}:tests-first"}).sort("at_s")
    assert second["at_s"] - first["at_s"] >= 0.99


def test_an_answer_that_comes_too_late_is_asked_for_again_and_the_effect_stays_one(steady: World) -> None:
    event = steady.emit("thing.rushed", script=script(pauses_s=[1.0, 0]))
    eventually(lambda: steady.state(event, "tests-hasty") == "done")
    eventually(lambda: steady.effects(event, "tests-hasty") == 1)
    assert steady.calls(event, "tests-hasty") >= 2
    assert steady.database.inbox.count_documents({"_id": f"{event}:tests-hasty"}) == 1


def test_a_delivery_that_comes_twice_is_a_duplicate_and_done(steady: World) -> None:
    event = steady.emit("thing.grew")
    eventually(lambda: steady.state(event) == "done")
    again = {"state": "waiting", "due_at": steady.delivery(event)["created_at"]}
    steady.database.deliveries.update_one({"_id": f"{event}:tests-first"}, {"$set": again})
    eventually(lambda: steady.calls(event) == 2 and steady.state(event) == "done")
    assert steady.effects(event) == 1


def test_an_event_with_a_long_id_holds_up_nobody(steady: World) -> None:
    event = steady.emit("thing.grew", id="evt_" + "é" * 300)
    eventually(lambda: steady.state(event) == "done")


@pytest.mark.parametrize("kind", ["thing.nobody_wants", "", "*"])
def test_an_event_that_nobody_wants_is_sent_to_nobody(steady: World, kind: str) -> None:
    event = steady.emit(kind)
    eventually(lambda: steady.database.outbox.find_one({"_id": event, "sent": {"$type": "date"}}))
    assert steady.database.deliveries.count_documents({"event_id": event}) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"type": None},
        {"type": 7},
        {"aggregate": {"$ne": 1}},
        {"aggregate_version": "one"},
        {"n": 1.5},
        {"body": []},
        {"body": "text"},
        {"body": {"price": Decimal128("1.5")}},
        {"body": {"large": "x" * 1_100_000}},
        {"trace_id": 5},
    ],
    ids=lambda fault: repr(fault)[:40],
)
def test_a_row_that_is_no_event_is_parked_and_holds_up_nobody(steady: World, fault: dict[str, Any]) -> None:
    row = {**steady.row("thing.grew"), **fault}
    steady.database.outbox.insert_one(row)
    after = steady.emit("thing.grew")
    eventually(lambda: steady.state(row["_id"], UNREADABLE) == "parked" and steady.state(after) == "done")
    assert steady.delivery(row["_id"], UNREADABLE)["error"].startswith("the outbox row is no event: ")
    eventually(lambda: steady.database.outbox.find_one({"_id": row["_id"], "sent": {"$type": "date"}}))


def test_a_row_with_a_foreign_id_is_parked(steady: World) -> None:
    row = {**steady.row("thing.grew"), "_id": ObjectId()}
    steady.database.outbox.insert_one(row)
    eventually(lambda: steady.state(str(row["_id"]), UNREADABLE) == "parked")
    eventually(lambda: steady.database.outbox.find_one({"_id": row["_id"], "sent": {"$type": "date"}}))


@pytest.mark.parametrize("poison", ["text that is no UTF-8", "a year beyond 9999"])
def test_bytes_that_cannot_be_read_hold_up_nobody(steady: World, poison: str) -> None:
    row = steady.row("thing.grew")
    if poison == "text that is no UTF-8":
        raw = bson.encode({**row, "body": {"text": "MARK"}}).replace(b"MARK", b"\xff\xfe\xfd\xfc")
    else:
        mark = datetime(2001, 2, 3, tzinfo=UTC)
        stored = int(mark.timestamp() * 1000).to_bytes(8, "little")
        raw = bson.encode({**row, "body": {"at": mark}}).replace(stored, (2**60).to_bytes(8, "little"))
    steady.database.outbox.insert_one(RawBSONDocument(raw))
    after = steady.emit("thing.grew")
    eventually(lambda: steady.state(after) == "done")
    eventually(lambda: steady.database.outbox.count_documents({"_id": row["_id"], "sent": {"$type": "date"}}) == 1)


@pytest.mark.parametrize("event", [None, "text", {"id": 5}, {}], ids=repr)
def test_a_stored_delivery_that_holds_no_event_is_parked(steady: World, event: object) -> None:
    good = steady.emit("thing.grew")
    eventually(lambda: steady.state(good) == "done")
    broken = {**fresh(steady.delivery(good)), "_id": f"broken:{event!r}", "event": event}
    steady.database.deliveries.insert_one(broken)
    parked = eventually(lambda: steady.database.deliveries.find_one({"_id": broken["_id"], "state": "parked"}))
    assert parked["error"] == "the stored delivery holds no event"


def test_a_stored_delivery_with_broken_counters_is_delivered_all_the_same(steady: World) -> None:
    good = steady.emit("thing.grew")
    eventually(lambda: steady.state(good) == "done")
    broken = {**fresh(steady.delivery(good)), "_id": f"{good}:tests-second", "reaction": "tests-second"}
    steady.database.deliveries.insert_one({**broken, "attempts": "many", "fence": None, "version": []})
    eventually(lambda: steady.state(good, "tests-second") == "done")
    assert steady.effects(good, "tests-second") == 1


def test_a_reaction_that_the_catalogue_does_not_know_is_waited_for_then_parked(steady: World) -> None:
    good = steady.emit("thing.grew")
    eventually(lambda: steady.state(good) == "done")
    unknown = {**fresh(steady.delivery(good)), "_id": f"{good}:tests-unknown", "reaction": "tests-unknown"}
    steady.database.deliveries.insert_one(unknown)
    parked = eventually(lambda: steady.database.deliveries.find_one({"_id": unknown["_id"], "state": "parked"}))
    assert (parked["attempts"], steady.calls(good, "tests-unknown")) == (4, 0)
    assert "the catalogue does not know this reaction" in parked["error"]


def test_one_aggregates_events_take_effect_in_their_order(steady: World) -> None:
    things = [f"thing_{number}_{steady.row()['_id']}" for number in range(5)]
    rows = [
        steady.row("thing.grew", aggregate=thing, aggregate_version=version, n=n)
        for version in range(1, 9) for n in range(2) for thing in things
    ]  # fmt: skip
    steady.database.outbox.insert_many(rows)
    eventually(lambda: steady.database.effects.count_documents({"aggregate": {"$in": things}}) == len(rows))
    for thing in things:
        effects = list(steady.database.effects.find({"aggregate": thing}).sort("at_s"))
        order = [(effect["aggregate_version"], effect["n"]) for effect in effects]
        assert order == sorted(order)


def test_a_reaction_that_hangs_does_not_hold_up_the_others(steady: World) -> None:
    stuck = [steady.emit("thing.stuck", script=script(pauses_s=[4])) for _ in range(30)]
    eventually(lambda: steady.calls(stuck[0], "tests-stuck") == 1)
    other = steady.emit("thing.grew")
    eventually(lambda: steady.state(other) == "done")
    assert steady.database.effects.count_documents({"key": {"$in": [f"{event}:tests-stuck" for event in stuck]}}) == 0
    assert steady.database.calls.count_documents({"key": {"$in": [f"{event}:tests-stuck" for event in stuck]}}) <= 8


def test_deliveries_that_went_missing_are_restored_and_have_no_second_effect(steady: World) -> None:
    event = steady.emit("thing.happened")
    eventually(lambda: steady.state(event) == steady.state(event, "tests-second") == "done")
    steady.database.deliveries.delete_many({"event_id": event})
    eventually(lambda: steady.state(event) == steady.state(event, "tests-second") == "done")
    assert [steady.effects(event), steady.effects(event, "tests-second")] == [1, 1]
    assert [steady.calls(event), steady.calls(event, "tests-second")] == [2, 2]


def test_only_what_is_missing_is_restored(steady: World) -> None:
    event = steady.emit("thing.happened")
    eventually(lambda: steady.state(event) == steady.state(event, "tests-second") == "done")
    steady.database.deliveries.delete_one({"_id": f"{event}:tests-second"})
    eventually(lambda: steady.state(event, "tests-second") == "done")
    assert [steady.calls(event), steady.calls(event, "tests-second")] == [1, 2]


def test_logs_hold_ids_and_no_bodies_or_tokens(steady: World) -> None:
    event = steady.emit("thing.grew", script={"tests-first": {}, "secret": "swordfish"})
    connector = steady.doors[1]
    line = eventually(lambda: next((line for line in connector.lines("event_delivered") if line["event_id"] == event), None))
    assert (line["reaction"], line["trace_id"], line["attempts"]) == ("tests-first", "trc_1", 1)
    text = connector.output.read_text()
    assert "swordfish" not in text
    assert "Bearer" not in text
    assert "eyJ" not in text
