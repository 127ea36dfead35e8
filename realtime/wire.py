"""Writing to websockets: a frame is made once and its bytes go to every connection; whoever does not keep up is cut.

This module alone knows what `websockets` 17 does not document: that a connection's `transport` may be written to beside the
library, between its own writes. `tests/realtime/test_wire.py` fails when that changes; the relay then falls back to
`broadcast()`, which frames anew for each connection.
"""

import asyncio
import functools
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, broadcast
from websockets.frames import Frame
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from realtime import metrics

SEND_BUFFER_BYTES: Final = 131_072
"""What the kernel may hold for one client (Linux takes twice as much). Left alone it would grow to 4 MB."""
SLICE_BYTES: Final = 8_192
"""Input is handed to the library in slices of this size, so that a flood of tiny frames is noticed early."""

_TEXT: Final = 0x81
_BINARY: Final = 0x82


class Emission(Struct, frozen=True):
    """One packet, ready for any number of connections: its frames' payloads, and the bytes that carry them."""

    payloads: tuple[str | bytes, ...]
    octets: bytes

    @classmethod
    def of(cls, payloads: tuple[str | bytes, ...]) -> "Emission":
        """Frame these payloads."""
        return cls(payloads=payloads, octets=b"".join(map(frame, payloads)))


def frame(payload: str | bytes) -> bytes:
    """Make the whole, unmasked websocket frame of a text or of bytes (RFC 6455, section 5.2)."""
    data, first = (payload.encode(), _TEXT) if isinstance(payload, str) else (payload, _BINARY)
    size = len(data)
    if size < 126:  # noqa: PLR2004 - the thresholds are the protocol's
        return bytes((first, size)) + data
    if size < 65_536:  # noqa: PLR2004
        return bytes((first, 126)) + size.to_bytes(2) + data
    return bytes((first, 127)) + size.to_bytes(8) + data


class Meter:
    """Counts what happens against a limit per second. Pure; it reads the clock's value only when the limit is reached."""

    def __init__(self, per_second: int, *, now_s: float) -> None:
        self._per_second = per_second
        self._since_s = now_s
        self.count = 0

    def is_exceeded(self, clock: Callable[[], float]) -> bool:
        """Count one; say whether the limit was passed within a second. Twice the limit in a second always says so."""
        self.count += 1
        if self.count <= self._per_second:
            return False
        now_s = clock()
        if now_s - self._since_s < 1.0:
            return True
        self.count, self._since_s = 1, now_s
        return False


class Door(Struct):
    """What all sockets of one server share: the limits of each, and which of them there are."""

    socket_limit: int
    frames_per_second: int
    on_cut: Callable[["RelayConnection", str], None]
    sockets: set["RelayConnection"]


class RelayConnection(ServerConnection):
    """A websocket that is cut when it sends too many frames, or leaves too many bytes unread (the transport's high mark)."""

    def __init__(self, protocol: ServerProtocol, server: Server, *, door: Door, **options: object) -> None:
        super().__init__(protocol, server, **options)  # type: ignore[arg-type]
        self._door = door
        self.meter = Meter(door.frames_per_second, now_s=self.loop.time())

    @functools.cached_property
    def shares_frames(self) -> bool:
        """Whether ready-made frames may be written to it. Asked first when the handshake is done, and kept."""
        return can_share_frames(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket in, or close it at once when there are too many."""
        super().connection_made(transport)
        with suppress(OSError):  # a socket whose other side is already gone
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._door.sockets.add(self)
        if len(self._door.sockets) > self._door.socket_limit:
            self.cut("too many sockets")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the socket go."""
        self._door.sockets.discard(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Cut a client that does not read: the transport calls this above the limit of unsent bytes."""
        super().pause_writing()
        self.cut("too slow")

    def data_received(self, data: bytes) -> None:
        """Hand on what came, a slice at a time."""
        for start in range(0, len(data), SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE_BYTES])

    def process_event(self, event: Event) -> None:
        """Count the frames of each second (pings and fragments too), and cut whoever sends too many."""
        super().process_event(event)
        if isinstance(event, Frame) and self.meter.is_exceeded(self.loop.time):
            self.cut("too many frames")

    def cut(self, reason: str) -> None:
        """End the socket at once, with whatever is unsent."""
        if not self.transport.is_closing():
            self._door.on_cut(self, reason)
            self.transport.abort()


def can_share_frames(connection: ServerConnection) -> bool:
    """Say whether ready-made frames may be written beside the library, as in `websockets` 17."""
    protocol = getattr(connection, "protocol", None)
    return (
        callable(getattr(getattr(connection, "transport", None), "write", None))
        and isinstance(getattr(protocol, "state", None), State)
        and getattr(protocol, "writes", None) == []
        and getattr(protocol, "extensions", None) == []
        and hasattr(connection, "send_in_progress")
    )


def write(connections: Iterable[RelayConnection], emission: Emission) -> None:
    """Write to every connection that is open. Never waits: whoever does not read is cut."""
    count = 0
    for connection in connections:
        if not connection.shares_frames:
            for payload in emission.payloads:
                broadcast([connection], payload)
        elif connection.protocol.state is State.OPEN and not connection.transport.is_closing():
            connection.transport.write(emission.octets)
        else:
            continue
        count += 1
    metrics.FRAMES.inc(count)
    metrics.OCTETS.inc(count * len(emission.octets))
