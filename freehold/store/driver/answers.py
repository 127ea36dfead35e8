"""Reading MongoDB's answers: in one piece each, and awaited where they are wanted, instead of in tasks of their own."""

import asyncio
from collections.abc import Sequence
from struct import Struct as Layout
from typing import Any, Final, cast

import pymongo
from pymongo import message, pool_shared
from pymongo.asynchronous import pool
from pymongo.common import MAX_MESSAGE_SIZE
from pymongo.compression_support import decompress
from pymongo.errors import AutoReconnect, ProtocolError
from pymongo.network_layer import PyMongoProtocol, async_receive_message

_GLANCE_S: Final = 0.5
"""How often it is looked whether an answer takes too long, or its pool has been told to break off, as PyMongo does."""
_CHUNK: Final = 2**16
_HEADER: Final = Layout("<iiii")
_COMPRESSED: Final = 2012
_COMPRESSION: Final = Layout("<iiB")


class Protocol(PyMongoProtocol):
    """PyMongo's protocol, reading as much as there is at once, instead of each header by itself.

    It does not stop to read between answers: a server says nothing that it was not asked for.
    """

    def __init__(self, timeout: float | None = None) -> None:
        super().__init__(timeout)
        self._chunk = memoryview(bytearray(_CHUNK))
        self._filled = 0
        self._long: memoryview | None = None
        self._long_filled = 0
        self._awaited: _Awaited | None = None

    async def answers(self, numbers: Sequence[int], largest: int) -> list[tuple[memoryview, int]]:
        """Wait for the answers to messages that were just sent; give each one's content and kind, in the same order.

        Raises OSError or AutoReconnect when the connection breaks, ProtocolError for an answer to something else.
        """
        if self.transport is None or self.transport.is_closing():
            raise OSError("connection is already closed")
        if self._awaited is not None:
            mistake = RuntimeError("two at once over one connection")
            self._awaited.fail(mistake)
            raise mistake
        self._max_message_size = largest
        self._awaited = awaited = _Awaited(len(numbers), asyncio.get_running_loop().create_future())
        try:
            await awaited.all_there
        finally:
            self._awaited = None
        contents = []
        for number, (kind, compressor, response_to, content) in zip(numbers, awaited.arrived, strict=True):
            if number != response_to:
                raise ProtocolError(f"an answer to {response_to}, where one to {number} is due")
            plain = content if compressor is None else memoryview(decompress(content, compressor, largest - _HEADER.size))
            contents.append((plain, kind))
        return contents

    async def write(self, message: bytes) -> None:
        """Send a message. Raises OSError when the connection is closed."""
        if self.transport.is_closing():
            raise OSError("connection is closed")
        self.transport.write(message)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's
        """Say where to read to."""
        if self._connection_lost:
            return self._chunk
        if self._long is not None:
            return self._long[self._long_filled :]
        return self._chunk[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take in what was read."""
        if nbytes == 0:
            self.close(OSError("connection closed"))
        elif self._connection_lost:
            return
        elif self._long is not None:
            self._long_filled += nbytes
            if self._long_filled == len(self._long):
                whole, self._long = self._long, None
                self._deliver(whole)
        else:
            self._filled += nbytes
            self._take_whole_ones()

    def _take_whole_ones(self) -> None:
        """Deliver each message that is whole; make room for a long one; move the rest to the front."""
        begin = 0
        while self._filled - begin >= _HEADER.size and self._long is None:
            length = _HEADER.unpack_from(self._chunk, begin)[0]
            if not _HEADER.size < length <= self._max_message_size:
                self.close(ProtocolError(f"a message of {length} bytes"))
                return
            end = begin + length
            if end <= self._filled:
                self._deliver(memoryview(bytes(self._chunk[begin:end])))
                begin = end
            elif length > _CHUNK:
                self._long = memoryview(bytearray(length))
                self._long_filled = self._filled - begin
                self._long[: self._long_filled] = self._chunk[begin : self._filled]
                begin = self._filled
            else:
                break
        rest = self._filled - begin
        if begin and rest:
            self._chunk[:rest] = bytes(self._chunk[begin : self._filled])
        self._filled = rest

    def _deliver(self, whole: memoryview) -> None:
        _, _, response_to, kind = _HEADER.unpack_from(whole)
        body, compressor = whole[_HEADER.size :], None
        if kind == _COMPRESSED:
            kind, size, compressor = _COMPRESSION.unpack_from(body)
            body = body[_COMPRESSION.size :]
            if not 0 < size <= self._max_message_size - _HEADER.size:
                self.close(ProtocolError(f"a message of {size} bytes, compressed"))
                return
        if self._awaited is not None:
            self._awaited.add((kind, compressor, response_to, body))
            return
        awaited = self._pending_messages.popleft() if self._pending_messages else asyncio.get_running_loop().create_future()
        if awaited.done():  # whoever waited has been cancelled
            self.close(None)
            return
        awaited.set_result((kind, compressor, response_to, body))
        self._done_messages.append(awaited)

    def _resolve_pending_messages(self, exc: Exception | None = None) -> None:
        """Tell everybody who waits that nothing will come."""
        super()._resolve_pending_messages(exc)
        if self._awaited is not None:
            self._awaited.fail(exc or OSError("connection closed"))


class _Awaited:
    """Answers that somebody waits for, all of them together."""

    def __init__(self, count: int, all_there: asyncio.Future[None]) -> None:
        self._count = count
        self.all_there = all_there
        self.arrived: list[tuple[int, int | None, int, memoryview]] = []

    def add(self, message: tuple[int, int | None, int, memoryview]) -> None:
        """Take one in."""
        self.arrived.append(message)
        if len(self.arrived) == self._count and not self.all_there.done():
            self.all_there.set_result(None)

    def fail(self, error: Exception) -> None:
        """Say that no more will come."""
        if not self.all_there.done():
            self.all_there.set_exception(error)


async def receive_in_turn(connection: pool.AsyncConnection, numbers: Sequence[int], timeout_s: float) -> list[Any]:
    """Wait for the answers to the messages of these numbers. Raises OSError, AutoReconnect or ProtocolError."""
    watch = _watch_of_this_loop()
    watch.begin(connection, timeout_s)
    try:
        protocol = cast("Protocol", connection.conn.get_conn)
        contents = await protocol.answers(numbers, connection.max_message_size)
    finally:
        watch.end(connection)
    return [_unpacked(*content) for content in contents]


async def receive(connection: pool.AsyncConnection, number: int | None, largest: int = MAX_MESSAGE_SIZE) -> Any:  # noqa: ANN401
    """Wait for the answer to a message of the driver's own. Raises OSError, AutoReconnect or ProtocolError."""
    timeout_s = connection.conn.gettimeout
    if timeout_s is None or connection.is_sdam or pymongo._csot.get_timeout():
        return await async_receive_message(connection, number, largest)
    watch = _watch_of_this_loop()
    watch.begin(connection, timeout_s)
    try:
        data, kind = await connection.conn.get_conn.read(number, largest)
    finally:
        watch.end(connection)
    return _unpacked(data, kind)


def _unpacked(data: Any, kind: int) -> Any:  # noqa: ANN401 - the driver's own
    unpack = message._UNPACK_REPLY.get(kind)
    if unpack is None:
        raise ProtocolError(f"an answer of the unknown kind {kind}")
    return unpack(data)


class _Watch:
    """Closes connections whose answer does not come in time, or whose pool is told to break off; waiting for it then fails."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ends: dict[pool.AsyncConnection, float] = {}
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self, connection: pool.AsyncConnection, timeout_s: float) -> None:
        """Watch this one."""
        self._ends[connection] = self.loop.time() + timeout_s
        if self._alarm is None:
            self._alarm = self.loop.call_later(_GLANCE_S, self._glance)

    def end(self, connection: pool.AsyncConnection) -> None:
        """Watch it no longer."""
        self._ends.pop(connection, None)

    def _glance(self) -> None:
        self._alarm = self.loop.call_later(_GLANCE_S, self._glance) if self._ends else None
        now = self.loop.time()
        for connection, ends_at in tuple(self._ends.items()):
            if connection.cancel_context.cancelled:
                connection.conn.get_conn.close(AutoReconnect("operation cancelled"))
            elif ends_at <= now:
                connection.conn.get_conn.close(TimeoutError("timed out"))


_watches: list[_Watch] = []
"""The watch of the loop that ran last; a process has one loop, tests have several."""


def _watch_of_this_loop() -> _Watch:
    loop = asyncio.get_running_loop()
    if not _watches or _watches[0].loop is not loop:
        _watches[:] = [_Watch(loop)]
    return _watches[0]


async def _send(connection: PyMongoProtocol, sent: bytes) -> None:
    await connection.write(sent)


pool.async_sendall = _send  # type: ignore[attr-defined, assignment]
pool.async_receive_message = receive  # type: ignore[attr-defined, assignment]
pool_shared.PyMongoProtocol = Protocol  # type: ignore[attr-defined]
