"""As many calls at once as there are connections: no handler asks for a second one while its transaction holds its own."""

import asyncio

import pytest

from tests.api import Api, Person
from tests.escrow import Work

LIMIT = 2


@pytest.fixture
def api(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys, concurrency_limit=str(LIMIT)) as opened:
        yield opened


def at_once(api: Api, people: list[Person], path: str, bodies: list[dict | None]) -> list[int]:
    async def whole() -> list[int]:
        calls = [
            api.client.post(path, json=body, headers=person.headers) if body else api.client.post(path, headers=person.headers)
            for person, body in zip(people, bodies, strict=True)
        ]
        return [response.status_code for response in await asyncio.gather(*calls)]

    return api.run(whole())


def test_deposits_fill_all_connections_and_all_of_them_end(api: Api) -> None:
    work = Work.begun(api)
    for _ in range(3):
        bodies = [{"milestone_id": work.created()["id"]} for _ in range(LIMIT)]
        assert at_once(api, [work.client] * LIMIT, "/api/escrow/deposit", bodies) == [202] * LIMIT


def test_tickets_and_new_sessions_read_the_clock_and_all_of_them_end(api: Api) -> None:
    people = [api.register() for _ in range(LIMIT)]
    for _ in range(3):
        assert at_once(api, people, "/api/realtime/tickets", [None] * LIMIT) == [201] * LIMIT
    tokens = [{"refresh_token": person.signed_in["refresh_token"]} for person in people]
    assert at_once(api, people, "/api/auth/refresh-token", tokens) == [200] * LIMIT
