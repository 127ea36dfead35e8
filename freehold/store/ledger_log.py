"""The Merkle log of all journals, as it is kept: appending what waits, and the hashes that proofs are made of.

Whoever appends reads the head and what waits, and writes leaves, head and checkpoint in one transaction that compares and sets
the head's version: of several that try at once one gets through, and the others find nothing left to do.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from freehold.documents import LogHead, LogLeaf, PendingLeaf
from freehold.documents.proof import LEDGER
from freehold.domain.checkpoint import Checkpoint
from freehold.domain.leaves import completing, hashes_of, in_parts, nodes_by_leaf, place_of
from freehold.domain.merkle import Hashes, Node, Span, appended, folded, hash_leaf, nodes_of, proof_of, whole
from freehold.store.reads import Reads
from freehold.store.unit import Unit

BATCH: Final = 1_000
"""So many leaves are appended in one transaction."""
IN_THEIR_ORDER: Final = (("_id", 1),)


class Signer(Protocol):
    """Who signs in the name of a log."""

    @property
    def verifier_keys(self) -> tuple[str, ...]:
        """What others check the signatures with."""

    def sign(self, text: str) -> str:
        """Put signatures below a text."""


class _Kept(Struct, frozen=True):
    """What a proof needs of a leaf."""

    id: str
    nodes: bytes


async def append_waiting(
    unit: Unit, origin: str, signer_of: Callable[[str], Signer], *, now: datetime, limit: int = BATCH
) -> int:
    """Append at most `limit` of the leaves that wait, and sign where the log ends now; say how many there were.

    `origin` names a log that begins; one that is there keeps its name. Raises Stale or Duplicate when another was quicker.
    """
    head = await unit.get(LogHead, LEDGER)
    before = head or _unborn(origin, now)
    signer = signer_of(before.origin)
    waiting = await unit.find(PendingLeaf, {}, sort=IN_THEIR_ORDER, limit=limit)
    if not waiting and before.keys == signer.verifier_keys:
        return 0
    edge = _edge(before)
    nodes = appended(before.size, [hash_leaf(each.leaf.encode()) for each in waiting], edge)
    after = _ended(before, before.size + len(waiting), {**edge, **nodes}, signer, now)
    if head is None:
        unit.insert(after)
    else:
        await unit.update(head, after)
    if waiting:
        await unit.remove(PendingLeaf, [each.id for each in waiting])
    kept = nodes_by_leaf(nodes)
    for index, each in enumerate(waiting, before.size):
        unit.insert(LogLeaf(id=place_of(index), journal_id=each.journal_id, leaf=each.leaf, nodes=kept[index]))
    return len(waiting)


async def prove(reads: Reads, spans: Sequence[Span]) -> list[bytes]:
    """Make a proof out of what the leaves keep, in one read of at most two leaves for each level of the tree."""
    wanted = [node for span in spans for node in nodes_of(span)]
    hashes = await hashes_at(reads, wanted)
    return proof_of(spans, lambda _: hashes)


async def root_at(reads: Reads, size: int) -> bytes:
    """Compute the root over the first `size` leaves."""
    return folded(whole(size), await hashes_at(reads, nodes_of(whole(size))))


async def hashes_at(reads: Reads, nodes: Iterable[Node]) -> Hashes:
    """Read the hashes of subtrees."""
    wanted = list(nodes)
    places = sorted({place_of(completing(node)) for node in wanted})
    if not places:
        return {}
    found = await reads.find_parts(LogLeaf, _Kept, {"_id": {"$in": places}}, limit=len(places))
    return hashes_of(wanted, {int(kept.id): kept.nodes for kept in found})


def _edge(head: LogHead) -> Hashes:
    return dict(zip(nodes_of(whole(head.size)), in_parts(head.edge), strict=True))


def _unborn(origin: str, now: datetime) -> LogHead:
    return LogHead(id=LEDGER, origin=origin, size=0, edge=b"", checkpoint="", keys=(), signed_at=now)


def _ended(before: LogHead, size: int, hashes: Hashes, signer: Signer, now: datetime) -> LogHead:
    """Say where the log ends after an append: its edge, and the checkpoint over it."""
    former = [key for key in (*before.former_keys, *before.keys) if key not in signer.verifier_keys]
    return msgspec.structs.replace(
        before,
        size=size,
        edge=b"".join(hashes[node] for node in nodes_of(whole(size))),
        checkpoint=signer.sign(Checkpoint(before.origin, size, folded(whole(size), hashes)).text),
        keys=signer.verifier_keys,
        former_keys=tuple(dict.fromkeys(former)),
        signed_at=now,
    )
