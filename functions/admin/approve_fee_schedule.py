"""`POST /api/admin/fee-schedules/{id}/approve`."""

import structlog

from freehold.documents.operations import Decision
from freehold.domain.proposals import OwnProposal, ProposalDecided, ProposalExpired
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import FeeSchedulePath
from freehold.store.fees import TooManySchedules, approve_schedule
from freehold.views.fees import ScheduleProposalView, view_proposal

log = structlog.get_logger()


@endpoint(
    "POST /api/admin/fee-schedules/{id}/approve",
    auth="admin",
    errors=[NotFound, OwnProposal, ProposalDecided, ProposalExpired, TooManySchedules],
)
async def approve_fee_schedule(call: Call, path: FeeSchedulePath, body: Decision) -> ScheduleProposalView:
    """Approve a proposed fee schedule. Raises OwnProposal for whoever proposed it, ProposalDecided, ProposalExpired."""
    change = await approve_schedule(call.unit, path.id, by=call.caller.user_id, note=prose(body.note))
    log.info("fee_schedule_approve", schedule_id=change.id, by=call.caller.user_id)
    return view_proposal(change)
