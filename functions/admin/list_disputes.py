"""`GET /api/admin/disputes`."""

from typing import Any, Literal

from freehold.documents import Dispute
from freehold.domain.dispute_process import State
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.ids import MilestoneId, UserId
from freehold.views.disputes import MediatedDispute, view_mediated


class MediationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: in one state, of one person or milestone; those that you mediate, or that nobody does yet."""

    state: State | None = None
    party_id: UserId | None = None
    milestone_id: MilestoneId | None = None
    mediator: Literal["me", "nobody"] | None = None


@endpoint("GET /api/admin/disputes", auth="admin", errors=[InvalidCursor])
async def list_disputes(call: Call, query: MediationQuery) -> Page[MediatedDispute]:
    """List disputes, the newest first; those that you are a party of are not among them."""
    found, next_cursor = await page_of(call.store, Dispute, _filter(query, call.caller.user_id), query)
    return Page([view_mediated(each) for each in found], next_cursor)


def _filter(query: MediationQuery, operator_id: str) -> dict[str, Any]:
    where: list[dict[str, Any]] = [{"client_id": {"$ne": operator_id}, "freelancer_id": {"$ne": operator_id}}]
    if query.state is not None:
        where.append({"case.state": query.state})
    if query.milestone_id is not None:
        where.append({"milestone_id": query.milestone_id})
    if query.party_id is not None:
        where.append({"$or": [{"client_id": query.party_id}, {"freelancer_id": query.party_id}]})
    if query.mediator is not None:
        where.append({"mediator_id": operator_id if query.mediator == "me" else None})
    return {"$and": where}
