"""How much one address may ask, whatever token it shows; how slow it may be; what it hears when a function is away."""

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from infra.local.ports import free_port
from tests.gateway_process import GIVE_UP_S, gateway_process, read_all
from tests.openfaas_stand_in import TEXT, Answer

FEW = {
    "FREEHOLD_ADDRESS_READS_PER_MINUTE": "40",
    "FREEHOLD_ADDRESS_WRITES_PER_MINUTE": "20",
    "FREEHOLD_ADDRESS_AUTHS_PER_MINUTE": "5",
    "FREEHOLD_ADDRESS_WEBHOOKS_PER_MINUTE": "60",
    "FREEHOLD_TRUSTED_PROXIES": "127.0.0.1",
}
CALLS = {
    "read": ("GET", "/api/jobs"),
    "write": ("POST", "/api/jobs"),
    "auth": ("POST", "/api/auth/login"),
    "webhook": ("POST", "/api/webhooks/stripe"),
}
AT_ONCE = {"read": 1 + 10, "write": 1 + 5, "auth": 1 + 5, "webhook": 1 + 15}
PAUSES = {"read": "2", "write": "3", "auth": "12", "webhook": "1"}


@pytest.fixture(scope="module")
def strict(stand_in):
    with gateway_process(stand_in.url, **FEW) as gateway:
        yield gateway


def ask(client: httpx.Client, kind: str, address: str, number: int) -> httpx.Response:
    method, path = CALLS[kind]
    headers = {"X-Forwarded-For": address, "Authorization": f"Bearer forged.{number}.token"}
    return client.request(method, path, headers=headers)


@pytest.mark.parametrize("kind", CALLS)
def test_an_address_is_limited_whatever_token_it_shows(strict, openfaas, kind):
    address = {"read": "192.0.2.1", "write": "192.0.2.2", "auth": "192.0.2.3", "webhook": "192.0.2.5"}[kind]
    with httpx.Client(base_url=strict.url) as client:
        answers = [ask(client, kind, address, number) for number in range(AT_ONCE[kind] + 10)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert AT_ONCE[kind] <= len(openfaas.seen) == len(answers) - len(refused) < len(answers)
        for answer in refused:
            assert answer.headers.get_list("Retry-After") == [PAUSES[kind]]
            assert answer.json()["code"] == "too_many_requests"
        for other in set(CALLS) - {kind}:
            assert ask(client, other, address, 0).status_code == 200, "each class is counted alone"
        assert ask(client, kind, "192.0.2.4", 0).status_code == 200, "and each address"
    assert strict.logged(status=429, rate_class=kind)["limited"] == "REJECTED"


def test_a_network_of_ipv6_counts_as_one_address(strict, openfaas):
    with httpx.Client(base_url=strict.url) as client:
        for network in ("2001:db8:1:2::{}", "2001:db8:1::{}", "2001:db8:1:3:{}:b:c:d"):
            answers = [ask(client, "auth", network.format(f"{number + 1:x}"), number) for number in range(20)]
            assert [answer.status_code for answer in answers[:6]] == [200] * 6
            assert 429 in {answer.status_code for answer in answers}
    assert len(openfaas.seen) < 60


@pytest.mark.usefixtures("openfaas")
@pytest.mark.parametrize(
    ("written", "logged"), [("::ffff:{}", "203.0.113.0/24"), ("64:ff9b::{}", "64:ff9b::/96")], ids=["mapped", "nat64"]
)
def test_an_ipv4_address_in_ipv6_is_counted_alone(strict, written, logged):
    with httpx.Client(base_url=strict.url) as client:
        for number in range(20):
            assert ask(client, "auth", written.format(f"203.0.113.{number}"), number).status_code == 200
        assert strict.logged(client=logged)
        for number in range(20):
            last = ask(client, "auth", written.format("203.0.113.99"), number)
        assert last.status_code == 429


@pytest.mark.usefixtures("openfaas")
def test_a_mapped_address_is_the_address_that_it_maps(strict):
    with httpx.Client(base_url=strict.url) as client:
        for number in range(6):
            ask(client, "auth", "198.51.100.7", number)
        assert ask(client, "auth", "::ffff:198.51.100.7", 6).status_code == 429


def test_a_functions_own_limit_keeps_its_word(client, openfaas):
    headers = (("Content-Type", "application/problem+json"), ("Retry-After", "7"), ("Cache-Control", "no-store"))
    openfaas.answers["jobs-list-jobs"] = Answer(429, b'{"code":"too_many_requests","detail":"mine"}', headers)
    answer = client.get("/api/jobs")
    assert (answer.status_code, answer.json()["detail"]) == (429, "mine")
    assert answer.headers.get_list("Retry-After") == ["7"]
    assert answer.headers.get_list("Cache-Control") == ["no-store"]


def test_an_address_has_a_limited_number_of_requests_at_a_time(openfaas):
    gate = threading.Event()
    openfaas.answers["jobs-get-job"] = Answer(after=gate)
    with gateway_process(openfaas.url, FREEHOLD_ADDRESS_REQUESTS="2") as gateway, ThreadPoolExecutor() as threads:
        waiting = [threads.submit(httpx.get, f"{gateway.url}/api/jobs/job_1", timeout=GIVE_UP_S) for _ in range(2)]
        try:
            until(lambda: len(openfaas.seen) == 2)
            assert httpx.get(f"{gateway.url}/api/jobs").status_code == 429
        finally:
            gate.set()
        assert [each.result().status_code for each in waiting] == [200, 200]
        assert httpx.get(f"{gateway.url}/api/jobs").status_code == 200


@pytest.fixture(scope="module")
def hasty(stand_in):
    settings = {"FREEHOLD_CLIENT_PAUSE_S": "1", "FREEHOLD_FUNCTION_PATIENCE_S": "1"}
    with gateway_process(stand_in.url, **settings) as gateway:
        yield gateway


HEAD = b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"


@pytest.mark.parametrize("beginning", [b"POST /api/j", HEAD, HEAD + b"\r\nhalf of"], ids=["line", "head", "body"])
def test_a_client_that_does_not_go_on_is_let_go(hasty, openfaas, beginning):
    hasty.raw(beginning, limit_s=GIVE_UP_S)
    assert openfaas.seen == []


def test_a_head_that_trickles_in_is_cut(hasty, openfaas):
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=GIVE_UP_S) as connection:
        give_up_at = time.monotonic() + GIVE_UP_S
        try:
            connection.sendall(b"GET /api/jobs HTTP/1.1\r\nHost: localhost\r\n")
            while time.monotonic() < give_up_at:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.1)
        except ConnectionError:
            pass
        assert time.monotonic() < give_up_at
    assert openfaas.seen == []


