"""The operator's scanner has the last word, and without its word no file is taken."""

import asyncio
import struct

import pytest

from freehold.documents import Received
from freehold.uploads import FileInfected, ScannerUnavailable, receive, scanner_at
from freehold.uploads.scanning import CLAMD_CHUNK_BYTES

DATA = b"some text\n" * 10_000


async def scanned(answer: bytes, *, seen: list[bytes] | None = None) -> Received:
    """Take a file in beside a stand-in for clamd that gives this answer."""

    async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        while size := struct.unpack("!I", await reader.readexactly(4))[0]:
            assert size <= CLAMD_CHUNK_BYTES
            (seen if seen is not None else []).append(await reader.readexactly(size))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(clamd, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await receive(DATA, name="x.txt", scanner=scanner_at(f"127.0.0.1:{port}"))


def test_a_file_that_the_scanner_has_seen_says_so():
    seen: list[bytes] = []
    assert asyncio.run(scanned(b"stream: OK\0", seen=seen)).scanned == "clean"
    assert b"".join(seen) == DATA


def test_a_file_with_malware_is_refused():
    with pytest.raises(FileInfected):
        asyncio.run(scanned(b"stream: Eicar-Signature FOUND\0"))


@pytest.mark.parametrize("answer", [b"", b"\0", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK", b"\xff\xfe\0"])
def test_a_scanner_that_says_something_else_has_not_seen_it(answer: bytes):
    with pytest.raises(ScannerUnavailable):
        asyncio.run(scanned(answer))


def test_a_scanner_that_is_not_there_lets_nothing_through():
    with pytest.raises(ScannerUnavailable):
        asyncio.run(receive(DATA, name="x.txt", scanner=scanner_at("127.0.0.1:1")))


def test_without_an_address_nobody_scans():
    assert scanner_at("") is None
