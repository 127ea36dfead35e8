"""`python -m tests.keep_engine FOLDER OWNER_PID`: keep one container engine for a test run (tests.keeping).

Images stay in DATA, as a cache; one run at a time has it.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException

from tests import keeping

DATA = Path("/var/lib/freehold-engine")
RUN = Path("/run/freehold-engine")
START_LIMIT_S = 100.0


class Trouble(Exception):  # noqa: N818 - the message is a sentence
    """No engine can be had here."""


def answers(uri: str) -> bool:
    """Whether an engine can be talked to at this address."""
    try:
        with closing(docker.DockerClient(base_url=uri, timeout=10)) as client:
            return bool(client.ping())
    except DockerException:
        return False


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Give the address of an engine that runs."""
    for place in (folder, DATA, RUN):
        place.mkdir(parents=True, exist_ok=True)
    with (DATA / "lock").open("w") as lock, (folder / "log").open("wb") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run on this machine has it; it ends
        uri = f"unix://{RUN}/docker.sock"
        engine = subprocess.Popen(
            ["dockerd", f"--data-root={DATA / 'data'}", f"--exec-root={RUN}", f"--pidfile={RUN / 'pid'}", f"--host={uri}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(engine, uri, folder / "log")
            yield uri
        finally:
            engine.terminate()
            engine.wait(60)
            (folder / "log").unlink()
            folder.rmdir()


def _wait_for(engine: subprocess.Popen[bytes], uri: str, log: Path) -> None:
    give_up_at = time.monotonic() + START_LIMIT_S
    while not answers(uri):
        if engine.poll() is not None or time.monotonic() > give_up_at:
            raise Trouble(f"no container engine:\n{log.read_text(errors='replace')[-3_000:]}")
        time.sleep(0.1)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    keeping.keep(place, int(sys.argv[2]), running(place / keeping.SERVER), Trouble)
