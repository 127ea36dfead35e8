"""The functions' image keeps OpenFaaS's contract, seen from outside of a real container."""

import http.client
import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_port
from tests.api import PASSWORD
from tests.function_process import wait_for
from tests.images.containers import GIVE_UP_S, ended, readable, running, wait_until_healthy

FUNCTIONS = "auth-register,auth-list-keys"


@pytest.fixture
def secrets(keys: Path, tmp_path: Path) -> Path:
    return readable(keys, tmp_path / "secrets")


@pytest.fixture
def start(engine, images, secrets, database):
    """Start the image on a free port; gives the container and the port."""

    @contextmanager
    def start(**environ: str) -> Iterator:
        port = free_port()
        environ = {"FUNCTION": FUNCTIONS, "FREEHOLD_PORT": str(port), "FREEHOLD_MONGODB_DATABASE": database} | environ
        with running(engine, images["functions"], secrets, **environ) as container:
            yield container, port

    return start


def registration(port: int) -> bytes:
    person = {"email": f"c{port}@example.org", "password": PASSWORD, "name": "In A Box", "roles": ["employer"]}
    return json.dumps(person).encode()


@contextmanager
def half_sent(port: int) -> Iterator[tuple[http.client.HTTPConnection, bytes]]:
    """Send the first half of a registration, chunked, as OpenFaaS sends it; gives the connection and the rest."""
    body = registration(port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_S)
    connection.putrequest("POST", "/api/auth/register")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders(chunk(body[:20]))
    try:
        yield connection, chunk(body[20:]) + chunk(b"")
    finally:
        connection.close()


def chunk(octets: bytes) -> bytes:
    return f"{len(octets):x}\r\n".encode() + octets + b"\r\n"


def test_it_answers_read_only_without_root_and_takes_a_chunked_body_without_a_length(start):
    with start() as (container, port):
        wait_for(port, "/_/ready", 200)
        wait_until_healthy(container)
        with half_sent(port) as (connection, rest):
            connection.send(rest)
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["user_id"][:4]) == (201, "usr_")
        assert container.exec_run("id -u").output.decode().strip() == "10001"
        assert container.exec_run(["touch", "/srv/freehold/here"]).exit_code != 0


def test_a_body_that_is_too_large_is_refused(start):
    with start(FREEHOLD_BODY_LIMIT_BYTES="1000") as (_, port):
        wait_for(port, "/_/ready", 200)
        answer = httpx.post(
            f"http://127.0.0.1:{port}/api/auth/register",
            content=iter([b"x" * 1001]),
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_request_that_takes_too_long_is_ended(start):
    with start(FREEHOLD_REQUEST_TIMEOUT_S="0.5") as (_, port):
        wait_for(port, "/_/ready", 200)
        with half_sent(port) as (connection, _):
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["code"]) == (503, "timed_out")


def test_a_full_process_says_when_to_come_back(start):
    with start(FREEHOLD_CONCURRENCY_LIMIT="1") as (_, port):
        wait_for(port, "/_/ready", 200)
        with half_sent(port):
            answer = until_refused(port)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            assert httpx.get(f"http://127.0.0.1:{port}/_/health").status_code == 200


def until_refused(port: int) -> httpx.Response:
    """Ask until the process has seen the request that fills it."""
    for _ in range(600):
        answer = httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json")
        if answer.status_code != 200:
            return answer
    pytest.fail("never full")


def test_work_in_flight_is_finished_before_it_stops(start):
    with start() as (container, port):
        wait_for(port, "/_/ready", 200)
        with half_sent(port) as (connection, rest):
            container.kill(signal.SIGTERM)
            wait_until_closed(port)
            connection.send(rest)
            assert connection.getresponse().status == 201
        assert ended(container)[0] == 0


def wait_until_closed(port: int) -> None:
    for _ in range(3_000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        threading.Event().wait(0.01)
    pytest.fail("it still takes connections")


@pytest.mark.parametrize("missing", ["mongodb-uri", "refresh-token-key"])
def test_a_missing_secret_is_named_and_ends_it(start, secrets, missing):
    (secrets / missing).unlink()
    with start() as (container, _):
        code, said = ended(container)
    assert code != 0
    assert f"missing secret file /var/openfaas/secrets/{missing}" in said


def test_it_waits_for_a_database_that_comes_later(start, secrets, mongodb_uri):
    credentials, _, place = mongodb_uri.rpartition("@")
    address, _, options = place.partition("/")
    later = free_port()
    (secrets / "mongodb-uri").chmod(0o600)
    (secrets / "mongodb-uri").write_text(f"{credentials}@127.0.0.1:{later}/{options}")
    (secrets / "mongodb-uri").chmod(0o444)
    with start() as (_, port):
        wait_for(port, "/_/health", 200)
        assert httpx.get(f"http://127.0.0.1:{port}/_/ready").status_code == 503
        assert httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").headers["retry-after"] == "1"
        with forwarding(later, address):
            wait_for(port, "/_/ready", 200)


@contextmanager
def forwarding(port: int, address: str) -> Iterator[None]:
    """Open a port that leads to another address: the database that comes later."""
    host, _, target = address.partition(":")
    with socket.create_server(("127.0.0.1", port)) as server:

        def carry(source: socket.socket, sink: socket.socket) -> None:
            while octets := source.recv(65_536):
                sink.sendall(octets)
            sink.close()

        def accept() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                behind = socket.create_connection((host, int(target)))
                for ends in ((client, behind), (behind, client)):
                    threading.Thread(target=carry, args=ends, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield
        server.shutdown(socket.SHUT_RDWR)


def test_at_idle_it_needs_less_than_its_limit(start):
    with start(FUNCTION="jobs-create-job") as (container, port):
        wait_for(port, "/_/ready", 200)
        memory = container.stats(stream=False)["memory_stats"]["stats"]
        resident = memory.get("total_rss", memory.get("anon"))
        assert resident < 100 * 2**20
