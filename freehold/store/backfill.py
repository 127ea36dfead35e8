"""Giving journals that nobody has given to the Merkle log their place among what waits for it.

That is all of a ledger which is older than its log, and what processes of an older version go on to write while newer ones
are deployed. Safe to repeat, and to run from several processes beside everything else.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from pymongo import WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from freehold.documents import Journal, LogLeaf, PendingLeaf
from freehold.store.connection import Store
from freehold.store.journals import leaf_of, pending_leaf
from freehold.store.mapping import codec_of, from_bson, to_bson
from freehold.store.unit import now

BATCH: Final = 500
RECENT: Final = timedelta(days=2)


async def pend_recent_journals(store: Store, *, until: datetime) -> int:
    """Let the journals of the two days before `until` wait that are neither in the log nor waiting; say how many there were.

    Processes of a version older than the log may still have written them while this one was deployed.
    """
    since = f"jrn_{int((until - RECENT).timestamp() * 1000):012x}"  # identifiers begin with their time
    return await pend_unproven_journals(store.database, since=since)


async def pend_unproven_journals(database: AsyncDatabase[dict[str, Any]], *, since: str = "") -> int:
    """Let every journal wait, from the id `since` on, that is neither in the log nor waiting; say how many there were.

    Each batch is one transaction, which sees log and waiting rows at one moment and meets whoever writes the same rows.
    """
    journals = database.get_collection(Journal.collection, codec_options=codec_of(Journal))
    done, after = 0, since
    while True:
        raws = await journals.find({"_id": {"$gt": after}}, sort=[("_id", 1)], limit=BATCH).to_list()
        if not raws:
            return done
        after = raws[-1]["_id"]
        batch = [from_bson(raw, Journal) for raw in raws]
        async with database.client.start_session() as session:
            done += await session.with_transaction(
                lambda session, batch=batch: _pend(database, session, batch),  # type: ignore[misc]
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
            )


def _begins_to_wait(journal: Journal) -> PendingLeaf:
    """Let a journal wait from now on, however old it is: the age of what waits is what operators watch."""
    return msgspec.structs.replace(pending_leaf(journal), created_at=now())


async def _pend(database: AsyncDatabase[dict[str, Any]], session: AsyncClientSession, journals: list[Journal]) -> int:
    ids = {"journal_id": {"$in": [journal.id for journal in journals]}}
    proven = {row["journal_id"] async for row in database[LogLeaf.collection].find(ids, {"journal_id": 1}, session=session)}
    orders = {"_id": {"$in": [leaf_of(journal).order for journal in journals]}}
    waiting = {row["_id"] async for row in database[PendingLeaf.collection].find(orders, {"_id": 1}, session=session)}
    missing = [row for row in map(_begins_to_wait, journals) if row.journal_id not in proven and row.id not in waiting]
    if missing:
        await database[PendingLeaf.collection].insert_many([to_bson(row) for row in missing], session=session)
    return len(missing)
