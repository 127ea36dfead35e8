"""Worlds for the connector: one that many tests share while nothing in it dies, and one for each test that kills."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connector.world import World


def _world(mongodb_uri: str, keys: Path, folder: Path) -> World:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return World(mongodb_uri, f"test_connector_{worker}_{secrets.token_hex(4)}", keys, folder)


@pytest.fixture
def world(mongodb_uri: str, keys: Path, tmp_path: Path) -> Iterator[World]:
    """Give a world of the test's own; nothing runs in it yet."""
    made = _world(mongodb_uri, keys, tmp_path)
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
def steady(mongodb_uri: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world in which the functions and one connector run, for tests that leave them alone."""
    made = _world(mongodb_uri, keys, tmp_path_factory.mktemp("steady"))
    made.start_functions()
    made.start_connector()
    yield made
    made.close()
