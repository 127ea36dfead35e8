"""One part of the run as data, and the process that it is at the moment."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from infra.local.home import Home

ROOT: Final = Path(__file__).parents[2]
LARGEST_LOG_BYTES: Final = 20_000_000
DONE: Final = "exit code 0"
_CHILD: Final = Path(__file__).with_name("child.py")
_GLANCE_S: Final = 0.05


class Part(Struct, frozen=True, kw_only=True):
    """A part of the run: `ready_url` answers 200 when it works; without one, it is ready when `port` is open."""

    name: str
    argv: tuple[str, ...]
    environ: dict[str, str]
    port: int
    ready_url: str | None = None
    stop_limit_s: float = 6.0


class PartProcess:
    """A running process of a part, in a session of its own, noted in the state folder, its output in the part's log."""

    def __init__(self, part: Part, home: Home) -> None:
        self.part = part
        self.log = home.logs / f"{part.name}.log"
        self.began = time.monotonic()
        self._home = home
        _turn_over(self.log)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), *part.argv],
                cwd=ROOT,
                env={**os.environ, **part.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        home.note_started(part.name, self._process.pid)

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    async def ended(self) -> str:
        """Wait for its end; answer how it ended, in words."""
        while self.is_alive:
            await asyncio.sleep(_GLANCE_S)
            with suppress(OSError):  # a log that cannot be kept small must not keep a part from being stopped
                _turn_over(self.log)
        with suppress(OSError):  # a note that stays is harmless: a start time stands in it
            self._home.note_ended(self.part.name)
        code = self._process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def stop(self) -> bool:
        """Ask it to end; after its limit, make it. Answers whether it ended by itself."""
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended(), self.part.stop_limit_s)
        except TimeoutError:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self.ended()
            return False
        return True

    def output(self) -> str:
        """Read what it has printed since it was started."""
        with self.log.open("rb") as log:
            log.seek(min(self._log_start, log.seek(0, os.SEEK_END)))
            return log.read(1_000_000).decode(errors="replace")


def _turn_over(log: Path) -> None:
    """Move a log that has grown too large aside. The writer appends to the same file, so that it is emptied, not moved."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)
