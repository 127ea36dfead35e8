"""One nginx per worker, before a stand-in of OpenFaaS that answers for every function."""

from collections.abc import Iterator

import httpx
import pytest

from freehold.catalogue import Catalogue
from tests.gateway_process import Gateway, gateway_process
from tests.openfaas_stand_in import Answer, OpenFaas

ORIGIN = "https://app.example.org"
NAMES = [name for entry in Catalogue.load().functions for name in (entry.name, entry.group)]


@pytest.fixture(scope="session")
def stand_in() -> Iterator[OpenFaas]:
    """Give the worker's stand-in."""
    with OpenFaas.serving() as serving:
        yield serving


@pytest.fixture
def openfaas(stand_in: OpenFaas) -> OpenFaas:
    """Give the stand-in as if it were new: every function answers `{}`."""
    stand_in.answer_all(Answer(), NAMES)
    return stand_in


@pytest.fixture(scope="session")
def nginx(stand_in: OpenFaas) -> Iterator[Gateway]:
    """Give the worker's gateway, with limits that no test reaches by accident."""
    with gateway_process(stand_in.url, FREEHOLD_CORS_ORIGINS=ORIGIN, FREEHOLD_ADDRESS_REQUESTS="512") as gateway:
        yield gateway


@pytest.fixture
def client(nginx: Gateway, openfaas: OpenFaas) -> Iterator[httpx.Client]:
    """Give a client of the gateway."""
    assert openfaas.seen == []
    with httpx.Client(base_url=nginx.url, timeout=30) as opened:
        yield opened
