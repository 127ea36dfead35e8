"""Sockets and polls through the gateway: to the node that a session names, else to the one that the client's network names."""

import asyncio
from contextlib import ExitStack
from urllib.parse import quote

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.gateway.conftest import ORIGIN
from tests.gateway_process import gateway_process
from tests.openfaas_stand_in import OpenFaas
from tests.realtime.live import Client, open_relay, open_world, relay_settings, run

POLL = "/socket.io/?EIO=4&transport=polling"
SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def nodes():
    """Two nodes that only write down what came: the stand-in serves for that, too."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(OpenFaas.serving()) for name in ("a", "b")}
        relays = ",".join(f"{name}=127.0.0.1:{node.port}" for name, node in found.items())
        settings = {"FREEHOLD_RELAYS": relays, "FREEHOLD_TRUSTED_PROXIES": "127.0.0.1", "FREEHOLD_ADDRESS_SOCKETS": "5"}
        gateway = stack.enter_context(gateway_process(found["a"].url, **settings))
        yield gateway, found


def where(nodes, path: str, **headers: str) -> str:
    gateway, found = nodes
    for node in found.values():
        node.seen.clear()
    httpx.get(gateway.url + path, headers=headers)
    (name,) = [name for name, node in found.items() if node.seen]
    return name


def test_a_session_goes_on_where_it_began(nodes):
    for name in ("a", "b"):
        assert {where(nodes, f"{POLL}&sid={name}.secret{number}") for number in range(3)} == {name}


def test_a_new_session_goes_where_its_network_leads(nodes):
    placed = {f"203.0.113.{number}": set() for number in range(21)}
    for _ in range(2):
        for address, found in placed.items():
            found.add(where(nodes, POLL, **{"X-Forwarded-For": address}))
    assert all(len(found) == 1 for found in placed.values())
    assert {name for found in placed.values() for name in found} == {"a", "b"}


@pytest.mark.parametrize("sid", ["c.secret", "secret", "", "a", "a%2esecret", ".a.secret", "A.secret"])
def test_a_session_of_no_node_of_ours_is_anybodys_to_refuse(nodes, sid):
    assert where(nodes, f"{POLL}&sid={sid}") in {"a", "b"}


def test_only_what_the_protocol_needs_reaches_a_node(nodes):
    gateway, found = nodes
    sent = {"Origin": ORIGIN, "X-Forwarded-Prefix": "/x", "Cookie": "a=b", "Authorization": "Bearer x", "Upgrade": "h2c"}
    node = found[where(nodes, f"{POLL}&sid=a.1", **sent)]
    (seen,) = node.seen
    assert seen.target == f"{POLL}&sid=a.1"
    assert seen.values("Origin") == [ORIGIN]
    kept = {"Host", "Origin", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "traceparent"}
    assert {name for name, _ in seen.headers} == kept
    assert httpx.post(gateway.url + POLL + "&sid=b.1", content=b"x" * 65_537).status_code == 413
    assert httpx.put(gateway.url + POLL).headers["Allow"] == "GET, POST"


def test_what_is_asked_of_a_node_is_logged_without_its_query(nodes):
    gateway, _ = nodes
    where(nodes, f"{POLL}&sid=a.very-secret&ticket={quote('hush/hush')}")
    assert gateway.logged(path="/socket.io/")["status"] == 404
    assert "secret" not in gateway.said()
    assert "hush" not in gateway.said()


def test_a_socket_opens_on_a_node_and_its_session_names_it(mongodb_uri, database, stand_in):
    async def scenario() -> None:
        given = relay_settings(mongodb_uri, database, relay_node="b-2", relay_origins=ORIGIN)
        async with open_world(mongodb_uri, database) as world, open_relay(given) as server:
            settings = {"FREEHOLD_RELAYS": f"b-2=127.0.0.1:{server.port}", "FREEHOLD_ADDRESS_SOCKETS": "2"}
            with gateway_process(stand_in.url, **settings) as gateway:
                await use(gateway, world)

    async def use(gateway, world) -> None:
        url = gateway.url.replace("http", "ws") + SOCKET
        async with connect(url, compression=None, origin=ORIGIN) as first, connect(url, compression=None) as second:
            client = Client(first)
            assert '"sid":"b-2.' in await client.receive()
            session = await world.sign_in()
            assert (await client.join(await world.ticket(session))).startswith('40/notifications,{"sid":"')
            await world.say(session.user_id, "newJob", {"job_id": "job_1"})
            assert await client.receive() == '42/notifications,["newJob",{"job_id":"job_1"}]'
            await second.recv()
            async with httpx.AsyncClient() as http:
                too_many = await http.get(gateway.url + SOCKET)
                assert (too_many.status_code, too_many.json()["code"]) == (429, "too_many_requests")
        refused = connect(url, compression=None, origin="https://evil.example", open_timeout=20)
        with pytest.raises(Exception, match="403"):
            await asyncio.wait_for(refused.__aenter__(), 30)

    run(scenario())
