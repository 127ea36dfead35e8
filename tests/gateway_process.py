"""The public gateway as a process: the real `gateway/start` and the real nginx, on a free port and in a folder of its own."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.ports import free_port
from tests.function_process import ROOT

GIVE_UP_S = 30.0
NOBODY = 65_534
GENEROUS = {
    "FREEHOLD_ADDRESS_READS_PER_MINUTE": "600000",
    "FREEHOLD_ADDRESS_WRITES_PER_MINUTE": "600000",
    "FREEHOLD_ADDRESS_AUTHS_PER_MINUTE": "600000",
    "FREEHOLD_ADDRESS_WEBHOOKS_PER_MINUTE": "600000",
}


class Gateway:
    """A gateway that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Give what it wrote to its output so far."""
        return (self.folder / "output").read_text()

    def requests(self) -> list[dict[str, Any]]:
        """Give the lines of its access log."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def logged(self, **fields: object) -> dict[str, Any]:
        """Wait for the line of a request that has these fields: it is written after the answer."""
        give_up_at = time.monotonic() + GIVE_UP_S
        while time.monotonic() < give_up_at:
            for line in self.requests():
                if fields.items() <= line.items():
                    return line
            time.sleep(0.02)
        return pytest.fail(f"no request was logged with {fields}")

    def raw(self, request: bytes, *, limit_s: float = 20.0) -> bytes:
        """Send bytes as they are; give all that comes back until the gateway closes, or says nothing more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit_s) as connection:
            connection.sendall(request)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    received = b""
    try:
        while more := connection.recv(65_536):
            received += more
    except ConnectionResetError:
        pass
    return received


@contextmanager
def gateway_process(functions_url: str, **settings: str) -> Iterator[Gateway]:
    """Run a gateway before these functions. Root runs it as nobody, because it refuses to be root."""
    port = int(settings.pop("FREEHOLD_PORT", "") or free_port())
    with unprivileged_folder() as folder:
        with (folder / "output").open("ab") as output:
            process = start(folder, output, FREEHOLD_FUNCTIONS_URL=functions_url, FREEHOLD_PORT=str(port), **settings)
        gateway = Gateway(process, port, folder)
        try:
            _until_up(gateway)
            yield gateway
        finally:
            process.terminate()
            process.wait(GIVE_UP_S)


def start(folder: Path, output: Any, **settings: str) -> subprocess.Popen[bytes]:
    """Start `gateway/start` from a copy that anybody may read."""
    known = {
        "PATH": os.environ["PATH"],
        "FREEHOLD_GATEWAY_HOME": str(folder / "home"),
        "FREEHOLD_RELAYS": "127.0.0.1:9",
        "FREEHOLD_HOSTS": "127.0.0.1,localhost",
        "FREEHOLD_LISTEN_ADDRESS": "127.0.0.1",
        "FREEHOLD_WORKERS": "1",
        **GENEROUS,
    }
    return subprocess.Popen(
        [folder / "gateway/start"], env=known | settings, stdout=output, stderr=subprocess.STDOUT, cwd=folder, **who_runs_it()
    )


def who_runs_it() -> dict[str, Any]:
    """Say as whom nginx is started: nobody, where root runs the tests."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """Give a folder with a copy of the gateway, whose owner is not root; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="freehold-gateway-"))
    try:
        shutil.copytree(ROOT / "gateway" / "nginx", folder / "gateway" / "nginx")
        shutil.copy(ROOT / "gateway" / "start", folder / "gateway" / "start")
        (folder / "output").touch()
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_up(gateway: Gateway) -> None:
    give_up_at = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up_at and gateway.process.poll() is None:
        try:
            if httpx.get(f"{gateway.url}/_/health").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    pytest.fail(f"the gateway did not come up: {gateway.said()}")
