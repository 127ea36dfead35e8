"""What a person may set for `make run` and `make demo`: FREEHOLD_HOME, FREEHOLD_PORT, FREEHOLD_RELAY_PORT."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from infra.local.trouble import Trouble

HIGHEST_PORT: Final = 65_535


class RunSettings(Struct, frozen=True, kw_only=True):
    """Where the local run keeps its state, and where it listens on 127.0.0.1."""

    home: Path
    port: int
    relay_port: int

    @property
    def url(self) -> str:
        """The local front's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def relay_url(self) -> str:
        """The relay's address, as a socket.io client wants it."""
        return f"http://127.0.0.1:{self.relay_port}"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "RunSettings":
        """Read the three variables. Raises Trouble when one of them makes no sense."""
        if environ.get("FREEHOLD_ENVIRONMENT", "sandbox") != "sandbox":
            raise Trouble("FREEHOLD_ENVIRONMENT is not `sandbox`. The local run is for development only; unset the variable.")
        found = cls(
            home=Path(environ.get("FREEHOLD_HOME") or ".freehold").expanduser().resolve(),
            port=_port("FREEHOLD_PORT", environ.get("FREEHOLD_PORT") or "8000"),
            relay_port=_port("FREEHOLD_RELAY_PORT", environ.get("FREEHOLD_RELAY_PORT") or "8001"),
        )
        if found.port == found.relay_port:
            raise Trouble(f"FREEHOLD_PORT and FREEHOLD_RELAY_PORT are both {found.port}. Set two different ports.")
        return found


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT):
        raise Trouble(f"{name} is {text!r}, which is no port. Set it to a number from 1 to {HIGHEST_PORT}.")
    return int(text)
