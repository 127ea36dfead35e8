"""A name server on 127.0.0.1 that knows the names that it is told, by UDP: every other name does not exist."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_HEAD_BYTES = 12
_NO_SUCH_NAME = b"\x81\x83"
_FOUND = b"\x81\x80"
_ADDRESS = b"\x00\x01"


class NameServer:
    """The server; `addresses` may change while it runs."""

    def __init__(self, port: int) -> None:
        self.place = f"127.0.0.1:{port}"
        self.addresses: dict[str, str] = {}

    def answer(self, query: bytes) -> bytes:
        """Say what one question's name is. Only its first question is read, and only IPv4 addresses are known."""
        end = query.index(b"\0", _HEAD_BYTES) + 1
        name, kind, question = _spell(query[_HEAD_BYTES:end]), query[end : end + 2], query[_HEAD_BYTES : end + 4]
        if name not in self.addresses:
            return query[:2] + _NO_SUCH_NAME + b"\0\1\0\0\0\0\0\0" + question
        found = b"" if kind != _ADDRESS else b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(self.addresses[name])
        return query[:2] + _FOUND + b"\0\1" + bytes([0, bool(found)]) + b"\0\0\0\0" + question + found


def _spell(labels: bytes) -> str:
    words = []
    while size := labels[0]:
        words.append(labels[1 : 1 + size].decode())
        labels = labels[1 + size :]
    return ".".join(words)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Answer for as long as the block lasts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        server = NameServer(door.getsockname()[1])

        def serve() -> None:
            while (asked := door.recvfrom(512))[0]:
                door.sendto(server.answer(asked[0]), asked[1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", door.getsockname())
            thread.join()
