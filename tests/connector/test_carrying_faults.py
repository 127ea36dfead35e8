"""Nothing is lost and nothing done twice while connectors, functions and the database are killed, stopped and restarted."""

import random
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.documents.delivery import UNREADABLE
from infra.keys import write_secret
from tests.connector.world import BOTH, Door, OwnMongod, World, all_done, assert_each_had_one_effect, eventually
from tests.scrape import Scrape


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[OwnMongod]:
    """Give a MongoDB that runs."""
    made = OwnMongod(tmp_path / "mongod")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def own_world(own_mongod: OwnMongod, keys: Path, tmp_path: Path, broker_uri: str) -> Iterator[World]:
    """Give a world on it."""
    secrets = tmp_path / "secrets"
    shutil.copytree(keys, secrets)
    (secrets / "mongodb-uri").unlink()
    write_secret(secrets / "mongodb-uri", own_mongod.place.uri)
    made = World(own_mongod.place.uri, f"test_connector_{tmp_path.name}", secrets, tmp_path, amqp_uri=broker_uri)
    yield made
    made.close(drop=False)


def in_flight(world: World) -> str | None:
    """Say in what state a delivery is that is tried for the first time: of one that a broker holds nothing is stored yet."""
    return None if world.amqp_uri else "claimed"


def test_connectors_killed_in_mid_flight_lose_nothing_and_double_nothing(world: World) -> None:
    world.start_functions()
    chance = random.Random(7)
    patient = {"max_attempts": 50, "claim_margin_s": 0.5}
    world.know(world.catalogue(timeout_s=1.0))
    connectors = [world.start_connector(**patient) for _ in range(2)]
    poison = [
        world.emit(script={reaction: {"statuses": [422]} for reaction in BOTH}),
        world.emit("thing.nobody_wants"),
        world.emit(aggregate_version=2),
    ]
    world.database.outbox.insert_one({**world.row(), "_id": "evt_broken", "body": "no event"})
    events: list[str] = []
    for _ in range(5):
        rows = [world.row(script={"tests-first": {"pauses_s": [chance.choice([0, 0, 0.05])]}}) for _ in range(100)]
        world.database.outbox.insert_many(rows)
        events += [row["_id"] for row in rows]
        seen = world.database.calls.estimated_document_count()
        eventually(lambda seen=seen: world.database.calls.estimated_document_count() > seen + chance.randrange(5, 60))
        connectors.pop(0).stop(signal.SIGKILL)
        connectors.append(world.start("-m", "connector", **patient))
    eventually(lambda: all_done(world, events), within_s=180, what="every delivery")
    assert_each_had_one_effect(world, events)
    assert world.database.outbox.count_documents({"sent": None}) == 0
    assert [world.state(poison[0], reaction) for reaction in BOTH] == ["parked", "parked"]
    assert world.state("evt_broken", UNREADABLE) == "parked"


@pytest.mark.parametrize("broker_uri", ["mongodb"], indirect=True)
def test_a_consumer_stopped_past_its_claim_is_fenced(world: World) -> None:
    world.know(world.catalogue(timeout_s=2.0))
    world.start_functions()
    sleeper = world.start_connector(claim_margin_s=0.5)
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [1.0, 0]}})
    eventually(lambda: world.calls(event) == 1)
    sleeper.send(signal.SIGSTOP)
    world.start_connector(claim_margin_s=0.5)
    eventually(lambda: world.state(event) == "done")
    settled = world.delivery(event)
    sleeper.send(signal.SIGCONT)
    eventually(lambda: sleeper.lines("delivery_fenced"))
    assert world.delivery(event) == settled
    assert (settled["fence"], settled["attempts"], world.effects(event)) == (2, 2, 1)


def test_a_leader_stopped_past_its_lease_finds_out_and_doubles_nothing(world: World) -> None:
    world.start_functions()
    sleeper = world.start_connector()
    first = world.emit()
    eventually(lambda: all_done(world, [first]))
    sleeper.send(signal.SIGSTOP)
    successor = world.start_connector()
    events = [world.emit() for _ in range(20)]
    eventually(lambda: all_done(world, events))
    assert successor.lines("lease_taken")[0]["fence"] == 2
    sleeper.send(signal.SIGCONT)
    events += [world.emit() for _ in range(20)]
    eventually(lambda: sleeper.lines("lease_lost") and all_done(world, events))
    assert_each_had_one_effect(world, [first, *events])
    assert world.database.leases.find_one({"_id": "dispatcher"})["fence"] == 2


def test_sigterm_lets_what_is_in_flight_end_and_nothing_is_delivered_again(world: World) -> None:
    world.start_functions()
    connector = world.start_connector()
    events = [world.emit("thing.grew", script={"tests-first": {"pauses_s": [0.7]}}) for _ in range(5)]
    eventually(lambda: all(world.calls(event) == 1 for event in events))
    assert connector.stop() == 0
    assert [world.state(event) for event in events] == ["done"] * 5
    world.start_connector()
    after = world.emit("thing.grew")
    eventually(lambda: world.state(after) == "done")
    assert [world.calls(event) for event in events] == [1] * 5


