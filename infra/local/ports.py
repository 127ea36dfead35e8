"""Ports of 127.0.0.1 for what this machine starts itself."""

import socket
from secrets import randbelow
from typing import Final

FIRST: Final = 10_000
LAST: Final = 32_767
"""Above, systems take ports for connections that go out (Linux from 32768, others from 49152): one that is free now and is
bound a little later, or again after a restart, may be taken by any of them in between."""
TRIES: Final = 100


def free_port() -> int:
    """Find a port that nobody listens on now, and that no connection going out is given. Raises OSError when there is none."""
    for _ in range(TRIES):
        port = FIRST + randbelow(LAST - FIRST + 1)
        if why_not(port) is None:
            return port
    raise OSError(f"no port of 127.0.0.1 from {FIRST} to {LAST} is free")


def why_not(port: int) -> OSError | None:
    """Say what keeps a server from listening here now. Raises OverflowError for what is no port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None
