"""The broker is killed, stopped, wiped and filled with nonsense: nothing is lost, nothing is done twice.

10,000 events stand in the first test with `FREEHOLD_FAULT_EVENTS=10000` (`make faults`); by default they are fewer.
"""

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.documents.delivery import UNREADABLE
from tests.connector.world import BOTH, World, all_done, assert_each_had_one_effect, eventually
from tests.rabbitmq import Broker

EVENTS = int(os.environ.get("FREEHOLD_FAULT_EVENTS", "600"))
DECLARED_S = 3.0
"""RabbitMQ 3.10 itself loses the process of a quorum queue when it is killed in the second after its declaration."""

PATIENT = {"max_attempts": 60, "confirm_timeout_s": 2.0}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Give a broker of this module's own, which its tests may kill; each leaves it running."""
    made = Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def world(mongodb_uri: str, keys: Path, tmp_path: Path, broker: Broker) -> Iterator[World]:
    """Give a world on that broker, in which the functions run."""
    made = World(mongodb_uri, f"test_broker_{secrets.token_hex(4)}", keys, tmp_path, amqp_uri=broker.uri())
    made.start_functions()
    made.start_connector().stop()
    time.sleep(DECLARED_S)
    yield made
    made.close()


def emit(world: World, count: int) -> list[str]:
    """Store many events at once, as functions do while the broker is whatever it is."""
    rows = [world.row() for _ in range(count)]
    world.database.outbox.insert_many(rows)
    return [row["_id"] for row in rows]


def settled(world: World) -> int:
    return world.database.deliveries.count_documents({"state": "done"})


def unsent(world: World) -> int:
    return world.database.outbox.count_documents({"sent": None})


def test_consumers_the_dispatcher_and_the_broker_are_killed_and_nothing_is_lost_or_doubled(
    world: World, broker: Broker
) -> None:
    poison = [world.emit(script={name: {"statuses": [422]} for name in BOTH})]
    world.database.outbox.insert_one({**world.row(), "_id": "evt_broken", "body": "no event"})
    connectors = [world.start_connector(**PATIENT) for _ in range(2)]
    events: list[str] = []
    for round_ in range(4):
        before = settled(world)
        events += emit(world, EVENTS // 4)
        if round_ % 2:
            eventually(lambda: unsent(world) < EVENTS // 4, what="a first batch")
            broker.kill()
            connectors.append(world.start("-m", "connector", **PATIENT))
            broker.start()
        eventually(lambda before=before: settled(world) > before + 20, what="a few deliveries")
        connectors.pop(0).stop(signal.SIGKILL)
        connectors.append(world.start("-m", "connector", **PATIENT))
    eventually(lambda: all_done(world, events), within_s=300 + EVENTS / 10, what="every delivery")
    assert_each_had_one_effect(world, events)
    assert unsent(world) == 0
    assert [world.state(poison[0], reaction) for reaction in BOTH] == ["parked", "parked"]
    assert world.state("evt_broken", UNREADABLE) == "parked"


def test_while_the_broker_is_down_events_wait_in_the_outbox_and_it_drains_afterwards(world: World, broker: Broker) -> None:
    connector = world.start_connector()
    before = emit(world, 5)
    eventually(lambda: all_done(world, before))
    broker.kill()
    eventually(lambda: connector.health() == 503, what="not ready without a broker")
    events = emit(world, 100)
    eventually(lambda: len(connector.lines("broker_fails")) == 2)
    assert (connector.health("/_/health"), unsent(world)) == (200, 100)
    broker.start()
    eventually(lambda: connector.health() == 200, what="ready again")
    eventually(lambda: all_done(world, events))
    assert_each_had_one_effect(world, [*before, *events])
    assert [len(connector.lines(line)) for line in ("broker_fails", "broker_answers")] == [2, 4], "said once per change"
    assert connector.stop() == 0


def test_a_broker_that_lost_everything_is_filled_again(world: World, broker: Broker) -> None:
    publisher = world.start_connector(concurrency=1, concurrency_per_reaction=1, reconcile_after_s=600)
    events = emit(world, 150)
    eventually(lambda: unsent(world) == 0, what="all published")
    publisher.stop(signal.SIGKILL)
    broker.kill()
    assert settled(world) < 2 * len(events), "the queues still held some"
    broker.wipe()
    broker.start()
    connector = world.start_connector()
    eventually(lambda: all_done(world, events), what="every delivery")
    assert connector.lines("deliveries_restored")
    assert_each_had_one_effect(world, events)


def test_with_the_broker_down_sigterm_ends_by_its_deadline_and_what_was_in_flight_is_not_called_again(
    world: World, broker: Broker
) -> None:
    connector = world.start_connector(drain_timeout_s=8)
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [1.0]}})
    eventually(lambda: world.calls(event) == 1)
    broker.kill()
    assert connector.stop(within_s=30) == 0
    assert world.state(event) == "done", "its outcome was stored, though the broker could not be told"
    broker.start()
    world.start_connector()
    after = world.emit("thing.grew")
    eventually(lambda: world.state(after) == "done")
    assert world.calls(event) == 1


def test_a_consumer_that_sleeps_past_its_heartbeats_finds_its_delivery_settled(world: World) -> None:
    sleeper = world.start_connector(amqp_heartbeat_s=1)
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [1.0, 0]}})
    eventually(lambda: world.calls(event) == 1)
    sleeper.send(signal.SIGSTOP)
    world.start_connector()
    eventually(lambda: world.state(event) == "done")
    stored = world.delivery(event)
    sleeper.send(signal.SIGCONT)
    eventually(lambda: sleeper.lines("delivery_fenced"))
    assert world.delivery(event) == stored
    assert (world.calls(event), world.effects(event)) == (2, 1)
    eventually(lambda: sleeper.health() == 200, what="ready again")


def test_a_broker_that_hangs_confirms_nothing_and_nothing_is_marked(world: World, broker: Broker) -> None:
    connector = world.start_connector(confirm_timeout_s=0.5, lease_s=600)
    broker.process.send_signal(signal.SIGSTOP)
    try:
        events = emit(world, 20)
        eventually(lambda: [line for line in connector.lines("broker_fails") if line["link"] == "publish"])
        assert unsent(world) == 20
    finally:
        broker.process.send_signal(signal.SIGCONT)
    eventually(lambda: all_done(world, events))
    assert_each_had_one_effect(world, events)


def test_writes_go_on_while_the_broker_comes_and_goes(world: World, broker: Broker) -> None:
    world.start_connector(**PATIENT)
    events: list[str] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.2) and len(events) < 200:
            events.extend(emit(world, 2))

    writer = threading.Thread(target=write)
    writer.start()
    broker.kill()
    broker.start()
    over.set()
    writer.join()
    eventually(lambda: all_done(world, events), what="every delivery")
    assert_each_had_one_effect(world, events)
