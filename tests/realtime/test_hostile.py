"""What an attacker sends: the relay lives, and nobody else notices."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.protocol import CloseCode
from realtime.server import RelayServer
from tests.realtime.live import (
    PATIENCE_S,
    World,
    address,
    open_client,
    open_listener,
    until,
)

Play = Callable[..., None]
WEBSOCKET_TOO_BIG = 1009
CUT = 1006

SEEDS = [
    "", "0", "1", "2", "3", "4", "5", "6", "40", "40/notifications,", "41/notifications,", '42/notifications,["a"]',
    '42/notifications,1["a",{}]', "43/notifications,1[]", '44/notifications,{"message":"x"}', "40/unknown,",
    '451-/notifications,["a",{"_placeholder":true,"num":0}]', b"\x00", b"", '40/notifications,{"ticket":"x"}',
    "4" * 1_000, "42" + "[" * 10_000, '42/notifications,["connect"]', "2probe", "\x00" * 100,
]  # fmt: skip


def mutated(seed: str | bytes, chance: random.Random) -> str | bytes:
    """Change, repeat, cut or turn around a part of a frame."""
    text = seed if isinstance(seed, str) else seed.decode("latin-1")
    for _ in range(chance.randint(0, 3)):
        at = chance.randint(0, len(text))
        text = chance.choice(
            [text[:at], text[at:], text[:at] + chr(chance.choice([0, 34, 44, 91, 123, 0x20AC, 0x1F600])) + text[at:], text * 2]
        )
    return text[:70_000].encode(errors="replace") if chance.random() < 0.2 else text[:70_000]


def raw_frames(chance: random.Random) -> bytes:
    """Bytes that look like websocket frames, and some that do not."""
    made = b""
    for _ in range(chance.randint(1, 20)):
        size = chance.choice([0, 1, 5, 125, 126, 127])
        made += bytes((chance.getrandbits(8), chance.choice([0x80, 0x80, 0x00]) | size)) + chance.randbytes(
            chance.randint(0, 140)
        )
    return made


async def abuse_with_frames(server: RelayServer, ticket: str, chance: random.Random) -> None:
    async with open_client(server) as client:
        try:
            if chance.random() < 0.5:
                await client.join(ticket)
            for _ in range(20):
                await client.websocket.send(mutated(chance.choice(SEEDS), chance))
            await client.send("1")
        except ConnectionClosed:
            pass
        code, _ = await client.closed()
        assert code in {CloseCode.NORMAL, CloseCode.MALFORMED, CloseCode.LIMIT, WEBSOCKET_TOO_BIG}


async def abuse_with_bytes(server: RelayServer, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    try:
        writer.write(head if chance.random() < 0.7 else chance.randbytes(300))
        writer.write(raw_frames(chance))
        await asyncio.wait_for(reader.read(1_000), 0.05)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.transport.abort()


def test_no_frame_kills_the_relay_or_disturbs_another_client(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        chance = random.Random(20_231_109)
        ada, mallory = await world.sign_in(), await world.sign_in()
        async with open_listener(server, world, ada) as client:
            for round_ in range(5):
                tickets = [await world.ticket(mallory) for _ in range(20)]
                await asyncio.gather(
                    *(abuse_with_frames(server, ticket, chance) for ticket in tickets),
                    *(abuse_with_bytes(server, chance) for _ in range(20)),
                )
                await world.say(ada.user_id, "newJob", {"round": round_})
                assert await client.receive() == f'42/notifications,["newJob",{{"round":{round_}}}]'
            await until(lambda: server.connections == 1, "the attackers are gone")
            assert all(server.checks().values())

    play(scenario)


@pytest.mark.parametrize("frame", ["4" + "x" * 65_536, b"x" * 65_537])
def test_a_frame_above_the_limit_ends_its_own_connection_only(play: Play, frame: str | bytes) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as other, open_listener(server, world) as client:
            await client.send(frame)
            assert (await client.closed())[0] == WEBSOCKET_TOO_BIG
            await other.send('42/notifications,1["there"]')
            assert str(await other.receive()).startswith("43/notifications,1")

    play(scenario)


def test_attachments_above_the_limit_end_the_connection(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:
            await client.send('4510-/notifications,["a"]', *[b"x" * 60_000] * 5)
            assert await client.closed() == (CloseCode.MALFORMED, "attachments too large")

    play(scenario)


def test_text_that_is_no_utf8_ends_the_connection(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:
            await client.websocket.send(b"4\xff\xfe", text=True)
            assert (await client.closed())[0] == 1007

    play(scenario)


def test_a_flood_of_frames_ends_its_own_connection_only(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as other, open_listener(server, world) as flooding:
            await flooding.send(*["6"] * 5_000)
            assert (await flooding.closed())[0] == CUT
            await other.send('42/notifications,1["there"]')
            assert str(await other.receive()).startswith("43/notifications,1")

    play(scenario, frames_per_second=100)


def test_endless_fragments_end_the_connection(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:

            async def pieces() -> AsyncIterator[str]:
                for _ in range(10_000):
                    yield ""
                    await asyncio.sleep(0)

            with pytest.raises(ConnectionClosed):
                await client.websocket.send(pieces())

    play(scenario)


def test_a_client_that_stops_reading_is_cut_while_the_others_go_on(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as stalled, open_listener(server, world, ada) as reading:
            stalled.websocket.transport.pause_reading()
            for number in range(400):
                await world.say(ada.user_id, "newJob", {"number": number, "text": "x" * 50_000})
                assert f'"number":{number},' in str(await reading.receive())
                if server.connections == 1:
                    break
            assert server.connections == 1, "the stalled client was never cut"
            await world.say(ada.user_id, "newJob", {"after": True})
            assert await asyncio.wait_for(reading.receive(), PATIENCE_S) == '42/notifications,["newJob",{"after":true}]'
            stalled.websocket.transport.abort()

    play(scenario)


def test_half_open_sockets_do_not_keep_others_out(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        waiting = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
        async with open_listener(server, world) as client:
            await client.send('42/notifications,1["there"]')
            assert str(await client.receive()).startswith("43/notifications,1")
        for _, writer in waiting:
            writer.transport.abort()

    play(scenario)


def test_a_full_relay_refuses_further_sockets_but_answers_health_questions(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world), open_listener(server, world) as client:
            with pytest.raises(InvalidStatus) as refused:
                await connect(address(server))
            assert refused.value.response.status_code == 503
            async with httpx.AsyncClient() as asking:
                assert (await asking.get(f"http://127.0.0.1:{server.port}/_/ready")).status_code == 200
            await client.send('42/notifications,1["there"]')
            assert str(await client.receive()).startswith("43/notifications,1")

    play(scenario, connection_limit=2)
