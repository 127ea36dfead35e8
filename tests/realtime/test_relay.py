from typing import Any

import msgspec

from tests.realtime.live import open_listener, open_relay, open_world, relay_settings, run


def event_of(frame: str | bytes) -> tuple[str, Any]:
    assert isinstance(frame, str)
    assert frame.startswith("42/notifications,")
    name, payload = msgspec.json.decode(frame.removeprefix("42/notifications,"))
    return name, payload


def test_a_person_hears_what_is_said_to_them_and_nothing_else(mongodb_uri: str, database: str) -> None:
    async def scenario() -> None:
        async with open_world(mongodb_uri, database) as world, open_relay(relay_settings(mongodb_uri, database)) as server:
            ada, ben = await world.sign_in(), await world.sign_in()
            async with open_listener(server, world, ada) as adas, open_listener(server, world, ben) as bens:
                await world.say(ben.user_id, "newJob", {"title": "for ben"})
                await world.say(ada.user_id, "newJob", {"title": "für ada", "budget": {"amount": 2**53 - 1, "currency": "USD"}})
                assert event_of(await adas.receive()) == (
                    "newJob", {"title": "für ada", "budget": {"amount": 2**53 - 1, "currency": "USD"}},
                )  # fmt: skip
                assert event_of(await bens.receive()) == ("newJob", {"title": "for ben"})

    run(scenario())
