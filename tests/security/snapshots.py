"""What the database holds, and what a request did to it."""

from collections import Counter
from typing import Any

from freehold.store import Store
from tests.api import Api

Snapshot = dict[str, dict[Any, dict[str, Any]]]
Effect = dict[tuple[str, ...], int]


GIVEN_IN_TURN = {("fee_schedules", ".number")}
"""Numbers that count what was before, so that the same request gets another one each time."""


def fingerprints(api: Api) -> dict[str, str]:
    """Give a hash of every collection's documents: equal when nothing was stored, changed or removed."""
    told = api.run(api.store.database.command("dbHash"))
    return dict(told["collections"])


def snapshot(api: Api) -> Snapshot:
    """Read every document of every collection."""
    return api.run(_read(api.store))


def effect(before: Snapshot, after: Snapshot) -> Effect:
    """Say how many documents came, went and changed, and by how much each number in them grew.

    The same request has the same effect whatever it is about; one that happened twice never looks like one.
    """
    told: Counter[tuple[str, ...]] = Counter()
    for collection in before.keys() | after.keys():
        old, new = before.get(collection, {}), after.get(collection, {})
        told[collection, "added"] += len(new.keys() - old.keys())
        told[collection, "removed"] += len(old.keys() - new.keys())
        for key in new.keys() & old.keys():
            if old[key] != new[key]:
                told[collection, "changed"] += 1
                told.update(_growth(collection, _numbers(old[key]), _numbers(new[key])))
    return {what: count for what, count in told.items() if count}


def _growth(collection: str, was: Counter[str], now: Counter[str]) -> dict[tuple[str, ...], int]:
    places = {place for place in now.keys() | was.keys() if (collection, place) not in GIVEN_IN_TURN}
    return {(collection, place): now[place] - was[place] for place in places}


def _numbers(value: object, place: str = "") -> Counter[str]:
    """Add up the whole numbers of a document by their place; the items of a list have one place together."""
    found: Counter[str] = Counter()
    if isinstance(value, dict):
        for name, part in value.items():
            found.update(_numbers(part, f"{place}.{name}"))
    elif isinstance(value, list):
        for part in value:
            found.update(_numbers(part, f"{place}[]"))
    elif isinstance(value, int) and not isinstance(value, bool):
        found[place] += value
    return found


async def _read(store: Store) -> Snapshot:
    database = store.client[store.database.name]
    names = await database.list_collection_names()
    return {name: {row["_id"]: row for row in await database[name].find().to_list()} for name in names}
