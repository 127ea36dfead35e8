from collections.abc import Callable
from datetime import timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from freehold.documents import Session
from realtime.protocol import CloseCode
from realtime.server import RelayServer
from tests.realtime.live import World, open_listener, until

Play = Callable[..., None]


def test_signing_out_ends_the_sessions_sockets_and_tells_them_not_to_come_back(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        phone = await world.sign_in()
        laptop = await world.sign_in(phone.user_id)
        async with (
            open_listener(server, world, phone) as first,
            open_listener(server, world, phone) as second,
            open_listener(server, world, laptop) as other,
        ):
            await world.change(phone, ended_at=await world.store.database_now())
            for ended in (first, second):
                assert await ended.receive() == "41/notifications,"
                assert (await ended.closed())[0] == CloseCode.SESSION_OVER
            await world.say(phone.user_id)
            assert await other.receive() == '42/notifications,["newJob",{}]'

    play(scenario, session_check_s=0.1)


def test_a_session_that_expires_ends_its_sockets_by_the_databases_clock(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_listener(server, world, await world.sign_in(lasts_s=1)) as client:
            assert await client.receive() == "41/notifications,"
            assert (await client.closed())[0] == CloseCode.SESSION_OVER

    play(scenario, session_check_s=0.1)


def test_a_session_that_was_removed_ends_its_sockets(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        session = await world.sign_in()
        async with open_listener(server, world, session) as client:
            await world.store.database["sessions"].delete_one({"_id": session.id})
            assert await client.receive() == "41/notifications,"
            assert (await client.closed())[0] == CloseCode.SESSION_OVER

    play(scenario, session_check_s=0.1)


def test_changed_rights_close_the_socket_so_that_it_comes_back_with_the_new_ones(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        session = await world.sign_in()
        async with open_listener(server, world, session) as client:
            await world.change(session, sign_in_version=2)
            with pytest.raises(ConnectionClosed):
                await client.receive()  # no DISCONNECT packet comes before the end
            assert (await client.closed())[0] == CloseCode.RIGHTS_CHANGED
        renewed = await world.store.require(Session, session.id)
        async with open_listener(server, world, renewed) as client:
            await world.say(session.user_id)
            assert await client.receive() == '42/notifications,["newJob",{}]'

    play(scenario, session_check_s=0.1)


def test_a_refreshed_session_keeps_its_sockets(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        session, witness = await world.sign_in(), await world.sign_in()
        async with open_listener(server, world, session) as client, open_listener(server, world, witness) as other:
            now = await world.store.database_now()
            await world.change(session, generation=2, version=2, rotated_at=now, expires_at=now + timedelta(days=30))
            await world.change(witness, ended_at=now)
            await other.closed()
            await world.say(session.user_id)
            assert await client.receive() == '42/notifications,["newJob",{}]'

    play(scenario, session_check_s=0.1)


def test_an_ended_socket_hears_nothing_more_even_if_it_does_not_close(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        session = await world.sign_in()
        async with open_listener(server, world, session) as client:
            client.websocket.transport.pause_reading()
            await world.change(session, ended_at=await world.store.database_now())
            await until(lambda: server.connections == 0, "the socket is ended")
            await world.say(session.user_id)
            client.websocket.transport.resume_reading()
            assert await client.receive() == "41/notifications,"
            assert (await client.closed())[0] == CloseCode.SESSION_OVER

    play(scenario, session_check_s=0.1)
