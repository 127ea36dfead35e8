"""The npm package socket.io-client, unchanged, against the relay."""

import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.realtime_events import ApplicationStatusUpdate, NewJob
from realtime.server import RelayServer
from tests.realtime.live import World, open_relay, open_world, relay_settings, run
from tests.realtime.stock_client import FOLDER, install, open_stock_client

Play = Callable[..., None]

NEW_JOB = NewJob(
    job_id="job_" + "0" * 32,
    title="Übersetzung ✓",
    category="Writing",
    kind="fixed",
    skills=("German",),
    budget=Money(5_000, "EUR"),
)
ACCEPTED = ApplicationStatusUpdate(
    application_id="app_" + "0" * 32, job_id="job_" + "0" * 32, job_title="Übersetzung ✓", status="accepted"
)


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    install()


def test_the_lock_file_names_no_registry() -> None:
    text = (FOLDER / "package-lock.json").read_text()
    assert "socket.io-client" in text
    assert re.findall(r"https?://", text) == []
    assert "omit-lockfile-registry-resolved=true" in (Path(__file__).parents[2] / ".npmrc").read_text()


def test_it_hears_new_jobs_and_application_updates(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_stock_client(server.port) as client:
            await client.give(await world.ticket(ada))
            assert await client.hears() == {"connected": "/notifications", "recovered": False}
            for told in (NEW_JOB, ACCEPTED):
                await world.notify(ada, told)
                heard = await client.hears()
                (payload,) = heard["args"]
                assert heard == {"event": told.name, "namespace": "/notifications", "args": [payload]}
                assert payload["notification_id"].startswith("ntf_")
                assert payload == msgspec.json.decode(msgspec.json.encode(told)) | {
                    "notification_id": payload["notification_id"]
                }

    play(scenario)


def test_a_used_ticket_is_refused_with_a_code(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ticket = await world.ticket(await world.sign_in())
        async with open_stock_client(server.port) as first, open_stock_client(server.port) as second:
            await first.give(ticket)
            assert "connected" in await first.hears()
            await second.give(ticket)
            refused = await second.hears()
            assert refused == {
                "refused": "/notifications",
                "message": "The ticket is unknown, used or expired; ask for a new one.",
                "data": {"code": "ticket_invalid"},
            }

    play(scenario)


def test_an_expired_ticket_is_refused_and_a_new_one_lets_it_in(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        ticket = await world.ticket(ada)
        past = await world.store.database_now() - timedelta(milliseconds=1)
        await world.store.database["tickets"].update_many({"user_id": ada.user_id}, {"$set": {"expires_at": past}})
        async with open_stock_client(server.port) as client:
            await client.give(ticket)
            assert (await client.hears())["data"] == {"code": "ticket_invalid"}
            await client.tell(connect="/notifications")
            await client.give(await world.ticket(ada))
            assert "connected" in await client.hears()

    play(scenario)


def test_without_a_ticket_it_is_told_how_to_get_one(play: Play) -> None:
    async def scenario(_: World, server: RelayServer) -> None:
        async with open_stock_client(server.port) as client:
            await client.give(None)
            refused = await client.hears()
            assert refused["data"] == {"code": "ticket_missing"}
            assert "POST /api/realtime/tickets" in refused["message"]

    play(scenario)


def test_an_unknown_namespace_is_refused_while_the_other_lives(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_stock_client(server.port, "/notifications", "/nowhere") as client:
            await client.hears_about("asks")
            await client.hears_about("asks")
            await client.tell(ticket=await world.ticket(ada))
            await client.tell(ticket="unused")
            told = [await client.hears(), await client.hears()]
            assert {"refused": "/nowhere", "message": "Invalid namespace", "data": None} in told
            assert any(each.get("connected") == "/notifications" for each in told)

    play(scenario)


def test_signing_out_disconnects_it_for_good(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_stock_client(server.port) as client:
            await client.give(await world.ticket(ada))
            await client.hears_about("connected")
            await world.change(ada, ended_at=await world.store.database_now())
            assert await client.hears() == {
                "disconnected": "/notifications", "reason": "io server disconnect", "active": False,
            }  # fmt: skip

    play(scenario, session_check_s=0.1)


def test_changed_rights_make_it_come_back_with_a_new_ticket(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_stock_client(server.port) as client:
            await client.give(await world.ticket(ada))
            await client.hears_about("connected")
            await world.change(ada, sign_in_version=2)
            assert await client.hears() == {"disconnected": "/notifications", "reason": "transport close", "active": True}
            await client.give(await world.ticket(msgspec.structs.replace(ada, sign_in_version=2)))
            assert "connected" in await client.hears()

    play(scenario, session_check_s=0.1)


def test_it_survives_a_restart_of_the_relay_with_a_new_ticket(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        settings = relay_settings(mongodb_uri, database)
        async with open_world(mongodb_uri, database) as world, AsyncExitStack() as stack:
            ada = await world.sign_in()
            async with open_relay(settings) as server:
                port = server.port
                client = await stack.enter_async_context(open_stock_client(port))
                await client.give(await world.ticket(ada))
                await client.hears_about("connected")
            assert (await client.hears_about("disconnected"))["reason"] == "transport close"
            await stack.enter_async_context(open_relay(msgspec.structs.replace(settings, relay_port=port)))
            await client.hears_about("asks")  # it may have tried in vain before the relay was there again
            await client.tell(ticket=await world.ticket(ada))
            await client.hears_about("connected")
            await world.say(ada.user_id, "newJob", {"after": "the restart"})
            assert (await client.hears_about("event"))["args"] == [{"after": "the restart"}]

    run(scenario())


def test_it_answers_pings_and_stays(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        ada = await world.sign_in()
        async with open_stock_client(server.port) as client:
            await client.give(await world.ticket(ada))
            await client.hears_about("connected")
            for _ in range(3):
                await client.hears_about("pinged")
            await world.say(ada.user_id)
            assert (await client.hears_about("event"))["event"] == "newJob"

    play(scenario, ping_interval_s=0.3, ping_timeout_s=2.0)


def test_its_events_are_acknowledged(play: Play) -> None:
    async def scenario(world: World, server: RelayServer) -> None:
        async with open_stock_client(server.port) as client:
            await client.give(await world.ticket(await world.sign_in()))
            await client.hears_about("connected")
            await client.tell(emit={"namespace": "/notifications", "args": ["whatever", {"a": 1}]})
            answer = (await client.hears())["acknowledged"]
            assert answer["error"]["code"] == "unknown_event"

    play(scenario)
