"""`GET /api/admin/adjustments`."""

from freehold.documents import Adjustment
from freehold.documents.operations import ProposalState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.adjustments import AdjustmentView, view_adjustment


class AdjustmentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: ProposalState | None = None


@endpoint("GET /api/admin/adjustments", auth="admin", errors=[InvalidCursor])
async def list_adjustments(call: Call, query: AdjustmentQuery) -> Page[AdjustmentView]:
    """List the adjustments of the ledger that operators proposed, the newest first."""
    where = {"state": query.state} if query.state else {}
    found, next_cursor = await page_of(call.store, Adjustment, where, query)
    return Page([view_adjustment(adjustment) for adjustment in found], next_cursor)
