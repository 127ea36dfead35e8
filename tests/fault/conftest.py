"""Faults are tested over a ledger, or a whole deployment, of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api import Api
from tests.fault.fleet import Fleet
from tests.ledgers import Ledger, fresh_database, fresh_ledger


@pytest.fixture
def ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a fresh ledger."""
    with fresh_ledger(mongodb_uri) as fresh:
        yield fresh


@pytest.fixture
def deployed(mongodb_uri: str, keys: Path) -> Iterator[Api]:
    """Give a look into the database that the fleet works on."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as opened:
        yield opened


@pytest.fixture
def fleet(deployed: Api, keys: Path, tmp_path: Path) -> Iterator[Fleet]:
    """Give a deployment that has not started."""
    made = Fleet(secrets=keys, database=deployed.store.database.name, folder=tmp_path)
    yield made
    made.end()
