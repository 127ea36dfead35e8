"""The database's schema, as declared data: collections and indexes from the documents, then numbered migrations.

Applying it is safe to repeat and safe to run from several processes at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid

from freehold.documents import DOCUMENTS, Document, Index
from freehold.store.backfill import pend_unproven_journals

Database = AsyncDatabase[dict[str, Any]]
Migration = Callable[[Database], Awaitable[object]]

MIGRATIONS: Final[tuple[tuple[int, Migration], ...]] = ((1, pend_unproven_journals),)
"""Changes of stored data, in their order: (number, what to do). A number is never used twice."""


async def apply_schema(database: Database, kinds: Sequence[type[Document]] = DOCUMENTS) -> list[str]:
    """Create what is missing of these kinds and run the migrations that have not run. Returns a line for each thing done."""
    done: list[str] = []
    existing = set(await database.list_collection_names())
    for kind in kinds:
        if kind.collection not in existing:
            await _create(database, kind)
            done.append(f"created collection {kind.collection}")
        done += [f"created index {kind.collection}.{name}" for name in await _ensure_indexes(database, kind)]
    done += await _migrate(database)
    return done


async def _create(database: Database, kind: type[Document]) -> None:
    try:
        await database.create_collection(kind.collection)
    except CollectionInvalid:
        return  # another process was quicker


async def _ensure_indexes(database: Database, kind: type[Document]) -> list[str]:
    """Create the indexes that are missing. One over the same keys that says something else is replaced."""
    collection = database[kind.collection]
    existing = await collection.index_information()
    missing = [index for index in kind.indexes if index.name not in existing]
    for index in missing:
        for name in [name for name, found in existing.items() if _same_keys(index, found)]:
            await collection.drop_index(name)
        await collection.create_index(list(index.keys), **_options(index))
    return [index.name for index in missing]


def _same_keys(index: Index, found: dict[str, Any]) -> bool:
    """Whether MongoDB would refuse to keep both; of text indexes it keeps one."""
    if index.weights is not None:
        return "weights" in found
    return [(field, direction) for field, direction in found["key"]] == list(index.keys)


def _options(index: Index) -> dict[str, Any]:
    options: dict[str, Any] = {"name": index.name, "unique": index.unique}
    if index.partial is not None:
        options["partialFilterExpression"] = index.partial
    if index.expire_after_s is not None:
        options["expireAfterSeconds"] = index.expire_after_s
    if index.weights is not None:
        options["weights"] = index.weights
    return options


async def _migrate(database: Database) -> list[str]:
    applied = {row["_id"] async for row in database["migrations"].find({}, {"_id": 1})}
    done: list[str] = []
    for number, migration in MIGRATIONS:
        if number in applied:
            continue
        await migration(database)
        await database["migrations"].update_one({"_id": number}, {"$setOnInsert": {"name": migration.__name__}}, upsert=True)
        done.append(f"ran migration {number} {migration.__name__}")
    return done
