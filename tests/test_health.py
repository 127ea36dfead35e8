"""The health server that the doors share."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from freehold.health import serve_health


def ask(port: int, path: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        body = error.read()
        return error.code, json.loads(body) if body.startswith(b"{") else {}


def test_ready_is_200_only_while_every_check_holds() -> None:
    checks = {"database": True, "loop": True}
    server = serve_health(0, lambda: checks)
    try:
        assert ask(server.port, "/_/ready") == (200, {"ready": True, "checks": {"database": True, "loop": True}})
        checks["loop"] = False
        assert ask(server.port, "/_/ready") == (503, {"ready": False, "checks": {"database": True, "loop": False}})
    finally:
        server.close()


def test_health_says_that_the_process_lives_even_when_it_is_not_ready() -> None:
    server = serve_health(0, lambda: {"database": False})
    try:
        assert ask(server.port, "/_/health") == (200, {"alive": True, "checks": {}})
    finally:
        server.close()


def test_health_is_503_when_a_part_is_dead() -> None:
    server = serve_health(0, dict, alive=lambda: {"thread": False})
    try:
        assert ask(server.port, "/_/health") == (503, {"alive": False, "checks": {"thread": False}})
    finally:
        server.close()


def test_other_paths_are_not_found_and_other_methods_refused() -> None:
    server = serve_health(0, dict)
    try:
        assert ask(server.port, "/")[0] == 404
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/_/ready", data=b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        assert refused.value.code == 501
    finally:
        server.close()


def test_a_silent_client_does_not_keep_others_from_an_answer() -> None:
    server = serve_health(0, dict)
    try:
        with socket.create_connection(("127.0.0.1", server.port)):
            assert ask(server.port, "/_/ready")[0] == 200
    finally:
        server.close()


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve_health(taken.getsockname()[1], dict)


def test_it_listens_where_it_is_told_to() -> None:
    server = serve_health(0, dict, host="127.0.0.2")
    try:
        with socket.create_connection(("127.0.0.2", server.port), timeout=5):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
    finally:
        server.close()
