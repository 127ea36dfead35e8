"""A ledger of one's own: a fresh database, so that its audit and its outbox speak of nothing else."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pymongo import MongoClient

from freehold.documents import DOCUMENTS
from freehold.store import Store, apply_schema, local_admin

KEPT: Final = frozenset({*(kind.collection for kind in DOCUMENTS), "migrations"})
_spare: defaultdict[str, list[str]] = defaultdict(list)
_prepared: set[tuple[str, str]] = set()


@dataclass
class Ledger:
    """A store, and a way to run coroutines on its loop."""

    store: Store
    run: Callable[[Coroutine[Any, Any, Any]], Any]


@contextmanager
def fresh_database(mongodb_uri: str) -> Iterator[str]:
    """Give the name of a database that has its schema, and nobody's documents.

    It is emptied in the end and given to the next who asks: to make 160 collections and indexes takes seconds.
    """
    spare = _spare[mongodb_uri]
    name = spare.pop() if spare else f"test_own_{secrets.token_hex(4)}"
    asyncio.run(prepare(mongodb_uri, name))
    yield name
    _empty(mongodb_uri, name)
    spare.append(name)


@contextmanager
def fresh_ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a store over a fresh database."""
    with fresh_database(mongodb_uri) as name:
        loop = asyncio.new_event_loop()
        store = loop.run_until_complete(_opened(mongodb_uri, name))
        yield Ledger(store, loop.run_until_complete)
        loop.run_until_complete(store.close())
        loop.close()


async def prepare(mongodb_uri: str, database: str) -> None:
    """Apply the schema, unless this process has done so."""
    if (mongodb_uri, database) in _prepared:
        return
    store = Store(mongodb_uri, database, connections=1)
    await apply_schema(store.database)
    await store.close()
    _prepared.add((mongodb_uri, database))


def drop_spares() -> None:
    """Remove what was kept for the next test."""
    for mongodb_uri, names in _spare.items():
        while names:
            local_admin.drop_database(mongodb_uri, names.pop())


async def _opened(mongodb_uri: str, name: str) -> Store:
    return Store(mongodb_uri, name, connections=32)


def _empty(mongodb_uri: str, name: str) -> None:
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client[name]
        for collection in database.list_collection_names():
            if collection not in KEPT:
                database.drop_collection(collection)
            elif collection != "migrations":
                database[collection].delete_many({})
