"""Bodies that no endpoint may take, from the declared types: the field is named, and nothing is stored."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec import Struct, inspect

from tests.security.calls import send
from tests.security.hostile_types import Slot, slots, structs, with_value, without
from tests.security.hostile_values import HUGE, refused
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, RECIPES, Request
from tests.security.world import World

WITH_BODY = [name for name, item in ENDPOINTS.items() if item.body_type is not None]
INTRUDERS = (
    "$where", "$set", "a.b", "", "_id", "__proto__", "constructor", "is_admin", "suspended", "owner_id", "created_at",
    "password_hash", "user_id",
)  # fmt: skip


def sent(world: World, name: str, request: Request, body: dict[str, Any]) -> httpx.Response:
    """Send a request with another body, as its owner."""
    return send(world, name, Request(request.id, body, by=request.by), as_=RECIPES[name].owner)


def names_field(response: httpx.Response, field: str) -> bool:
    """Whether an answer is a problem that names this field, or a part of it."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert response.status_code == problem["status"] == 422, response.text
    assert all(fault["expected"] for fault in problem["faults"])
    return any(fault["field"] == field or fault["field"].startswith((f"{field}.", f"{field}[")) for fault in problem["faults"])


def rounds(struct: type[Struct]) -> Iterator[list[tuple[Slot, Any]]]:
    """Give bad values for all fields of the same depth at a time, until every field has had all of its own."""
    for depth in sorted({len(slot.path) for slot in slots(struct)}):
        values = {slot: list(refused(slot)) for slot in slots(struct) if len(slot.path) == depth}
        for number in range(max(len(each) for each in values.values())):
            yield [(slot, each[number % len(each)]) for slot, each in values.items()]


@pytest.mark.parametrize("name", WITH_BODY)
def test_each_field_refuses_what_is_not_of_its_type(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for faulty in rounds(ENDPOINTS[name].body_type):
        body = request.body
        for slot, value in faulty:
            body = with_value(body, ENDPOINTS[name].body_type, slot.path, value)
        response = sent(world, name, request, body)
        for slot, value in faulty:
            assert names_field(response, slot.name("body")), (slot.path, str(value)[:100], response.text)
    assert fingerprints(world.api) == before
    assert sent(world, name, request, request.body).is_success


@pytest.mark.parametrize("name", WITH_BODY)
def test_no_number_beyond_64_bits_gets_in(world: World, name: str):
    struct = ENDPOINTS[name].body_type
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for slot in (slot for slot in slots(struct) if isinstance(slot.kind, inspect.IntType)):
        for number in HUGE:
            response = sent(world, name, request, with_value(request.body, struct, slot.path, number))
            if slot.path == ("version",) and response.status_code == 409:
                assert response.json()["code"] == "stale_version"
            else:
                assert names_field(response, slot.name("body")), (slot.path, str(number)[:100], response.text)
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_BODY)
def test_each_field_that_is_missing_is_named(world: World, name: str):
    struct = ENDPOINTS[name].body_type
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for slot in slots(struct):
        if slot.required:
            response = sent(world, name, request, without(request.body, struct, slot.path))
            assert names_field(response, slot.name("body")), (slot.path, response.text)
    empty = sent(world, name, request, {})
    for slot in slots(struct):
        if slot.required and len(slot.path) == 1:
            assert names_field(empty, slot.name("body"))
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_BODY)
def test_each_field_that_does_not_belong_there_is_named(world: World, name: str):
    struct = ENDPOINTS[name].body_type
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for path in structs(struct):
        for intruder in INTRUDERS:
            response = sent(world, name, request, with_value(request.body, struct, (*path, intruder), {"$ne": None}))
            place = "body" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in (*path, intruder))
            assert names_field(response, place), (path, intruder, response.text)
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_BODY)
def test_all_faulty_fields_are_named_at_once_and_their_number_is_bounded(world: World, name: str):
    struct = ENDPOINTS[name].body_type
    request = RECIPES[name].make(world)
    top = [slot for slot in slots(struct) if len(slot.path) == 1]
    before = fingerprints(world.api)
    response = sent(world, name, request, {slot.path[0]: {"$ne": None} for slot in top})
    assert all(names_field(response, slot.name("body")) for slot in top), response.text
    crowd = sent(world, name, request, {f"x{number}{'y' * 5}": 1 for number in range(4_000)})
    assert len(crowd.json()["faults"]) <= 50
    assert len(crowd.content) < 16_384
    assert fingerprints(world.api) == before
