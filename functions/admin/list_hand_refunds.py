"""`GET /api/admin/refunds-by-hand`."""

from freehold.documents import HandRefund
from freehold.documents.operations import ProposalState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.hand_refunds import HandRefundView, view_hand_refund


class HandRefundQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: ProposalState | None = None


@endpoint("GET /api/admin/refunds-by-hand", auth="admin", errors=[InvalidCursor])
async def list_hand_refunds(call: Call, query: HandRefundQuery) -> Page[HandRefundView]:
    """List the refunds by hand that operators proposed, the newest first."""
    where = {"state": query.state} if query.state else {}
    found, next_cursor = await page_of(call.store, HandRefund, where, query)
    return Page([view_hand_refund(proposal) for proposal in found], next_cursor)
