"""Sending a request of the table, as somebody or with some token."""

import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from tests.security.snapshots import Effect, effect, snapshot
from tests.security.table import RECIPES, Request, address, declaration_of
from tests.security.world import World


class Token(str):
    """An access token, where a person of the world could stand."""

    __slots__ = ()


Who = str | Token | None


def send(
    world: World, name: str, request: Request, *, as_: Who = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Send a request as a person of the world, with a token, or as nobody (null)."""
    return world.api.run(asend(world, name, request, as_=as_, headers=headers))


async def asend(
    world: World, name: str, request: Request, *, as_: Who = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Do as `send` does, on the app's own loop."""
    sent = {"content": request.raw} if request.body is None else {"json": request.body}
    return await world.api.client.request(
        declaration_of(name).method,
        address(name, request),
        params=dict(request.query),
        headers={**request.headers, **authorisation(world, request, as_), **(headers or {})},
        **sent,
    )


def authorisation(world: World, request: Request, who: Who) -> dict[str, str]:
    """Give the header that says who asks."""
    if who is None:
        return {}
    if isinstance(who, Token):
        return {"Authorization": f"Bearer {who}"}
    return (request.by or world[who]).headers


@cache
def effect_of_one(world: World, name: str) -> Effect:
    """Say what a keyed request does when nothing goes wrong."""
    request = RECIPES[name].make(world)
    before = snapshot(world.api)
    response = send(world, name, request, as_=RECIPES[name].owner, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert response.status_code == declaration_of(name).status, response.text
    return effect(before, snapshot(world.api))


def what(response: httpx.Response) -> tuple[int, Any]:
    """Give what an answer says to a person: its status, and its body (JSON without the trace, or a file)."""
    is_json = response.headers.get("content-type", "").endswith("json")
    body = response.json() if is_json else response.content or None
    if isinstance(body, dict):
        body = {key: value for key, value in body.items() if key != "trace_id"}
    return response.status_code, body
