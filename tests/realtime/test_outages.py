import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
import pytest

from freehold.documents import RealtimeRow
from freehold.store import Store
from freehold.store.realtime_log import LogFollower, LogGap
from realtime.protocol import CloseCode
from realtime.server import RelayServer
from tests.realtime.live import (
    PATIENCE_S,
    World,
    open_client,
    open_listener,
    open_relay,
    open_world,
    relay_settings,
    run,
    until,
)
from tests.realtime.proxy import Proxy, open_proxy

Play = Callable[..., None]


def number_of(frame: str | bytes) -> int:
    name, payload = msgspec.json.decode(str(frame).removeprefix("42/notifications,"))
    assert name == "newJob"
    return int(payload["number"])


async def id_of_next(rows: AsyncGenerator[RealtimeRow | None, None]) -> str:
    """Wait for the next row that is one."""
    async with asyncio.timeout(PATIENCE_S):
        while (row := await anext(rows)) is None:
            pass
    return row.id


def play_outage(mongodb_uri: str, database: str, scenario: Callable[[World, RelayServer, Proxy], Any]) -> None:
    async def whole() -> None:
        async with (
            open_proxy(mongodb_uri) as (proxy, uri),
            open_world(mongodb_uri, database) as world,
            open_relay(relay_settings(uri, database)) as server,
        ):
            await scenario(world, server, proxy)

    run(whole())


def test_what_is_said_during_an_outage_arrives_after_it_once_and_in_order(mongodb_uri: str, database: str) -> None:
    async def scenario(world: World, server: RelayServer, proxy: Proxy) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            for number in range(30):
                if number % 10 == 5:
                    await proxy.cut()
                if number % 10 == 9:
                    await proxy.open()
                await world.say(ada.user_id, "newJob", {"number": number})
            assert [number_of(await client.receive()) for _ in range(30)] == list(range(30))
            await world.say(ada.user_id, "newJob", {"number": 30})
            assert number_of(await client.receive()) == 30

    play_outage(mongodb_uri, database, scenario)


def test_an_outage_shows_keeps_sockets_turns_newcomers_away_and_forgets_no_sign_out(mongodb_uri: str, database: str) -> None:
    async def scenario(world: World, server: RelayServer, proxy: Proxy) -> None:
        stays, goes = await world.sign_in(), await world.sign_in()
        ticket = await world.ticket(stays)
        async with open_listener(server, world, stays) as staying, open_listener(server, world, goes) as going:
            await proxy.cut()
            await world.change(goes, ended_at=await world.store.database_now())
            async with open_client(server) as newcomer:
                await newcomer.send('40/notifications,{"ticket":"' + ticket + '"}')
                assert (await newcomer.closed())[0] == CloseCode.TRY_LATER
            await until(lambda: not server.checks()["feed"] and not server.checks()["sessions"], "the outage shows")
            assert server.checks()["heartbeat"]
            assert server.connections == 2, "sockets outlive an outage"
            await proxy.open()
            assert await going.receive() == "41/notifications,"
            assert (await going.closed())[0] == CloseCode.SESSION_OVER
            await until(lambda: all(server.checks().values()), "it works again")
            async with open_client(server) as newcomer:
                assert (await newcomer.join(ticket)).startswith("40/notifications,")
            await world.say(stays.user_id, "newJob", {"number": 1})
            assert number_of(await staying.receive()) == 1

    play_outage(mongodb_uri, database, scenario)


def test_a_relay_that_starts_before_its_database_becomes_ready_with_it(mongodb_uri: str, database: str) -> None:
    async def whole() -> None:
        async with open_proxy(mongodb_uri) as (proxy, uri), open_world(mongodb_uri, database) as world:
            await proxy.cut()
            server = RelayServer(relay_settings(uri, database))
            await server.start()
            async with open_client(server) as early:
                await early.send('40/notifications,{"ticket":"x"}')
                assert (await early.closed())[0] == CloseCode.TRY_LATER
            assert not server.checks()["feed"]
            await proxy.open()
            await until(lambda: all(server.checks().values()), "it is ready")
            async with open_listener(server, world):
                assert server.connections == 1
            await server.stop()

    run(whole())


