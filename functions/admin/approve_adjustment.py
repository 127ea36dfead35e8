"""`POST /api/admin/adjustments/{id}/approve`."""

import structlog

from freehold.documents.operations import Decision
from freehold.domain.adjustments import NotCovered
from freehold.domain.proposals import OwnProposal, ProposalDecided, ProposalExpired
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import AdjustmentPath
from freehold.store.adjustments import approve
from freehold.store.payees import DebtTooSmall
from freehold.views.adjustments import AdjustmentView, view_adjustment

log = structlog.get_logger()


@endpoint(
    "POST /api/admin/adjustments/{id}/approve",
    auth="admin",
    errors=[NotFound, OwnProposal, ProposalDecided, ProposalExpired, NotCovered, DebtTooSmall],
)
async def approve_adjustment(call: Call, path: AdjustmentPath, body: Decision) -> AdjustmentView:
    """Approve a proposed adjustment of the ledger, as another operator: its journal is written now.

    Raises OwnProposal for whoever proposed it, ProposalDecided, ProposalExpired; NotCovered for a withdrawal
    of more than is the platform's own there, DebtTooSmall for writing off more than is owed.
    """
    adjustment = await approve(call.unit, path.id, by=call.caller.user_id, note=prose(body.note))
    log.info("adjustment_approve", adjustment_id=adjustment.id, kind=adjustment.kind, by=call.caller.user_id)
    return view_adjustment(adjustment)
