"""Bodies that are no JSON, too large, too deep, of another media type; and texts that mean something elsewhere."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest

from freehold.domain.text import line, prose
from infra.manifest.gateway import body_limit_of
from tests.security.calls import authorisation, send
from tests.security.snapshots import fingerprints
from tests.security.table import ENDPOINTS, RECIPES, Request, address, declaration_of
from tests.security.world import World

WITH_BODY = [name for name, item in ENDPOINTS.items() if item.body_type is not None]
WITHOUT_BODY = [name for name, item in ENDPOINTS.items() if item.body_type is None and not item.takes_raw]
FREE_TEXTS: Final = {
    "applications-create-application": ("proposal",),
    "disputes-create-dispute": ("statement",),
    "disputes-update-dispute": ("statement",),
    "jobs-create-job": ("title", "description", "category"),
    "jobs-update-job": ("title", "description", "category"),
    "milestones-create-milestone": ("title", "description"),
    "milestones-update-milestone": ("title", "description"),
    "milestones-update-milestone:submit": ("note",),
    "milestones-update-milestone:request_changes": ("reason",),
    "reviews-create-review": ("comment",),
    "users-update-user": ("name",),
}
"""Texts that people write, and that are shown again."""
NO_JSON: Final = (
    b"", b" ", b"{", b"}", b"nul", b"{]", b"{'a': 1}", b'{"a": 1,}', b'{"a" 1}', b'{"a": 01}', b'{"a": +1}', b'{"a": .5}',
    b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": undefined}', b'{"a": "\xff"}', b'{"a": "\xc0\xaf"}',
    b'{"a": "\xed\xa0\x80"}', b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "\\x41"}', b'{"a": "\n"}',
    b'{"a": "\x00"}', b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'.encode("utf-16"), b'{"a": 1}{"a": 1}', b'{"a": 1} x', b"\x00",
    b"/* */ {}", b"<?xml version='1.0'?><a/>", b"a=1&b=2", gzip.compress(b'{"a": 1}'), b"[" * 60_000, b'{"a":' * 10_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
)  # fmt: skip
NO_OBJECT: Final = (b"null", b"true", b"5", b'"x"', b"[]", b"[{}]", b"1e400", b"9" * 5_000, b"-0")
MEDIA_TYPES: Final = (
    None, "", "text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/jsonx", "application/json-patch+json", "*/*",
    "application/json, text/plain",
)  # fmt: skip
TEXTS: Final = (
    '{"$ne": null}', "$where", "a.b.c", "__proto__", "'; return true; var a='", "<script>alert(1)</script>",
    "=1+1|' /C calc'!A0", "../../../../etc/passwd", "%00%0a%ff", "${jndi:ldap://127.0.0.1/a}", "{{7*7}}",
    "\U0001f600\u200d\U0001f680", "e\u0301\u0323" * 9, "\u05d0\u05d1 \u0627\u0628", "a\r\nSet-Cookie: a=b",
    "Null\ttab  and  spaces", "undefined", "NaN", "-0",
)  # fmt: skip


def sent(world: World, name: str, request: Request, raw: Any, **headers: str | None) -> httpx.Response:
    """Send raw bytes (or a stream of them) as the owner."""
    given = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    kept = {key: value for key, value in given.items() if value is not None}
    who = authorisation(world, request, RECIPES[name].owner)
    method, path = declaration_of(name).method, address(name, request)
    return world.api.call(method, path, content=raw, params=dict(request.query), headers={**who, **kept})


def is_problem(response: httpx.Response, status: int, code: str) -> bool:
    assert response.headers["content-type"] == "application/problem+json"
    return (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("name", WITH_BODY)
def test_what_is_no_json_is_refused(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for raw in NO_JSON:
        response = sent(world, name, request, raw)
        assert is_problem(response, 400, "malformed_json"), (raw[:40], response.text)
    for raw in NO_OBJECT:
        response = sent(world, name, request, raw)
        assert is_problem(response, 422, "invalid"), (raw[:40], response.text)
        assert [fault["field"] for fault in response.json()["faults"]] == ["body"]
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_field_that_is_given_twice_is_refused(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for field, value in request.body.items():
        twice = json.dumps(request.body)[:-1] + f", {json.dumps(field)}: {json.dumps(value)}}}"
        response = sent(world, name, request, twice)
        assert is_problem(response, 422, "invalid"), response.text
        assert [fault["field"] for fault in response.json()["faults"]] == [f"body.{field}"]
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_body_beyond_the_limit_is_refused_with_and_without_a_length(world: World, name: str):
    request = RECIPES[name].make(world)
    raw = json.dumps(request.body or {}).encode()
    taken, limit = 0, body_limit_of(ENDPOINTS[name])

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        yield raw
        for _ in range(limit):
            taken += 1_024
            yield b" " * 1_024

    before = fingerprints(world.api)
    assert is_problem(sent(world, name, request, raw + b" " * limit), 413, "payload_too_large")
    assert is_problem(sent(world, name, request, pieces()), 413, "payload_too_large")
    assert taken <= 2 * limit
    assert fingerprints(world.api) == before


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_up_to_the_limit_is_taken_in_pieces(world: World, name: str):
    request = RECIPES[name].make(world)
    raw = json.dumps(request.body).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for position in range(0, len(raw), 7):
            yield raw[position : position + 7]
        yield b" " * (body_limit_of(ENDPOINTS[name]) - len(raw))

    response = sent(world, name, request, pieces())
    assert response.status_code == declaration_of(name).status, response.text


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_body_of_another_media_type_is_refused(world: World, name: str):
    request = RECIPES[name].make(world)
    raw = json.dumps(request.body).encode()
    before = fingerprints(world.api)
    for media_type in MEDIA_TYPES:
        response = sent(world, name, request, raw, Content_Type=media_type)
        assert is_problem(response, 415, "unsupported_media_type"), (media_type, response.text)
    packed = sent(world, name, request, gzip.compress(raw), Content_Encoding="gzip")
    assert is_problem(packed, 400, "malformed_json")
    assert fingerprints(world.api) == before
    assert sent(world, name, request, raw, Content_Type="Application/JSON; charset=utf-8").is_success


@pytest.mark.parametrize("name", WITHOUT_BODY)
def test_a_body_where_none_belongs_is_refused(world: World, name: str):
    request = RECIPES[name].make(world)
    before = fingerprints(world.api)
    for raw in (b"{}", b"null", b"x", b"\x00", b'{"$where": "1"}'):
        response = sent(world, name, request, raw)
        assert is_problem(response, 422, "invalid"), response.text
        assert [fault["field"] for fault in response.json()["faults"]] == ["body"]
    assert fingerprints(world.api) == before
    assert send(world, name, request, as_=RECIPES[name].owner).is_success


@pytest.mark.parametrize("name", FREE_TEXTS)
def test_texts_that_mean_something_elsewhere_are_only_texts(world: World, name: str):
    for text in TEXTS:
        request = RECIPES[name].make(world)
        body = {**request.body, **dict.fromkeys(FREE_TEXTS[name], text)}
        response = send(world, name, Request(request.id, body), as_=RECIPES[name].owner)
        assert response.status_code == declaration_of(name).status, (text, response.text)
        told = [value for value in response.json().values() if value in (line(text), prose(text))]
        assert len(told) == len(FREE_TEXTS[name]), (text, response.text)
