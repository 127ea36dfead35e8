import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from realtime.server import RelayServer
from tests.realtime.live import PATIENCE_S, World, address, open_client, open_listener

Play = Callable[..., None]
OURS = "https://app.example.org"


async def get(server: RelayServer, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        return await client.request(method, f"http://127.0.0.1:{server.port}{path}")


def test_health_and_readiness_are_answered_on_the_relays_own_port(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        health = await get(server, "/_/health")
        assert (health.status_code, health.json()) == (200, {"alive": True, "checks": {}})
        ready = await get(server, "/_/ready")
        assert ready.status_code == 200
        assert ready.headers["content-type"] == "application/json"
        checks = {"open": True, "feed": True, "sessions": True, "heartbeat": True}
        assert ready.json() == {"ready": True, "checks": checks}

    play(scenario)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/", 404, "There is nothing here"),
        ("/socket.io.evil/?EIO=4&transport=websocket", 404, "There is nothing here"),
        ("//[", 404, "There is nothing here"),
        ("/socket.io/?EIO=4&transport=polling", 400, '{"code":0,"message":"Transport unknown"}'),
        ("/socket.io/?EIO=4", 400, '{"code":0,"message":"Transport unknown"}'),
        ("/socket.io/?EIO=3&transport=websocket", 400, '{"code":5,"message":"Unsupported protocol version"}'),
        ("/socket.io/?transport=websocket", 400, '{"code":5,"message":"Unsupported protocol version"}'),
        ("/socket.io/?EIO=4&EIO=3&transport=websocket", 400, '{"code":5,"message":"Unsupported protocol version"}'),
        ("/socket.io/?EIO=4&transport=websocket&sid=abc", 400, '{"code":1,"message":"Session ID unknown"}'),
        ("/socket.io/?EIO=4&transport=websocket", 426, "Failed to open a WebSocket connection"),
    ],
)
def test_what_is_no_websocket_is_answered_plainly(play: Play, path: str, status: int, said: str) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        answer = await get(server, path)
        assert answer.status_code == status
        assert said in answer.text
        assert "server" not in answer.headers

    play(scenario)


def test_other_methods_do_no_harm(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        assert (await get(server, "/socket.io/?EIO=4&transport=websocket", "POST")).status_code == 405
        assert (await get(server, "/_/ready")).status_code == 200

    play(scenario)


@pytest.mark.parametrize("path", ["/socket.io/?EIO=4&transport=websocket", "/socket.io?transport=websocket&EIO=4&t=abc"])
def test_the_address_may_be_written_as_clients_write_it(play: Play, path: str) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with connect(address(server, path), compression=None) as websocket:
            assert str(await websocket.recv()).startswith("0{")

    play(scenario)


@pytest.mark.parametrize("origin", [OURS, "http://127.0.0.1:8000", None])
def test_browsers_of_our_own_origins_and_clients_that_are_no_browser_connect(play: Play, origin: Any) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with open_client(server, origin=origin) as client:
            assert client.opening.startswith("0{")

    play(scenario, relay_origins=f"{OURS},http://127.0.0.1:8000")


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", OURS + ".evil.org", OURS + ":8443", "http://app.example.org", ""]
)
def test_browsers_of_other_origins_are_refused(play: Play, origin: str) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(server), additional_headers={"Origin": origin})
        assert refused.value.response.status_code == 403

    play(scenario, relay_origins=OURS)


def test_without_a_list_no_browser_connects(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(server), origin=OURS)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403

    play(scenario)


def test_compression_is_not_negotiated(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with connect(address(server), compression="deflate") as websocket:
            assert websocket.protocol.extensions == []

    play(scenario)


def test_a_drain_tells_clients_to_come_back_and_takes_no_new_ones(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:
            stopping = asyncio.create_task(server.stop())
            code, reason = await client.closed()
            assert (code, reason) == (1012, "restarting")
            await stopping
            assert not server.checks()["open"]

    play(scenario)


def test_a_drain_does_not_wait_for_clients_that_do_not_answer(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:
            silent_reader, silent_writer = await asyncio.open_connection("127.0.0.1", server.port)
            client.websocket.transport.pause_reading()
            await asyncio.wait_for(server.stop(), PATIENCE_S)
            assert server.connections == 0
            assert await silent_reader.read() == b""
            silent_writer.close()
            client.websocket.transport.abort()

    play(scenario, drain_timeout_s=1.0)
