"""The stock npm client in a process of its own, and how it is installed."""

import asyncio
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.live import PATIENCE_S

FOLDER = Path(__file__).parent / "client"
INSTALL_TIMEOUT_S = 180


def install() -> None:
    """Install what the lock file names, once, whoever asks first."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"These tests need {program}: install Node.js 20 or newer (https://nodejs.org).", pytrace=False)
    lock_file = FOLDER / "package-lock.json"
    with lock_file.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = FOLDER / "node_modules" / ".installed"
        if mark.exists() and mark.read_text() == lock_file.read_text():
            return
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.fail(f"npm ci failed in {FOLDER}:\n{done.stderr}", pytrace=False)
        mark.write_text(lock_file.read_text())


class StockClient:
    """What the client process tells, in its order, and how it is answered."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hears(self) -> dict[str, Any]:
        """Give the next thing that it tells."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)
        assert line, "the client has ended"
        told: dict[str, Any] = json.loads(line)
        return told

    async def hears_about(self, word: str) -> dict[str, Any]:
        """Give the next thing it tells of this kind; what comes between is passed over."""
        while word not in (told := await self.hears()):
            pass
        return told

    async def tell(self, **what: Any) -> None:
        """Write one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def give(self, ticket: str | None) -> None:
        """Answer its question for a ticket."""
        assert await self.hears() == {"asks": "ticket"}
        await self.tell(ticket=ticket)


@asynccontextmanager
async def open_stock_client(port: int, *namespaces: str) -> AsyncIterator[StockClient]:
    """Start the client; it begins to connect at once."""
    process = await asyncio.create_subprocess_exec(
        "node", "listen.mjs", f"http://127.0.0.1:{port}", *(namespaces or ("/notifications",)),
        cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield StockClient(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
