"""Paths and queries that no endpoint may take, from the declared types: the parameter is named, and nothing is stored."""

from typing import Any, Final

import httpx
import pytest
from msgspec import inspect

from freehold.ids import KINDS, new_id
from tests.security.calls import authorisation, send
from tests.security.hostile_types import Slot, slots
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, RECIPES, Request, address, declaration_of
from tests.security.world import World

WITH_QUERY = [name for name, item in ENDPOINTS.items() if item.query_type is not None]
WITH_CURSOR = [name for name in WITH_QUERY if any(slot.path == ("cursor",) for slot in slots(ENDPOINTS[name].query_type))]
WITHOUT_QUERY = [name for name, item in ENDPOINTS.items() if item.query_type is None]
WITH_PREFIXED_ID = [
    name for name, item in ENDPOINTS.items() if item.path_type is not None and slots(item.path_type)[0].kind.pattern is not None
]
OPERATORS: Final = (
    '{"$ne": null}',
    '{"$gt": ""}',
    "$where",
    "[$ne]=1",
    "a'; return true; var b='a",
    '{"$regex": ".*"}',
    "*",
    ".*",
)
NO_NUMBER: Final = ("", "x", "1.5", "0x10", "1_0", "9" * 30, "9" * 5_000, "-1", "NaN", "1e400", "\u0661", "{}", "null", "true")
NO_WORD: Final = ("", "nope", "$ne", "OPEN ", "null", "{}", "0.5")
NO_INSTANT: Final = ("", "yesterday", "2099-01-01", "2099-01-01T00:00:00", "5", "0.5", "-1e3", "$$NOW", "2099-13-01T00:00:00Z")
NO_TEXT: Final = ("%00", "a%00b", "%1b", "%e2%80%ae")
STRANGE_NAMES: Final = ("limit[$ne]", "$where", "limit[]", "a.b", "__proto__", "%00", "limit ", "LIMIT", "%ff", "_id", "filter")
NO_ID: Final = (
    "0", "null", "undefined", "-", "%00", "%0a", "%ff", "%ed%a0%80", "$ne", "%7b%22$ne%22:null%7d", "[object]", "*",
    "a" * 4_000, "%F0%9F%98%80", "1%20or%201=1",
)  # fmt: skip


def ask(world: World, name: str, request: Request, query: str = "") -> httpx.Response:
    """Send a request with a raw query, as its owner."""
    headers = authorisation(world, request, RECIPES[name].owner)
    sent = {} if request.body is None else {"json": request.body}
    path = address(name, request) + (f"?{query}" if query else "")
    return world.api.call(declaration_of(name).method, path, headers=headers, **sent)


