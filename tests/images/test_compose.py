"""docker-compose.yml, with local images in the place of the official ones: up with one command, the whole demo, down again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from docker import DockerClient
from docker.models.containers import Container

from freehold.catalogue import Catalogue
from infra.images.stand_ins import environment
from infra.keys import GIVEN
from infra.local.ports import free_port
from infra.manifest.grouping import group_names
from tests.function_process import ROOT, wait_for

FILE = ROOT / "docker-compose.yml"
UP_LIMIT_S = 300.0
SERVICES = yaml.safe_load(FILE.read_text())["services"]
ONE_SHOTS = {"secrets", "replica-set", "database"}


class Compose:
    """One project of docker-compose, on a port of its own."""

    def __init__(self, engine: DockerClient, engine_uri: str, variables: Path, port: int) -> None:
        self.engine = engine
        self.port = port
        self.project = f"freehold-test-{os.getpid()}"
        self.environ = {
            **os.environ,
            "DOCKER_HOST": engine_uri,
            "FREEHOLD_PORT": str(port),
            "FREEHOLD_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        self._command = ["docker-compose", "--env-file", str(variables), "--project-name", self.project]

    def run(self, *arguments: str) -> str:
        """Run a command of docker-compose; what it prints is the answer."""
        ran = subprocess.run(
            [*self._command, *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=UP_LIMIT_S,
            check=False,
        )
        assert ran.returncode == 0, (
            f"docker-compose {' '.join(arguments)}:\n{ran.stdout[-3_000:]}{ran.stderr[-3_000:]}\n{self.states()}"
        )
        return ran.stdout

    def containers(self) -> dict[str, Container]:
        """Give the project's containers by their service."""
        found = self.engine.containers.list(all=True, filters={"label": f"com.docker.compose.project={self.project}"})
        return {container.labels["com.docker.compose.service"]: container for container in found}

    def states(self) -> str:
        """Say how each container is, with the last words of those that are not well."""
        return "\n".join(
            f"{name}: {container.status}, {container.health}\n{'' if is_well(container) else container.logs(tail=12).decode()}"
            for name, container in self.containers().items()
        )

    def wait_until_well(self) -> None:
        """Wait until every container is healthy, or has done its one thing."""
        give_up_at = time.monotonic() + UP_LIMIT_S
        while time.monotonic() < give_up_at:
            if all(is_well(container) for container in self.containers().values()):
                return
            time.sleep(0.5)
        pytest.fail(self.states())


def is_well(container: Container) -> bool:
    if container.labels["com.docker.compose.service"] in ONE_SHOTS:
        return container.status == "exited" and container.attrs["State"]["ExitCode"] == 0
    return container.status == "running" and container.health == "healthy"


@contextmanager
def up(engine: DockerClient, engine_uri: str, folder: Path) -> Iterator[Compose]:
    """Start the whole file; everything is removed in the end, with its volumes."""
    variables = folder / "images.env"
    variables.write_text("".join(f"{name}={value}\n" for name, value in environment().items()))
    compose = Compose(engine, engine_uri, variables, free_port())
    try:
        compose.run("up", "--detach", "--no-build")
        compose.wait_until_well()
        yield compose
    finally:
        compose.run("down", "--volumes", "--timeout", "20")


@pytest.mark.usefixtures("images", "stand_ins")
def test_one_command_brings_up_all_of_it_and_the_demo_passes(engine, engine_uri, tmp_path):
    with up(engine, engine_uri, tmp_path) as compose:
        wait_for(compose.port, "/_/ready", 200)
        only_the_gateway_is_published(compose)
        each_holds_its_own_secrets_and_no_others(compose)
        the_demo_passes(compose)
        prometheus_sees_every_part(compose)
        a_killed_container_comes_back(compose)
        compose.run("up", "--detach", "--no-build")
        compose.wait_until_well()
    left = {"label": f"com.docker.compose.project={compose.project}"}
    assert (engine.volumes.list(filters=left), engine.networks.list(filters=left), compose.containers()) == ([], [], {})


def only_the_gateway_is_published(compose: Compose) -> None:
    containers = compose.containers()
    published = {name: container.ports for name, container in containers.items() if any(container.ports.values())}
    assert published == {"gateway": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(compose.port)}]}}
    for container in containers.values():
        host = container.attrs["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["Memory"] > 0
        assert host["NetworkMode"] != "host"


def each_holds_its_own_secrets_and_no_others(compose: Compose) -> None:
    containers = compose.containers()
    held = {name: containers[name].exec_run("ls /var/openfaas/secrets").output.decode().split() for name in KEPT}
    assert held == KEPT


BASE = ["access-token-jwks", "door-jwks", "mongodb-uri"]
KEPT = {
    "functions": BASE,
    "functions-auth": sorted([*BASE, "access-token-key", "refresh-token-key"]),
    "functions-payments": sorted([*BASE, *GIVEN]),
    "functions-papers": sorted([*BASE, "smtp-url"]),
    "functions-ledger": sorted([*BASE, "ledger-key"]),
    "relay": ["mongodb-uri"],
    "connector": ["amqp-uri", "connector-call-key", "mongodb-uri"],
    "scheduler": ["scheduler-call-key"],
}


def the_demo_passes(compose: Compose) -> None:
    password = compose.run("run", "--rm", "--no-deps", "-T", "database", "cat", "/var/openfaas/secrets/operator-password")
    shown = subprocess.run(
        [sys.executable, "-m", "infra.demo"],
        cwd=ROOT,
        env={**compose.environ, "FREEHOLD_ADMIN_PASSWORD": password.strip()},
        capture_output=True,
        text=True,
        timeout=UP_LIMIT_S,
        check=False,
    )
    assert shown.returncode == 0, f"{shown.stdout}{shown.stderr}\n{compose.states()}"


def prometheus_sees_every_part(compose: Compose) -> None:
    ask = ["wget", "-q", "-O", "-", "http://127.0.0.1:9090/api/v1/query?query=up==1"]
    prometheus, seen, give_up_at = compose.containers()["prometheus"], set(), time.monotonic() + UP_LIMIT_S
    while seen != SCRAPED and time.monotonic() < give_up_at:
        found = json.loads(prometheus.exec_run(ask).output)["data"]["result"]
        seen = {each["metric"].get("part", each["metric"]["job"]) for each in found}
        time.sleep(0.5)
    assert seen == SCRAPED


SCRAPED = {*KEPT, "gateway-telemetry", "rabbitmq"}


def a_killed_container_comes_back(compose: Compose) -> None:
    before = compose.containers()["functions"]
    os.kill(before.attrs["State"]["Pid"], signal.SIGKILL)  # as the kernel does when memory is short
    give_up_at = time.monotonic() + UP_LIMIT_S
    while compose.containers()["functions"].attrs["RestartCount"] == 0 and time.monotonic() < give_up_at:
        time.sleep(0.1)
    compose.wait_until_well()
    wait_for(compose.port, "/_/ready", 200)


def test_every_function_has_a_container_and_only_those_that_sign_people_in_hold_the_keys():
    served = {name: service["environment"]["FUNCTION"].split(",") for name, service in SERVICES.items() if "functions" in name}
    groups = [group.removeprefix("group:") for listed in served.values() for group in listed]
    assert sorted(groups) == sorted(group_names())
    assert served["functions-auth"] == ["group:auth"]
    assert Catalogue.load().expand(["group:auth"])
