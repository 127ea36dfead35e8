"""A ledger of one's own: a fresh database, so that its audit and its outbox speak of nothing else."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from freehold.store import Store, apply_schema, local_admin


@dataclass
class Ledger:
    """A store, and a way to run coroutines on its loop."""

    store: Store
    run: Callable[[Coroutine[Any, Any, Any]], Any]


@contextmanager
def fresh_ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a fresh database with its schema, and remove it in the end."""
    name, loop = f"test_ledger_{secrets.token_hex(4)}", asyncio.new_event_loop()

    async def opened() -> Store:
        store = Store(mongodb_uri, name, connections=32)
        await apply_schema(store.database)
        return store

    store = loop.run_until_complete(opened())
    yield Ledger(store, loop.run_until_complete)
    loop.run_until_complete(store.close())
    loop.close()
    local_admin.drop_database(mongodb_uri, name)
