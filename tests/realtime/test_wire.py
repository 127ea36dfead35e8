import asyncio
import functools
import importlib.metadata
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.frames import Frame, Opcode

from realtime.wire import SEND_BUFFER_BYTES, SLICE_BYTES, Door, Emission, Meter, RelayConnection, can_share_frames, frame, write
from tests.realtime.live import PATIENCE_S, until

LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
UNSENT_LIMIT = 262_144


class Wires:
    """A server of relay connections without a relay: what it cut, and the connections it has."""

    def __init__(self) -> None:
        self.connections: list[RelayConnection] = []
        self.cuts: list[str] = []
        self.port = 0


@asynccontextmanager
async def open_wires(
    *, compression: str | None = None, frames_per_second: int = 100, sockets: int = 10
) -> AsyncIterator[Wires]:
    wires = Wires()
    door = Door(
        socket_limit=sockets, frames_per_second=frames_per_second, sockets=set(),
        on_cut=lambda _, reason: wires.cuts.append(reason),
    )  # fmt: skip

    async def keep(connection: Any) -> None:
        wires.connections.append(connection)
        await connection.wait_closed()

    async with serve(
        keep, "127.0.0.1", 0, compression=compression, ping_interval=None, close_timeout=1, write_limit=UNSENT_LIMIT,
        create_connection=cast("type[RelayConnection]", functools.partial(RelayConnection, door=door)),
    ) as server:  # fmt: skip
        wires.port = server.sockets[0].getsockname()[1]
        try:
            yield wires
        finally:
            for connection in tuple(door.sockets):
                connection.transport.abort()


def run_on(new_loop: Callable[[], asyncio.AbstractEventLoop], work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work)


