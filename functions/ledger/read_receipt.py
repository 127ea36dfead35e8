"""`GET /api/receipts/{id}`."""

from freehold.documents import Journal, LogHead, LogLeaf, Milestone
from freehold.documents.proof import LEDGER
from freehold.domain.merkle import inclusion_spans
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import ReceiptPath
from freehold.store.errors import Missing
from freehold.store.ledger_log import prove
from freehold.store.milestones import party_of
from freehold.views.escrow import is_operators_own
from freehold.views.receipts import ReceiptView, view_pending, view_receipt


@endpoint("GET /api/receipts/{id}", auth="user", errors=[NotFound])
async def read_receipt(call: Call, path: ReceiptPath) -> ReceiptView:
    """Read the receipt of a movement of a milestone's money, as one of its two parties or as an admin.

    It proves itself: saved as a file it is what `tools/verify_ledger.py --receipt` reads. For a few seconds after the movement
    its `state` is `pending`, and it has no proof yet.
    """
    journal = await call.store.require(Journal, path.id)
    if not call.caller.has_role("admin"):
        await _require_party(call, journal)
    leaf = await call.store.first(LogLeaf, {"journal_id": journal.id})
    if leaf is None:
        return view_pending(journal)
    head = await call.store.require(LogHead, LEDGER)
    proof = await prove(call.store, inclusion_spans(int(leaf.id), head.size))
    return view_receipt(journal, leaf, head, proof)


async def _require_party(call: Call, journal: Journal) -> None:
    """Raise Missing for a journal that is none of the caller's affairs."""
    if is_operators_own(journal):
        raise Missing(f"{journal.id} is the operator's own")
    party_of(await call.store.require(Milestone, journal.milestone_id), call.caller.user_id)
