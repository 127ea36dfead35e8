"""`POST /api/admin/disputes`."""

import structlog

from freehold.complaints import Complaint, file_complaint
from freehold.documents import Milestone
from freehold.domain.dispute_process import Party
from freehold.domain.escrow import ChargebackOpen, DisputeOpen, PartNotCovered, TooManyDisputes
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, PartyOfIt
from freehold.views.disputes import MediatedDispute, view_mediated

log = structlog.get_logger()


class ComplaintForParty(Complaint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dispute that somebody has asked an operator to file, and for whom it is."""

    filer: Party


@endpoint(
    "POST /api/admin/disputes",
    auth="admin",
    status=201,
    errors=[NotFound, PartyOfIt, NotInThisState, PartNotCovered, ChargebackOpen, DisputeOpen, TooManyDisputes],
)
async def file_dispute(call: Call, body: ComplaintForParty) -> MediatedDispute:
    """File a dispute for a party that cannot do it itself (who wrote a letter, or called). It says that an operator did.

    Raises PartyOfIt when the operator is a party: then it is filed as one, with `POST /api/disputes`. Else as there.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    operator_id = call.caller.user_id
    if operator_id in {milestone.client_id, milestone.freelancer_id}:
        raise PartyOfIt
    dispute = await file_complaint(call.unit, milestone, body, filer=body.filer, by_id=operator_id)
    log.info("dispute_filed_for_party", dispute_id=dispute.id, filer=body.filer, admin_id=operator_id)
    return view_mediated(dispute)