async def open_stalled(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a websocket by hand whose client never reads again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return reader, writer


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_frames_are_what_the_library_would_write(payload: str | bytes) -> None:
    data, opcode = (payload.encode(), Opcode.TEXT) if isinstance(payload, str) else (payload, Opcode.BINARY)
    assert frame(payload) == Frame(opcode, data).serialize(mask=False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_frames_are_right_at_every_length_of_the_header(size: int) -> None:
    assert frame("x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    assert frame(b"x" * size) == Frame(Opcode.BINARY, b"x" * size).serialize(mask=False)


def test_the_library_is_the_one_whose_undocumented_side_is_known() -> None:
    assert importlib.metadata.version("websockets").startswith("17.")


@LOOPS
def test_one_emission_reaches_all_between_the_librarys_own_messages(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires() as wires:
            clients = [await connect(f"ws://127.0.0.1:{wires.port}", compression=None) for _ in range(3)]
            await until(lambda: len(wires.connections) == 3, "all are connected")
            assert all(connection.shares_frames for connection in wires.connections)
            emission = Emission.of(('451-["a",{"_placeholder":true,"num":0}]', b"\x00" * 70_000))
            for connection in wires.connections:
                await connection.send("before")
            write(wires.connections, emission)
            for connection in wires.connections:
                await connection.send("after")
            for client in clients:
                assert [await client.recv() for _ in range(4)] == ["before", *emission.payloads, "after"]
                await client.close()

    run_on(new_loop, scenario())


@LOOPS
def test_without_the_shared_path_the_same_payloads_arrive_by_broadcast(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires(compression="deflate") as wires:
            client = await connect(f"ws://127.0.0.1:{wires.port}", compression="deflate")
            await until(lambda: len(wires.connections) == 1, "it is connected")
            assert not wires.connections[0].shares_frames, "a compressed connection cannot take plain frames"
            write(wires.connections, Emission.of(("4text", b"bytes")))
            assert [await client.recv(), await client.recv()] == ["4text", b"bytes"]
            await client.close()

    run_on(new_loop, scenario())


def test_a_connection_of_another_make_does_not_share_frames() -> None:
    assert not can_share_frames(cast("RelayConnection", object()))


@LOOPS
def test_a_closing_connection_is_passed_over(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires() as wires:
            first = await connect(f"ws://127.0.0.1:{wires.port}", compression=None)
            second = await connect(f"ws://127.0.0.1:{wires.port}", compression=None)
            await until(lambda: len(wires.connections) == 2, "both are connected")
            await first.close()
            write(wires.connections, Emission.of(("4hello",)))
            assert await second.recv() == "4hello"
            await second.close()

    run_on(new_loop, scenario())


@LOOPS
def test_a_client_that_does_not_read_is_cut_and_costs_no_more_than_the_limit(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires() as wires:
            _, stalled = await open_stalled(wires.port)
            reading = await connect(f"ws://127.0.0.1:{wires.port}", compression=None)
            await until(lambda: len(wires.connections) == 2, "both are connected")
            transport = wires.connections[0].transport
            emission = Emission.of((os.urandom(8_192),))
            sent, most_unsent = 0, 0
            while not transport.is_closing():
                write(wires.connections, emission)
                sent += 1
                most_unsent = max(most_unsent, 0 if transport.is_closing() else transport.get_write_buffer_size())
                assert await reading.recv() == emission.payloads[0]
                assert sent * 8_192 < 16_000_000, "the stalled client was never cut"
            assert wires.cuts == ["too slow"]
            assert most_unsent <= UNSENT_LIMIT
            await asyncio.wait_for(wires.connections[0].wait_closed(), PATIENCE_S)
            write(wires.connections, Emission.of(("still here",)))
            assert await reading.recv() == "still here"
            stalled.close()
            await reading.close()

    run_on(new_loop, scenario())


@LOOPS
def test_the_kernel_holds_no_more_than_a_share_for_one_client(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires() as wires:
            client = await connect(f"ws://127.0.0.1:{wires.port}", compression=None)
            await until(lambda: len(wires.connections) == 1, "it is connected")
            known = wires.connections[0].transport.get_extra_info("socket")
            assert known.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES
            await client.close()

    run_on(new_loop, scenario())


@LOOPS
def test_pings_of_a_client_that_does_not_read_fill_no_memory(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires(frames_per_second=10**9) as wires:
            _, stalled = await open_stalled(wires.port)
            await until(lambda: len(wires.connections) == 1, "it is connected")
            ping = b"\x89\xfd" + b"\x00" * 4 + b"p" * 125
            sent = 0
            while not wires.cuts and sent < 200_000:
                stalled.write(ping * 500)
                sent += 500
                await asyncio.sleep(0)
            assert wires.cuts == ["too slow"]
            stalled.close()

    run_on(new_loop, scenario())


@LOOPS
def test_a_flood_of_frames_is_cut_within_a_slice_of_input(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires(frames_per_second=100) as wires:
            _, flooding = await open_stalled(wires.port)
            await until(lambda: len(wires.connections) == 1, "it is connected")
            empty_pong = b"\x8a\x80\x00\x00\x00\x00"
            flooding.write(empty_pong * 100_000)
            await until(lambda: bool(wires.cuts), "the flood is noticed")
            assert wires.cuts == ["too many frames"]
            assert wires.connections[0].meter.count <= 100 + SLICE_BYTES // len(empty_pong) + 1
            flooding.close()

    run_on(new_loop, scenario())


@given(st.lists(st.floats(0, 0.4), max_size=200), st.integers(1, 20))
def test_a_meter_lets_pass_what_is_below_its_limit_and_stops_twice_as_much(gaps_s: list[float], limit: int) -> None:
    meter = Meter(limit, now_s=0.0)
    times: list[float] = [0.0]
    for gap_s in gaps_s:
        now_s = times[-1] + gap_s
        exceeded = meter.is_exceeded(lambda now_s=now_s: now_s)
        times.append(now_s)
        in_the_last_second = sum(now_s - each < 1.0 for each in times[1:])
        if exceeded:
            assert in_the_last_second > limit
            return
        assert in_the_last_second <= 2 * limit


@LOOPS
def test_sockets_beyond_the_limit_are_closed_at_once(new_loop: Any) -> None:
    async def scenario() -> None:
        async with open_wires(sockets=2) as wires:
            kept = [await open_stalled(wires.port) for _ in range(2)]
            reader, writer = await asyncio.open_connection("127.0.0.1", wires.port)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
            assert wires.cuts == ["too many sockets"]
            for _, each in kept:
                each.close()
            writer.close()

    run_on(new_loop, scenario())
