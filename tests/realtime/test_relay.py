import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
from structlog.testing import capture_logs

from freehold.ids import new_id
from realtime.protocol import CloseCode
from realtime.server import RelayServer
from tests.realtime.live import Client, World, open_client, open_listener, until

Play = Callable[..., None]


def event_of(frame: str | bytes) -> tuple[str, Any]:
    assert isinstance(frame, str)
    assert frame.startswith("42/notifications,")
    name, payload = msgspec.json.decode(frame.removeprefix("42/notifications,"))
    return name, payload


async def numbers(client: Client, count: int) -> list[int]:
    return [event_of(await client.receive())[1]["number"] for _ in range(count)]


def test_a_person_hears_what_is_said_to_them_and_nothing_else(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada, ben = await world.sign_in(), await world.sign_in()
        async with open_listener(server, world, ada) as adas, open_listener(server, world, ben) as bens:
            payload = {"title": "für ada", "budget": {"amount": 2**53 - 1, "currency": "USD"}, "skills": [], "hourly": None}
            await world.say(ben.user_id, "newJob", {"title": "for ben"})
            await world.say(ada.user_id, "applicationStatusUpdate", payload)
            assert event_of(await adas.receive()) == ("applicationStatusUpdate", payload)
            assert event_of(await bens.receive()) == ("newJob", {"title": "for ben"})

    play(scenario)


def test_all_sockets_of_a_person_hear_it(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        phone = await world.sign_in()
        laptop = await world.sign_in(phone.user_id)
        async with open_listener(server, world, phone) as first, open_listener(server, world, laptop) as second:
            await world.say(phone.user_id)
            assert await first.receive() == await second.receive() == '42/notifications,["newJob",{}]'

    play(scenario)


def test_events_come_in_the_order_of_the_log_and_each_once(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            for number in range(100):
                await world.say(ada.user_id, "newJob", {"number": number})
            assert await numbers(client, 100) == list(range(100))

    play(scenario)


def test_a_burst_larger_than_the_unsent_limit_reaches_a_client_that_reads(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            now = await world.store.database_now()
            rows = [
                {
                    "_id": new_id("ntf"), "version": 1, "namespace": "/notifications", "channel": f"user:{ada.user_id}",
                    "event": "newJob", "payload": {"number": number, "title": "x" * 4_000}, "created_at": now,
                }
                for number in range(500)
            ]  # fmt: skip
            reading = asyncio.create_task(numbers(client, 500))
            await world.store.database["realtime_log"].insert_many(rows)
            assert await reading == list(range(500))

    play(scenario)


def test_rows_that_are_no_emit_do_not_stop_the_feed(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            log = world.store.database["realtime_log"]
            whole = {
                "namespace": "/notifications", "channel": f"user:{ada.user_id}", "event": "newJob", "payload": {},
                "created_at": await world.store.database_now(),
            }  # fmt: skip
            await log.insert_one({"_id": new_id("ntf")})
            await log.insert_one({**whole, "_id": new_id("ntf"), "payload": "no object"})
            await log.insert_one({**whole, "_id": 7})
            await log.insert_one({**whole, "_id": new_id("ntf"), "payload": {"pattern": re.compile("x")}})
            await log.insert_one({**whole, "_id": new_id("ntf"), "namespace": "/unknown"})
            await log.insert_one({**whole, "_id": new_id("ntf"), "payload": {"after": True}, "from_the_future": 1})
            assert event_of(await client.receive()) == ("newJob", {"after": True})
            assert server.checks()["feed"]

    with capture_logs() as logs:
        play(scenario)
    said = [entry["event"] for entry in logs]
    assert said.count("realtime_row_unreadable") == 3
    assert said.count("realtime_row_has_no_json") == 1
    assert "loop_failed" not in said


def test_bytes_and_times_of_a_payload_arrive(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            await world.say(ada.user_id, "newJob", {"at": "2023-05-01T10:00:00Z", "picture": b"\x00\xff"})
            text = await client.receive()
            assert text == '451-/notifications,["newJob",{"at":"2023-05-01T10:00:00Z","picture":{"_placeholder":true,"num":0}}]'
            assert await client.receive() == b"\x00\xff"

    play(scenario)


def test_whoever_left_the_namespace_hears_nothing_and_may_come_back_without_a_ticket(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client, open_listener(server, world, ada) as other:
            await client.send("41/notifications,")
            await client.send("40/random,")
            assert "Invalid namespace" in str(await client.receive())
            await world.say(ada.user_id, "newJob", {"number": 1})
            assert await numbers(other, 1) == [1]
            assert (await client.join(None)).startswith('40/notifications,{"sid"')
            await world.say(ada.user_id, "newJob", {"number": 2})
            assert await numbers(client, 1) == [2]

    play(scenario)


def test_an_event_that_nobody_takes_is_ignored_or_acknowledged_by_an_error(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as client:
            await client.send('42/notifications,["whatever",1]', '42/notifications,9["whatever",1]')
            answer = str(await client.receive())
            assert answer.startswith("43/notifications,9[")
            assert msgspec.json.decode(answer.removeprefix("43/notifications,9"))[0]["error"]["code"] == "unknown_event"

    play(scenario)


def test_a_client_is_pinged_and_one_that_does_not_answer_is_closed(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as answers, open_listener(server, world) as silent:
            for _ in range(3):
                assert await answers.websocket.recv() == "2"
                await answers.send("3")
            assert (await silent.closed())[0] == CloseCode.SILENT
            assert await answers.websocket.recv() == "2"

    play(scenario, ping_interval_s=0.3, ping_timeout_s=2.0)


def test_the_opening_tells_the_heartbeats_times(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with open_client(server) as client:
            assert msgspec.json.decode(client.opening[1:]) | {"sid": ""} == {
                "sid": "", "upgrades": [], "pingInterval": 7_000, "pingTimeout": 3_000, "maxPayload": 65_536,
            }  # fmt: skip

    play(scenario, ping_interval_s=7.0, ping_timeout_s=3.0)


def test_whoever_joins_no_namespace_in_time_is_closed(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world) as joined, open_client(server) as waits:
            assert await waits.closed() == (CloseCode.LIMIT, "joined no namespace in time")
            await joined.send('42/notifications,1["still there"]')
            assert str(await joined.receive()).startswith("43/notifications,1")

    play(scenario, connect_timeout_s=0.4)


def test_a_client_that_goes_leaves_nothing_behind(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        for _ in range(3):
            async with open_listener(server, world):
                assert server.connections == 1
            await until(lambda: server.connections == 0, "the connection is forgotten")

    play(scenario)
