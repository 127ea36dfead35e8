"""`GET /api/admin/fee-schedules`."""

from freehold.documents import FeeScheduleChange
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.fees import ScheduleProposalView, view_proposal


@endpoint("GET /api/admin/fee-schedules", auth="admin", errors=[InvalidCursor])
async def list_fee_schedules(call: Call, query: PageQuery) -> Page[ScheduleProposalView]:
    """List every fee schedule that was proposed, with what became of it, the newest proposal first."""
    found, next_cursor = await page_of(call.store, FeeScheduleChange, {}, query)
    return Page([view_proposal(change) for change in found], next_cursor)
