"""Starting programs of a local run in tests, and looking at what runs."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], object], limit_s: float = 60) -> bool:
    """Poll until the condition holds; False when it never does."""
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


def living_with(name: str, value: str) -> list[psutil.Process]:
    """Find the living processes whose environment holds this variable, wherever they moved."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


class LocalRun:
    """A program of the local run, its console in a file, its processes known by their FREEHOLD_HOME."""

    def __init__(self, home: Path, environ: dict[str, str], *command: str) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{environ.get('FREEHOLD_PORT', 0)}"
        self.relay_port = environ.get("FREEHOLD_RELAY_PORT", "")
        self.console = home.parent / f"{home.name}.console"
        self._console_start = self.console.stat().st_size if self.console.exists() else 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FREEHOLD_", "MONGOD"))}
        with self.console.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT, env=kept | {"FREEHOLD_HOME": str(home)} | environ, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        """Give what this run has printed."""
        return self.console.read_bytes()[self._console_start :].decode(errors="replace")

    def says(self, text: str) -> bool:
        return text in self.said()

    def is_ready(self) -> bool:
        """Whether the front says that everything works."""
        try:
            return httpx.get(f"{self.url}/_/ready", timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def comes_up(self) -> bool:
        """Wait until it is ready, or has ended."""
        return wait_for(lambda: self.process.poll() is not None or self.is_ready(), 120) and self.is_ready()

    def processes(self) -> list[psutil.Process]:
        return living_with("FREEHOLD_HOME", str(self.home))

    def part(self, words: str) -> psutil.Process:
        """Find a part by words of its command line."""
        for process in self.processes():
            try:
                if words in " ".join(process.cmdline()) and process.pid != self.process.pid:
                    return process
            except psutil.NoSuchProcess:
                continue
        raise AssertionError(f"no part of {self.home} has {words!r} in its command line")

    def is_gone(self, limit_s: float = 30) -> bool:
        return wait_for(lambda: self.process.poll() is not None and not self.processes(), limit_s)

    def clean_up(self) -> None:
        """Leave nothing behind, whatever the test has done."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # it ends by itself when what it hangs on is gone
                process.send_signal(signal.SIGKILL)
        self.process.wait()
