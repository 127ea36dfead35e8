"""`GET /api/invoices`."""

from typing import Any, Literal

from freehold.documents import Invoice
from freehold.domain.invoicing import InvoiceKind, InvoiceState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.ids import MilestoneId
from freehold.views.invoices import InvoiceView, view_invoice


class InvoiceQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: those that you sent or received, of one kind, in one state, of one milestone; all conditions together."""

    side: Literal["sent", "received"] | None = None
    kind: InvoiceKind | None = None
    state: InvoiceState | None = None
    milestone_id: MilestoneId | None = None


@endpoint("GET /api/invoices", auth="user", errors=[InvalidCursor])
async def list_invoices(call: Call, query: InvoiceQuery) -> Page[InvoiceView]:
    """List the invoices and credit notes that you sent and received, the newest first."""
    found, next_cursor = await page_of(call.store, Invoice, _filter(query, call.caller.user_id), query)
    return Page([view_invoice(each) for each in found], next_cursor)


def _filter(query: InvoiceQuery, viewer_id: str) -> dict[str, Any]:
    fields = {"sent": "issuer_id", "received": "recipient_id"}
    sides = [fields[query.side]] if query.side else list(fields.values())
    asked = {"kind": query.kind, "state": query.state, "milestone_id": query.milestone_id}
    return {"$or": [{side: viewer_id} for side in sides], **{name: value for name, value in asked.items() if value}}
