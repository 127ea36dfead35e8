"""What the loader remembers on this machine: the key behind its clients' passwords, and which posts are loaded where.

An instance is known by its address and its signing keys, so that a new one at the same address is not taken for the old.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from infra.keys import write_secret


class Loaded(Struct, frozen=True):
    """A line of the journal: a post and the job that it became."""

    post: str
    job: str


class Memory:
    """The loader's memory of one file at one instance."""

    def __init__(self, folder: Path, *, instance: str, file: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = _key(folder / "key")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        name = hashlib.sha256(f"{instance} {digest}".encode()).hexdigest()[:32]
        self._journal = folder / f"{name}.jsonl"

    def password_of(self, client: str) -> str:
        """Give the password of a client's account: the same each time, and nobody else's to know."""
        return hmac.new(self._key, client.encode(), hashlib.sha256).hexdigest()

    def loaded(self) -> set[str]:
        """List the posts that are loaded; a line that was cut off by a kill does not count."""
        try:
            lines = self._journal.read_bytes().splitlines()
        except FileNotFoundError:
            return set()
        return {found.post for line in lines if (found := _read(line)) is not None}

    def note(self, post: str, job: str) -> None:
        """Remember that a post is loaded."""
        with self._journal.open("ab") as journal:
            journal.write(msgspec.json.encode(Loaded(post, job)) + b"\n")


def folder_of(environ: Mapping[str, str] = os.environ) -> Path:
    """Say where the loader keeps what it remembers (XDG_STATE_HOME, or ~/.local/state)."""
    state = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "freehold" / "load_jobs"


def _key(file: Path) -> bytes:
    if not file.exists():
        write_secret(file, secrets.token_hex(32))
    return file.read_bytes()


def _read(line: bytes) -> Loaded | None:
    try:
        return msgspec.json.decode(line, type=Loaded)
    except msgspec.DecodeError:
        return None
