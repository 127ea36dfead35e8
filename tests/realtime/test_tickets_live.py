from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from realtime.protocol import CloseCode
from realtime.server import RelayServer
from tests.realtime.live import World, open_client, open_listener

Play = Callable[..., None]


def code_of(answer: str) -> str:
    assert answer.startswith("44/notifications,")
    error = msgspec.json.decode(answer.removeprefix("44/notifications,"))
    assert error["message"]
    return str(error["data"]["code"])


def test_a_ticket_opens_one_socket_once(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ticket = await world.ticket(await world.sign_in())
        async with open_client(server) as first, open_client(server) as second:
            assert (await first.join(ticket)).startswith("40/notifications,")
            assert code_of(await second.join(ticket)) == "ticket_invalid"

    play(scenario)


def test_two_sockets_that_race_for_a_ticket_get_one_place(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ticket = await world.ticket(await world.sign_in())
        async with open_client(server) as first, open_client(server) as second:
            packet = '40/notifications,{"ticket":"' + ticket + '"}'
            await first.send(packet)
            await second.send(packet)
            answers = sorted([str(await first.receive())[:2], str(await second.receive())[:2]])
            assert answers == ["40", "44"]

    play(scenario)


def test_an_expired_ticket_is_refused_by_the_databases_clock(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ticket = await world.ticket(await world.sign_in())
        past = await world.store.database_now() - timedelta(milliseconds=1)
        await world.store.database["tickets"].update_many({}, {"$set": {"expires_at": past}})
        async with open_client(server) as client:
            assert code_of(await client.join(ticket)) == "ticket_invalid"

    play(scenario)


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ("", "ticket_missing"),
        ("{}", "ticket_missing"),
        ('{"token":"x"}', "ticket_missing"),
        ('{"ticket":""}', "ticket_invalid"),
        ('{"ticket":null}', "ticket_invalid"),
        ('{"ticket":{"$ne":null}}', "ticket_invalid"),
        ('{"ticket":["x"]}', "ticket_invalid"),
        ('{"ticket":"unknown"}', "ticket_invalid"),
        ('{"ticket":"' + "x" * 101 + '"}', "ticket_invalid"),
    ],
)
def test_without_a_good_ticket_nobody_gets_in(play: Play, auth: str, code: str) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with open_client(server) as client:
            await client.send("40/notifications," + auth)
            assert code_of(str(await client.receive())) == code
            assert server.connections == 0

    play(scenario)


def test_a_client_may_try_again_with_another_ticket_but_not_forever(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_client(server) as client:
            assert code_of(await client.join("bad")) == "ticket_invalid"
            assert (await client.join(await world.ticket(await world.sign_in()))).startswith("40/notifications,")
        async with open_client(server) as client:
            for _ in range(3):
                await client.join("bad")
            assert await client.closed() == (CloseCode.LIMIT, "refused too often")

    play(scenario)


@pytest.mark.parametrize(
    "change",
    [{"ended_at": "now"}, {"expires_at": "now"}, {"sign_in_version": 2}],
    ids=["signed out", "expired", "rights changed"],
)
def test_a_ticket_of_a_session_that_is_over_is_refused(play: Play, change: dict[str, Any]) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        session = await world.sign_in()
        ticket = await world.ticket(session)
        now = await world.store.database_now()
        await world.change(session, **{field: now if value == "now" else value for field, value in change.items()})
        async with open_client(server) as client:
            assert code_of(await client.join(ticket)) == "session_over"

    play(scenario)


def test_one_person_cannot_hold_more_sockets_than_the_limit(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_listener(server, world, ada), open_listener(server, world, ada), open_client(server) as third:
            assert code_of(await third.join(await world.ticket(ada))) == "too_many_connections"
            async with open_listener(server, world) as of_another:
                await of_another.send('42/notifications,1["there"]')
                assert str(await of_another.receive()).startswith("43")

    play(scenario, connections_per_person=2)


def test_an_unknown_namespace_is_refused_and_uses_up_no_ticket(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ticket = await world.ticket(await world.sign_in())
        async with open_client(server) as client:
            assert await client.join(ticket, "/admin") == '44/admin,{"message":"Invalid namespace"}'
            assert await client.join(ticket, "/") == '44{"message":"Invalid namespace"}'
            assert (await client.join(ticket)).startswith("40/notifications,")

    play(scenario)
