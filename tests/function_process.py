"""A real process that serves functions, and waiting until it answers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_port

ROOT = Path(__file__).parents[1]
GIVE_UP_S = 60.0
SERVER = ("-m", "freehold.edge.server")


@contextmanager
def function_process(
    keys: Path, database: str, functions: str, *, program: Sequence[str] = SERVER, **environ: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *program],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "FUNCTION": functions,
            "FREEHOLD_SECRETS": str(keys),
            "FREEHOLD_ENVIRONMENT": "sandbox",
            "FREEHOLD_MONGODB_DATABASE": database,
            "FREEHOLD_PORT": str(port),
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(port: int, path: str, status: int) -> None:
    give_up_at = time.monotonic() + GIVE_UP_S
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", verify=False
    ) as client:  # no TLS here: reading the CAs each time is dear
        while time.monotonic() < give_up_at:
            try:
                if client.get(path).status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    pytest.fail(f"{path} did not answer {status}")
