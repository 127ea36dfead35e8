"""The reaction that tells people of invoices."""

from typing import Final

from freehold.domain.invoicing import OPERATOR
from freehold.edge import Call, on_event
from freehold.events import InvoiceCancelled, InvoiceCreated, InvoiceOverdue, InvoicePaid
from freehold.realtime_events import InvoiceUpdate
from freehold.store.notices import notify

Changed = InvoiceCreated | InvoicePaid | InvoiceCancelled | InvoiceOverdue
TELLS_THE_ISSUER: Final = (InvoicePaid, InvoiceCancelled, InvoiceOverdue)


@on_event("invoice.*")
async def tell_about_invoice(call: Call, event: Changed) -> None:
    """Tell the recipient; and the issuer, if a person, of what became of it."""
    update = InvoiceUpdate(
        invoice_id=event.invoice_id,
        kind=event.kind,
        number=event.number,
        change=event.type.removeprefix("invoice."),
        milestone_id=event.milestone_id,
        project_id=event.project_id,
        total=event.total,
    )
    told = [event.recipient_id, *([event.issuer_id] if isinstance(event, TELLS_THE_ISSUER) else [])]
    notify(call.unit, call.now, [person for person in told if person != OPERATOR], update)
