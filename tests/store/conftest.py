"""A store over the worker's database, on an event loop of its own."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from freehold.store import Store, apply_schema

T = TypeVar("T")


class Opened:
    """The store, and a way to run coroutines on its loop."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self.store = store
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the store's loop."""
        return self._loop.run_until_complete(work)


@pytest.fixture
def opened(mongodb_uri: str, database: str) -> Iterator[Opened]:
    """Give a store whose schema is applied."""
    loop = asyncio.new_event_loop()

    async def open_store() -> Store:
        store = Store(mongodb_uri, database, connections=16)
        await apply_schema(store.database)
        return store

    store = loop.run_until_complete(open_store())
    yield Opened(store, loop)
    loop.run_until_complete(store.close())
    loop.close()


def connections_of(store: Store) -> list:
    (server,) = store.client._topology._servers.values()
    return list(server.pool.conns)


@pytest.fixture
def running(mongodb_uri: str, database: str):
    loop = asyncio.new_event_loop()
    store = loop.run_until_complete(_open_few(mongodb_uri, database))
    yield store, loop.run_until_complete
    loop.run_until_complete(store.close())
    loop.close()


async def _open_few(uri: str, database: str) -> Store:
    store = Store(uri, database, connections=4)
    await store.open()
    return store
