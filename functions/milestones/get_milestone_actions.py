"""`GET /api/milestones/{id}/actions`."""

from freehold.documents import Milestone
from freehold.domain.escrow import let_go
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.fx import is_large
from freehold.ids import MilestonePath
from freehold.store.milestones import party_of
from freehold.views.actions import ActionsView, view_actions


@endpoint("GET /api/milestones/{id}/actions", auth="user", errors=[NotFound])
async def get_milestone_actions(call: Call, path: MilestonePath) -> ActionsView:
    """Say what may be done now with a milestone's money: by you, by the other party, and by the clock and when.

    It comes from the same table that allows the steps; what is not here would be refused.
    """
    milestone = await call.store.require(Milestone, path.id)
    large = is_large(call.settings, let_go(milestone.holding, "release"), call.now.date())
    return view_actions(milestone, side=party_of(milestone, call.caller.user_id), is_large=large)
