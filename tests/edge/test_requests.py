"""What the edge makes of requests: faults named, limits kept, problems as RFC 9457 says."""

import asyncio

import httpx
import pytest

from freehold.ids import new_id
from tests.api import Api

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def faults(response: httpx.Response) -> dict[str, str]:
    return {fault["field"]: fault["expected"] for fault in response.json()["faults"]}


def post(api: Api, **options) -> httpx.Response:
    return api.call("POST", "/sample/paintings", **options)


def test_every_faulty_field_is_named_at_once(samples: Api):
    body = {"title": "", "colours": [{"name": 5}, {"name": "red", "depth": 99}], "frame": {"nme": "x"}, "extra": 1}
    response = post(samples, json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert set(faults(response)) == {
        "body.title", "body.colours[0].name", "body.colours[1].depth", "body.frame.nme", "body.frame.name", "body.extra",
    }  # fmt: skip


def test_a_list_that_is_too_long_is_one_fault(samples: Api):
    response = post(samples, json={"title": "a", "colours": [{"name": "x"}] * 4})
    assert list(faults(response)) == ["body.colours"]


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"nul", b'{"title": NaN}', b'{"title": "\xff"}', b'{"title": "\\ud800"}', b"[" * 4000, b"\xef\xbb\xbf{}"]
)
def test_what_is_no_json_is_told_apart_from_what_is_wrong(samples: Api, raw: bytes):
    response = post(samples, content=raw, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b'{"title": "a", "title": "b"}', ["body.title"]),
        (b'{"title": "a", "\\u0074itle": "a"}', ["body.title"]),
        (b'{"title": "a", "colours": [{"name": "x"}, {"name": "y", "depth": 1, "depth": 2}]}', ["body.colours[1].depth"]),
    ],
)
def test_a_field_that_is_given_twice_is_named(samples: Api, raw: bytes, named: list[str]):
    response = post(samples, content=raw, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(faults(response))) == (422, named)


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_a_number_that_no_machine_holds_is_named(samples: Api, number: str):
    raw = f'{{"title": "a", "frame": {{"name": "x", "depth": {number}}}}}'
    response = post(samples, content=raw, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(faults(response))) == (422, ["body.frame.depth"])


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"5"])
def test_json_that_is_no_object_is_invalid(samples: Api, raw: bytes):
    response = post(samples, content=raw, headers={"Content-Type": "application/json"})
    assert (response.status_code, list(faults(response))) == (422, ["body"])


def test_a_body_of_another_media_type_is_refused(samples: Api):
    response = post(samples, content=b'{"title": "a"}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


def test_a_body_beyond_the_limit_is_refused_while_it_streams_in(samples: Api):
    sent = 0

    async def chunks():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1024

    response = post(samples, content=chunks(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_a_chunked_body_without_a_length_is_read(samples: Api):
    async def chunks():
        yield b'{"tit'
        yield b'le": "a"}'

    response = post(samples, content=chunks(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (201, {"title": "a", "times": 1})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("times=0", "query.times"),
        ("times=x", "query.times"),
        ("tmes=1", "query.tmes"),
        ("times=1&times=2", "query.times"),
        ("most=null", "query.most"),
        ("since=0.5", "query.since"),
    ],
)
def test_a_faulty_query_is_named(samples: Api, query: str, field: str):
    response = post(samples, json={"title": "a"}, params=query)
    assert (response.status_code, list(faults(response))) == (422, [field])


def test_an_id_of_another_kind_is_named(samples: Api):
    response = samples.call("GET", f"/sample/jobs/{new_id('usr')}")
    assert (response.status_code, list(faults(response))) == (422, ["path.job_id"])
    assert "job_" in faults(response)["path.job_id"]


def test_a_missing_object_is_not_found(samples: Api):
    response = samples.call("GET", f"/sample/jobs/{new_id('job')}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_unknown_paths_and_methods_are_problems_too(samples: Api):
    assert samples.call("GET", "/nowhere").json()["code"] == "not_found"
    response = samples.call("DELETE", "/sample/notes")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, POST"


def test_a_body_where_none_belongs_is_refused(samples: Api):
    response = samples.call("GET", f"/sample/jobs/{new_id('job')}", content=b"x")
    assert response.status_code == 422


def test_what_takes_too_long_is_cut_and_says_try_again(samples: Api):
    response = samples.call("GET", "/sample/slow")
    assert (response.status_code, response.json()["code"]) == (503, "timed_out")
    assert response.headers["retry-after"] == "1"


def test_an_unforeseen_error_shows_a_trace_id_and_nothing_else(samples: Api):
    response = samples.call("GET", "/sample/broken", headers={"X-Call-Id": "call-7", "traceparent": TRACEPARENT})
    assert response.status_code == 500
    assert response.json()["trace_id"] == TRACEPARENT.split("-")[1]
    assert "KeyError" not in response.text
    assert response.headers["x-call-id"] == "call-7"


def test_beyond_the_concurrency_limit_calls_are_turned_away(samples: Api):
    async def storm():
        return await asyncio.gather(*(samples.client.get("/sample/slow") for _ in range(12)))

    statuses = sorted(response.status_code for response in samples.run(storm()))
    assert statuses == [429] * 4 + [503] * 8


def test_a_role_that_is_missing_is_forbidden_and_no_token_is_unauthenticated(samples: Api):
    person = samples.register()
    assert person.call("GET", "/sample/admins").status_code == 403
    assert samples.call("GET", "/sample/admins").status_code == 401
    assert samples.admin().call("GET", "/sample/admins").status_code == 200


def test_a_rule_that_refuses_answers_with_its_own_code(samples: Api):
    response = samples.register().call("POST", "/sample/notes", {"name": "nobody"})
    assert (response.status_code, response.json()["code"]) == (409, "out_of_paint")


def test_pages_follow_each_other_and_stay_true_while_things_are_added(samples: Api):
    person = samples.register()
    made = [person.post("/sample/notes", {"name": "n"})["title"] for _ in range(5)]
    first = person.get("/sample/notes?limit=2")
    person.post("/sample/notes", {"name": "late"})
    second = person.get(f"/sample/notes?limit=2&cursor={first['next_cursor']}")
    third = person.get(f"/sample/notes?limit=2&cursor={second['next_cursor']}")
    assert first["items"] + second["items"] + third["items"] == made[::-1]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["nonsense", "", "AAAA", "kqNhYmOR"])
def test_a_cursor_that_we_did_not_make_is_refused(samples: Api, cursor: str):
    response = samples.register().call("GET", f"/sample/notes?cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_a_cursor_of_another_question_is_refused(samples: Api):
    ada, bob = samples.register(), samples.register()
    for _ in range(2):
        ada.post("/sample/notes", {"name": "n"})
    cursor = ada.get("/sample/notes?limit=1")["next_cursor"]
    assert bob.call("GET", f"/sample/notes?cursor={cursor}").status_code == 400


def test_writes_beyond_the_limit_of_a_person_are_slowed_down(mongodb_uri, database, keys):
    from freehold.edge.discovery import find  # noqa: PLC0415
    from tests.edge.samples import declared  # noqa: PLC0415

    functions = [*declared(), *find(["auth-register"])]
    with Api.opened(mongodb_uri, database, keys, functions, rate_write_per_minute="2") as api:
        ada, bob = api.register(), api.register()
        statuses = [ada.call("POST", "/sample/notes", {"name": "n"}).status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
        assert bob.call("POST", "/sample/notes", {"name": "n"}).status_code == 201
