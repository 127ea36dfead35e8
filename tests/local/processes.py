"""Starting programs of a local run in tests, and looking at what runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
    """A `python -m ...` of the local run, its console in a file, its processes known by their FREEHOLD_HOME."""

    def __init__(self, home: Path, environ: dict[str, str], *arguments: str, module: str = "infra.local") -> None:
        self.home = home
        self.console = home.parent / f"{home.name}.console"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FREEHOLD_", "MONGOD"))}
        with self.console.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT, env=kept | {"FREEHOLD_HOME": str(home)} | environ, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def says(self, text: str) -> bool:
        return text in self.console.read_text(errors="replace")

    def processes(self) -> list[psutil.Process]:
        return living_with("FREEHOLD_HOME", str(self.home))

    def part(self, words: str) -> psutil.Process | None:
        """Find a part by words of its command line."""
        for process in self.processes():
            try:
                if words in " ".join(process.cmdline()) and process.pid != self.process.pid:
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def is_gone(self, limit_s: float = 30) -> bool:
        return wait_for(lambda: self.process.poll() is not None and not self.processes(), limit_s)

    def clean_up(self) -> None:
        """Leave nothing behind, whatever the test has done."""
        for process in self.processes():
            process.send_signal(signal.SIGKILL)
        self.process.wait()
