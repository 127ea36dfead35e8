"""Where an operator's scanner for malware looks at files: a protocol, and clamd's. Without one nobody looks, and files say so.

Source: clamd(8), the command zINSTREAM.
"""

import asyncio
import struct
from typing import ClassVar, Final, Protocol

from freehold.domain.errors import Refused

CLAMD_CHUNK_BYTES: Final = 65_536
ANSWER_S: Final = 5.0
_LONGEST_ANSWER: Final = 1_024


class FileInfected(Refused):
    """The operator's scanner has found malware in the file."""

    code: ClassVar[str] = "file_infected"


class ScannerUnavailable(Exception):  # noqa: N818 - it names what happened
    """The operator's scanner does not answer; without its word no file is taken."""


class Scanner(Protocol):
    """Looks at the bytes of a file."""

    async def look_at(self, data: bytes) -> None:
        """Return when they are harmless. Raises FileInfected, or ScannerUnavailable."""
        ...


class Clamd:
    """ClamAV's daemon, over TCP in a network that is ours."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def look_at(self, data: bytes) -> None:
        """Send the bytes in chunks and read the verdict."""
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._asked(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise ScannerUnavailable(f"{type(error).__name__}: {error}") from error
        if answer.endswith("FOUND"):
            raise FileInfected("the scanner refuses this file")
        if not answer.endswith("OK"):
            raise ScannerUnavailable(f"it answered {answer[:100]!r}")

    async def _asked(self, data: bytes) -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), CLAMD_CHUNK_BYTES):
                chunk = data[start : start + CLAMD_CHUNK_BYTES]
                writer.write(struct.pack("!I", len(chunk)) + chunk)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            return (await reader.readuntil(b"\0"))[:_LONGEST_ANSWER].rstrip(b"\0").decode("ascii", "replace").strip()
        finally:
            writer.close()


def scanner_at(address: str) -> Scanner | None:
    """Give the scanner at `host:port`; null for an empty address."""
    host, _, port = address.rpartition(":")
    return Clamd(host, int(port)) if address else None
