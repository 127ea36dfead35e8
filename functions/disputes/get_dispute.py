"""`GET /api/disputes/{id}`."""

from freehold.documents import Dispute
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import DisputePath
from freehold.views.disputes import DisputeView, view_dispute


@endpoint("GET /api/disputes/{id}", auth="user", errors=[NotFound])
async def get_dispute(call: Call, path: DisputePath) -> DisputeView:
    """Read a dispute that you are a party of. Both sides see the same, but for what each may do now.

    Raises NotFound for anybody else.
    """
    dispute = await call.store.require(Dispute, path.id)
    party = dispute.party_of(call.caller.user_id)
    if party is None:
        raise NotFound
    return view_dispute(dispute, party=party)
