"""Invoices, the numbers that they are given, the parties' tax profiles, the files that are made of them; and mails."""

from typing import ClassVar, Literal

from freehold.documents.document import Document, Index, Instant
from freehold.domain.invoicing import Amounts, InvoiceKind, InvoiceState, Language, Party
from freehold.domain.vat import Treatment

MailState = Literal["waiting", "sending", "sent", "kept", "refused"]


class TaxProfile(Document, frozen=True, kw_only=True):
    """What stands on somebody's invoices; `_id` is the person's, or `operator`.

    `party` is null until the person has said it: others have only asked for it (`asked` counts how often). Both are writes of
    this one document, so that a profile that comes and an invoice that waits for it cannot pass each other.
    """

    collection: ClassVar[str] = "tax_profiles"

    party: Party | None = None
    language: Language = "en"
    asked: int = 0
    updated_at: Instant


class InvoiceSeries(Document, frozen=True, kw_only=True):
    """The last number that was given in one series (issuer, kind and year), and when, by the database's clock.

    It is counted up in the transaction that stores the invoice: both happen or neither, and no number is missing.
    """

    collection: ClassVar[str] = "invoice_series"

    last: int = 0
    last_at: Instant


class WaitingInvoicing(Document, frozen=True, kw_only=True):
    """A milestone whose invoices wait for their issuer's tax profile; `ready` once that is there. `_id`: `issuer:milestone`."""

    collection: ClassVar[str] = "waiting_invoicings"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("issuer_id", 1), ("_id", 1))), Index((("ready", 1), ("_id", 1))))

    issuer_id: str
    milestone_id: str
    ready: bool = False


class Invoice(Document, frozen=True, kw_only=True):
    """An invoice or a credit note. What is printed never changes once it has its number; only its payment's state does.

    `stands_for` says of what in the milestone it is the invoice (`sale`, `fee:2`); null when it was taken back. `credited` is
    the sum of its credit notes (minor units); `prepaid` says that it was paid when it was written. `due_at` is by the
    database's clock, `overdue_at` when the sweep found it passed. `paper_hash` is the SHA-256 of its PDF, once that is made.
    """

    collection: ClassVar[str] = "invoices"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("issuer_id", 1), ("number", 1)), unique=True),
        Index((("milestone_id", 1), ("stands_for", 1)), unique=True, partial={"stands_for": {"$type": "string"}}),
        Index((("issuer_id", 1), ("_id", -1))),
        Index((("recipient_id", 1), ("_id", -1))),
        Index((("state", 1), ("overdue_at", 1), ("due_at", 1)), partial={"state": "open"}),
    )

    kind: InvoiceKind
    number: str
    issuer_id: str
    recipient_id: str
    milestone_id: str
    project_id: str
    leg: int | None = None
    stands_for: str | None
    seller: Party
    buyer: Party
    treatment: Treatment
    amounts: Amounts
    currency: str
    description: str
    note: str = ""
    language: Language
    corrects_id: str | None = None
    corrects_number: str | None = None
    corrects_issued_at: Instant | None = None
    prepaid: bool = False
    issued_at: Instant
    due_at: Instant | None = None
    state: InvoiceState
    credited: int = 0
    paid_at: Instant | None = None
    overdue_at: Instant | None = None
    paper_hash: str | None = None


class InvoicePaper(Document, frozen=True, kw_only=True):
    """An invoice's PDF with the XML in it; `_id` is the invoice's. Made once, never changed."""

    collection: ClassVar[str] = "invoice_papers"

    content: bytes
    sha256: str
    created_at: Instant


class Mail(Document, frozen=True, kw_only=True):
    """A mail to one person. The Message-ID is made of `_id`, so that a mail which is sent twice can be told by its reader.

    `paper_of` names the invoice whose PDF goes with it. `due_at` is when it may be taken (again), by the database's clock.
    """

    collection: ClassVar[str] = "mails"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("state", 1), ("due_at", 1))),
        Index((("created_at", 1),), expire_after_s=90 * 86_400, because="it was sent or given up; what lasts is the invoice"),
    )

    user_id: str
    subject: str
    text: str
    language: Language
    paper_of: str | None = None
    state: MailState = "waiting"
    tries: int = 0
    fence: int = 0
    due_at: Instant | None = None
    error: str | None = None
    created_at: Instant
    sent_at: Instant | None = None
