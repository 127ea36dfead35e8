"""Keep one container engine for a test run, where the machine has none (tests/keeping.py). Images stay in DATA, as a cache."""

import fcntl
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import docker
from docker.errors import DockerException

from tests.keeping import lives, publish

DATA = Path("/var/lib/freehold-engine")
RUN = Path("/run/freehold-engine")
START_LIMIT_S = 60.0


def answers(uri: str | None) -> bool:
    try:
        with closing(docker.DockerClient(base_url=uri, timeout=5)) as client:
            return bool(client.ping())
    except DockerException:
        return False


def keep(folder: Path, owner_pid: int) -> None:
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for place in (DATA, RUN):
        place.mkdir(parents=True, exist_ok=True)
    with (DATA / "lock").open("w") as lock, (folder / "dockerd.log").open("wb") as output:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run on this machine has it; it ends
        uri = f"unix://{RUN}/docker.sock"
        engine = subprocess.Popen(
            ["dockerd", f"--data-root={DATA / 'data'}", f"--exec-root={RUN}", f"--pidfile={RUN / 'pid'}", f"--host={uri}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            give_up_at = time.monotonic() + START_LIMIT_S
            while not answers(uri):
                if engine.poll() is not None or time.monotonic() > give_up_at:
                    publish(folder / "trouble", f"no container engine:\n{(folder / 'dockerd.log').read_text()[-3_000:]}")
                    return
                time.sleep(0.1)
            publish(folder / "uri", uri)
            while not asked_to_stop.wait(0.3) and lives(owner_pid):
                pass
        finally:
            engine.terminate()
            engine.wait(60)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