def named(response: httpx.Response) -> list[str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert (response.status_code, response.json()["code"]) == (422, "invalid"), response.text
    return [fault["field"] for fault in response.json()["faults"]]


def bad_values(slot: Slot) -> tuple[str, ...]:
    match slot.kind:
        case inspect.IntType():
            return NO_NUMBER
        case inspect.BoolType() | inspect.LiteralType():
            return NO_WORD
        case inspect.DateTimeType():
            return NO_INSTANT
        case inspect.StrType(pattern=str()):
            return (*NO_TEXT, "x" * 600)
        case inspect.StrType(max_length=int()):
            return ("x" * 4_000,)
    return ()


@pytest.mark.parametrize("name", WITH_QUERY)
def test_each_parameter_refuses_what_is_not_of_its_type(world: World, name: str):
    request = Request(RECIPES[name].make(world).id)
    tried = 0
    for slot in slots(ENDPOINTS[name].query_type):
        for value in bad_values(slot):
            field = str(slot.path[0])
            response = ask(world, name, request, f"{field}={value}")
            assert any(each.startswith(f"query.{field}") for each in named(response)), (field, value, response.text)
            tried += 1
    assert tried > 10


@pytest.mark.parametrize("name", WITH_QUERY)
def test_parameters_that_do_not_exist_or_come_twice_are_named(world: World, name: str):
    made = RECIPES[name].make(world)
    request, needed = Request(made.id), "".join(f"{field}={value}&" for field, value in made.query.items())
    for strange in STRANGE_NAMES:
        (field,) = named(ask(world, name, request, f"{needed}{strange}=1"))
        assert field.startswith("query."), strange
    assert named(ask(world, name, request, f"{needed}limit=1&limit=2")) == ["query.limit"]
    assert named(ask(world, name, request, f"{needed}cursor=a&cursor=b")) == ["query.cursor"]


@pytest.mark.parametrize("name", WITHOUT_QUERY)
def test_an_endpoint_without_parameters_takes_none(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for query in ("limit=1", "$where=1", "a[$ne]=", "debug", "_method=DELETE", "access_token=x"):
        assert named(ask(world, name, request, query)) == [f"query.{query.partition('=')[0]}"], query
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_QUERY)
def test_an_operator_in_a_filter_is_only_a_text(world: World, name: str):
    request, owner = Request(RECIPES[name].make(world).id), RECIPES[name].owner
    for slot in slots(ENDPOINTS[name].query_type):
        if isinstance(slot.kind, inspect.StrType):
            field = str(slot.path[0])
            for operator in OPERATORS:
                answer = send(world, name, Request(request.id, query={field: operator}), as_=owner)
                assert answer.status_code in {200, 400, 422}, (field, operator, answer.text)
                assert world.leaks(owner or "anonymous", answer.text) == []
                if answer.status_code == 200 and field != "q":
                    others = [item for item in answer.json()["items"] if operator not in _texts(item)]
                    assert others == [], (field, operator)


@pytest.mark.parametrize("name", WITH_CURSOR)
@pytest.mark.parametrize(
    "cursor", ["a", "AAAA", "%00", "%ff", "=", "....", "gqR0ZXN0", "x" * 500, "kqVhYWFhYWGRwA", "%e2%82%ac"]
)
def test_a_cursor_that_nobody_made_is_refused(world: World, name: str, cursor: str):
    response = ask(world, name, Request(RECIPES[name].make(world).id), f"cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor"), response.text


@pytest.mark.parametrize("name", WITH_CURSOR)
def test_a_cursor_of_another_list_is_refused(world: World, name: str):
    other = "admin-list-parked-deliveries" if name == "users-list-users" else "users-list-users"
    world.parked_delivery(), world.parked_delivery()
    cursor = send(world, other, Request(query={"limit": "1"}), as_="admin").json()["next_cursor"]
    assert cursor
    response = ask(world, name, Request(RECIPES[name].make(world).id), f"cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor"), response.text


@pytest.mark.parametrize("name", WITH_PREFIXED_ID)
def test_a_path_that_names_no_object_of_this_kind_is_refused(world: World, name: str):
    request = RECIPES[name].make(world)
    kind, _, digits = str(request.id).partition("_")
    others = [new_id(other) for other in KINDS if other != kind]
    near = [f"{kind}_{digits[:-1]}", f"{kind}_{digits}0", f"{kind}_{digits.upper()}_", f"{kind}-{digits}", f" {request.id}"]
    near += [f"{request.id}%0a", f"%20{request.id}", f"{request.id}%00", f"{kind}_{digits[:-1]}g", digits]
    before = fingerprints(world.api)
    for identifier in (*others, *near, *NO_ID):
        response = ask(world, name, Request(identifier, request.body, request.query))
        assert named(response) == ["path.id"], (identifier, response.text)
    elsewhere = ask(world, name, Request("%2f..%2f", request.body, request.query))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not_found")
    assert fingerprints(world.api) == before
    assert send(world, name, request, as_=RECIPES[name].owner).is_success


@pytest.mark.parametrize("path", sorted({item.path for item in ENDPOINTS.values()}))
def test_methods_that_a_path_does_not_have_are_refused(world: World, path: str):
    declared = {item.method for item in ENDPOINTS.values() if item.path == path}
    before = fingerprints(world.api)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} - declared:
        response = world.api.call(method, path.replace("{id}", new_id("job")), headers=world["admin"].headers)
        assert response.status_code == 405, (method, response.text)
        assert set(response.headers["allow"].split(", ")) == declared
    assert fingerprints(world.api) == before


def _texts(item: dict[str, Any]) -> set[str]:
    """Give the texts of an item, those in its lists too: what a filter may have matched."""
    lists = [part for part in item.values() if isinstance(part, list)]
    return {str(part) for part in item.values()} | {str(part) for each in lists for part in each}
