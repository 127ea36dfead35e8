"""A TCP proxy that can be cut: a database that goes away and comes back, with the real database behind it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Passes bytes on to one address while it is open."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Listen, on the same port each time."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Stop listening and break what is open."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    def break_one(self, dice: random.Random) -> bool:
        """Break one of the open connections, if there is any; say whether there was."""
        broken = dice.choice(sorted(self._writers, key=id)) if self._writers else None
        if broken is not None:
            broken.transport.abort()
        return broken is not None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection(*self._target)
            self._writers |= {writer, back}
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
            self._writers -= {writer, back}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def open_proxy(mongodb_uri: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Open a proxy before a database; give it and the address that goes through it."""
    parts = urlsplit(mongodb_uri)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 27_017)
    await proxy.open()
    credentials = parts.netloc.rpartition("@")[0]
    netloc = f"{credentials}@127.0.0.1:{proxy.port}" if credentials else f"127.0.0.1:{proxy.port}"
    query = "&".join(
        [*(part for part in parts.query.split("&") if part and not part.startswith("replicaSet")), "directConnection=true"]
    )
    try:
        yield proxy, urlunsplit(parts._replace(netloc=netloc, path=parts.path or "/", query=query))
    finally:
        await proxy.cut()
