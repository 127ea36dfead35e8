"""The reaction that makes an invoice's PDF, and the mail that brings it."""

import hashlib

import msgspec

from freehold.documents import Invoice, InvoicePaper, User
from freehold.edge import Call, on_event
from freehold.events import InvoiceCreated
from freehold.papers.invoice import invoice_pdf, mail_text, title_of
from freehold.papers.pages import in_a_thread
from freehold.store import Unit
from freehold.store.mails import post


@on_event("invoice.created", transaction=False)
async def render_invoice(call: Call, event: InvoiceCreated) -> None:
    """Set the pages outside of any transaction; store them once, and post the mail to the recipient with them."""
    invoice = await call.store.require(Invoice, event.invoice_id)
    if invoice.paper_hash is not None:
        return
    content = await in_a_thread(invoice_pdf, invoice)

    async def store(unit: Unit) -> None:
        await _store(unit, call, invoice.id, content)

    await call.transact(store, finish=True)


async def _store(unit: Unit, call: Call, invoice_id: str, content: bytes) -> None:
    invoice = await unit.require(Invoice, invoice_id)
    if invoice.paper_hash is not None:
        return
    sha256 = hashlib.sha256(content).hexdigest()
    unit.insert(InvoicePaper(id=invoice.id, content=content, sha256=sha256, created_at=call.now))
    await unit.update(invoice, msgspec.structs.replace(invoice, paper_hash=sha256))
    recipient = await unit.require(User, invoice.recipient_id)
    post(
        unit,
        user_id=recipient.id,
        subject=title_of(invoice),
        text=mail_text(invoice, recipient.name),
        language=invoice.language,
        now=call.now,
        paper_of=invoice.id,
    )
