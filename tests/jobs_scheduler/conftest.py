"""A world whose catalogue holds sweeps."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.catalogue import Catalogue
from tests.connector.world import World
from tests.jobs_scheduler.entries import sweep


@pytest.fixture
def ticking(mongodb_uri: str, keys: Path, tmp_path: Path) -> Iterator[World]:
    """Give a world with two sweeps, one each fifth and one each half of a second."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    made = World(mongodb_uri, f"test_scheduler_{worker}_{secrets.token_hex(4)}", keys, tmp_path)
    made.know(Catalogue(functions=(sweep("tests-pay", 0.2), sweep("tests-tidy", 0.5))))
    yield made
    made.close()
