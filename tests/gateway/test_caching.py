"""What is kept for everybody, and what never is; and that answers are sent small."""

import gzip
import json
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest

from freehold.edge import endpoint
from freehold.edge.discovery import find_all
from tests.gateway_process import GIVE_UP_S, read_all
from tests.openfaas_stand_in import Answer

CACHED = [item for item in find_all() if item.cache_s]
JSON = ("Content-Type", "application/json")
FOR_ALL = (JSON, ("Cache-Control", "public, max-age=60"), ("Vary", "Authorization"))
BRIEFLY = (JSON, ("Cache-Control", "public, max-age=1"), ("Vary", "Authorization"))


def test_public_lists_are_declared_as_such():
    assert {item.name for item in CACHED} == {
        "auth-list-keys",
        "jobs-list-jobs",
        "ledger-read-checkpoint",
        "liabilities-read-statement",
        "payments-list-gateways",
        "platform-read-openapi",
        "reviews-list-reviews",
    }


@pytest.mark.parametrize("declaration", CACHED, ids=lambda item: item.name)
def test_a_public_list_is_asked_for_once(client, openfaas, declaration):
    openfaas.answers[declaration.name] = Answer(body=b'{"kept":1}', headers=FOR_ALL)
    path = declaration.path.replace("{id}", "usr_1") + f"?q={declaration.name}"
    answers = [client.get(path) for _ in range(3)]
    assert [answer.headers["X-Cache-Status"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert {answer.content for answer in answers} == {b'{"kept":1}'}
    assert len({answer.headers["X-Trace-Id"] for answer in answers}) == 3
    assert len(openfaas.seen) == 1


def test_another_question_gets_another_answer(client, openfaas):
    openfaas.answers["jobs-list-jobs"] = Answer(headers=FOR_ALL)
    for query in ("?q=one", "?q=two", "?q=one&cursor=x", "?q=ONE"):
        assert client.get(f"/api/jobs{query}").headers["X-Cache-Status"] == "MISS"
    assert len(openfaas.seen) == 4


@pytest.mark.parametrize("token", ["Bearer a.b.c", "Basic eDp5", "x"])
def test_who_signs_in_is_asked_and_answered_alone(client, openfaas, token):
    path = f"/api/jobs?q=alone-{token[0]}"
    openfaas.answers["jobs-list-jobs"] = Answer(body=b'{"mine":1}', headers=FOR_ALL)
    signed_in = [client.get(path, headers={"Authorization": token}) for _ in range(2)]
    assert len(openfaas.seen) == 2
    openfaas.answers["jobs-list-jobs"] = Answer(body=b'{"public":1}', headers=FOR_ALL)
    assert client.get(path).content == client.get(path).content == b'{"public":1}'
    openfaas.answers["jobs-list-jobs"] = Answer(body=b'{"mine":2}', headers=FOR_ALL)
    assert client.get(path, headers={"Authorization": token}).content == b'{"mine":2}'
    assert all("X-Cache-Status" not in answer.headers for answer in signed_in)


def test_what_a_function_does_not_give_away_is_not_kept(client, openfaas):
    refusals = {
        "no-store": Answer(headers=(JSON, ("Cache-Control", "no-store"))),
        "private": Answer(headers=(JSON, ("Cache-Control", "private, max-age=60"))),
        "silent": Answer(headers=(JSON,)),
        "cookie": Answer(headers=(*FOR_ALL, ("Set-Cookie", "a=b"))),
        "problem": Answer(422, headers=(JSON, ("Cache-Control", "no-store"))),
        "accelerated": Answer(headers=(JSON, ("X-Accel-Expires", "60"))),
    }
    for query, answer in refusals.items():
        openfaas.answers["jobs-list-jobs"] = answer
        assert {client.get(f"/api/jobs?q={query}").headers["X-Cache-Status"] for _ in range(2)} == {"MISS"}, query


def test_what_is_no_public_list_is_never_kept(client, openfaas):
    openfaas.answer_all(Answer(headers=FOR_ALL), list(openfaas.answers))
    for path in ("/api/jobs/job_1", "/api/users/usr_1", "/api/projects", "/api/notifications"):
        assert [client.get(path).headers.get("X-Cache-Status") for _ in range(2)] == [None, None]
    assert client.post("/api/jobs").headers.get("X-Cache-Status") is None
    assert len(openfaas.seen) == 9


def test_many_who_ask_at_once_are_one_question(nginx, openfaas):
    gate = threading.Event()
    openfaas.answers["jobs-list-jobs"] = Answer(headers=FOR_ALL, after=gate)
    request = b"GET /api/jobs?q=at-once HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        waiting = [
            stack.enter_context(socket.create_connection(("127.0.0.1", nginx.port), timeout=GIVE_UP_S)) for _ in range(8)
        ]
        for each in waiting:
            each.sendall(request)
        assert httpx.get(f"{nginx.url}/api/jobs/job_1").status_code == 200, "who came after them has been answered"
        gate.set()
        assert {read_all(each)[9:12] for each in waiting} == {b"200"}
    assert [seen.target.rpartition("/")[2] for seen in openfaas.seen].count("jobs?q=at-once") == 1


def test_while_functions_are_away_the_last_answer_is_shown(client, openfaas):
    openfaas.answers["jobs-list-jobs"] = Answer(body=b'{"before":1}', headers=BRIEFLY)
    assert client.get("/api/jobs?q=stale").content == b'{"before":1}'
    openfaas.answers["jobs-list-jobs"] = Answer(None)
    statuses = set()
    while "STALE" not in statuses and "UPDATING" not in statuses:
        answer = client.get("/api/jobs?q=stale")
        assert (answer.status_code, answer.content) == (200, b'{"before":1}')
        statuses.add(answer.headers["X-Cache-Status"])


LARGE = json.dumps({"items": [{"title": "A job", "number": number} for number in range(200)]}).encode()


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"), ("identity", None)])
def test_an_answer_is_compressed_as_the_client_likes(nginx, openfaas, accepted, encoding):
    openfaas.answers["jobs-get-job"] = Answer(body=LARGE)
    with httpx.stream("GET", f"{nginx.url}/api/jobs/job_1", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in answer.headers.get_list("Vary", split_commas=True)
    assert (len(raw) < len(LARGE) / 3) == (encoding is not None)
    assert encoding != "gzip" or gzip.decompress(raw) == LARGE
    assert openfaas.seen[-1].values("Accept-Encoding") == []


@pytest.mark.parametrize("path", ["/api/jobs?limit=1", "/api/openapi.json", "/api/auth/jwks.json"])
def test_a_function_says_what_may_be_kept(api, path):
    answer = api.call("GET", path)
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert answer.headers["Vary"] == "Authorization"
    mine = api.register().call("GET", path)
    assert (mine.headers["Cache-Control"], mine.headers["Vary"]) == ("no-store", "Authorization")


@pytest.mark.parametrize(("route", "auth"), [("GET /sample", "user"), ("POST /sample", "anyone")])
def test_what_is_not_the_same_for_everybody_cannot_be_declared_so(route, auth):
    with pytest.raises(ValueError, match="only what anyone may read"):
        endpoint(route, auth=auth, cache_s=5)
