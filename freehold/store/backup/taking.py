"""Taking a backup while work goes on: all collections, and the ledger's audit, from one snapshot of the database.

The server keeps the past of a snapshot for `minSnapshotHistoryWindowInSeconds` (300 by default); what takes longer to read is
refused in the end (CannotBackUp), never half right.
"""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, cast

from bson import Timestamp
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from freehold.documents import DOCUMENTS, Lease, RealtimeRow, Restoration, Session, Ticket
from freehold.store.audit import audit_ledger
from freehold.store.backup.files import FILE_NAME, Copied, Draft, Manifest, Tally, to_disk
from freehold.store.connection import Store

LEFT_OUT: Final = {
    Session.collection: "a restored sign-in could be one that its owner has ended since; everybody signs in again",
    Ticket.collection: "it opens a socket within 30 s or never",
    RealtimeRow.collection: "the relay sends what is inserted: old news would be sent anew",
    Lease.collection: "its holder is a process of the time before",
    Restoration.collection: "it speaks of the database that it stands in",
}
"""What no backup holds, and why."""

DECLARED: Final = frozenset(kind.collection for kind in DOCUMENTS)
SNAPSHOT_TOO_OLD: Final = 239
_DEFAULT_WINDOW_S: Final = 300

Tell = Callable[[str], object]


class CannotBackUp(Exception):  # noqa: N818 - it names what happened
    """There is no backup; the message says why, and what can be done."""


async def back_up(store: Store, folder: Path, *, tell: Tell) -> Manifest:
    """Write a backup into a new folder; `tell` hears of each collection. Raises CannotBackUp, or FileExistsError."""
    names, left_out = await _collections(store)
    tell(f"the server keeps a snapshot for {await _window_s(store)} s; the backup must be read by then")
    with Draft(folder) as draft:
        try:
            manifest = await _copy_all(store, draft, names, left_out, tell)
        except OperationFailure as error:
            if error.code != SNAPSHOT_TOO_OLD:
                raise
            raise CannotBackUp(
                "Reading took longer than the server keeps a snapshot. Raise its parameter minSnapshotHistoryWindowInSeconds "
                "(the database needs more disk then), read from a faster disk, or use the cluster's own backup."
            ) from error
        draft.finish(manifest)
    return manifest


async def _copy_all(store: Store, draft: Draft, names: list[str], left_out: dict[str, str], tell: Tell) -> Manifest:
    taken_at = await store.database_now()
    server = await store.client.server_info()
    async with store.client.start_session(snapshot=True) as session:
        ledger = await audit_ledger(store, session=session)
        copied = [await _copy(store, draft, name, session, tell) for name in names]
        migrations = [row["_id"] async for row in store.database["migrations"].find({}, {"_id": 1}, session=session)]
        moment = cast("Timestamp | None", session._snapshot_time)  # noqa: SLF001 - PyMongo tells it in no other way
    if moment is None:
        raise CannotBackUp("The server named no moment for its snapshot.")
    return Manifest(
        database=store.database.name,
        server_version=server["version"],
        cluster_time=(moment.time, moment.inc),
        taken_at=taken_at,
        migrations=tuple(sorted(migrations)),
        collections=tuple(copied),
        left_out=left_out,
        ledger=ledger,
    )


async def _copy(store: Store, draft: Draft, name: str, session: AsyncClientSession, tell: Tell) -> Copied:
    tally = Tally()
    with draft.open(f"{name}.bson") as file:
        async for batch in documents_of(store, name, session):
            tally.add(batch)
            file.write(batch)
        to_disk(file)
    copied = tally.copied(name, await _undeclared_indexes(store, name))
    tell(f"{name}: {copied.documents} documents, {copied.size_bytes} bytes")
    return copied


async def documents_of(store: Store, name: str, session: AsyncClientSession | None = None) -> AsyncIterator[bytes]:
    """Read a collection by `_id`, as batches of whole BSON documents, each at most what MongoDB answers at once (16 MiB)."""
    by_id = [("_id", 1)]
    async for batch in store.database[name].find_raw_batches({}, session=session, sort=by_id, hint=by_id):
        yield cast("bytes", batch)


async def _collections(store: Store) -> tuple[list[str], dict[str, str]]:
    """Name the collections that are copied, and those that are not, with the reason."""
    names: list[str] = []
    left_out: dict[str, str] = {}
    async for found in await store.database.list_collections():
        name = found["name"]
        if name in LEFT_OUT:
            left_out[name] = LEFT_OUT[name]
        elif name not in DECLARED and (found["type"] != "collection" or found["options"]):
            left_out[name] = f"it is none of ours: a {found['type']} with options of its own"
        elif not re.match(FILE_NAME, name):
            raise CannotBackUp(f"The collection {name!r} has a name that no file can have.")
        else:
            names.append(name)
    return sorted(names), left_out


async def _undeclared_indexes(store: Store, name: str) -> tuple[dict[str, Any], ...]:
    """List the indexes of a collection that no document type declares (GridFS makes its own)."""
    if name in DECLARED:
        return ()
    found = [dict(index) async for index in await store.database[name].list_indexes()]
    return tuple({key: value for key, value in index.items() if key != "v"} for index in found if index["name"] != "_id_")


async def _window_s(store: Store) -> int:
    """Ask for how long the server keeps a snapshot; the default where we may not ask (as on Atlas)."""
    parameter = "minSnapshotHistoryWindowInSeconds"
    try:
        return int((await store.client.admin.command({"getParameter": 1, parameter: 1}))[parameter])
    except OperationFailure:
        return _DEFAULT_WINDOW_S
