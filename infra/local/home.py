"""The state folder of a local run (FREEHOLD_HOME): whose it is, who works in it, what runs out of it.

`freehold.json` says that the folder is Freehold's; a lock on `lock` says that a run works in it now; `processes.json`
notes the processes that the run has started, so that the next run finds those that outlived their supervisor.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, TextIO

import msgspec
import psutil
from msgspec import Struct

from infra.keys import write_secret
from infra.local.trouble import Trouble

FORMAT: Final = 1
MARKER: Final = "freehold.json"
LEFTOVER_LIMIT_S: Final = 15.0


class Marker(Struct, frozen=True):
    """What `freehold.json` says."""

    application: Literal["freehold"]
    format: int


class StartedProcess(Struct, frozen=True):
    """A process as the system knows it: a number alone may be somebody else's by now, with its start time it is not."""

    name: str
    pid: int
    started_at: float


class Home:
    """An open state folder, locked for this run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        self.logs = folder / "logs"
        self.mongodb = folder / "mongodb"
        self._processes_file = folder / "processes.json"
        self._processes: dict[str, StartedProcess] = {}

    def note_started(self, name: str, pid: int) -> None:
        """Remember a process, on disk, before it does anything that matters."""
        try:
            started_at = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._processes[name] = StartedProcess(name=name, pid=pid, started_at=started_at)
        self._store_processes()

    def note_ended(self, name: str) -> None:
        """Forget a process that is gone."""
        if self._processes.pop(name, None):
            self._store_processes()

    def stop_leftovers(self) -> list[str]:
        """End what an earlier run of this folder left behind; answer the parts' names."""
        left = [(noted.name, process) for noted in self._read_processes() if (process := _same_process(noted))]
        for _, process in left:
            process.terminate()
        _, stubborn = psutil.wait_procs([process for _, process in left], timeout=LEFTOVER_LIMIT_S)
        for process in stubborn:
            process.kill()
        psutil.wait_procs(stubborn, timeout=LEFTOVER_LIMIT_S)
        self._store_processes()
        return [name for name, _ in left]

    def _read_processes(self) -> list[StartedProcess]:
        try:
            return msgspec.json.decode(self._processes_file.read_bytes(), type=list[StartedProcess])
        except FileNotFoundError:
            return []
        except msgspec.DecodeError as error:
            raise Trouble(
                f"{self._processes_file} is broken ({error}). If no part of Freehold runs any more, remove that file."
            ) from error

    def _store_processes(self) -> None:
        write_secret(self._processes_file, msgspec.json.encode(list(self._processes.values())).decode())


@contextmanager
def open_home(folder: Path) -> Iterator[Home]:
    """Take the folder for this run, make it if it is not there. Raises Trouble when it is not ours to take."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _claim(folder)
        lock = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise Trouble(
            f"{folder} cannot hold the state: {error.strerror or error}. Set FREEHOLD_HOME to a folder that you may write to."
        ) from error
    with lock:
        _lock(lock, folder)
        home = Home(folder)
        home.logs.mkdir(exist_ok=True)
        yield home


def _claim(folder: Path) -> None:
    """Mark an empty folder as ours; refuse one that is somebody else's or of another time."""
    marker = folder / MARKER
    if not marker.exists():
        others = sorted(file.name for file in folder.iterdir() if not file.name.startswith(f".{MARKER}."))
        if others:
            raise Trouble(
                f"{folder} holds files that are not Freehold's ({', '.join(others[:3])}). "
                "Set FREEHOLD_HOME to an empty or a new folder."
            )
        write_secret(marker, msgspec.json.encode(Marker(application="freehold", format=FORMAT)).decode())
    try:
        found = msgspec.json.decode(marker.read_bytes(), type=Marker)
    except msgspec.DecodeError as error:
        raise Trouble(
            f"{marker} is broken ({error}). Set FREEHOLD_HOME to another folder, or remove {folder} to begin anew."
        ) from error
    if found.format != FORMAT:
        raise Trouble(
            f"{folder} was made by another version of Freehold (format {found.format}, this one knows {FORMAT}). "
            "Use that version, or set FREEHOLD_HOME to another folder."
        )


def _lock(lock: TextIO, folder: Path) -> None:
    """Hold the lock until the file is closed, or this process ends in whatever way."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read(20).strip() or "unknown"
        raise Trouble(
            f"Freehold runs in {folder} already (process {holder}). Stop it first, or set FREEHOLD_HOME to another folder."
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _same_process(noted: StartedProcess) -> psutil.Process | None:
    """Find the noted process if it still lives; a stranger that has its number now is left alone."""
    try:
        process = psutil.Process(noted.pid)
        is_same = abs(process.create_time() - noted.started_at) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if is_same else None
