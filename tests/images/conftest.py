"""One engine and one build for all workers of a run; they wait for each other, and images stay as a cache."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from docker import DockerClient

from infra.images import build
from infra.images.debian import ensure_base
from infra.images.stand_ins import STAND_INS, make_stand_in
from tests import keeping
from tests.keep_engine import answers

OWN_ENGINE = "unix:///var/run/docker.sock"


@pytest.fixture(scope="session")
def engine_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Say where the machine's own engine is, if one answers, else one `dockerd` that all workers share."""
    own = os.environ.get("DOCKER_HOST", OWN_ENGINE)
    return own if answers(own) else keeping.shared(request, tmp_path_factory, "keep_engine")


@pytest.fixture(scope="session")
def engine(engine_uri: str) -> Iterator[DockerClient]:
    """Give a client of the engine."""
    with closing(DockerClient(base_url=engine_uri, timeout=600)) as client:
        yield client


@pytest.fixture(scope="session")
def images(engine: DockerClient, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build every image of ours once per run, on the local base; answer their ids by target."""
    with _once(request, tmp_path_factory) as folder:
        return {target: _built(engine, target, folder) for target in build.TARGETS}


@pytest.fixture(scope="session")
def stand_ins(engine: DockerClient, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make local images in the place of the official ones."""
    with _once(request, tmp_path_factory):
        for name in STAND_INS:
            make_stand_in(engine, name, base=ensure_base(engine))


@contextmanager
def _once(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let one worker after the other in, to a folder that all of them see."""
    base = factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "images"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _built(engine: DockerClient, target: str, folder: Path) -> str:
    note = folder / target
    if not note.exists():
        note.write_text(build.build(engine, target, repository=build.LOCAL, base=ensure_base(engine)).id)
    return note.read_text()
