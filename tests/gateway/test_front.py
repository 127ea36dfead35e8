"""The local front: what is public, what only our doors may call, what does not exist, and whether `ready` is true."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from freehold.catalogue import Catalogue, FunctionEntry
from freehold.health import serve_health
from freehold.internal_calls import CallSigner
from gateway.local.front import LocalFront
from gateway.local.page import About
from gateway.local.readiness import PartAddress, Readiness, read_addresses
from tests.api import Api
from tests.edge.samples import declared

ABOUT = About(api="http://f/api", api_description="http://f/api/openapi.json", ready="http://f/_/ready", sockets="http://r")


def entry(declaration) -> FunctionEntry:
    return FunctionEntry(name=declaration.name, module=declaration.module, group="work", kind=declaration.kind)


@pytest.fixture
def parts() -> dict[str, bool]:
    """Say which of the other parts work."""
    return {"relay": True, "scheduler": True}


@pytest.fixture
def api(mongodb_uri: str, database: str, keys: Path, parts: dict[str, bool]) -> Iterator[Api]:
    """Give an API client whose requests go through the front; the other parts are real health servers."""
    catalogue = Catalogue(functions=tuple(entry(item) for item in declared()))
    servers = {name: serve_health(0, lambda name=name: {"works": parts[name]}) for name in parts}
    addresses = tuple(PartAddress(name, f"http://127.0.0.1:{server.port}/_/ready") for name, server in servers.items())
    with Api.opened(mongodb_uri, database, keys, declared()) as opened:
        front = LocalFront(opened.app, catalogue, Readiness(opened.app, addresses), ABOUT)
        opened.client = httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://front")
        yield opened
    for server in servers.values():
        server.close()


def signed(api: Api, name: str, body: bytes, *, path: str | None = None) -> dict[str, str]:
    signer = CallSigner.from_jwk((api.keys / "scheduler-call-key").read_text())
    return {"Authorization": "Bearer " + signer.sign(function=name, method="POST", path=path or f"/{name}", body=body)}


@pytest.mark.parametrize("deployed", ["sample-sweep-nothing", "work"])
def test_a_door_with_a_token_reaches_a_function_under_either_deployed_name(api, deployed):
    answer = api.call(
        "POST", f"/function/{deployed}/sample-sweep-nothing", content=b"{}", headers=signed(api, "sample-sweep-nothing", b"{}")
    )
    assert answer.status_code == 200, answer.text
    assert "done" in answer.json()


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}, {"X-Forwarded-For": "127.0.0.1"}]
)
def test_nobody_without_a_doors_token_gets_in(api, headers):
    answer = api.call("POST", "/function/sample-sweep-nothing/sample-sweep-nothing", content=b"{}", headers=headers)
    assert answer.status_code == 401


def test_a_token_for_another_body_or_function_is_refused(api):
    url = "/function/sample-sweep-nothing/sample-sweep-nothing"
    for headers in (signed(api, "sample-sweep-nothing", b"[]"), signed(api, "sample-count-application", b"{}")):
        assert api.call("POST", url, content=b"{}", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/sample-sweep-nothing",
        "/function/sample-sweep-nothing",
        "/function/sample-sweep-nothing/sample-sweep-nothing/",
        "/function/other/sample-sweep-nothing",
        "/function//sample-sweep-nothing",
        "/function/sample-paint/sample-paint",
        "/Function/sample-sweep-nothing/sample-sweep-nothing",
        "/async-function/sample-sweep-nothing/sample-sweep-nothing",
        "/async-function/sample-sweep-nothing",
        "/system/functions",
        "/api/../system/functions",
        "/api/../function/sample-sweep-nothing",
        "/%61sync-function/sample-sweep-nothing",
        "/metrics",
        "/ui/",
    ],
)
def test_everything_else_does_not_exist_even_with_a_good_token(api, path):
    request = httpx.Request("POST", "http://front", content=b"{}", headers=signed(api, "sample-sweep-nothing", b"{}"))
    request.url = httpx.URL("http://front").copy_with(raw_path=path.encode())
    answer = api.run(api.client.send(request))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_public_endpoints_are_reached_and_the_samples_outside_of_api_are_not(api):
    assert api.call("POST", "/sample/paintings", json={"title": "x"}).status_code == 404
    assert api.call("GET", "/api/nothing-here").json()["code"] == "not_found"


def test_headers_that_only_a_trusted_gateway_may_set_do_not_come_through():
    seen = {}

    async def functions(scope, _receive, send):
        seen.update(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    front = LocalFront(functions, Catalogue(functions=()), Readiness(functions, ()), ABOUT)
    hostile = [
        "X-Callback-Url",
        "x-event-id",
        "X-FORWARDED-FOR",
        "X-Forwarded-Host",
        "x-forwarded-proto",
        "Forwarded",
        "X-Real-Ip",
    ]

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://front") as client:
            await client.get("/api/x", headers={**dict.fromkeys(hostile, "evil"), "X-Call-Id": "kept"})

    asyncio.run(ask())
    assert b"evil" not in seen.values()
    assert seen[b"x-call-id"] == b"kept"


def test_ready_says_which_part_does_not_work(api, parts):
    answer = api.call("GET", "/_/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "checks": {"functions": True, "relay": True, "scheduler": True}},
    )
    parts["scheduler"] = False
    answer = api.call("GET", "/_/ready")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"functions": True, "relay": True, "scheduler": False})
    assert api.call("GET", "/_/ready?without=scheduler").status_code == 200


def test_ready_is_false_while_a_part_is_not_there_or_the_functions_are_closed(api):
    gone = serve_health(0, dict)
    gone.close()
    readiness = Readiness(api.app, (PartAddress("connector", f"http://127.0.0.1:{gone.port}/_/ready"),))
    assert api.run(readiness.checks()) == {"functions": True, "connector": False}
    api.run(api.app.close())
    assert api.call("GET", "/_/ready").json()["checks"]["functions"] is False


def test_addresses_are_read_with_their_names():
    assert read_addresses("") == ()
    assert read_addresses("relay=http://a/_/ready?x=1, scheduler=http://b") == (
        PartAddress("relay", "http://a/_/ready?x=1"),
        PartAddress("scheduler", "http://b"),
    )


def test_the_first_page_says_what_this_is_to_people_and_to_programs(api):
    page = api.call("GET", "/", headers={"Accept": "text/html,*/*"})
    assert "Sandbox" in page.text
    assert "http://f/api/openapi.json" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert api.call("GET", "/").json()["api_description"] == "http://f/api/openapi.json"
    assert api.call("POST", "/").headers["allow"] == "GET, HEAD"
    assert api.call("GET", "/_/health").json() == {"healthy": True}
