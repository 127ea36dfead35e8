"""What must not get in, written to the socket as it is: paths, methods, hosts, framing. The stand-in sees what got through."""

import re

import pytest

LIST = b"GET /api/jobs HTTP/1.1\r\n"
CREATE = b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
CLOSE = b"Host: localhost\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

PATHS = [
    "/_/metrics", "/function/jobs-list-jobs/_/metrics",
    "/function/jobs-list-jobs", "/function/jobs-list-jobs/api/jobs", "/async-function/jobs-list-jobs", "/system/functions",
    "/FUNCTION/x", "/Function/x", "//function/x", "/./function/x", "/x/../function/x", "/function;/x", "/function/65536",
    "/api/../function/x", "/api/jobs/../../function/x", "/api/%2e%2e/function/x", "/api/%2E%2E/system", "/%66unction/x",
    "/api/jobs/..;/..;/function/x", "/api/jobs/..%2f..%2ffunction", "/api/jobs/%2e%2e%2f%2e%2e%2fsystem", "/api/jobs%2f..",
    "/api/jobs\\..\\..\\function\\x", "/api/jobs/%5c..%5cfunction", "/api/jobs#/../../function/x", "/api/%252e%252e/function/x",
    "/api/jobs/%c0%ae%c0%ae/function", "/api/jobs/%ef%bc%8e", "/socket.io/../function/x", "/socket.io//", "/socketXio/",
    "/_/ready/../../function/x", "/_/ready/", "/api/jobs/", "/api//jobs", "//api/jobs", "/api/./jobs", "/api/jobs;a=b",
    "/API/jobs", "/api/Jobs", "/api/j%6fbs", "/api/jobs/a%2Fb", "/api/jobs/a%20b", "/api/jobs/" + "a" * 65, "/api/jobs/a/b",
    "/problem", "/ready", "/relay", "/host", "/api", "/",
    "http://localhost/function/x", "http://localhost", "http://localhost?/api/jobs", "http://localhost//api/jobs",
]  # fmt: skip
UNREADABLE = [
    "/../function/x", "/api/../../system", "/api/jobs%00", "/api/jobs%", "/api/jobs%zz", "/api/jobs\x00", "function", "\\x",
    "/api/jobs?q=\xe4",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_of_a_path_gets_further_than_the_map(nginx, openfaas, path):
    answer = nginx.raw(f"GET {path} HTTP/1.1\r\n".encode() + CLOSE)
    assert answer.startswith(b"HTTP/1.1 404 "), answer
    assert b'"code":"not_found"' in answer
    assert openfaas.seen == []


@pytest.mark.parametrize("path", UNREADABLE)
def test_what_is_no_path_at_all_cannot_be_read(nginx, openfaas, path):
    answer = nginx.raw(f"GET {path} HTTP/1.1\r\n".encode("latin-1") + CLOSE)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b'"code":"bad_request"' in answer
    assert openfaas.seen == []


REFUSED = {
    # two framings, or none that both sides would read alike
    "a length and chunks": (400, CREATE + b"Content-Length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\nG"),
    "chunks and a length": (400, CREATE + CHUNKED + b"Content-Length: 6\r\n\r\n0\r\n\r\nG"),
    "two transfer encodings": (400, CREATE + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    "an unknown encoding": (501, CREATE + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "an encoding after chunked": (501, CREATE + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "an encoding before chunked": (501, CREATE + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "a tab before the encoding": (501, CREATE + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"),
    "a vertical tab before the encoding": (501, CREATE + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    "a space after the name": (400, CREATE + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "a folded encoding": (400, CREATE + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    "chunks in HTTP/1.0": (400, CREATE.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKED + b"\r\n0\r\n\r\n"),
    "a length with a plus": (400, CREATE + b"Content-Length: +3\r\n\r\nabc"),
    "a negative length": (400, CREATE + b"Content-Length: -1\r\n\r\nabc"),
    "a length in hexadecimal": (400, CREATE + b"Content-Length: 0x3\r\n\r\nabc"),
    "a length with a space in it": (400, CREATE + b"Content-Length: 3 3\r\n\r\nabc"),
    "a list of lengths": (400, CREATE + b"Content-Length: 3, 3\r\n\r\nabc"),
    "two lengths": (400, CREATE + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
    "the same length twice": (400, CREATE + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "a length beyond numbers": (400, CREATE + b"Content-Length: 99999999999999999999\r\n\r\nabc"),
    "a space after the length's name": (400, CREATE + b"Content-Length : 3\r\n\r\nabc"),
    "a negative chunk": (400, CREATE + CHUNKED + b"\r\n-1\r\nabc\r\n0\r\n\r\n"),
    "a chunk beyond numbers": (400, CREATE + CHUNKED + b"\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    "a chunk longer than it says": (400, CREATE + CHUNKED + b"\r\n3\r\nabcd\r\n0\r\n\r\n"),
    # hosts
    "a host that is not ours": (421, LIST + b"Host: evil.example\r\nConnection: close\r\n\r\n"),
    "an address as the host": (421, LIST + b"Host: 10.0.0.1\r\nConnection: close\r\n\r\n"),
    "a name before the host": (421, LIST + b"Host: localhost@evil.example\r\nConnection: close\r\n\r\n"),
    "our host in the header only": (421, b"GET http://evil.example/api/jobs HTTP/1.1\r\n" + CLOSE),
    "two hosts": (400, LIST + b"Host: evil.example\r\n" + CLOSE),
    "a host with a space": (400, LIST + b"Host: localhost evil\r\nConnection: close\r\n\r\n"),
    "no host": (400, LIST + b"Connection: close\r\n\r\n"),
    "no host in HTTP/1.0": (421, b"GET /api/jobs HTTP/1.0\r\n\r\n"),
    # headers
    "two authorisations": (400, LIST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" + CLOSE),
    "a space in a name": (400, LIST + b"Bad Name: x\r\n" + CLOSE),
    "a header before the first": (400, LIST + b" X: y\r\n" + CLOSE),
    "a folded header": (400, LIST + b"X: a\r\n b\r\n" + CLOSE),
    "a return inside of a header": (400, LIST + b"X: a\rY: b\r\n" + CLOSE),
    "a zero inside of a header": (400, LIST + b"X: a\0b\r\n" + CLOSE),
    # methods and versions
    "TRACE": (405, b"TRACE /api/jobs HTTP/1.1\r\n" + CLOSE),
    "CONNECT": (400, b"CONNECT localhost:80 HTTP/1.1\r\n" + CLOSE),
    "CONNECT with a path": (405, b"CONNECT /api/jobs HTTP/1.1\r\n" + CLOSE),
    "a star": (400, b"OPTIONS * HTTP/1.1\r\n" + CLOSE),
    "a small method": (400, b"get /api/jobs HTTP/1.1\r\n" + CLOSE),
    "an unknown method": (405, b"BREW /api/jobs HTTP/1.1\r\n" + CLOSE),
    "HTTP/2 where it is not spoken": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2 by its number": (505, b"GET /api/jobs HTTP/2.0\r\n" + CLOSE),
    "a version that does not exist": (400, b"GET /api/jobs HTTP/1.01\r\n" + CLOSE),
    "a TLS greeting": (400, b"\x16\x03\x01\x00\x05hello\r\n\r\n"),
    # sizes
    "a long address": (414, b"GET /api/jobs?q=" + b"a" * 9_000 + b" HTTP/1.1\r\n" + CLOSE),
    "a long header": (431, LIST + b"X: " + b"a" * 9_000 + b"\r\n" + CLOSE),
    "many headers": (431, LIST + b"".join(b"X%d: " % n + b"a" * 900 + b"\r\n" for n in range(50)) + CLOSE),
    "a body that is announced too large": (413, CREATE + b"Content-Length: 65537\r\n\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_two_readers_might_read_differently_is_refused_and_logged(nginx, openfaas, name):
    status, request = REFUSED[name]
    logged = len(nginx.requests())
    answer = nginx.raw(request)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nContent-Type: application/problem+json\r\n" in answer
    assert openfaas.seen == []
    trace_id = answer.partition(b'"trace_id":"')[2][:32].decode()
    assert nginx.logged(trace_id=trace_id)["status"] == status
    assert len(nginx.requests()) == logged + 1


def test_an_answer_of_http_0_9_is_a_refusal_too(nginx, openfaas):
    assert b'"code":"bad_request"' in nginx.raw(b"GET /api/jobs\r\n\r\n")
    assert openfaas.seen == []


MADE_ANEW = {
    "chunk extensions and trailers": CREATE + CHUNKED + b"\r\n3;ext=1\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
    "chunks with bare line feeds": CREATE + CHUNKED + b"\r\n3\nabc\n0\n\n",
    "a head with bare line feeds": CREATE.replace(b"\r\n", b"\n") + b"Content-Length: 3\n\nabc",
    "an expectation": CREATE + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("name", MADE_ANEW)
def test_a_loosely_framed_request_is_framed_anew(nginx, openfaas, name):
    assert b" 200 OK" in nginx.raw(MADE_ANEW[name])
    (seen,) = openfaas.seen
    assert (seen.body, seen.values("Content-Length"), seen.values("Transfer-Encoding")) == (b"abc", ["3"], [])


def test_a_request_inside_of_a_body_stays_a_body(nginx, openfaas):
    inner = b"GET /function/jobs-list-jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = nginx.raw(CREATE + b"Content-Length: %d\r\n\r\n" % len(inner) + inner)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert [seen.body for seen in openfaas.seen] == [inner]


def test_each_of_several_requests_in_one_go_meets_the_same_walls(nginx, openfaas):
    keep = b"Host: localhost\r\n\r\n"
    answer = nginx.raw(
        LIST + keep + b"GET /function/jobs-list-jobs HTTP/1.1\r\n" + keep + b"GET /api/projects HTTP/1.1\r\n" + CLOSE
    )
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"404", b"200"]
    assert [seen.target.split("/")[2] for seen in openfaas.seen] == ["jobs-list-jobs", "projects-list-projects"]


def test_an_upgrade_to_http_2_is_not_taken(nginx, openfaas):
    asked = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    assert nginx.raw(LIST + b"Host: localhost\r\n" + asked + b"\r\n").startswith(b"HTTP/1.1 200 ")
    (seen,) = openfaas.seen
    assert seen.values("Upgrade") == seen.values("HTTP2-Settings") == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost:8443", "127.0.0.1"])
@pytest.mark.usefixtures("openfaas")
def test_our_hosts_are_known_however_they_are_written(nginx, host):
    assert nginx.raw(LIST + f"Host: {host}\r\nConnection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 200 ")


def test_health_is_said_to_whoever_asks(nginx):
    answer = nginx.raw(b"GET /_/health HTTP/1.1\r\nHost: 10.1.2.3\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"healthy":true}')
