"""Our own API client: patient when asked to be, and never doing a thing twice because it asked twice."""

import asyncio
import http.server
import threading

import pytest

from infra.client import Api, NeverHappened, Person, Refused, SignedIn, Unreachable, until
from infra.wire import Seen


class Server:
    """A real HTTP server that gives these answers in turn and keeps what was asked."""

    def __init__(self, *answers):
        self.asked = []
        turns = iter(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):  # noqa: N805 - `self` is the server
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
                self.asked.append((handler.path, handler.headers.get("Idempotency-Key"), body))
                status, headers, content = next(turns)
                handler.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(content)

            def log_message(self, *_):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()


def post(server, *, patience_s=60.0, expires_in_s=600):
    async def work():
        async with Api(server.url, patience_s=patience_s) as api:
            signed_in = SignedIn(user_id="usr_1", access_token="a", refresh_token="r", expires_in_s=expires_in_s)
            return await Person(api, "Ada", signed_in).post("/api/jobs", {"title": "x"}, into=Seen)

    return asyncio.run(work())


MADE = (201, {}, b'{"id":"job_1"}')


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_and_asks_again_with_the_same_key(status):
    with Server((status, {"Retry-After": "1"}, b"{}"), MADE) as server:
        assert post(server).id == "job_1"
    assert len(server.asked) == 2
    assert server.asked[0] == server.asked[1]
    assert server.asked[0][1]


def test_it_gives_up_when_asked_to_wait_longer_than_it_is_patient():
    with Server((429, {"Retry-After": "3600"}, b"{}")) as server, pytest.raises(Unreachable, match="too busy"):
        post(server)
    assert len(server.asked) == 1


def test_a_refusal_is_told_with_every_faulty_field():
    problem = b'{"status":422,"code":"invalid","title":"t","faults":[{"field":"body.title","expected":"text"}]}'
    with (
        Server((422, {}, problem)) as server,
        pytest.raises(Refused, match=r"422 invalid: body\.title: expected text") as found,
    ):
        post(server)
    assert found.value.problem.code == "invalid"


def test_an_answer_that_is_no_problem_document_is_a_refusal_too():
    with Server((500, {}, b"<html>oops")) as server, pytest.raises(Refused, match="no_problem_document"):
        post(server)


def test_tokens_are_renewed_before_they_end():
    renewed = (200, {}, b'{"user_id":"usr_1","access_token":"b","refresh_token":"s","expires_in_s":600}')
    with Server(renewed, MADE) as server:
        assert post(server, expires_in_s=30).id == "job_1"
    assert [path for path, *_ in server.asked] == ["/api/auth/refresh-token", "/api/jobs"]


def test_nobody_at_the_address_is_told_at_once():
    with Server() as server:
        pass

    async def work():
        async with Api(server.url) as api:
            await api.require_running()

    with pytest.raises(Unreachable, match="does not answer"):
        asyncio.run(work())


def test_what_never_happens_is_told_with_the_last_answer():
    async def read():
        return 1

    with pytest.raises(NeverHappened, match="until it is two; the last answer was 1"):
        asyncio.run(until(read, lambda found: found == 2, what="it is two", limit_s=0.05))
