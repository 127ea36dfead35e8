"""The access log: one line of JSON for each request, with what spans and metrics are made of, and with no secret in it."""

import json
import socket
import time

import httpx

from tests.gateway_process import GIVE_UP_S, gateway_process

FIELDS = {
    "part", "event", "ended_at_s", "duration_s", "upstream_s", "method", "route", "path", "host", "endpoint", "function",
    "status", "upstream_status", "rate_class", "limited", "cache", "trace_id", "span_id", "parent_span_id",
    "trace_flags", "call_id", "request_bytes", "answer_bytes", "client", "protocol", "tls",
}  # fmt: skip


def test_a_line_says_what_spans_and_metrics_are_made_of(client, nginx):
    began_at = time.time()
    answer = client.put("/api/jobs/job_log", content=b"{}", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-00"})
    line = nginx.logged(path="/api/jobs/job_log")
    assert line.keys() == FIELDS
    expected = {
        "part": "gateway", "event": "request", "method": "PUT", "route": "/api/jobs/{id}", "endpoint": "jobs-update-job",
        "function": "jobs-update-job", "status": 200, "upstream_status": "200", "rate_class": "write", "limited": "PASSED",
        "trace_id": "ab" * 16, "parent_span_id": "cd" * 8, "trace_flags": "00", "call_id": answer.headers["X-Call-Id"],
        "host": "127.0.0.1", "client": "127.0.0.0/24", "protocol": "HTTP/1.1", "cache": "", "tls": "",
    }  # fmt: skip
    assert line.items() >= expected.items()
    assert began_at - 1 <= line["ended_at_s"] - line["duration_s"] <= time.time() + 1
    assert 0 <= float(line["upstream_s"]) <= line["duration_s"] + 0.01
    assert line["request_bytes"] > 2
    assert line["answer_bytes"] > 2


def test_a_refusal_keeps_its_method_and_says_what_was_tried(nginx):
    nginx.raw(b"DELETE /system/log-me?token=hush HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    line = nginx.logged(path="/system/log-me")
    assert (line["method"], line["status"], line["route"], line["endpoint"], line["function"]) == ("DELETE", 404, "", "", "")


def test_no_secret_is_written_down(client, nginx, openfaas):
    secrets = {
        "Authorization": "Bearer hush-token",
        "Idempotency-Key": "hush-key",
        "Cookie": "hush=1",
        "Referer": "http://hush/",
    }
    client.post("/api/jobs?q=hush-query", content=b"hush-body", headers=secrets)
    client.get("/nothing?q=hush", headers=secrets)
    client.post("/api/jobs?q=hush", content=b"hush" * 20_000, headers=secrets)
    nginx.raw(b"GET /api/jobs%00?hush HTTP/1.1\r\nHost: hush\r\n\r\n")
    nginx.logged(status=400, path="")
    assert len(openfaas.seen) == 1
    assert "hush" not in nginx.said()


def test_nothing_that_is_sent_breaks_a_line(nginx):
    before = len(nginx.requests())
    for path in (b'/"\\\x80\xff', b"/a\\", b"/" + b"a" * 5_000, b"/\xe2\x80\xa8"):
        nginx.raw(b"GET " + path + b' HTTP/1.1\r\nHost: "x"\\\r\nX-Call-Id: a"b\r\nConnection: close\r\n\r\n')
    nginx.logged(path="/" + "a" * 199)
    for line in nginx.said().splitlines():
        assert json.loads(line).keys() == FIELDS
    assert len(nginx.requests()) >= before + 4


def test_the_same_line_goes_to_a_syslog_server(openfaas):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(GIVE_UP_S)
        place = f"127.0.0.1:{server.getsockname()[1]}"
        with gateway_process(openfaas.url, FREEHOLD_ACCESS_LOG_SYSLOG=place) as gateway:
            httpx.get(f"{gateway.url}/api/jobs/job_1")
            while True:
                head, brace, text = server.recv(65_536).decode().partition("{")
                line = json.loads(brace + text)
                if line["path"] == "/api/jobs/job_1":
                    break
            assert head.endswith(" freehold: ")
            assert line == gateway.logged(path="/api/jobs/job_1")
