"""`POST /api/admin/fee-schedules/{id}/reject`."""

import structlog

from freehold.documents.operations import Decision
from freehold.domain.proposals import ProposalDecided
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import FeeSchedulePath
from freehold.store.fees import reject_schedule
from freehold.views.fees import ScheduleProposalView, view_proposal

log = structlog.get_logger()


@endpoint("POST /api/admin/fee-schedules/{id}/reject", auth="admin", errors=[NotFound, ProposalDecided])
async def reject_fee_schedule(call: Call, path: FeeSchedulePath, body: Decision) -> ScheduleProposalView:
    """Reject a proposed fee schedule. Raises ProposalDecided."""
    change = await reject_schedule(call.unit, path.id, by=call.caller.user_id, note=prose(body.note))
    log.info("fee_schedule_reject", schedule_id=change.id, by=call.caller.user_id)
    return view_proposal(change)
