"""What the transport says no to: it waits, asks for nothing in a hurry, and holds up nobody."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from connector.deliveries import Deliveries
from connector.denials import MANY, Denials
from connector.dispatcher import Dispatcher
from connector.transport import Outgoing
from freehold.events import EventEnvelope
from tests.connector.test_dispatching import route
from tests.connector.world import World, eventually

REMEMBERED = 2_600
"""More than would be left out one by one."""

RESEND = """
import json
from connector.parts import build
from freehold.settings import ConnectorSettings, load

class Full:
    asked = 0
    denied = frozenset()
    def is_reachable(self):
        return True
    def resend(self, claims):
        Full.asked += len(claims)
        self.denied = frozenset(claim.id for claim in claims)
        return set()

parts = build(load(ConnectorSettings))
parts.leadership.keep()
resender = parts.broker.resender
resender._exchange = Full()
turns = [resender.turn() for _ in range(4)]
print(json.dumps({"event": "turned", "turns": turns, "asked": Full.asked}), flush=True)
"""


@pytest.fixture
def world(emptied: World) -> World:
    return emptied


class Denying(Deliveries):
    """A transport that takes everything but hasty events."""

    denied: frozenset[str] = frozenset()

    def send(self, outgoing: Sequence[Outgoing], now: datetime) -> set[str]:
        self.denied = frozenset(item.event.id for item in outgoing if item.event.type == "thing.rushed")
        return super().send([item for item in outgoing if item.event.id not in self.denied], now)


def event(number: int, kind: str) -> EventEnvelope:
    return EventEnvelope(id=f"evt_{number}", type=kind, aggregate="a", aggregate_version=1, n=0, body={})


def test_an_event_behind_more_refused_ones_than_are_remembered_is_sent(world: World) -> None:
    world.database.outbox.insert_many([world.row("thing.rushed") for _ in range(REMEMBERED)])
    good = world.emit("thing.grew")
    sender = Dispatcher(route(world, Denying(world.database)), parking=Deliveries(world.database), batch=100)
    turns = 0
    with capture_logs() as logs:
        while sender.turn():
            turns += 1
            assert turns <= MANY, "it turns without end"
    assert world.state(good) == "waiting"
    assert world.database.outbox.count_documents({"sent": None}) == REMEMBERED
    assert [line["event_id"] for line in logs if line["event"] == "event_dispatched"] == [good]


def test_single_refusals_wait_by_their_ids_and_many_of_a_type_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    denials = Denials()
    denials.note([event(0, "rare")])
    for number in range(1, 100 * MANY):
        denials.note([event(number, "common")])
    postponed = denials.postponed()
    assert (postponed.types, postponed.events[0]) == (("common",), "evt_0")
    assert len(postponed.events) == 1, "what waits by its type is not remembered one by one"
    monkeypatch.setattr("connector.denials.REFUSED_S", -1.0)
    denials = Denials()
    denials.note([event(number, "common") for number in range(2 * MANY)])
    assert denials.postponed().types == denials.postponed().events == (), "and only for a while"


def test_stored_deliveries_that_a_queue_refuses_are_left_alone_for_a_while(world: World) -> None:
    outgoing = [Outgoing(event(number, "thing.grew"), ("tests-first",)) for number in range(4)]
    Deliveries(world.database).send(outgoing, datetime(2020, 1, 1, tzinfo=UTC))
    nowhere = {"AMQP_URI": "amqp://nobody@127.0.0.1:1/"}
    door = world.start("-c", RESEND, environ=nowhere, dispatch_batch=2)
    (turned,) = eventually(lambda: door.lines("turned"))
    assert turned["turns"] == [False] * 4, "a full batch of refusals asks for no turn at once"
    assert turned["asked"] == 4, "each was tried once"
    assert {row["attempts"] for row in world.database.deliveries.find()} == {0}
