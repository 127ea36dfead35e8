"""One world per worker, in a database of its own, so that nothing else changes what the tests count."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.edge import sessions
from freehold.edge.discovery import find_all
from freehold.store import local_admin
from tests.api import Api
from tests.security.interruptions import Fragile
from tests.security.limits import LIMITS
from tests.security.world import World


@pytest.fixture(scope="session")
def world(mongodb_uri: str, keys: Path) -> Iterator[World]:
    """Give the world, behind an app that does not remember who was signed in a moment ago, and that can be interrupted."""
    database = f"test_security_{secrets.token_hex(4)}"
    fragile = Fragile()
    functions = [fragile.of(declaration) for declaration in find_all()]
    with (
        pytest.MonkeyPatch.context() as patch,
        Api.opened(
            mongodb_uri,
            database,
            keys,
            functions,
            **LIMITS,
        ) as api,
    ):
        patch.setattr(sessions, "FRESH_FOR_S", 0.0)
        yield World(api, fragile)
    local_admin.drop_database(mongodb_uri, database)


@pytest.fixture(autouse=True)
def signed_in(request: pytest.FixtureRequest) -> None:
    """Let nobody's token end in the middle of a test of the world."""
    if "world" in request.fixturenames:
        request.getfixturevalue("world").refresh()
