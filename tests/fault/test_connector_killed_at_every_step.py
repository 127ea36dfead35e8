"""R5: the connector, and the broker that it works with, are killed while money moves: nothing is lost, nothing happens twice.

Real functions react. Each connector dies before another of its commands to the database: of those to come by the lease, to
read the outbox, to send, to mark, to claim, and (the reaction has committed by then) to settle.
"""

import json
import os
import secrets
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.catalogue import Catalogue
from tests.api import Api
from tests.connector.world import World, eventually
from tests.escrow import Work, amounts
from tests.fault.books import RELEASED, Books
from tests.function_process import wait_for
from tests.rabbitmq import Broker

FULL = os.environ.get("FREEHOLD_FAULTS") == "full"
CONNECTOR_DIES_BEFORE = range(1, 41) if FULL else range(5, 41, 7)
BROKER_DIES_BEFORE = range(6, 41, 3) if FULL else (12, 24)
PATIENT = {"max_attempts": 1_000, "catalogue_file": "", "lease_s": 1.0, "log_level": "info"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Give a broker of this module's own, which it may kill."""
    made = Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.stop()


class Stage:
    """A marketplace with a real function process, and milestones on which somebody has just asked for something."""

    def __init__(self, world: World, api: Api, *, acts: int) -> None:
        self.world = world
        self.api = api
        self.books = Books(api)
        self.expected: dict[str, dict[str, int]] = {}
        self.works = [Work.begun(api) for _ in range(acts)]
        self._next = [(work, work.submitted()) for work in self.works]
        api.settle()
        world.start("-m", "gateway.local", port=world.functions_port)
        wait_for(world.functions_port, "/_/health", 200)

    def ask(self) -> None:
        """Let a client pay for a milestone, and release another one; their events wait in the outbox."""
        work, submitted = self._next.pop()
        self.expected[work.take(work.client, submitted, "release")["id"]] = RELEASED
        self.expected[work.funding(18_995, method="card")["id"]] = {"deposited": 18_995, "held": 18_995}

    def free(self) -> None:
        """Let what a dead connector held run out now."""
        database = self.world.database
        database.leases.update_many({}, [{"$set": {"expires_at": "$$NOW"}}])
        database.deliveries.update_many({"state": "claimed"}, [{"$set": {"due_at": "$$NOW"}}])

    def come_to_rest(self) -> None:
        """Let a connector that lives finish."""
        self.free()
        self.world.start_connector(**PATIENT)
        database = self.world.database
        eventually(lambda: database.outbox.count_documents({"sent": None}) == 0, what="the outbox to be sent")
        eventually(self.is_delivered, what="every delivery")

    def is_delivered(self) -> bool:
        """Whether every event has had its effects; the scheduler's part is done here."""
        assert self.api.tick("payments-resume-commands").status_code == 200
        return not self.missing()

    def missing(self) -> set[str]:
        """Name the effects that there should be and are not."""
        wanted = Catalogue.load().reactions_to
        rows = self.world.database.outbox.find({}, {"type": 1})
        due = {f"{row['_id']}:{entry.name}" for row in rows for entry in wanted(row["type"])}
        return due - {row["_id"] for row in self.world.database.inbox.find({}, {"_id": 1})}

    def check(self) -> None:
        """Every milestone's money is where it belongs, by our books and the gateway's; everybody was told once."""
        for work in self.works:
            items = work.client.get(f"/api/milestones/{work.project['id']}")["items"]
            assert all(self.expected[item["id"]] == amounts(item) for item in items if item["id"] in self.expected)
        for milestone_id, money in self.expected.items():
            is_released = money == RELEASED
            assert self.books.keys(milestone_id) == (["deposit", "release", "transfer"] if is_released else ["deposit"])
            assert self.books.moved(milestone_id) == (["payment", "transfer"] if is_released else ["payment"])
        told = Counter(self._told())
        assert [what for what, times in told.items() if times > 1] == []
        self.books.check()

    def _told(self) -> Iterator[str]:
        for row in self.world.database.notifications.find({}, {"_id": 0, "user_id": 1, "kind": 1, "data": 1}):
            row["data"].pop("notification_id")
            yield json.dumps(row, sort_keys=True)


@pytest.fixture
def stage(mongodb_uri: str, keys: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    name = f"test_doomed_connector_{secrets.token_hex(4)}"
    transport = getattr(request, "param", "rabbitmq")
    amqp_uri = request.getfixturevalue("broker").uri() if transport == "rabbitmq" else ""
    with Api.opened(mongodb_uri, name, keys) as api:
        world = World(mongodb_uri, name, keys, tmp_path)
        world.amqp_uri = amqp_uri
        yield Stage(world, api, acts=max(len(CONNECTOR_DIES_BEFORE), len(BROKER_DIES_BEFORE)))
        for door in world.doors:
            door.end()
        world.client.drop_database(name)
        world.client.close()


@pytest.mark.parametrize("stage", ["mongodb", "rabbitmq"], indirect=True)
def test_money_survives_a_kill_of_the_connector_before_each_of_its_commands(stage: Stage):
    for step in CONNECTOR_DIES_BEFORE:
        stage.ask()
        stage.free()
        doomed = stage.world.start("-m", "tests.fault.doomed_connector", str(step), **PATIENT)
        assert doomed.process.wait(90) == -signal.SIGKILL, doomed.output.read_text()
    stage.come_to_rest()
    stage.check()


def test_money_survives_a_kill_of_the_broker_while_the_connector_works(stage: Stage, broker: Broker):
    stage.world.start_connector(**PATIENT).stop()  # the queues are there: docs/faults.md says what happens while they are made
    for step in BROKER_DIES_BEFORE:
        stage.ask()
        stage.free()
        assert broker.process is not None
        witness = stage.world.start("-m", "tests.fault.doomed_connector", str(step), str(broker.process.pid), **PATIENT)
        broker.process.wait(90)
        broker.stop()
        broker.start()
        eventually(stage.is_delivered, what="every delivery")
        assert witness.process.poll() is None
        assert witness.stop() == 0
    stage.come_to_rest()
    stage.check()
