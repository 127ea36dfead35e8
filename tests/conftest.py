"""What every test may ask for: one real MongoDB per run, a database per worker, a folder of development secrets."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.store import local_admin
from infra.keys import make_keys, write_secret
from tests.api import Api
from tests.keeping import OWNER, kept

KEEPER_LIMIT_S = 90.0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell each xdist worker which process is the run itself."""
    node.workerinput[OWNER] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's MongoDB, also after ctrl-C. Workers leave it alone; the run's own process is the last to go."""
    if hasattr(config, "workerinput"):
        return
    factory = getattr(config, "_tmp_path_factory", None)
    base = getattr(factory, "_basetemp", None)
    if base is not None:
        _stop_keeper(base / "mongodb")


@pytest.fixture(scope="session")
def mongodb_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the run's MongoDB is: `MONGODB_URI` if that is set, else one `mongod` that all workers share."""
    if given := os.environ.get("MONGODB_URI"):
        return given
    return kept("tests.keep_mongod", "mongodb", request, tmp_path_factory, limit_s=KEEPER_LIMIT_S)


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


@pytest.fixture
def api(mongodb_uri: str, database: str, keys: Path) -> Iterator[Api]:
    """Give all functions behind an in-process client, over the worker's database."""
    with Api.opened(mongodb_uri, database, keys) as opened:
        yield opened


def _stop_keeper(folder: Path) -> None:
    """End the keeper that this run started, and wait until it is gone with its server."""
    try:
        pid = int((folder / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        give_up_at = time.monotonic() + 20
        while (folder / "mongod").exists() and time.monotonic() < give_up_at:
            time.sleep(0.05)
    except (FileNotFoundError, ProcessLookupError):
        return
