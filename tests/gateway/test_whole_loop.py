"""The demo through the real nginx, with every figure that it checks: people and sockets come in by it, a stand-in of OpenFaaS
calls the real functions, the connector and the scheduler call them inside."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from freehold.catalogue import Catalogue
from freehold.store import Store, apply_schema
from infra.admin import create_admin
from infra.demo.__main__ import ADMIN_EMAIL, ADMIN_PASSWORD, show
from infra.local.ports import free_port
from tests.function_process import ROOT, function_process, wait_for
from tests.gateway_process import Gateway, gateway_process
from tests.ledgers import fresh_ledger
from tests.openfaas_stand_in import OpenFaas

ENTRIES = Catalogue.load().functions
EMAIL, PASSWORD = "operator@example.org", "correct horse battery staple"
FAST = {
    "FREEHOLD_INSPECTION_FLOOR_S": "1", "FREEHOLD_RATE_READ_PER_MINUTE": "6000", "FREEHOLD_RATE_WRITE_PER_MINUTE": "6000",
    "FREEHOLD_RATE_AUTH_PER_MINUTE": "600",
}  # fmt: skip


@contextmanager
def door(module: str, keys: Path, database: str, **environ: str) -> Iterator[None]:
    known = {"FREEHOLD_SECRETS": str(keys), "FREEHOLD_ENVIRONMENT": "sandbox", "FREEHOLD_MONGODB_DATABASE": database}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEHOLD_")}
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=kept | known | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def everything(keys: Path, database: str, profile: str) -> Iterator[tuple[Gateway, OpenFaas]]:
    """Run every part, each on a port of its own, with nginx before them all."""
    public, relay, connector, scheduler = (free_port() for _ in range(4))
    with ExitStack() as stack:
        openfaas = stack.enter_context(OpenFaas.serving())
        names = ",".join(entry.name for entry in ENTRIES)
        place = f"http://127.0.0.1:{public}"
        _, port = stack.enter_context(function_process(keys, database, names, FREEHOLD_RELAY_URL=place, **FAST))
        openfaas.functions = {entry.deployed_as(profile): f"http://127.0.0.1:{port}" for entry in ENTRIES}
        inside = {"FREEHOLD_FUNCTIONS_URL": openfaas.url, "FREEHOLD_PROFILE": profile}
        stack.enter_context(door("realtime", keys, database, FREEHOLD_RELAY_PORT=str(relay), FREEHOLD_RELAY_NODE="a"))
        stack.enter_context(door("connector", keys, database, FREEHOLD_HEALTH_PORT=str(connector), **inside))
        stack.enter_context(door("jobs_scheduler", keys, database, FREEHOLD_HEALTH_PORT=str(scheduler), **inside))
        settings = {"FREEHOLD_PORT": str(public), "FREEHOLD_RELAYS": f"a=127.0.0.1:{relay}", "FREEHOLD_PROFILE": profile}
        gateway = stack.enter_context(gateway_process(openfaas.url, **settings))
        for each in (port, relay, connector, scheduler):
            wait_for(each, "/_/ready", 200)
        yield gateway, openfaas


async def make_operator(mongodb_uri: str, database: str) -> None:
    store = Store(mongodb_uri, database, connections=1)
    await apply_schema(store.database)
    await create_admin(store, email=EMAIL, name="The Operator", password=PASSWORD)
    await store.close()


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[str]:
    """Give a database of one's own: the demo audits the whole ledger, and other tests leave theirs as they please."""
    with fresh_ledger(mongodb_uri) as ledger:
        yield ledger.store.database.name


def test_the_demo_passes_through_nginx(mongodb_uri, database, keys, monkeypatch, capsys):
    asyncio.run(make_operator(mongodb_uri, database))
    monkeypatch.setenv(ADMIN_EMAIL, EMAIL)
    monkeypatch.setenv(ADMIN_PASSWORD, PASSWORD)
    with everything(keys, database, "standard") as (gateway, openfaas):
        asyncio.run(show(gateway.url))
        assert "the ledger is verified" in capsys.readouterr().out
        assert_trusted(gateway, openfaas)


def assert_trusted(gateway: Gateway, openfaas: OpenFaas) -> None:
    """People's calls came by nginx with their trace; the doors' calls did not come by nginx."""
    inside = {entry.name for entry in ENTRIES if entry.kind != "endpoint"}
    logged = gateway.requests()
    spans = {f"00-{line['trace_id']}-{line['span_id']}-01" for line in logged if line["upstream_status"]}
    for seen in openfaas.seen:
        _, _, function, rest = seen.target.split("/", 3)
        if function in inside:
            assert rest.strip("/") == function
            assert seen.values("X-Forwarded-For") == []
        else:
            assert spans.issuperset(seen.values("traceparent")), seen.target
    assert {line["function"] for line in logged}.isdisjoint(inside)
    assert 101 in {line["status"] for line in logged}
    assert [line for line in logged if line["status"] == 429 or line["status"] >= 500] == []
