"""One engine and one build for all workers of a run; they wait for each other, and images stay as a cache."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from docker import DockerClient

from infra.images import build
from infra.images.debian import ensure_base
from tests import keeping
from tests.keep_engine import answers


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerClient]:
    """Give the machine's own engine where one answers, else one `dockerd` that all workers share."""
    uri = os.environ.get("DOCKER_HOST")
    if not answers(uri):
        uri = keeping.shared(request, tmp_path_factory, "keep_engine")
    with closing(DockerClient(base_url=uri, timeout=600)) as client:
        yield client


@pytest.fixture(scope="session")
def images(engine: DockerClient, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build every image of ours once per run, on the local base; answer their ids by target."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "images"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return {target: _built(engine, target, folder) for target in build.TARGETS}


def _built(engine: DockerClient, target: str, folder: Path) -> str:
    note = folder / target
    if not note.exists():
        note.write_text(build.build(engine, target, repository=build.LOCAL, base=ensure_base(engine)).id)
    return note.read_text()
