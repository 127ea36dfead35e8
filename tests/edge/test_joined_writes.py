"""An answer's head and body go out in one write, and nothing is held back longer than a turn of the event loop."""

import asyncio
import socket
from pathlib import Path

from freehold.edge.joined_writes import _JoiningTransport
from tests.function_process import function_process, wait_for


class Line:
    """Stands for the connection: notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.closing = True
        self.done.append("closed")

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


def written(*steps: bytes | str) -> list[object]:
    """Take these steps on a joining transport (`turn` is one of the event loop); give what reached the connection."""

    async def taken() -> list[object]:
        line = Line()
        joining = _JoiningTransport(line, asyncio.get_running_loop())
        for step in steps:
            if step == "turn":
                await asyncio.sleep(0)
            elif step == "close":
                joining.close()
            elif step == "broken":
                line.closing = True
            else:
                joining.write(step)
        await asyncio.sleep(0)
        assert joining.get_extra_info("peername") == "the peername"
        return line.done

    return asyncio.run(taken())


def test_two_writes_in_one_turn_are_one():
    assert written(b"head", b"body") == [b"headbody"]


def test_a_lone_write_goes_out_with_the_next_turn():
    assert written(b"100 Continue", "turn", b"head", b"body", b"more") == [b"100 Continue", b"headbody", b"more"]


def test_what_is_held_goes_out_before_the_end():
    assert written(b"head", b"", "close") == [b"head", "closed"]
    assert written(b"head", "close") == [b"head", "closed"]


def test_a_connection_that_broke_is_written_to_no_more():
    assert written(b"head", "broken") == []


def test_a_real_answer_comes_in_one_piece(keys: Path, database: str):
    with function_process(keys, database, "auth-list-keys") as (_, port):
        wait_for(port, "/_/ready", 200)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            for _ in range(3):
                line.sendall(b"GET /api/auth/jwks.json HTTP/1.1\r\nHost: freehold.example.org\r\n\r\n")
                head, _, body = line.recv(65_536).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200")
                assert len(body) > 0
