"""Every declared endpoint goes to its function, in both profiles; no other method or path goes anywhere."""

import re
from collections import defaultdict

import httpx
import msgspec

from freehold.edge.discovery import find_all
from infra.manifest.gateway import body_limit_of, gateway_map
from infra.manifest.grouping import group_of
from tests.function_process import ROOT
from tests.gateway_process import gateway_process

ENDPOINTS = [item for item in find_all() if item.kind == "endpoint"]
NGINX = ROOT / "gateway" / "nginx"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = "job_0190a8b2c3d44e5f8a6b7c8d9e0f1a2b"


def path_of(endpoint) -> str:
    return re.sub(r"\{\w+\}", PARAMETER, endpoint.path)


def test_every_endpoint_reaches_its_function_and_no_other(client, openfaas):
    for endpoint in ENDPOINTS:
        answer = client.request(endpoint.method, path_of(endpoint) + "?a=%20b")
        assert answer.status_code == 200, endpoint
        seen = openfaas.seen.pop()
        assert (seen.method, seen.target) == (endpoint.method, f"/function/{endpoint.name}{path_of(endpoint)}?a=%20b")
    assert openfaas.seen == []


def test_in_the_community_profile_it_is_the_groups_function(openfaas):
    with gateway_process(openfaas.url, FREEHOLD_PROFILE="ce") as gateway:
        for endpoint in ENDPOINTS:
            assert httpx.request(endpoint.method, gateway.url + path_of(endpoint)).status_code == 200
            assert openfaas.seen.pop().target == f"/function/{group_of(endpoint)}{path_of(endpoint)}"
        assert httpx.get(f"{gateway.url}/_/ready").status_code == 200
        assert openfaas.seen.pop().target == "/function/platform/_/ready"


def test_every_other_method_is_refused_with_those_that_are_allowed(client, openfaas):
    allowed = defaultdict(set)
    for endpoint in ENDPOINTS:
        allowed[path_of(endpoint)].add(endpoint.method)
    for path, methods in allowed.items():
        for method in set(METHODS) - methods:
            answer = client.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == methods
    assert openfaas.seen == []


def test_readiness_is_the_functions_word(client, openfaas):
    assert client.get("/_/ready").status_code == 200
    assert openfaas.seen.pop().target == "/function/platform-read-openapi/_/ready"


def test_a_body_is_as_large_as_the_function_takes_and_no_larger(client, openfaas):
    for endpoint in ENDPOINTS:
        limit = body_limit_of(endpoint)
        assert client.request(endpoint.method, path_of(endpoint), content=b"x" * limit).status_code == 200
        assert openfaas.seen.pop().body == b"x" * limit
        for too_large in (b"x" * (limit + 1), iter([b"x" * limit, b"x"])):
            answer = client.request(endpoint.method, path_of(endpoint), content=too_large)
            assert answer.status_code == 413, (endpoint.path, answer.text)
            assert "payload_too_large" in answer.text, (endpoint.path, answer.headers, answer.text[:300])
    assert openfaas.seen == []


def test_every_size_of_body_has_its_room():
    rooms = re.findall(
        r"location = /function/(\d+)(|/once) {\n  internal;\n  client_max_body_size (\d+);", (NGINX / "server.conf").read_text()
    )
    assert [limit for limit, _, _ in rooms] == [size for _, _, size in rooms]
    sizes = {body_limit_of(endpoint) for endpoint in ENDPOINTS}
    assert {(int(limit), once) for limit, once, _ in rooms} == {(size, once) for size in sizes for once in ("", "/once")}
    assert 'default "/function/$body_limit$only_once";' in (NGINX / "request.conf").read_text()


def test_what_is_declared_stands_in_the_map():
    (job,) = [item for item in ENDPOINTS if item.name == "jobs-create-job"]
    changed = msgspec.structs.replace(job, path="/api/odd.name/{id}", body_limit_bytes=1_000_000, rate="auth")
    text = gateway_map([*(item for item in ENDPOINTS if item is not job), changed]).decode()
    for line in (
        r'  "~^/api/odd\.name/[A-Za-z0-9_-]{1,64}$" "/api/odd.name/{id}";',
        '  "POST /api/odd.name/{id}" "jobs-create-job";',
        '  "/api/odd.name/{id}" "POST";',
        '  jobs-create-job "1000000";',
        '  jobs-create-job "auth";',
    ):
        assert line in text.splitlines(), line
