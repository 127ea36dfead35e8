"""The nginx that stands in OpenFaaS's place in docker-compose.yml: how a path finds its container, and what it says itself."""

import os
import subprocess

import httpx
import pytest

from infra.local.ports import free_port
from tests.function_process import ROOT
from tests.gateway_process import GIVE_UP_S, unprivileged_folder, who_runs_it
from tests.name_server import name_server
from tests.openfaas_stand_in import TEXT, Answer, OpenFaas


@pytest.fixture(scope="module")
def router():
    """Run the file as it is, but for its port, its name server and the port of the containers."""
    with OpenFaas.serving() as containers, name_server() as names, unprivileged_folder() as folder:
        names.addresses["functions"] = "127.0.0.1"
        port = free_port()
        text = (ROOT / "infra/compose/router.conf").read_text().replace("127.0.0.11", names.place)
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace(":8080$rest", f":{containers.port}$rest")
        file = folder / "router.conf"
        file.write_text(text.replace("/tmp/", f"{folder}/"))
        environ = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
        process = subprocess.Popen(["nginx", "-c", file, "-e", "stderr"], env=environ, cwd=folder, **who_runs_it())
        try:
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=GIVE_UP_S, transport=transport) as client:
                assert client.get("/_/health").status_code == 200
                yield client, containers
        finally:
            process.terminate()
            process.wait(GIVE_UP_S)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


def test_a_container_that_is_away_is_a_problem(router):
    client, _ = router
    assert problem_of(client.get("/function/auth/api/auth/jwks.json")) == (502, "unavailable")
    assert problem_of(client.post("/function/payments/x", json={})) == (502, "unavailable")


def test_what_leads_to_no_container_is_a_problem(router):
    client, _ = router
    assert problem_of(client.get("/system/functions")) == (404, "not_found")
    assert problem_of(client.post("/function/jobs/x", content=b"x" * 5_300_000)) == (413, "payload_too_large")


def test_what_a_function_says_goes_through_as_it_is(router):
    client, containers = router
    containers.answers["api"] = Answer(404, b"its own", TEXT)
    assert client.get("/function/jobs/function/api").content == b"its own"
    assert containers.seen[-1].target == "/function/api"
