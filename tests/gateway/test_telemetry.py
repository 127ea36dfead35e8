"""What the gateway's requests come to, from a real nginx through datagrams to metrics and spans."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from msgspec import Struct

from gateway.telemetry.requests import MARK, NotARequest, read_request
from infra.local.ports import free_port
from tests.function_process import ROOT, wait_for
from tests.gateway_process import gateway_process
from tests.local.processes import wait_for as wait_until
from tests.openfaas_stand_in import OpenFaas
from tests.otlp import Backend, backend
from tests.scrape import Scrape, risen

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
LINE = (
    b'{"ended_at_s":1790000000.5,"duration_s":0.25,"status":200,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",'
    b'"span_id":"00f067aa0ba902b7","what":"comes later"}'
)


class Listening(Struct):
    """The program that listens to nginx."""

    process: subprocess.Popen[str]
    syslog_port: int
    health_port: int

    def scrape(self) -> Scrape:
        return Scrape(httpx.get(f"http://127.0.0.1:{self.health_port}/_/metrics").text)

    def send(self, datagram: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram, ("127.0.0.1", self.syslog_port))


@contextmanager
def listener(**environ: str) -> Iterator[Listening]:
    ports = {"FREEHOLD_SYSLOG_PORT": free_port(), "FREEHOLD_HEALTH_PORT": free_port()}
    given = {"PATH": os.environ["PATH"], **{name: str(port) for name, port in ports.items()}, **environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.telemetry"], cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        wait_for(ports["FREEHOLD_HEALTH_PORT"], "/_/ready", 200)
        yield Listening(process, *ports.values())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def spans() -> Iterator[Backend]:
    with backend() as kept:
        yield kept


@pytest.fixture(scope="module")
def listening(spans: Backend) -> Iterator[Listening]:
    with listener(**spans.environ) as running:
        yield running


def test_a_request_becomes_a_span_with_the_ids_that_the_function_was_told_and_is_counted(
    openfaas: OpenFaas, listening: Listening, spans: Backend
):
    where = f"127.0.0.1:{listening.syslog_port}"
    with gateway_process(openfaas.url, FREEHOLD_ACCESS_LOG_SYSLOG=where) as nginx:
        header = {"traceparent": f"00-{TRACE}-{SPAN}-01", "Authorization": "Bearer canary"}
        httpx.get(f"{nginx.url}/api/jobs/job_{'0' * 32}?canary=1", headers=header).raise_for_status()
        assert httpx.get(f"{nginx.url}/canary/{'x' * 40}").status_code == 404
        found = spans.of_trace(TRACE, "GET /api/jobs/{id}")["GET /api/jobs/{id}"]
        assert wait_until(
            lambda: listening.scrape().value("freehold_gateway_requests_total", endpoint="other", status="404") == 1
        )
        (told,) = [value for seen in openfaas.seen for value in seen.values("traceparent")]
    assert told == f"00-{TRACE}-{found.span_id}-01"
    assert (found.service, found.kind, found.parent_id, found.failed) == ("freehold-gateway", "server", SPAN, False)
    assert found.attributes == {
        "http.request.method": "GET", "http.response.status_code": 200, "http.route": "/api/jobs/{id}",
        "faas.invoked_name": "jobs-get-job",
    }  # fmt: skip
    assert b"canary" not in spans.raw
    counted = listening.scrape()
    assert counted.value("freehold_gateway_requests_total", endpoint="jobs-get-job", status="200") == 1
    assert counted.value("freehold_gateway_request_duration_seconds_count", endpoint="jobs-get-job") == 1
    assert counted.value("freehold_gateway_answer_bytes_total") > 0


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"nonsense",
        MARK,
        LINE,
        MARK + LINE[:-1],
        MARK + b"[]",
        MARK + LINE.replace(b'"status":200', b'"status":"200"'),
        MARK + LINE.replace(b"4bf9", b"4BF9"),
        MARK + LINE.replace(b"0.25", b"-1"),
        MARK + LINE.replace(b"1790000000.5", b"1e300"),
        MARK + b"\xff" + LINE,
        MARK + b"[" * 60_000,
    ],
)
def test_a_datagram_that_tells_of_no_request_is_counted_and_nothing_else(listening: Listening, datagram: bytes):
    with pytest.raises(NotARequest):
        read_request(datagram)
    before = listening.scrape().value("freehold_gateway_datagrams_unreadable_total")
    listening.send(datagram)
    assert wait_until(lambda: listening.scrape().value("freehold_gateway_datagrams_unreadable_total") == before + 1)
    assert listening.process.poll() is None


def test_what_a_datagram_says_never_becomes_a_new_series(listening: Listening):
    line = LINE[:-1] + b',"endpoint":"made-up","method":"EVIL","cache":"<script>","limited":"REJECTED"}'
    before = listening.scrape()
    listening.send(b"<190>Nov 27 17:00:00 freehold: " + line)
    assert wait_until(lambda: listening.scrape().value("freehold_gateway_limited_total") == 1)
    after = listening.scrape()
    values = {value for _, labels in after.samples for _, value in labels}
    assert not values & {"made-up", "EVIL", "<script>"}
    assert risen(before, after, "freehold_gateway_requests_total", {"endpoint": "other", "status": "200"}) == 1


def test_a_trace_that_its_beginner_does_not_record_is_not_recorded(listening: Listening, spans: Backend):
    listening.send(b"<190>x freehold: " + LINE[:-1] + b',"trace_flags":"00","method":"HEAD"}')
    listening.send(b"<190>x freehold: " + LINE[:-1] + b',"trace_flags":"01","method":"PATCH"}')
    spans.of_trace(TRACE, "PATCH")
    assert "HEAD" not in {span.name for span in spans.spans}


def test_it_ends_with_a_signal_and_says_which_port_is_taken():
    with listener() as running:
        second = subprocess.run(
            [sys.executable, "-m", "gateway.telemetry"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={"FREEHOLD_SYSLOG_PORT": str(running.syslog_port), "FREEHOLD_HEALTH_PORT": "0"},
        )  # fmt: skip
        assert (second.returncode, "FREEHOLD_SYSLOG_PORT" in second.stderr) == (2, True)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
