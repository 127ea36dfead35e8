"""Reading MongoDB's answers, however the network cuts them."""

import asyncio
import random
import struct
import zlib

import pytest
from pymongo.errors import ProtocolError

from freehold.store.driver.answers import Protocol

LARGEST = 48_000_000


class Line:
    """Stands for the connection below the protocol: notes what is written, and whether it was ended."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.aborted = False

    def set_write_buffer_limits(self, *_limits: int) -> None:
        """Have no limits."""

    def resume_reading(self) -> None:
        """Never stop."""

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True


def answer(number: int, content: bytes, *, kind: int = 2013) -> bytes:
    return struct.pack("<iiii", 16 + len(content), 1, number, kind) + content


def compressed(number: int, content: bytes, *, size: int | None = None) -> bytes:
    body = struct.pack("<iiB", 2013, len(content) if size is None else size, 2) + zlib.compress(content)
    return answer(number, body, kind=2012)


def feed(protocol: Protocol, data: bytes, *, most: int) -> None:
    """Hand data over as an event loop does: into the buffer that it is given, at most so much at a time."""
    while data:
        buffer = protocol.get_buffer(-1)
        assert len(buffer) > 0
        count = min(len(data), len(buffer), most)
        buffer[:count] = data[:count]
        data = data[count:]
        protocol.buffer_updated(count)


def opened() -> tuple[Protocol, Line]:
    protocol, line = Protocol(timeout=10), Line()
    protocol.connection_made(line)
    return protocol, line


@pytest.mark.parametrize("most", [1, 7, 16, 17, 1000, 70_000, 10**9])
def test_answers_come_whole_and_in_order_however_they_are_cut(most: int) -> None:
    dice = random.Random(most)
    sizes = (1, 5, 100, 65_519, 65_520, 65_521, 200_000, 3) if most > 100 else (1, 5, 100, 900, 3)
    contents = {number: dice.randbytes(size) for number, size in enumerate(sizes, 1)}

    async def asked() -> list[tuple[bytes, int]]:
        protocol, _ = opened()
        waiting = asyncio.ensure_future(protocol.answers(tuple(contents), LARGEST))
        await asyncio.sleep(0)
        feed(protocol, b"".join(answer(number, content) for number, content in contents.items()), most=most)
        return [(bytes(content), kind) for content, kind in await waiting]

    assert asyncio.run(asked()) == [(content, 2013) for content in contents.values()]


def test_a_compressed_answer_is_read() -> None:
    async def asked() -> list[tuple[bytes, int]]:
        protocol, _ = opened()
        waiting = asyncio.ensure_future(protocol.answers((1, 2), LARGEST))
        await asyncio.sleep(0)
        feed(protocol, compressed(1, b"a" * 5000) + answer(2, b"b"), most=50)
        return [(bytes(content), kind) for content, kind in await waiting]

    assert asyncio.run(asked()) == [(b"a" * 5000, 2013), (b"b", 2013)]


def test_the_drivers_own_way_of_reading_still_works() -> None:
    async def asked() -> list[bytes]:
        protocol, _ = opened()
        waiting = asyncio.ensure_future(protocol.read(1, LARGEST))
        await asyncio.sleep(0)
        feed(protocol, answer(1, b"first"), most=3)
        feed(protocol, answer(2, b"early"), most=3)
        return [bytes((await waiting)[0]), bytes((await protocol.read(2, LARGEST))[0])]

    assert asyncio.run(asked()) == [b"first", b"early"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (struct.pack("<iiii", 15, 1, 1, 2013), ProtocolError),
        (struct.pack("<iiii", -1, 1, 1, 2013), ProtocolError),
        (struct.pack("<iiii", LARGEST + 1, 1, 1, 2013), ProtocolError),
        (answer(2, b"for somebody else"), ProtocolError),
        (compressed(1, b"a" * 100, size=0), ProtocolError),
        (compressed(1, b"a" * 100, size=LARGEST), ProtocolError),
    ],
)
def test_what_is_no_answer_to_the_question_is_refused(sent: bytes, error: type[Exception]) -> None:
    async def asked() -> None:
        protocol, _ = opened()
        waiting = asyncio.ensure_future(protocol.answers((1,), LARGEST))
        await asyncio.sleep(0)
        feed(protocol, sent, most=10**9)
        await waiting

    with pytest.raises(error):
        asyncio.run(asked())


def test_a_connection_that_ends_ends_the_waiting() -> None:
    async def asked() -> None:
        protocol, line = opened()
        waiting = asyncio.ensure_future(protocol.answers((1, 2), LARGEST))
        await asyncio.sleep(0)
        feed(protocol, answer(1, b"half of it"), most=10**9)
        protocol.buffer_updated(0)
        with pytest.raises(OSError, match="connection closed"):
            await waiting
        assert line.aborted
        with pytest.raises(OSError, match="closed"):
            await protocol.answers((3,), LARGEST)
        with pytest.raises(OSError, match="closed"):
            await protocol.write(b"more")

    asyncio.run(asked())
