"""`GET /api/ledger/consistency`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.documents import LogHead
from freehold.documents.proof import LEDGER
from freehold.domain.merkle import consistency_spans
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, SizeNotReached
from freehold.store.ledger_log import prove
from freehold.views.receipts import in_base64

LARGEST: Final = 10**15 - 1


class SizesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Between which sizes."""

    old: Annotated[int, Meta(ge=1, le=LARGEST, description="The number of leaves in the checkpoint that you kept.")] = 1
    size: Annotated[int, Meta(ge=0, le=LARGEST, description="The number of leaves in a later one; 0 for the newest.")] = 0


class ConsistencyView(Struct, frozen=True, kw_only=True):
    """Hashes (base64) which show that the log of `size` leaves begins with all leaves of the log of `old`, unchanged."""

    old: int
    size: int
    proof: tuple[str, ...]
    checkpoint: str


@endpoint("GET /api/ledger/consistency", auth="anyone", errors=[NotFound, SizeNotReached])
async def prove_consistency(call: Call, query: SizesQuery) -> ConsistencyView:
    """Prove that the log has only grown between two checkpoints (RFC 9162, section 2.1.4).

    `checkpoint` is the newest one, whatever the sizes. Raises SizeNotReached unless `old` <= `size` <= what it says.
    """
    head = await call.store.require(LogHead, LEDGER)
    size = query.size or head.size
    if not query.old <= size <= head.size:
        raise SizeNotReached(f"The log has {head.size} leaves.")
    proof = await prove(call.store, consistency_spans(query.old, size))
    return ConsistencyView(old=query.old, size=size, proof=in_base64(proof), checkpoint=head.checkpoint)
