"""The function process: OpenFaaS's contract, seen from outside of a real process."""

import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_port
from tests.api import PASSWORD
from tests.function_process import GIVE_UP_S, ROOT, function_process, wait_for


def test_the_port_opens_before_the_database_answers_and_calls_are_told_to_come_back(keys: Path, database: str, tmp_path: Path):
    for secret in keys.iterdir():
        (tmp_path / secret.name).write_text(secret.read_text())
    (tmp_path / "mongodb-uri").write_text(f"mongodb://127.0.0.1:{free_port()}/?directConnection=true")
    with function_process(tmp_path, database, "auth-list-keys") as (_, port):
        wait_for(port, "/_/health", 200)
        assert httpx.get(f"http://127.0.0.1:{port}/_/ready").status_code == 503
        answer = httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_process_serves_what_function_names_and_nothing_else(keys: Path, database: str):
    with function_process(keys, database, "auth-list-keys, auth-logout") as (_, port):
        wait_for(port, "/_/ready", 200)
        assert httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").status_code == 200
        assert httpx.post(f"http://127.0.0.1:{port}/api/auth/logout").status_code == 401
        assert httpx.post(f"http://127.0.0.1:{port}/api/auth/login", json={}).status_code == 404


def test_only_the_named_modules_are_imported():
    code = (
        "import sys; from freehold.edge.discovery import find; find(['auth-list-keys']);"
        "print(sorted(m for m in sys.modules if m.startswith('functions.') and m.count('.') == 2), 'zxcvbn' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['functions.auth.list_keys'] False"


def test_sigterm_lets_a_call_in_flight_finish(keys: Path, database: str):
    with function_process(keys, database, "auth-register") as (process, port):
        wait_for(port, "/_/ready", 200)
        body = json.dumps({"email": f"{port}@example.org", "password": PASSWORD, "name": "In Flight", "roles": ["employer"]})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_S)
        connection.putrequest("POST", "/api/auth/register")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:20].encode())
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.send(body[20:].encode())
        answer = connection.getresponse()
        assert answer.status == 201
        answer.read()
        connection.close()
        assert process.wait(GIVE_UP_S) in {0, -signal.SIGTERM}


@pytest.mark.parametrize(
    ("functions", "environ", "expected"),
    [
        ("", {}, "FUNCTION must name a function"),
        ("auth-nothing", {}, "there is no function 'auth-nothing'"),
        ("auth-login", {"FREEHOLD_SECRETS": "/nowhere"}, "missing secret file /nowhere/mongodb-uri"),
        ("auth-login", {"FREEHOLD_ENVIRONMENT": "production"}, "is a development key"),
        ("auth-login", {"FREEHOLD_CONCURRENCY_LIMIT": "none"}, "FREEHOLD_CONCURRENCY_LIMIT: Expected `int`"),
    ],
)
def test_what_cannot_start_ends_with_a_sentence(
    keys: Path, database: str, functions: str, environ: dict[str, str], expected: str
):
    with function_process(keys, database, functions, **environ) as (process, _):
        output, _ = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode != 0
    assert expected in output


def test_a_process_that_is_told_to_go_first_says_so_and_still_answers(keys: Path, database: str):
    with function_process(keys, database, "auth-list-keys", FREEHOLD_DRAIN_DELAY_S="600") as (process, port):
        wait_for(port, "/_/ready", 200)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as kept:
            assert "connection" not in kept.get("/api/auth/jwks.json").headers
            process.send_signal(signal.SIGTERM)
            wait_for(port, "/_/ready", 503)
            answer = kept.get("/api/auth/jwks.json")
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        assert httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(GIVE_UP_S) in {0, -signal.SIGTERM}


def test_a_process_that_was_told_to_go_leaves_when_its_delay_is_over(keys: Path, database: str):
    with function_process(keys, database, "auth-list-keys", FREEHOLD_DRAIN_DELAY_S="0.3") as (process, port):
        wait_for(port, "/_/ready", 200)
        process.send_signal(signal.SIGTERM)
        assert process.wait(GIVE_UP_S) in {0, -signal.SIGTERM}
