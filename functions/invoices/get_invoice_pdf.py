"""`GET /api/invoices/{id}/pdf`."""

from freehold.documents import Invoice, InvoicePaper
from freehold.edge import Call, endpoint
from freehold.edge.contents import Content
from freehold.edge.problems import NotFound, ServiceUnavailable
from freehold.ids import InvoicePath


@endpoint("GET /api/invoices/{id}/pdf", auth="user", media_types=["application/pdf"], errors=[NotFound])
async def get_invoice_pdf(call: Call, path: InvoicePath) -> Content:
    """Read an invoice's PDF/A-3, with its data (Factur-X, EN 16931) inside: the same bytes each time, made once.

    In the first moments it is not there yet: then the answer is 503 with Retry-After. Raises NotFound for anybody else's.
    """
    invoice = await call.store.require(Invoice, path.id)
    if not call.caller.has_role("admin") and call.caller.user_id not in {invoice.issuer_id, invoice.recipient_id}:
        raise NotFound
    paper = await call.store.get(InvoicePaper, invoice.id)
    if paper is None:
        raise ServiceUnavailable("The PDF is being made.", retry_after_s=1)
    return Content(data=paper.content, media_type="application/pdf", filename=f"{invoice.number}.pdf", sha256=paper.sha256)