def test_nobody_is_let_in_before_the_relay_has_a_place_in_the_log(mongodb_uri: str, database: str) -> None:
    async def whole() -> None:
        async with open_world(mongodb_uri, database) as world:
            nowhere = Store("mongodb://127.0.0.1:1", database, connections=1)
            server = RelayServer(relay_settings(mongodb_uri, database), follower=LogFollower(nowhere))
            await server.start()
            ticket = await world.ticket(await world.sign_in())
            async with open_client(server) as client:
                await client.send('40/notifications,{"ticket":"' + ticket + '"}')
                assert (await client.closed())[0] == CloseCode.TRY_LATER
            await server.stop()
            await nowhere.close()

    run(whole())


def test_a_lost_place_in_the_log_sends_every_client_to_load_anew(mongodb_uri: str, database: str) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada) as client:
            await world.store.database["realtime_log"].drop()
            assert (await client.closed())[0] == CloseCode.GAP
        await until(lambda: all(server.checks().values()), "it goes on")
        async with open_listener(server, world, ada) as client:
            await world.say(ada.user_id, "newJob", {"number": 1})
            assert number_of(await client.receive()) == 1

    async def whole() -> None:
        async with open_world(mongodb_uri, database + "_dropped") as world:
            async with open_relay(relay_settings(mongodb_uri, database + "_dropped")) as server:
                await scenario(world, server)
            await world.store.client.drop_database(database + "_dropped")

    run(whole())


def test_a_place_that_the_database_no_longer_holds_is_a_gap_and_the_next_read_begins_with_now(
    mongodb_uri: str, database: str
) -> None:
    async def scenario() -> None:
        async with open_world(mongodb_uri, database) as world:
            async with await world.store.database["realtime_log"].watch() as stream:
                await world.say("usr_x")
                token = (await stream.next())["_id"]["_data"]
            of_1970 = {"_data": token[:2] + "00000000" + token[10:]}
            follower = LogFollower(world.store, after=of_1970)
            with pytest.raises(LogGap):
                async for _ in follower.rows():
                    pass
            assert not follower.has_place
            rows = follower.rows()
            assert await anext(rows) is None
            said = await world.say("usr_x")
            assert await id_of_next(rows) == said
            await rows.aclose()

    run(scenario())


def test_a_follower_has_its_place_before_the_first_row_and_keeps_it_over_readings(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        async with open_world(mongodb_uri, database) as world:
            follower = LogFollower(world.store)
            assert not follower.has_place
            rows = follower.rows()
            assert await anext(rows) is None
            assert follower.has_place
            await rows.aclose()
            said = [await world.say("usr_x"), await world.say("usr_x")]
            seen: list[str] = []
            for _ in range(2):
                rows = follower.rows()
                seen.append(await id_of_next(rows))
                await rows.aclose()
            assert seen == said

    run(scenario())


def test_two_relays_say_the_same(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        settings = relay_settings(mongodb_uri, database)
        async with open_world(mongodb_uri, database) as world, open_relay(settings) as one, open_relay(settings) as two:
            ada = await world.sign_in()
            async with open_listener(one, world, ada) as here, open_listener(two, world, ada) as there:
                for number in range(10):
                    await world.say(ada.user_id, "newJob", {"number": number})
                for client in (here, there):
                    assert [number_of(await client.receive()) for _ in range(10)] == list(range(10))

    run(scenario())


def test_the_store_of_a_relay_is_closed_with_it(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        async with open_relay(relay_settings(mongodb_uri, database)) as server:
            store: Store = server._store
        with pytest.raises(Exception, match="close"):
            await store.ping()

    run(scenario())
