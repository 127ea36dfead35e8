"""What every test may ask for: one real MongoDB and one real RabbitMQ per run, a part of each for each worker, secrets."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from freehold.edge import passwords
from freehold.store import local_admin
from infra.keys import make_keys, write_secret
from tests import keeping
from tests.api import Api
from tests.ledgers import drop_spares, fresh_database

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell each xdist worker which process is the run itself."""
    node.workerinput[keeping.OWNER] = os.getpid()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many workers `-n auto` is: two for a processor, since half of the tests wait for other processes."""
    return 2 * (os.cpu_count() or 1)


def pytest_sessionfinish() -> None:
    """Remove the databases that tests had to themselves."""
    drop_spares()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's servers, also after ctrl-C. Workers leave it alone; the run's own process is the last to go."""
    if hasattr(config, "workerinput"):
        return
    factory = getattr(config, "_tmp_path_factory", None)
    base = getattr(factory, "_basetemp", None)
    if base is not None:
        keeping.stop_all(base)


@pytest.fixture(scope="session")
def mongodb_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the run's MongoDB is: `MONGODB_URI` if that is set, else one `mongod` that all workers share."""
    if given := os.environ.get("MONGODB_URI"):
        return given
    return keeping.shared(request, tmp_path_factory, "keep_mongod")


@pytest.fixture(scope="session")
def amqp_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the worker's vhost is, at one RabbitMQ that all workers share."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    vhosts = ",".join(["alone", *(f"gw{number}" for number in range(count))])
    return keeping.shared(request, tmp_path_factory, "keep_rabbitmq", vhosts) + worker


@pytest.fixture(scope="session")
def database(mongodb_uri: str) -> Iterator[str]:
    """Give the worker a database name of its own; the database is removed in the end."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{secrets.token_hex(4)}"
    yield name
    local_admin.drop_database(mongodb_uri, name)


@pytest.fixture(scope="session")
def keys(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of development secrets, `mongodb-uri` among them: what `FREEHOLD_SECRETS` names."""
    folder = tmp_path_factory.mktemp("secrets")
    make_keys(folder, development=True)
    write_secret(folder / "mongodb-uri", mongodb_uri)
    return folder


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash the passwords of this process a thousand times faster, except in the tests of signing in itself."""
    if "auth" not in request.path.parts:
        monkeypatch.setattr(passwords, "_argon2", lambda: CHEAP)


@pytest.fixture
def api(request: pytest.FixtureRequest, mongodb_uri: str, database: str, keys: Path) -> Iterator[Api]:
    """Give all functions behind an in-process client, over the worker's database, or a fresh one (mark `own_ledger`)."""
    with ExitStack() as stack:
        if request.node.get_closest_marker("own_ledger"):
            database = stack.enter_context(fresh_database(mongodb_uri))
        yield stack.enter_context(Api.opened(mongodb_uri, database, keys))
