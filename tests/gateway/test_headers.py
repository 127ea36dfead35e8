"""What reaches a function of a request's headers, and what nginx adds to every answer: traces, ids, CORS, security."""

import re

import httpx
import pytest

from freehold.edge import problems
from tests.function_process import ROOT
from tests.gateway.conftest import ORIGIN
from tests.gateway_process import gateway_process
from tests.openfaas_stand_in import Answer

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
}
FORGED = {
    "X-Callback-Url": "http://evil.example", "X-Event-Id": "evt_1", "X-Real-IP": "10.0.0.1", "Forwarded": "for=10.0.0.1",
    "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/function", "X-Forwarded-User": "root", "X-Original-URL": "/system", "X-Rewrite-URL": "/system",
    "X-HTTP-Method-Override": "DELETE", "X-Accel-Redirect": "/function/x", "X-Start-Time": "1", "Cookie": "a=b",
    "Range": "bytes=0-1", "TE": "trailers", "Trailer": "X", "Proxy-Authorization": "Basic eDp5", "Keep-Alive": "timeout=9",
    "If-Match": "*", "Via": "1.1 evil", "baggage": "a=b", "tracestate": "a=b", "X_Forwarded_For": "10.0.0.1",
}  # fmt: skip
KNOWN = {
    "Authorization": "Bearer a.b.c", "Content-Type": "application/json", "Idempotency-Key": "k-1", "Accept": "application/json",
    "Accept-Language": "de", "User-Agent": "test/1", "If-None-Match": '"a"',
}  # fmt: skip


