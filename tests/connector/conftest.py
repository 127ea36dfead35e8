"""Worlds for the connector: one that many tests share while nothing in it dies, and one for each test that kills."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connector.world import World

TRANSPORTS = ("mongodb", "rabbitmq")


@pytest.fixture(scope="module", params=TRANSPORTS)
def broker_uri(request: pytest.FixtureRequest) -> str:
    """Give the address of the broker that carries the events, and none for MongoDB: one behaviour over both."""
    return str(request.getfixturevalue("amqp_uri")) if request.param == "rabbitmq" else ""


def _world(mongodb_uri: str, keys: Path, folder: Path, amqp_uri: str = "") -> World:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return World(mongodb_uri, f"test_connector_{worker}_{secrets.token_hex(4)}", keys, folder, amqp_uri=amqp_uri)


@pytest.fixture
def world(mongodb_uri: str, keys: Path, tmp_path: Path, broker_uri: str) -> Iterator[World]:
    """Give a world of the test's own; nothing runs in it yet."""
    made = _world(mongodb_uri, keys, tmp_path, broker_uri)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bare(mongodb_uri: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world in which no process runs."""
    made = _world(mongodb_uri, keys, tmp_path_factory.mktemp("bare"))
    yield made
    made.close()


@pytest.fixture
def emptied(bare: World) -> World:
    """Give that world with nothing in it."""
    for name in ("outbox", "deliveries", "leases"):
        bare.database[name].delete_many({})
    return bare


@pytest.fixture(scope="module")
def steady(mongodb_uri: str, keys: Path, tmp_path_factory: pytest.TempPathFactory, broker_uri: str) -> Iterator[World]:
    """Give a world in which the functions and one connector run, for tests that leave them alone."""
    made = _world(mongodb_uri, keys, tmp_path_factory.mktemp("steady"), broker_uri)
    made.start_functions()
    made.start_connector()
    yield made
    made.close()
