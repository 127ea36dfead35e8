"""`POST /api/admin/refunds-by-hand`."""

from typing import Annotated

import structlog
from msgspec import Struct

from freehold.documents import Milestone
from freehold.documents.payouts import HoldReason
from freehold.domain.refunds import RefundedByHand, RefundNotBlocked
from freehold.domain.text import line, prose, required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, PartyOfIt
from freehold.ids import MilestoneId
from freehold.store.hand_refunds import propose
from freehold.views.hand_refunds import HandRefundView, view_hand_refund

log = structlog.get_logger()


class NewHandRefund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which milestone's refund is paid by hand, why, and the `reference` that proves the payment (a bank's number of it)."""

    milestone_id: MilestoneId
    reason: HoldReason
    reference: Annotated[str, required_text(200)]


@endpoint(
    "POST /api/admin/refunds-by-hand", auth="admin", status=201, errors=[NotFound, PartyOfIt, RefundNotBlocked, RefundedByHand]
)
async def propose_hand_refund(call: Call, body: NewHandRefund) -> HandRefundView:
    """Propose to book a blocked refund as paid outside, all of it. It counts once another operator approves it, in seven days.

    Until then the refund is not tried again at the gateway: nobody is paid twice. Raises PartyOfIt when the operator is a
    party of the milestone, RefundNotBlocked when no refund of it waits, RefundedByHand while another proposal waits.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    if call.caller.user_id in {milestone.client_id, milestone.freelancer_id}:
        raise PartyOfIt
    proposal = await propose(
        call.unit,
        milestone,
        reason=prose(body.reason),
        reference=line(body.reference),
        by=call.caller.user_id,
        now=call.now,
    )
    log.info("hand_refund_proposed", refund_id=proposal.id, milestone_id=milestone.id, by=proposal.proposed_by)
    return view_hand_refund(proposal)