def test_only_known_headers_reach_a_function(client, openfaas):
    assert client.post("/api/jobs", content=b"{}", headers=KNOWN | FORGED).status_code == 200
    (seen,) = openfaas.seen
    ours = {"Host", "Content-Length", "X-Call-Id", "traceparent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}
    assert sorted(name for name, _ in seen.headers) == sorted([*KNOWN, *ours])
    assert all(seen.values(name) == [value] for name, value in KNOWN.items())
    assert seen.values("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.values("X-Forwarded-Proto") == ["http"]
    assert seen.values("X-Forwarded-Host") == ["127.0.0.1"]


@pytest.mark.parametrize("named", ["Authorization", "X-Forwarded-For", "traceparent", "Content-Length"])
def test_a_header_cannot_be_taken_off_by_naming_it_in_connection(nginx, openfaas, named):
    nginx.raw(
        b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\nContent-Length: 2\r\n"
        b"Connection: close, " + named.encode() + b"\r\n\r\n{}"
    )
    (seen,) = openfaas.seen
    assert len(seen.values(named)) == 1
    assert seen.values("Connection") == []


def test_the_address_comes_from_a_trusted_proxy_alone(openfaas):
    sent = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9, 10.0.0.3", "X-Forwarded-Proto": "https"}
    with gateway_process(openfaas.url, FREEHOLD_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8") as gateway:
        answer = httpx.get(f"{gateway.url}/api/jobs", headers=sent)
        seen = openfaas.seen.pop()
        assert seen.values("X-Forwarded-For") == ["203.0.113.9"], "what stands before it, the client may have made up"
        assert seen.values("X-Forwarded-Proto") == ["https"]
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert gateway.logged(path="/api/jobs")["client"] == "203.0.113.0/24"


def test_a_well_formed_trace_goes_on_with_a_span_of_our_own(client, openfaas, nginx):
    answer = client.get("/api/jobs", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    (given,) = openfaas.seen.pop().values("traceparent")
    version, trace, span, flags = given.split("-")
    assert (version, trace, flags) == ("00", TRACE, "00")
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != PARENT
    assert answer.headers["X-Trace-Id"] == TRACE
    logged = nginx.logged(trace_id=TRACE)
    assert (logged["span_id"], logged["parent_span_id"]) == (span, PARENT)


@pytest.mark.parametrize(
    "given",
    [
        "", "nonsense", f"01-{TRACE}-{PARENT}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{PARENT}-01-more", f"00-{TRACE}-{PARENT}-1", f"00-{TRACE}{PARENT}-01",
        f'00-{TRACE}-{PARENT}-01"', "a" * 2_000,
    ],
)  # fmt: skip
def test_a_malformed_trace_is_replaced(client, openfaas, given):
    client.get("/api/jobs", headers={"traceparent": given})
    (made,) = openfaas.seen.pop().values("traceparent")
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
    assert not {TRACE, PARENT, "0" * 32, "0" * 16} & set(made.split("-"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"X-Call-Id": "call-1"}, "call-1"),
        ({"X-Request-Id": "request_1.a"}, "request_1.a"),
        ({"X-Call-Id": "call-1", "X-Request-Id": "request-1"}, "call-1"),
        ({"X-Call-Id": "a b", "X-Request-Id": "request-1"}, "request-1"),
        ({"X-Call-Id": 'a"b'}, None),
        ({"X-Call-Id": "a" * 65}, None),
        ({"X-Call-Id": "\xe4"}, None),
        ({}, None),
    ],
)
def test_a_call_has_one_name_on_its_whole_way(client, openfaas, sent, kept):
    answer = client.get("/api/jobs", headers={name: value.encode("latin-1") for name, value in sent.items()})
    (given,) = openfaas.seen.pop().values("X-Call-Id")
    assert answer.headers.get_list("X-Call-Id") == [given]
    assert given == kept if kept else re.fullmatch("[0-9a-f]{32}", given)


def test_a_function_cannot_double_or_replace_what_the_gateway_says(client, openfaas):
    forged = (
        "X-Call-Id",
        "Access-Control-Allow-Origin",
        "X-Duration-Seconds",
        "X-Start-Time",
        "X-Powered-By",
        "Server",
        *SECURITY,
    )
    answered = (("Content-Type", "application/json"), *((name, "forged") for name in forged), ("X-Accel-Redirect", "/problem"))
    openfaas.answers["jobs-get-job"] = Answer(headers=answered)
    answer = client.get("/api/jobs/job_1")
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert "forged" not in answer.headers.values()
    assert all(answer.headers.get_list(name) == [value] for name, value in SECURITY.items())


def answers_of_every_kind(nginx, openfaas) -> list[httpx.Response]:
    openfaas.answers |= {
        "jobs-get-job": Answer(None),
        "users-get-user": Answer(409),
        "projects-list-projects": Answer(204, b""),
    }
    with httpx.Client(base_url=nginx.url, headers={"Origin": ORIGIN}) as client:
        return [
            client.get("/api/jobs"), client.get("/api/projects"), client.get("/api/users/usr_1"), client.get("/api/jobs/job_1"),
            client.get("/nothing"), client.patch("/api/jobs"), client.options("/api/jobs"), client.get("/_/health"),
            client.get("/_/ready"), client.post("/api/jobs", content=b"x" * 70_000),
            client.get("/api/jobs", headers={"Host": "x"}), client.get("/socket.io/"),
            client.get("/api/jobs?" + "a" * 9_000), client.get("/api/jobs%00"),
        ]  # fmt: skip


def test_every_answer_has_the_security_headers_once(nginx, openfaas):
    answers = answers_of_every_kind(nginx, openfaas)
    assert {answer.status_code for answer in answers} == {200, 204, 400, 404, 405, 409, 413, 414, 421, 502}
    for answer in answers:
        for name, value in SECURITY.items():
            assert answer.headers.get_list(name) == [value], (answer.request.url, answer.status_code, name)
        assert answer.headers.get_list("Server") == ["nginx"]
        assert "Strict-Transport-Security" not in answer.headers
        is_read = answer.status_code not in {400, 414}  # the origin stands in a head that was not read any more
        assert answer.headers.get_list("Access-Control-Allow-Origin") == [ORIGIN] * is_read
        assert "Origin" in answer.headers.get_list("Vary", split_commas=True)
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Trace-Id"])


def test_headers_are_set_in_one_place():
    files = sorted((ROOT / "gateway" / "nginx").glob("*.conf"))
    assert [file.name for file in files if re.search(r"^\s*add_header", file.read_text(), re.MULTILINE)] == ["headers.conf"]
    assert "add_header" not in (ROOT / "gateway" / "start").read_text()


def test_the_gateways_own_problems_have_the_words_of_the_functions(nginx, openfaas):
    classes = {
        kind.status: kind
        for kind in (
            problems.BadRequest, problems.NotFound, problems.MethodNotAllowed, problems.PayloadTooLarge,
            problems.TooManyRequests, problems.InternalError, problems.ServiceUnavailable,
        )
    }  # fmt: skip
    text = (ROOT / "gateway" / "nginx" / "problems.conf").read_text()
    found = re.findall(r'"title":"(.*?)","status":(\d+),"code":"(\w+)"', text)
    stated = {int(status): (title, code) for title, status, code in found}
    assert {status: (kind.title, kind.code) for status, kind in classes.items()}.items() <= stated.items()
    assert stated[502] == (problems.ServiceUnavailable.title, problems.ServiceUnavailable.code)
    assert stated[504] == (problems.TimedOut.title, problems.TimedOut.code)
    for answer in answers_of_every_kind(nginx, openfaas):
        if answer.status_code in {400, 404, 405, 413, 414, 421, 502}:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers.get_list("Cache-Control") == ["no-store"]
            said = answer.json()
            assert (said["title"], said["code"]) == stated[said["status"]]
            assert (said["status"], said["trace_id"]) == (answer.status_code, answer.headers["X-Trace-Id"])
        assert ("Retry-After" in answer.headers) == (answer.status_code == 502)


def test_a_preflight_is_answered_here(client, openfaas):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    answer = client.options("/api/jobs/job_1", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "PUT", "DELETE"}
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert client.options("/nothing", headers=asked).status_code == 404
    assert openfaas.seen == []


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", f"{ORIGIN}.evil.example", ORIGIN.replace("https", "http"), f"{ORIGIN}:8443", "null", "*"],
)
def test_a_foreign_page_is_allowed_nothing(client, openfaas, origin):
    for answer in (
        client.get("/api/jobs", headers={"Origin": origin}),
        client.options("/api/jobs", headers={"Origin": origin}),
    ):
        assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []
        assert "Origin" in answer.headers.get_list("Vary", split_commas=True)
    assert len(openfaas.seen) == 1


def test_a_page_of_ours_may_read_what_it_needs(client):
    exposed = client.get("/api/jobs", headers={"Origin": ORIGIN}).headers["Access-Control-Expose-Headers"]
    assert {"Idempotent-Replayed", "Retry-After", "X-Call-Id", "X-Trace-Id"} <= set(exposed.split(", "))
