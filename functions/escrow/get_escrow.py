"""`GET /api/escrow/{id}`."""

from typing import Final

from freehold.documents import Journal, Milestone
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import MilestonePath
from freehold.store.milestones import party_of
from freehold.views.escrow import EscrowView, view_escrow

IN_THEIR_ORDER: Final = (("milestone_version", 1), ("n", 1))


@endpoint("GET /api/escrow/{id}", auth="user", errors=[NotFound])
async def get_escrow(call: Call, path: MilestonePath) -> EscrowView:
    """Read what happened to a milestone's money, as one of its two parties: every movement, and what was held after it.

    Held money lies in the operator's payment account until it is released; it is no bank deposit and not insured.
    """
    milestone = await call.store.require(Milestone, path.id)
    party_of(milestone, call.caller.user_id)
    journals = await call.store.find(Journal, {"milestone_id": milestone.id}, sort=IN_THEIR_ORDER)
    return view_escrow(milestone, journals)
