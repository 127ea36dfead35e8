"""The connector's process: what it refuses to start with, and what it says."""

import shutil
import socket
from pathlib import Path

import pytest

from tests.connector.world import PATIENCE_S, World, eventually


def refused(world: World, *, environ: dict[str, str] | None = None, **settings: object) -> str:
    connector = world.start("-m", "connector", environ=environ, **settings)
    assert connector.process.wait(PATIENCE_S) == 1
    said = connector.output.read_text()
    assert "Traceback" not in said
    return said


@pytest.fixture
def spoilt(keys: Path, tmp_path: Path) -> Path:
    """Give a copy of the secrets that a test may spoil."""
    return Path(shutil.copytree(keys, tmp_path / "spoilt"))


@pytest.mark.parametrize(
    "address", ["swordfish", "http://ada:swordfish@127.0.0.1/", "amqp://:swordfish@", "amqp://h:swordfish"]
)
def test_a_brokers_address_that_is_none_is_said_without_repeating_it(bare: World, address: str) -> None:
    said = refused(bare, environ={"AMQP_URI": address})
    assert "the secret file amqp-uri (or AMQP_URI) must hold an address" in said
    assert "swordfish" not in said


def test_the_secret_file_is_read_before_the_variable(bare: World, spoilt: Path) -> None:
    (spoilt / "amqp-uri").write_text("no address")
    assert "amqp-uri" in refused(bare, secrets=spoilt, environ={"AMQP_URI": "amqp://127.0.0.1/"})


def test_every_missing_or_wrong_setting_is_named(bare: World) -> None:
    said = refused(bare, secrets="/nowhere", functions_url="ftp://x", concurrency=0, dispatch_batch=5_000)
    for place in (
        "/nowhere/mongodb-uri", "/nowhere/connector-call-key", "FREEHOLD_FUNCTIONS_URL", "FREEHOLD_CONCURRENCY",
        "FREEHOLD_DISPATCH_BATCH",
    ):  # fmt: skip
        assert place in said


def test_production_refuses_development_keys(bare: World) -> None:
    assert "connector_call_key is a development key" in refused(bare, environment="production")


def test_secrets_that_hold_something_else_are_said_without_repeating_them(bare: World, spoilt: Path) -> None:
    (spoilt / "connector-call-key").write_text("swordfish")
    assert "call key must be a private Ed25519 key" in refused(bare, secrets=spoilt)
    shutil.copy(bare.secrets / "connector-call-key", spoilt)
    (spoilt / "mongodb-uri").write_text("http://ada:swordfish@127.0.0.1/")
    said = refused(bare, secrets=spoilt)
    assert "secret file mongodb-uri must hold an address" in said
    assert "swordfish" not in said


def test_a_catalogue_that_cannot_be_read_is_said(bare: World, tmp_path: Path) -> None:
    assert f"the catalogue {tmp_path}/none.json cannot be read" in refused(bare, catalogue_file=tmp_path / "none.json")


def test_a_taken_health_port_is_said_in_a_sentence(bare: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(bare, health_port=port)
    assert f"port {port} cannot be used" in said


def test_the_ce_profile_calls_the_group_that_serves_a_reaction(world: World) -> None:
    world.start_functions()
    world.start_connector(profile="ce", concurrency=1)
    event = world.emit("thing.grew")
    eventually(lambda: world.state(event) == "done")
    assert world.database.calls.find_one({"key": f"{event}:tests-first"})["deployed"] == "tests"


def test_it_touches_no_collection_but_its_three(world: World) -> None:
    world.database.command("profile", 2)
    world.start_functions()
    connector = world.start_connector()
    events = [world.emit(), world.emit("thing.grew", script={"tests-first": {"statuses": [422]}})]
    eventually(lambda: world.state(events[0]) == "done" and world.state(events[1]) == "parked")
    assert connector.stop() == 0
    world.database.command("profile", 0)
    touched = world.database["system.profile"].distinct("ns", {"appName": "freehold-connector"})
    allowed = {f"{world.database.name}.{name}" for name in ("outbox", "deliveries", "leases")}
    assert allowed <= set(touched) <= {*allowed, f"{world.database.name}.$cmd", f"{world.database.name}.$cmd.aggregate"}
