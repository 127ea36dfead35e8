"""Scenarios against a relay that runs in the test's process, over the worker's database."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.realtime.live import Scenario, open_relay, open_world, relay_settings, run


@pytest.fixture
def play(mongodb_uri: str, database: str) -> Callable[..., None]:
    """Give a function that runs a scenario with a relay of these settings."""

    def play_scenario(scenario: Scenario, **settings: Any) -> None:
        async def whole() -> None:
            given = relay_settings(mongodb_uri, database, **settings)
            async with open_world(mongodb_uri, database) as world, open_relay(given) as server:
                await scenario(world, server)

        run(whole())

    return play_scenario
