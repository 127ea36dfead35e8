"""`GET /api/disputes`."""

from typing import Any, Literal

from freehold.documents import Dispute
from freehold.domain.dispute_process import State
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.ids import MilestoneId
from freehold.views.disputes import DisputeView, view_dispute


class DisputeQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: where you are the client or the freelancer, in one state, about one milestone."""

    side: Literal["client", "freelancer"] | None = None
    state: State | None = None
    milestone_id: MilestoneId | None = None


@endpoint("GET /api/disputes", auth="user", errors=[InvalidCursor])
async def list_disputes(call: Call, query: DisputeQuery) -> Page[DisputeView]:
    """List the disputes that you are a party of, the newest first."""
    viewer_id = call.caller.user_id
    found, next_cursor = await page_of(call.store, Dispute, _filter(query, viewer_id), query)
    return Page([view_dispute(each, party=each.party_of(viewer_id) or each.case.filer) for each in found], next_cursor)


def _filter(query: DisputeQuery, viewer_id: str) -> dict[str, Any]:
    sides = [{f"{query.side}_id": viewer_id}] if query.side else [{"client_id": viewer_id}, {"freelancer_id": viewer_id}]
    named = {"case.state": query.state, "milestone_id": query.milestone_id}
    return {"$or": sides, **{field: value for field, value in named.items() if value is not None}}
