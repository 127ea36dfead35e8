"""`GET /api/admin/refunds`."""

from freehold.documents import Milestone
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.hand_refunds import BlockedRefundView, view_blocked_refund


@endpoint("GET /api/admin/refunds", auth="admin", errors=[InvalidCursor])
async def list_blocked_refunds(call: Call, query: PageQuery) -> Page[BlockedRefundView]:
    """List the refunds that the gateway could not make and somebody must act on; those of the newest milestones first."""
    found, next_cursor = await page_of(call.store, Milestone, {"state": "refund_blocked"}, query)
    items = [
        view_blocked_refund(milestone, leg)
        for milestone in found
        for leg in milestone.holding.legs_of("refund")
        if leg.state == "blocked"
    ]
    return Page(items, next_cursor)
