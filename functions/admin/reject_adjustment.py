"""`POST /api/admin/adjustments/{id}/reject`."""

import structlog

from freehold.documents.operations import Decision
from freehold.domain.proposals import ProposalDecided
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import AdjustmentPath
from freehold.store.adjustments import reject
from freehold.views.adjustments import AdjustmentView, view_adjustment

log = structlog.get_logger()


@endpoint("POST /api/admin/adjustments/{id}/reject", auth="admin", errors=[NotFound, ProposalDecided])
async def reject_adjustment(call: Call, path: AdjustmentPath, body: Decision) -> AdjustmentView:
    """Reject a proposed adjustment of the ledger. Raises ProposalDecided."""
    adjustment = await reject(call.unit, path.id, by=call.caller.user_id, note=prose(body.note))
    log.info("adjustment_reject", adjustment_id=adjustment.id, kind=adjustment.kind, by=call.caller.user_id)
    return view_adjustment(adjustment)
