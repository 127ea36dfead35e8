"""Invoices as their two parties see them."""

from msgspec import Struct

from freehold.documents import Instant, Invoice
from freehold.domain.invoicing import InvoiceKind, InvoiceState, Language, Party
from freehold.domain.money import Money
from freehold.domain.vat import Case, Category


class TaxView(Struct, frozen=True, kw_only=True):
    """How an invoice is taxed, and why. The rate is in basis points (1,900 = 19 %); `category` is the code of EN 16931."""

    case: Case
    category: Category
    rate_basis_points: int


class InvoiceView(Struct, frozen=True, kw_only=True):
    """An invoice or a credit note. net + tax + rounding = total. A credit note `corrects` the invoice that it names.

    `issuer_id` is a person's id, or `operator`. `credited` is the sum of all credit notes. `is_overdue` says that it was open
    when its due date passed, and still is. `has_pdf`: `GET /api/invoices/{id}/pdf` answers.
    """

    id: str
    kind: InvoiceKind
    number: str
    state: InvoiceState
    issuer_id: str
    recipient_id: str
    milestone_id: str
    project_id: str
    seller: Party
    buyer: Party
    description: str
    note: str
    language: Language
    tax: TaxView
    net: Money
    tax_amount: Money
    rounding: Money
    total: Money
    credited: Money
    corrects_id: str | None
    corrects_number: str | None
    issued_at: Instant
    due_at: Instant | None
    paid_at: Instant | None
    is_overdue: bool
    has_pdf: bool
    version: int


def view_invoice(invoice: Invoice) -> InvoiceView:
    """Show an invoice."""
    currency, treatment, amounts = invoice.currency, invoice.treatment, invoice.amounts
    return InvoiceView(
        id=invoice.id,
        kind=invoice.kind,
        number=invoice.number,
        state=invoice.state,
        issuer_id=invoice.issuer_id,
        recipient_id=invoice.recipient_id,
        milestone_id=invoice.milestone_id,
        project_id=invoice.project_id,
        seller=invoice.seller,
        buyer=invoice.buyer,
        description=invoice.description,
        note=invoice.note,
        language=invoice.language,
        tax=TaxView(case=treatment.case, category=treatment.category, rate_basis_points=treatment.rate_basis_points),
        net=Money(amounts.net, currency),
        tax_amount=Money(amounts.tax, currency),
        rounding=Money(amounts.rounding, currency),
        total=Money(amounts.gross, currency),
        credited=Money(invoice.credited, currency),
        corrects_id=invoice.corrects_id,
        corrects_number=invoice.corrects_number,
        issued_at=invoice.issued_at,
        due_at=invoice.due_at,
        paid_at=invoice.paid_at,
        is_overdue=invoice.state == "open" and invoice.overdue_at is not None,
        has_pdf=invoice.paper_hash is not None,
        version=invoice.version,
    )
