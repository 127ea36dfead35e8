"""The sample functions behind an API client, with the real auth functions beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.edge.discovery import find
from tests.api import Api
from tests.edge.samples import declared


@pytest.fixture
def samples(mongodb_uri: str, database: str, keys: Path) -> Iterator[Api]:
    """Give the samples, a short timeout and a low concurrency limit."""
    functions = [*declared(), *find(["auth-register", "auth-login", "auth-logout"])]
    settings = {"request_timeout_s": "3", "concurrency_limit": "8", "body_limit_bytes": "4096"}
    with Api.opened(mongodb_uri, database, keys, functions, **settings) as api:
        yield api
