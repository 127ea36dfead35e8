"""Whether the peers do the same work: what they stored and what they answer is read back, and compared with ours."""

import asyncio
import json
from typing import Any

import httpx

from freehold.store import Store
from tests.perf.servers import Server
from tests.perf.world import World

POSTS = 8


def check(world: World, servers: list[Server]) -> None:
    """Post the same jobs to every server and list them. Raises AssertionError where a peer stores or answers otherwise."""
    ours, *peers = [_seen(world, server) for server in servers]
    for server, seen in zip(servers[1:], peers, strict=True):
        for place, expected in ours.items():
            if seen[place] != expected:
                raise AssertionError(f"{server.name} differs in {place}: {seen[place]} instead of {expected}")


def _seen(world: World, server: Server) -> dict[str, Any]:
    before = asyncio.run(_stored(world, server))
    created = [_answer(server, request) for request in world.creations(POSTS, fresh_tokens=True)]
    (listed,) = [_answer(server, request) for request in world.lists(1)]
    after = asyncio.run(_stored(world, server))
    return {
        "the answer to a post": _shape(created[0]),
        "a page": (len(listed["items"]), _shape(listed["items"][0]), listed["next_cursor"] is not None),
        "the newest of the page": listed["items"][0]["id"] == created[-1]["id"],
        "documents written": {name: after[name][0] - before[name][0] for name in after},
        "a stored job": _shape(after["jobs"][1]),
        "a stored event": {
            name: kind for name, kind in _shape(after["outbox"][1]).items() if name not in {"trace_id", "traceparent"}
        },
        "a stored key": _shape(after["idempotency"][1]),
    }


def _answer(server: Server, request: bytes) -> Any:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    response = httpx.request(method, f"http://127.0.0.1:{server.port}{path}", headers=headers, content=body or None)
    assert response.status_code in {200, 201}, f"{server.name}: {response.status_code} {response.text}"
    return json.loads(response.content)


async def _stored(world: World, server: Server) -> dict[str, tuple[int, dict[str, Any]]]:
    store = Store(world.uri, server.database, connections=1)
    try:
        return {
            name: (
                await store.database[name].count_documents({}),
                await store.database[name].find_one(sort=[("created_at", -1)]) or {},
            )
            for name in ("jobs", "outbox", "idempotency")
        }
    finally:
        await store.close()


def _shape(document: dict[str, Any]) -> dict[str, str]:
    """Say of which kind each field is; a number is a number, however many bytes hold it."""
    numbers = {"int", "float", "Int64"}
    kinds = {name: type(value).__name__ for name, value in document.items()}
    return dict(sorted((name, "number" if kind in numbers else kind) for name, kind in kinds.items()))
