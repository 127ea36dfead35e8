"""Functions that answer `done` at once and do nothing: `python -m tests.perf.instant_functions PORT`."""

import asyncio
import sys

import msgspec


class _Event(msgspec.Struct):
    id: str


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection's requests, one after the other."""
    while head := await _head(reader):
        length = next(
            int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        events = msgspec.json.decode(await reader.readexactly(length), type=list[_Event])
        body = msgspec.json.encode([{"id": event.id, "result": "done"} for event in events])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def main(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
