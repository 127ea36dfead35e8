"""`POST /api/admin/refunds-by-hand/{id}/reject`."""

import structlog

from freehold.documents.operations import Decision
from freehold.domain.proposals import ProposalDecided
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import HandRefundPath
from freehold.store.hand_refunds import reject
from freehold.views.hand_refunds import HandRefundView, view_hand_refund

log = structlog.get_logger()


@endpoint("POST /api/admin/refunds-by-hand/{id}/reject", auth="admin", errors=[NotFound, ProposalDecided])
async def reject_hand_refund(call: Call, path: HandRefundPath, body: Decision) -> HandRefundView:
    """Reject a refund by hand, or take one's own proposal back: the client may try it again then. Raises ProposalDecided."""
    proposal = await reject(call.unit, path.id, by=call.caller.user_id, note=prose(body.note), now=call.now)
    log.info("hand_refund_rejected", refund_id=proposal.id, milestone_id=proposal.milestone_id, by=call.caller.user_id)
    return view_hand_refund(proposal)
