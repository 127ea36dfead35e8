"""`GET /api/admin/reconciliations`."""

from freehold.documents import Reconciliation
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.reconciliations import ReconciliationSummary, summary_of


@endpoint("GET /api/admin/reconciliations", auth="admin", errors=[InvalidCursor])
async def list_reconciliations(call: Call, query: PageQuery) -> Page[ReconciliationSummary]:
    """List the reconciliations with the payment gateways, the newest first."""
    found, next_cursor = await page_of(call.store, Reconciliation, {}, query)
    return Page([summary_of(each) for each in found], next_cursor)
