"""`GET /api/invoices/{id}`."""

from freehold.documents import Invoice
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import InvoicePath
from freehold.views.invoices import InvoiceView, view_invoice


@endpoint("GET /api/invoices/{id}", auth="user", errors=[NotFound])
async def get_invoice(call: Call, path: InvoicePath) -> InvoiceView:
    """Read an invoice that you sent or received. Raises NotFound for anybody else's; admins read all."""
    invoice = await call.store.require(Invoice, path.id)
    if not call.caller.has_role("admin") and call.caller.user_id not in {invoice.issuer_id, invoice.recipient_id}:
        raise NotFound
    return view_invoice(invoice)