def test_a_client_that_does_not_read_is_let_go_and_holds_no_function(hasty, openfaas):
    openfaas.answers["jobs-get-job"] = Answer(body=b"x" * 6_000_000)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", hasty.port))
        connection.sendall(b"GET /api/jobs/job_slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert hasty.logged(path="/api/jobs/job_slow")["answer_bytes"] < 6_000_000
        connection.settimeout(GIVE_UP_S)
        assert len(read_all(connection)) < 6_000_000


def test_a_function_that_does_not_answer_in_time_is_timed_out(hasty, openfaas):
    gate = threading.Event()
    openfaas.answers["jobs-create-job"] = Answer(after=gate)
    try:
        answer = httpx.post(f"{hasty.url}/api/jobs", timeout=GIVE_UP_S)
    finally:
        gate.set()
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (504, "timed_out", "2")
    assert len(openfaas.seen) == 1


WRITES = {"jobs-create-job": ("POST", "/api/jobs"), "jobs-update-job": ("PUT", "/api/jobs/job_1")}
WRITES |= {"jobs-delete-job": ("DELETE", "/api/jobs/job_1")}


@pytest.mark.parametrize("function", WRITES)
def test_a_write_that_was_sent_is_not_sent_again(client, openfaas, function):
    assert client.request(*WRITES[function]).status_code == 200, "and leaves a connection behind that is used again"
    openfaas.answers[function] = Answer(None)
    answer = client.request(*WRITES[function])
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (502, "unavailable", "2")
    assert len(openfaas.seen) == 2


def test_functions_that_are_not_there_are_unavailable():
    with gateway_process(f"http://127.0.0.1:{free_port()}") as gateway:
        answer = httpx.post(f"{gateway.url}/api/jobs")
        assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (502, "unavailable", "2")


@pytest.mark.parametrize(("status", "pause"), [(404, None), (500, None), (502, "2"), (503, "2")])
def test_what_openfaas_says_itself_keeps_its_status_and_is_not_kept(client, openfaas, status, pause):
    openfaas.answers["jobs-list-jobs"] = Answer(status, b"Can't reach service for: jobs-list-jobs.", TEXT)
    answer = client.get(f"/api/jobs?q=text-{status}")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, pause)
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]


def test_asked_to_stop_it_finishes_what_it_has_begun(openfaas):
    gate = threading.Event()
    openfaas.answers["jobs-get-job"] = Answer(after=gate)
    with gateway_process(openfaas.url) as gateway, ThreadPoolExecutor() as threads:
        waiting = threads.submit(httpx.get, f"{gateway.url}/api/jobs/job_1", timeout=GIVE_UP_S)
        try:
            until(lambda: len(openfaas.seen) == 1)
            gateway.process.send_signal(signal.SIGQUIT)
            until(lambda: not listens(gateway.port))
        finally:
            gate.set()
        assert waiting.result().status_code == 200
        assert gateway.process.wait(GIVE_UP_S) == 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(holds) -> None:
    give_up_at = time.monotonic() + GIVE_UP_S
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
