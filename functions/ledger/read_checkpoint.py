"""`GET /api/ledger/checkpoint`."""

from msgspec import Struct

from freehold.documents import Instant, LogHead
from freehold.documents.proof import LEDGER
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound


class CheckpointView(Struct, frozen=True, kw_only=True):
    """Where the ledger's log ends. `checkpoint` is the signed text (C2SP tlog-checkpoint): keep it, to find a rewritten log.

    `keys` are the verifier keys whose signatures it bears, `former_keys` those that have signed earlier ones.
    """

    origin: str
    size: int
    checkpoint: str
    keys: tuple[str, ...]
    former_keys: tuple[str, ...]
    signed_at: Instant


@endpoint("GET /api/ledger/checkpoint", auth="anyone", errors=[NotFound], cache_s=1)
async def read_checkpoint(call: Call) -> CheckpointView:
    """Read the newest signed checkpoint of the ledger, and the public keys to verify it with.

    `tools/verify_ledger.py` does the verifying. 404 until the first one is signed, seconds after the first start.
    """
    head = await call.store.require(LogHead, LEDGER)
    return CheckpointView(
        origin=head.origin,
        size=head.size,
        checkpoint=head.checkpoint,
        keys=head.keys,
        former_keys=head.former_keys,
        signed_at=head.signed_at,
    )
