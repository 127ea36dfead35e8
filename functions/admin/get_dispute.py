"""`GET /api/admin/disputes/{id}`."""

from freehold.documents import Dispute
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, PartyOfIt
from freehold.ids import DisputePath
from freehold.views.disputes import MediatedDispute, view_mediated


@endpoint("GET /api/admin/disputes/{id}", auth="admin", errors=[NotFound, PartyOfIt])
async def get_dispute(call: Call, path: DisputePath) -> MediatedDispute:
    """Read a dispute as who mediates it, with the mediators' notes. Raises PartyOfIt when the operator is a party."""
    dispute = await call.store.require(Dispute, path.id)
    if dispute.party_of(call.caller.user_id) is not None:
        raise PartyOfIt
    return view_mediated(dispute)
