"""What sweeps have measured, as the scheduler writes it down."""

import msgspec
import pytest
from prometheus_client import generate_latest

from freehold.telemetry.metrics import REGISTRY
from freehold.telemetry.readings import NewestReadings, Reading, Readings
from tests.scrape import Scrape


@pytest.fixture
def newest():
    made = NewestReadings()
    yield made
    REGISTRY.unregister(made)


def test_the_newest_readings_of_each_sweep_are_exposed_and_older_ones_are_gone(newest: NewestReadings):
    newest.keep("a", (Reading("freehold_a_seconds", 1.5), Reading("freehold_held", 7, {"currency": "USD"})))
    newest.keep("b", (Reading("freehold_b", 2),))
    newest.keep("a", (Reading("freehold_held", 8, {"currency": "EUR"}), Reading("freehold_held", 9, {"currency": "USD"})))
    found = Scrape(generate_latest(REGISTRY).decode())
    assert found.value("freehold_held", currency="USD") == 9
    assert found.value("freehold_held", currency="EUR") == 8
    assert found.value("freehold_b") == 2
    assert found.labels("freehold_a_seconds") == set()


@pytest.mark.parametrize(
    "reading",
    [
        {"name": "up", "value": 1},
        {"name": "freehold_x\n", "value": 1},
        {"name": 'freehold_x{a="b"}', "value": 1},
        {"name": "freehold_x", "value": "1"},
        {"name": "freehold_x", "value": 1, "labels": {"Currency ": "x"}},
        {"name": "freehold_x", "value": 1, "labels": {"currency": "x" * 81}},
    ],
)
def test_what_is_no_reading_is_refused(reading: dict[str, object]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert([reading], Readings)
    assert msgspec.convert([{"name": "freehold_x", "value": 1}], Readings) == (Reading("freehold_x", 1),)


def test_readings_have_a_limit():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert([{"name": "freehold_x", "value": 1}] * 501, Readings)
