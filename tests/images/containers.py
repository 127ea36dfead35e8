"""Running an image as an operator should: no root, no capability, nothing to write to but /tmp, secrets as files."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import DockerClient
from docker.models.containers import Container

GIVE_UP_S = 60.0
MEMORY = "128m"
"""What openfaas.yml allows a function."""

CHECK_EVERY_NS = 1_000_000_000
"""The check itself is the image's."""


@contextmanager
def running(
    engine: DockerClient, image: str, secrets: Path, *, command: list[str] | None = None, **environ: str
) -> Iterator[Container]:
    """Run a container on the host's network, where the tests' MongoDB is; it is removed in the end."""
    container = engine.containers.run(
        image,
        command,
        detach=True,
        network_mode="host",
        read_only=True,
        tmpfs={"/tmp": "size=16m"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        pids_limit=128,
        healthcheck={"interval": CHECK_EVERY_NS},
        volumes={str(secrets): {"bind": "/var/openfaas/secrets", "mode": "ro"}},
        environment={"FREEHOLD_ENVIRONMENT": "sandbox", **environ},
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def readable(keys: Path, folder: Path) -> Path:
    """Copy secrets so that a container's user, who is somebody else, may read them."""
    shutil.copytree(keys, folder)
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o444)
    return folder


def ended(container: Container) -> tuple[int, str]:
    """Wait for the end; answer the exit code and all that was printed."""
    code = container.wait(timeout=GIVE_UP_S)["StatusCode"]
    return code, container.logs().decode()


def wait_until_healthy(container: Container) -> None:
    """Wait until the image's own health check has succeeded."""
    give_up_at = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up_at:
        container.reload()
        if container.health == "healthy":
            return
        if container.status == "exited":
            break
        time.sleep(0.1)
    pytest.fail(f"{container.status}, {container.health}: {container.logs().decode()}")