def test_sigterm_hands_the_lease_over(world: World) -> None:
    world.start_functions()
    connector = world.start_connector(lease_s=600)
    assert connector.stop() == 0
    world.start_connector(lease_s=600)
    event = world.emit()
    eventually(lambda: all_done(world, [event]))
    assert world.database.leases.find_one({"_id": "dispatcher"})["fence"] == 2


def test_sigterm_ends_by_its_deadline_and_what_was_left_is_delivered_again(world: World) -> None:
    world.know(world.catalogue(timeout_s=4.0))
    world.start_functions()
    connector = world.start_connector(drain_timeout_s=0.3, claim_margin_s=0.1)
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [3.0, 0]}})
    eventually(lambda: world.calls(event) == 1)
    assert connector.stop() == 1
    assert world.state(event) == in_flight(world)
    world.start_connector()
    eventually(lambda: world.state(event) == "done")
    assert (world.calls(event), world.effects(event)) == (2, 1)


def test_a_second_sigterm_leaves_at_once(world: World) -> None:
    world.start_functions()
    connector = world.start_connector(drain_timeout_s=600)
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [9.0]}})
    eventually(lambda: world.calls(event) == 1)
    connector.send(signal.SIGTERM)
    eventually(lambda: connector.lines("stopping"))
    assert connector.stop() == 128 + signal.SIGTERM
    assert world.state(event) == in_flight(world)


def test_functions_that_are_down_for_a_while_get_everything_afterwards(world: World) -> None:
    functions = world.start_functions()
    connector = world.start_connector(max_attempts=1_000)
    before = [world.emit() for _ in range(10)]
    functions.stop(signal.SIGKILL)
    events = [*before, *(world.emit() for _ in range(40))]
    eventually(lambda: world.delivery(events[-1]).get("attempts", 0) >= 2)
    assert "no answer" in world.delivery(events[-1])["error"]
    assert connector.health() == 200
    world.start_functions()
    eventually(lambda: all_done(world, events))
    assert_each_had_one_effect(world, events)


def test_a_database_that_is_killed_and_restarted_ends_no_connector_and_loses_nothing(
    own_world: World, own_mongod: OwnMongod
) -> None:
    own_world.start_functions()
    connector = own_world.start_connector(max_attempts=1_000, claim_margin_s=0.5)
    events = [own_world.emit(script={"tests-first": {"pauses_s": [0.1]}}) for _ in range(150)]
    eventually(lambda: own_world.database.calls.estimated_document_count() > 30)
    own_mongod.kill()
    eventually(lambda: connector.health() == 503, what="not ready without a database")
    assert connector.health("/_/health") == 200
    own_mongod.start()
    eventually(lambda: connector.health() == 200, what="ready again")
    events += [own_world.emit() for _ in range(10)]
    eventually(lambda: all_done(own_world, events), within_s=180, what="every delivery")
    assert_each_had_one_effect(own_world, events)
    assert connector.process.poll() is None
    assert connector.stop() == 0


def test_a_connector_waits_for_a_database_that_is_not_there_yet_and_says_so(own_world: World, own_mongod: OwnMongod) -> None:
    own_world.start_functions()
    event = own_world.emit()
    own_mongod.kill()
    connector = own_world.start("-m", "connector")
    eventually(lambda: connector.lines("database_fails"))
    assert (connector.health("/_/health"), connector.health()) == (200, 503)
    own_mongod.start()
    eventually(lambda: all_done(own_world, [event]))
    eventually(lambda: connector.health() == 200)
    assert connector.lines("database_answers")


def test_without_a_database_nobody_leads_nothing_is_measured_and_sigterm_ends_by_its_deadline(
    own_world: World, own_mongod: OwnMongod
) -> None:
    connector = own_world.start_connector(drain_timeout_s=2)
    measured, leads = "freehold_outbox_unsent", "freehold_connector_leads"
    eventually(lambda: scrape(connector).labels(measured) and scrape(connector).value(leads) == 1)
    own_mongod.kill()
    eventually(lambda: connector.lines("database_fails"))
    eventually(lambda: not scrape(connector).labels(measured) and scrape(connector).value(leads) == 0)
    assert connector.stop(within_s=15) in {0, 1}


def scrape(connector: Door) -> Scrape:
    (started,) = connector.lines("started")
    with urllib.request.urlopen(f"http://127.0.0.1:{started['health_port']}/_/metrics", timeout=30) as answer:
        return Scrape(answer.read().decode())


def test_two_connectors_share_the_work_and_one_leads(world: World) -> None:
    world.start_functions()
    connectors = [world.start_connector(concurrency=4) for _ in range(2)]
    events = [world.emit(script={name: {"pauses_s": [0.05]} for name in BOTH}) for _ in range(60)]
    eventually(lambda: all_done(world, events))
    assert_each_had_one_effect(world, events)
    assert all(connector.lines("event_delivered") for connector in connectors)
    assert sum(len(connector.lines("lease_taken")) for connector in connectors) == 1
