"""The servers that are compared, each a process of its own, and how much of the processor each has used."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from infra.local.ports import free_port
from tests.function_process import ROOT, wait_for

PEERS: Final = Path(__file__).parent / "peers"
EXPRESS: Final = PEERS / "express"
TEMPLATE: Final = PEERS / "python3_http"
JOBS: Final = "jobs-create-job,jobs-list-jobs"
LIMITS: Final = {
    "FREEHOLD_RATE_READ_PER_MINUTE": "1000000",
    "FREEHOLD_RATE_WRITE_PER_MINUTE": "1000000",
    "FREEHOLD_OPEN_JOBS_LIMIT": "1000",
}
"""The limits are on, only wide: the load comes from few people."""


_AS_IN_AN_IMAGE: Final = """\
import sys
sys.modules["rich"] = None  # tools for development bring it, structlog imports it where it is; images do not have it
from freehold.edge.server import main
sys.exit(main())
"""


class Server(Struct, frozen=True):
    """One server that answers on `port`; its jobs are in `database`."""

    name: str
    process: psutil.Process
    port: int
    database: str

    def cpu_s(self) -> float:
        """Say how much processor time it has used, in user mode and in the kernel, all threads (seconds)."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def pss_mib(self) -> float:
        """Say how much memory is its own, with its share of what it shares (proportional set size, MiB)."""
        return float(self.process.memory_full_info().pss) / 2**20


@contextmanager
def ours(keys: Path, database: str, folder: Path, functions: str = JOBS, **environ: str) -> Iterator[Server]:
    """Run a function process as its image does: logs to a file, limits and metrics on, nothing of the tools for development."""
    port = free_port()
    settings = {
        "FUNCTION": functions, "FREEHOLD_SECRETS": str(keys), "FREEHOLD_ENVIRONMENT": "sandbox",
        "FREEHOLD_MONGODB_DATABASE": database, "FREEHOLD_PORT": str(port), **LIMITS, **environ,
    }  # fmt: skip
    command = [sys.executable, "-c", _AS_IN_AN_IMAGE]
    with _running("Freehold", command, ROOT, settings, port=port, database=database, folder=folder) as server:
        wait_for(port, "/_/ready", 200)
        yield server


@contextmanager
def express(keys: Path, database: str, folder: Path) -> Iterator[Server]:
    """Run Express in production mode."""
    port = free_port()
    settings = {**_peer_settings(keys, database, port), "NODE_ENV": "production"}
    with _running("Express", ["node", "server.js"], EXPRESS, settings, port=port, database=database, folder=folder) as server:
        wait_for(port, "/api/jobs", 200)
        yield server


@contextmanager
def template(keys: Path, database: str, folder: Path) -> Iterator[Server]:
    """Run what OpenFaaS's python3-http template runs."""
    port = free_port()
    command = [sys.executable, "index.py"]
    settings = _peer_settings(keys, database, port)
    with _running("python3-http", command, TEMPLATE, settings, port=port, database=database, folder=folder) as server:
        wait_for(port, "/api/jobs", 200)
        yield server


def _peer_settings(keys: Path, database: str, port: int) -> dict[str, str]:
    return {
        "PORT": str(port),
        "MONGODB_URI": (keys / "mongodb-uri").read_text(),
        "MONGODB_DATABASE": database,
        "JWKS_FILE": str(keys / "access-token-jwks"),
    }


@contextmanager
def _running(  # noqa: PLR0913 - what a process is
    name: str, command: list[str], cwd: Path, settings: Mapping[str, str], *, port: int, database: str, folder: Path
) -> Iterator[Server]:
    with (folder / f"{name}-{port}.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={"PATH": os.environ["PATH"], **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Server(name, psutil.Process(process.pid), port, database)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def settle() -> None:
    """Let what the last measurement left behind (checkpoints, garbage) not fall into the next one."""
    time.sleep(0.2)
