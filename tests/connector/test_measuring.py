"""What the leading connector measures is shown while it can be measured, and not as it was before."""

from collections.abc import Iterator

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from connector.lease import Leadership
from connector.measuring import Measuring
from freehold.telemetry.metrics import REGISTRY
from freehold.telemetry.readings import NewestReadings
from tests.connector.world import World

UNREACHABLE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50"


@pytest.fixture
def readings() -> Iterator[NewestReadings]:
    made = NewestReadings()
    yield made
    REGISTRY.unregister(made)


def shown(readings: NewestReadings) -> dict[str, float]:
    return {sample.name: sample.value for family in readings.collect() for sample in family.samples}


def test_readings_are_gone_while_the_database_is(emptied: World, readings: NewestReadings) -> None:
    leading = Leadership(emptied.database.leases, role="dispatcher", holder="me", lease_s=60)
    leading.keep()
    emptied.emit()
    measuring = Measuring(emptied.database, leading, readings)
    assert measuring.turn() is False
    assert shown(readings)["freehold_outbox_unsent"] == 1
    with MongoClient(UNREACHABLE) as nowhere, pytest.raises(PyMongoError):
        Measuring(nowhere["nothing"], leading, readings).turn()
    assert shown(readings) == {}, "so that an alert on their absence goes off"
    measuring.turn()
    assert shown(readings)["freehold_outbox_unsent"] == 1
    leading.give_up()
    measuring.turn()
    assert shown(readings) == {}, "only the leader measures"
