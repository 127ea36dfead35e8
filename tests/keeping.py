"""Keepers: processes that hold a server for a test run, started by the first worker that needs it, ended with the run.

A keeper is a module that is run as `python -m MODULE FOLDER OWNER_PID`. It writes FOLDER/uri once its server can be used, or
FOLDER/trouble, and ends on SIGTERM, or when the process OWNER_PID (the test run itself) is gone.
"""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

OWNER = "freehold_owner_pid"
"""Where the run tells each xdist worker its own process id."""


def kept(module: str, name: str, request: pytest.FixtureRequest, factory: pytest.TempPathFactory, *, limit_s: float) -> str:
    """Answer where the server of this keeper is; start the keeper if no worker of this run has done so."""
    worker = getattr(request.config, "workerinput", None)
    folder = shared_folder(request, factory) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "uri").exists():
            _start(module, folder, owner_pid=worker[OWNER] if worker else os.getpid(), limit_s=limit_s)
    return (folder / "uri").read_text()


def shared_folder(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Path:
    """Give the folder that all workers of this run see."""
    base = factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


def publish(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.rename(file)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _start(module: str, folder: Path, *, owner_pid: int, limit_s: float) -> None:
    (folder / "trouble").unlink(missing_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", module, str(folder), str(owner_pid)],
            cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (folder / "pid").write_text(str(keeper.pid))
    give_up_at = time.monotonic() + limit_s
    while not (folder / "uri").exists():
        if keeper.poll() is not None or time.monotonic() > give_up_at:
            trouble = folder / "trouble"
            pytest.fail(trouble.read_text() if trouble.exists() else (folder / "keeper.log").read_text(), pytrace=False)
        time.sleep(0.05)
