"""The events of invoices, and of mails."""

from typing import ClassVar

from freehold.domain.invoicing import InvoiceKind
from freehold.domain.money import Money
from freehold.events.event import Event


class InvoiceChanged(Event, frozen=True, kw_only=True):
    """What the events of an invoice share. `issuer_id` is a person's, or `operator`."""

    invoice_id: str
    kind: InvoiceKind
    number: str
    issuer_id: str
    recipient_id: str
    milestone_id: str
    project_id: str
    total: Money


class InvoiceCreated(InvoiceChanged, frozen=True, kw_only=True):
    """An invoice or a credit note has its number; its PDF and its mail are still to be made."""

    type: ClassVar[str] = "invoice.created"


class InvoicePaid(InvoiceChanged, frozen=True, kw_only=True):
    """An invoice that was open is paid: its milestone is funded."""

    type: ClassVar[str] = "invoice.paid"


class InvoiceCancelled(InvoiceChanged, frozen=True, kw_only=True):
    """An open invoice was taken back, by a credit note for the whole of it."""

    type: ClassVar[str] = "invoice.cancelled"


class InvoiceOverdue(InvoiceChanged, frozen=True, kw_only=True):
    """An open invoice was not paid until its due date."""

    type: ClassVar[str] = "invoice.overdue"


class MailRequested(Event, frozen=True, kw_only=True):
    """A mail, stored beside this, is to be sent."""

    type: ClassVar[str] = "mail.requested"
    mail_id: str
