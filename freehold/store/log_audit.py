"""Whether the Merkle log is what it must be: every journal a leaf of it or waiting, word for word, and nothing else in it.

Everything is hashed anew, so that what was changed under our hands is found here as well as by `tools/verify_ledger.py`.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from msgspec import Struct
from pymongo.asynchronous.client_session import AsyncClientSession

from freehold.documents import Journal, LogHead, LogLeaf, PendingLeaf
from freehold.documents.proof import LEDGER
from freehold.domain.audit import Violation
from freehold.domain.leaves import in_parts, nodes_by_leaf, place_of
from freehold.domain.merkle import Node, appended, folded, hash_leaf, nodes_of, whole
from freehold.store.connection import Store
from freehold.store.journals import leaf_of
from freehold.store.mapping import from_bson

BATCH: Final = 1_000
IN_ORDER: Final = [("_id", 1)]


class _Words(Struct, frozen=True):
    """What a row says of a journal."""

    journal_id: str
    leaf: str


async def violations_of_log(store: Store, session: AsyncClientSession, *, batch: int = BATCH) -> AsyncIterator[Violation]:
    """Compare log and journals as a snapshot `session` sees them; give what is wrong, one after the other."""
    words = 0
    async for raws in _in_batches(store, Journal, session, batch):
        journals = [from_bson(raw, Journal) for raw in raws]
        found = await _words_of(store, session, journals)
        words += len(found)
        for violation in _differences(journals, found):
            yield violation
    kept = await store.collection(LogLeaf).count_documents({}, session=session)
    waiting = await store.collection(PendingLeaf).count_documents({}, session=session)
    if kept + waiting != words:
        detail = f"{kept} leaves and {waiting} that wait, of {words} journals"
        yield Violation(code="leaf_astray", subject=LEDGER, detail=detail)
    async for violation in _violations_of_tree(store, session, batch):
        yield violation


async def _words_of(store: Store, session: AsyncClientSession, journals: list[Journal]) -> dict[str, list[str]]:
    """Read what log and waiting rows say of these journals."""
    found: dict[str, list[str]] = {}
    fields = {"_id": 0, "journal_id": 1, "leaf": 1}
    places: list[tuple[type[LogLeaf | PendingLeaf], dict[str, Any]]] = [
        (LogLeaf, {"journal_id": {"$in": [journal.id for journal in journals]}}),
        (PendingLeaf, {"_id": {"$in": [leaf_of(journal).order for journal in journals]}}),
    ]
    for kind, wanted in places:
        async for raw in store.collection(kind).find(wanted, fields, session=session):
            row = from_bson(raw, _Words)
            found.setdefault(row.journal_id, []).append(row.leaf)
    return found


def _differences(journals: list[Journal], found: dict[str, list[str]]) -> Iterator[Violation]:
    for journal in journals:
        words = found.get(journal.id, [])
        if not words:
            yield Violation(code="journal_unproven", subject=journal.id, detail=f"{journal.key} is not in the log, nor waiting")
        elif words != [leaf_of(journal).text]:
            yield Violation(code="leaf_differs", subject=journal.id, detail=f"the log says something else of {journal.key}")


async def _violations_of_tree(store: Store, session: AsyncClientSession, batch: int) -> AsyncIterator[Violation]:
    """Hash every leaf anew; compare what the leaves keep, and where the log ends."""
    size, edge = 0, dict[Node, bytes]()
    async for raws in _in_batches(store, LogLeaf, session, batch):
        leaves = [from_bson(raw, LogLeaf) for raw in raws]
        nodes = appended(size, [hash_leaf(leaf.leaf.encode()) for leaf in leaves], edge)
        kept = nodes_by_leaf(nodes)
        for index, leaf in enumerate(leaves, size):
            if leaf.id != place_of(index) or leaf.nodes != kept[index]:
                yield Violation(code="leaf_misplaced", subject=leaf.id, detail=f"it is no leaf number {index} of this log")
                return
        size += len(leaves)
        known = edge | nodes
        edge = {node: known[node] for node in nodes_of(whole(size))}
    raw = await store.collection(LogHead).find_one({"_id": LEDGER}, session=session)
    head = from_bson(raw, LogHead) if raw else None
    if head is None:
        if size:
            yield Violation(code="log_head_differs", subject=LEDGER, detail=f"{size} leaves, and no head")
    elif (head.size, in_parts(head.edge)) != (size, [edge[node] for node in nodes_of(whole(size))]):
        detail = f"it is not over {size} leaves with the root {folded(whole(size), edge).hex()}"
        yield Violation(code="log_head_differs", subject=LEDGER, detail=detail)


async def _in_batches(
    store: Store, kind: type[Journal | LogLeaf], session: AsyncClientSession, batch: int
) -> AsyncIterator[list[dict[str, Any]]]:
    found: list[dict[str, Any]] = []
    async for raw in store.collection(kind).find({}, session=session, sort=IN_ORDER, batch_size=batch):
        found.append(raw)
        if len(found) == batch:
            yield found
            found = []
    if found:
        yield found
