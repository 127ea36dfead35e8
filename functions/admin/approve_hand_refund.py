"""`POST /api/admin/refunds-by-hand/{id}/approve`."""

import structlog

from freehold.documents import HandRefund, Milestone
from freehold.documents.operations import Decision
from freehold.domain.escrow import ChargebackOpen
from freehold.domain.process import NotInThisState
from freehold.domain.proposals import OwnProposal, ProposalDecided, ProposalExpired
from freehold.domain.refunds import RefundNotBlocked
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, PartyOfIt
from freehold.ids import HandRefundPath
from freehold.store.hand_refunds import approve
from freehold.views.hand_refunds import HandRefundView, view_hand_refund

log = structlog.get_logger()


@endpoint(
    "POST /api/admin/refunds-by-hand/{id}/approve",
    auth="admin",
    errors=[
        NotFound, PartyOfIt, OwnProposal, ProposalDecided, ProposalExpired, RefundNotBlocked, ChargebackOpen, NotInThisState,
    ],
)  # fmt: skip
async def approve_hand_refund(call: Call, path: HandRefundPath, body: Decision) -> HandRefundView:
    """Approve a refund by hand, as another operator: the client's money is booked as paid back, and both parties are told.

    Raises PartyOfIt, OwnProposal for whoever proposed it, ProposalDecided, ProposalExpired; RefundNotBlocked and
    ChargebackOpen when the refund may not be paid any more.
    """
    by = call.caller.user_id
    proposal = await call.unit.require(HandRefund, path.id)
    milestone = await call.unit.require(Milestone, proposal.milestone_id)
    if by in {milestone.client_id, milestone.freelancer_id}:
        raise PartyOfIt
    approved = await approve(call.unit, proposal, milestone, by=by, note=prose(body.note), now=call.now)
    log.info("hand_refund_approved", refund_id=approved.id, milestone_id=approved.milestone_id, by=by)
    return view_hand_refund(approved)
