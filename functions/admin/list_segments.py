"""`GET /api/admin/segments`."""

from typing import Any, Literal

from freehold.documents import TimeEntry
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.ids import ProjectId, UserId
from freehold.views.hours import ArguedSegment, view_segment


class SegmentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: `disputed` ones wait for an operator, of `objected` ones the bill has not come yet."""

    state: Literal["objected", "disputed"] = "disputed"
    project_id: ProjectId | None = None
    party_id: UserId | None = None


@endpoint("GET /api/admin/segments", auth="admin", errors=[InvalidCursor])
async def list_segments(call: Call, query: SegmentQuery) -> Page[ArguedSegment]:
    """List hours that their client objects to, the newest first; those that you are a party of are not among them."""
    operator = call.caller.user_id
    where: list[dict[str, Any]] = [{"state": query.state, "client_id": {"$ne": operator}, "freelancer_id": {"$ne": operator}}]
    if query.project_id is not None:
        where.append({"project_id": query.project_id})
    if query.party_id is not None:
        where.append({"$or": [{"client_id": query.party_id}, {"freelancer_id": query.party_id}]})
    found, next_cursor = await page_of(call.store, TimeEntry, {"$and": where}, query)
    return Page([view_segment(entry) for entry in found], next_cursor)
