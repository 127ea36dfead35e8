"""The container engine, as these programs see it."""

import os

import docker
from docker import DockerClient
from docker.errors import DockerException

PATIENCE_S = 600


class EngineTrouble(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """There is no engine, or it could not do what it was asked for."""


def connect() -> DockerClient:
    """Reach the engine that `DOCKER_HOST` names, or the machine's own. Raises EngineTrouble."""
    try:
        client = docker.from_env(timeout=PATIENCE_S)
        client.ping()
    except DockerException as error:
        where = os.environ.get("DOCKER_HOST", "this machine")
        raise EngineTrouble(f"No container engine answers on {where}. Start one, or set DOCKER_HOST. ({error})") from error
    return client
