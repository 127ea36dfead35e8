"""`POST /api/disputes`."""

from freehold.complaints import Complaint, file_complaint
from freehold.documents import Milestone
from freehold.domain.escrow import ChargebackOpen, DisputeOpen, PartNotCovered, TooManyDisputes
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.store.milestones import party_of
from freehold.views.disputes import DisputeView, view_dispute


@endpoint(
    "POST /api/disputes",
    auth="user",
    status=201,
    errors=[NotFound, NotInThisState, PartNotCovered, ChargebackOpen, DisputeOpen, TooManyDisputes],
)
async def create_dispute(call: Call, body: Complaint) -> DisputeView:
    """File a dispute about a part of what is held for a milestone, as one of its parties.

    Only `amount` is frozen; the rest of the milestone goes on. The other side has seven days to accept the claim or to contest
    it; who says nothing loses. Raises NotFound for a milestone of others, NotInThisState when nothing is held or money is on
    its way, PartNotCovered, DisputeOpen, TooManyDisputes, ChargebackOpen.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    side = party_of(milestone, call.caller.user_id)
    dispute = await file_complaint(call.unit, milestone, body, filer=side, by_id=call.caller.user_id)
    return view_dispute(dispute, party=side)
