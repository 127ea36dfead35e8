"""Servers that a whole test run shares: started by the first worker that needs one, ended with the run, however that ends.

Each has a keeper, a small process that starts the server, writes its address to FOLDER/uri (or FOLDER/trouble), and ends it
on SIGTERM, or when the test run itself is gone. Here are both ends: what a worker does, and what a keeper does.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

OWNER = "freehold_owner_pid"
KEEPER_LIMIT_S = 150.0
SERVER = "server"


def shared(request: pytest.FixtureRequest, factory: pytest.TempPathFactory, module: str, *arguments: str) -> str:
    """Give the address of the run's server of one kind: `module` is its keeper."""
    worker = getattr(request.config, "workerinput", None)
    base = factory.getbasetemp()
    folder = (base.parent if worker else base) / module
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "uri").exists():
            _start(folder, f"tests.{module}", str(worker[OWNER] if worker else os.getpid()), *arguments)
    return (folder / "uri").read_text()


def stop_all(base: Path) -> None:
    """End the keepers that this run started, and wait until they are gone with their servers."""
    for pid in base.glob("keep_*/pid"):
        _stop(pid.parent)


def keep(folder: Path, owner_pid: int, running: AbstractContextManager[str], trouble: type[Exception]) -> None:
    """Be a keeper: `running` gives the address of a server that runs while it is entered."""
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running as uri:
            _publish(folder / "uri", uri)
            while not asked_to_stop.wait(0.3) and _lives(owner_pid):
                pass
    except trouble as error:
        _publish(folder / "trouble", str(error))
        raise SystemExit(1) from error


def _start(folder: Path, *argv: str) -> None:
    (folder / "trouble").unlink(missing_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", argv[0], str(folder), *argv[1:]],
            cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (folder / "pid").write_text(str(keeper.pid))
    give_up_at = time.monotonic() + KEEPER_LIMIT_S
    while not (folder / "uri").exists():
        if keeper.poll() is not None or time.monotonic() > give_up_at:
            trouble = folder / "trouble"
            pytest.fail(trouble.read_text() if trouble.exists() else (folder / "keeper.log").read_text(), pytrace=False)
        time.sleep(0.05)


def _stop(folder: Path) -> None:
    try:
        os.kill(int((folder / "pid").read_text()), signal.SIGTERM)
        give_up_at = time.monotonic() + 30
        while (folder / SERVER).exists() and time.monotonic() < give_up_at:
            time.sleep(0.05)
    except (FileNotFoundError, ProcessLookupError):
        return


def _publish(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.rename(file)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
