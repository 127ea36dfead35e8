"""Spans of a real process that serves functions, as a backend gets them; and that a bad backend harms nobody."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from infra.local.ports import free_port
from tests.api import PASSWORD
from tests.function_process import ROOT, function_process, wait_for
from tests.otlp import backend
from tests.scrape import Scrape

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FROM_NGINX = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


def person(number: int) -> dict[str, object]:
    return {"email": f"spans{number}@canary.example.org", "password": PASSWORD, "name": "Canary Person", "roles": ["employer"]}


def run_main(code: str, keys: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    given = {"FUNCTION": "auth-list-keys", "FREEHOLD_SECRETS": str(keys), "FREEHOLD_ENVIRONMENT": "sandbox", **environ}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_a_request_is_a_span_below_the_gateways_and_its_transaction_one_below_it(keys: Path, database: str):
    with backend() as spans, function_process(keys, database, "auth-register", **spans.environ) as (process, port):
        wait_for(port, "/_/ready", 200)
        url = f"http://127.0.0.1:{port}/api/auth/register"
        assert httpx.post(url, json=person(1), headers=FROM_NGINX, timeout=30).status_code == 201
        found = spans.of_trace(TRACE, "POST /api/auth/register", "transaction")
        refused = httpx.post(url, json={}, headers=FROM_NGINX).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == -signal.SIGTERM
    request, transaction = found["POST /api/auth/register"], found["transaction"]
    assert (request.service, request.kind, request.parent_id, request.failed) == ("freehold-functions", "server", SPAN, False)
    assert request.attributes == {
        "http.request.method": "POST", "http.route": "/api/auth/register", "faas.name": "auth-register",
        "http.response.status_code": 201,
    }  # fmt: skip
    assert (transaction.kind, transaction.parent_id) == ("client", request.span_id)
    assert transaction.attributes == {"db.system.name": "mongodb", "db.operation.name": "transaction"}
    assert request.start_ns <= transaction.start_ns < transaction.end_ns <= request.end_ns
    assert refused["trace_id"] == TRACE
    last = spans.spans[-1]
    assert (last.attributes["error.type"], last.attributes["http.response.status_code"], last.failed) == ("invalid", 422, False)
    assert not any(word in spans.raw for word in (b"canary", b"Canary", PASSWORD.encode(), b"usr_", b"Bearer"))


def test_what_the_parent_does_not_record_is_not_recorded_and_keeps_its_trace(keys: Path, database: str):
    with backend() as spans, function_process(keys, database, "auth-list-keys", **spans.environ) as (_, port):
        wait_for(port, "/_/ready", 200)
        for flags in ("00", "01"):
            header = {"traceparent": f"00-{TRACE}-{SPAN}-{flags}"}
            httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json", headers=header).raise_for_status()
        spans.of_trace(TRACE, "GET /api/auth/jwks.json")
    assert len(spans.spans) == 1


def test_a_backend_that_hangs_or_is_down_or_refuses_holds_no_request_and_no_end(keys: Path, database: str):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for endpoint in (hanging, f"http://127.0.0.1:{free_port()}"):
            environ = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "10", "OTEL_BSP_MAX_QUEUE_SIZE": "64",
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8", "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
                "FREEHOLD_LOG_LEVEL": "error",
            }  # fmt: skip
            with function_process(keys, database, "auth-list-keys", **environ) as (process, port):
                wait_for(port, "/_/ready", 200)
                with httpx.Client(timeout=10) as client:
                    for _ in range(100):
                        client.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").raise_for_status()
                    before = psutil.Process(process.pid).memory_info().rss
                    for _ in range(400):
                        client.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").raise_for_status()
                    assert psutil.Process(process.pid).memory_info().rss - before < 4 * 2**20
                    found = Scrape(client.get(f"http://127.0.0.1:{port}/_/metrics").text)
                    assert found.value("freehold_requests_total", function="auth-list-keys", status="200") == 500
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                assert process.wait(timeout=60) == -signal.SIGTERM
                assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "only http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "HIDE": "1"}, "install freehold[traces]"),
    ],
)
def test_a_backend_that_cannot_be_spoken_to_is_said_at_the_start(keys: Path, environ: dict[str, str], said: str):
    code = (
        "import os, sys\nif os.environ.get('HIDE'): sys.modules['opentelemetry'] = None\n"
        "from freehold.edge.server import main\nsys.exit(main())"
    )
    ran = run_main(code, keys, environ)
    assert ran.returncode == 2
    assert said in ran.stderr


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
    ],
)
def test_a_process_without_a_backend_does_not_import_opentelemetry(keys: Path, environ: dict[str, str]):
    code = (
        "import sys\nfrom freehold.edge import server\nserver.serve = lambda *_, **__: None\nserver.main()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    ran = run_main(code, keys, environ)
    assert ran.stdout.strip() == "[]"
