"""Each door's image starts, says how it is to whoever asks from outside of it, and stops in order."""

import signal
import socket
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_port
from tests.function_process import wait_for
from tests.images.containers import ended, readable, running, wait_until_healthy

PORTS = {"relay": "FREEHOLD_RELAY_PORT", "connector": "FREEHOLD_HEALTH_PORT", "scheduler": "FREEHOLD_HEALTH_PORT"}
SECRETS = {
    "relay": ("mongodb-uri",),
    "connector": ("mongodb-uri", "connector-call-key"),
    "scheduler": ("scheduler-call-key",),
}
NO_FUNCTIONS = "http://127.0.0.1:9"


@pytest.fixture(params=PORTS)
def door(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def secrets(door: str, keys: Path, tmp_path: Path) -> Path:
    """Give the door its own secrets and no others."""
    folder = readable(keys, tmp_path / "secrets")
    for file in folder.iterdir():
        if file.name not in SECRETS[door]:
            file.unlink()
    return folder


def test_a_door_is_healthy_from_outside_and_stops_with_0(engine, images, secrets, database, door):
    port = free_port()
    environ = {PORTS[door]: str(port), "FREEHOLD_MONGODB_DATABASE": database, "FREEHOLD_FUNCTIONS_URL": NO_FUNCTIONS}
    with running(engine, images[door], secrets, **environ) as container:
        wait_until_healthy(container)
        assert container.exec_run("id -u").output.decode().strip() == "10001"
        assert httpx.get(f"http://{own_address()}:{port}/_/health").status_code == 200
        wait_for(port, "/_/ready", 503 if door == "scheduler" else 200)
        container.kill(signal.SIGTERM)
        assert ended(container)[0] == 0


def own_address() -> str:
    """Say an address of this machine that is not the loopback's: what listens there can be probed from elsewhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def test_a_door_without_its_secrets_names_them(engine, images, tmp_path, door):
    (tmp_path / "none").mkdir()
    with running(engine, images[door], tmp_path / "none", FREEHOLD_FUNCTIONS_URL=NO_FUNCTIONS) as container:
        code, said = ended(container)
    assert code != 0
    for secret in SECRETS[door]:
        assert f"missing secret file /var/openfaas/secrets/{secret}" in said
