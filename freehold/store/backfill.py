"""Giving journals that nobody has given to the Merkle log their place among what waits for it.

That is all of a ledger which is older than its log, and what processes of an older version go on to write while newer ones
are deployed. Safe to repeat, and to run from several processes beside everything else.
"""

from typing import Any, Final

from pymongo import WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from freehold.documents import Journal, LogLeaf, PendingLeaf
from freehold.store.journals import leaf_of, pending_leaf
from freehold.store.mapping import codec_of, from_bson, to_bson

BATCH: Final = 500


async def pend_unproven_journals(database: AsyncDatabase[dict[str, Any]]) -> int:
    """Let every journal wait that is neither in the log nor waiting; say how many there were.

    Each batch is one transaction, which sees log and waiting rows at one moment and meets whoever writes the same rows.
    """
    journals = database.get_collection(Journal.collection, codec_options=codec_of(Journal))
    done, after = 0, ""
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


async def _pend(database: AsyncDatabase[dict[str, Any]], session: AsyncClientSession, journals: list[Journal]) -> int:
    ids = {"journal_id": {"$in": [journal.id for journal in journals]}}
    proven = {row["journal_id"] async for row in database[LogLeaf.collection].find(ids, {"journal_id": 1}, session=session)}
    orders = {"_id": {"$in": [leaf_of(journal).order for journal in journals]}}
    waiting = {row["_id"] async for row in database[PendingLeaf.collection].find(orders, {"_id": 1}, session=session)}
    missing = [row for row in map(pending_leaf, journals) if row.journal_id not in proven and row.id not in waiting]
    if missing:
        await database[PendingLeaf.collection].insert_many([to_bson(row) for row in missing], session=session)
    return len(missing)
