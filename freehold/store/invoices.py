"""Writing invoices: the number, the invoice and its event in one transaction; and what a milestone's invoices still lack.

A number is taken from its series by the same transaction that stores the invoice, so that neither a rollback nor a killed
process leaves a gap; writers of one series meet in that document and come one after the other.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from freehold.documents import Invoice, InvoiceSeries, Milestone
from freehold.domain.billing import Act, Issue, MarkPaid, Standing, TakeBack, missing_acts
from freehold.domain.invoicing import (
    OPERATOR,
    CreditTooLarge,
    InvoiceKind,
    NotOpen,
    Party,
    amounts_of,
    number_text,
    series_of,
)
from freehold.domain.money import Money
from freehold.domain.vat import TaxStatus, Treatment, treatment_of
from freehold.events import InvoiceCancelled, InvoiceCreated, InvoiceOverdue, InvoicePaid
from freehold.ids import new_id
from freehold.store.errors import Stale
from freehold.store.mapping import from_bson, to_bson
from freehold.store.parties import Buyer, Seller, buyer_of, seller_of
from freehold.store.reads import Reads
from freehold.store.unit import Unit

INVOICES_PER_MILESTONE: Final = 200
"""More than any milestone has: a sale, its corrections, and two for each of its parts."""
OVERDUE_BATCH: Final = 100
_OVERDUE: Final[dict[str, Any]] = {
    "state": "open",
    "overdue_at": None,
    "due_at": {"$type": "date"},
    "$expr": {"$lte": ["$due_at", "$$NOW"]},
}


class Draft(Struct, frozen=True, kw_only=True):
    """An invoice that lacks only its number, its time and its tax.

    One with `term_days` is to be paid until then; all others are paid when they are written.
    A credit note has the tax of the invoice that it `corrects`.
    """

    kind: InvoiceKind
    stands_for: str
    gross: int
    leg: int | None = None
    corrects: Invoice | None = None
    term_days: int | None = None
    note: str = ""


class NumberTaken(Struct, frozen=True):
    """A number out of its series, and the moment at which it was taken, by the database's clock."""

    text: str
    at: datetime


async def bring_up_to_date(unit: Unit, milestone: Milestone) -> None:
    """Write the invoices that this milestone lacks and settle open ones; those of an issuer without a profile wait for it."""
    found = await invoices_of(unit, milestone.id)
    for act in missing_acts(milestone.held(), [_standing(each) for each in found]):
        await _do(unit, milestone, act)
        await unit.flush()  # a credit note that follows must find the invoice


async def invoices_of(reads: Reads, milestone_id: str) -> list[Invoice]:
    """Read all invoices of a milestone, the oldest first."""
    return await reads.find(Invoice, {"milestone_id": milestone_id}, sort=(("_id", 1),), limit=INVOICES_PER_MILESTONE)


async def issue(unit: Unit, milestone: Milestone, draft: Draft, seller: Seller, buyer: Buyer) -> Invoice:
    """Give an invoice its number and store it, with its event. Raises Duplicate when there is one for the same already."""
    taken = await take_number(unit, seller.id, draft.kind)
    invoice = _invoice(milestone, draft, seller, buyer, taken)
    unit.insert(invoice)
    unit.emit(InvoiceCreated(**_told(invoice)), invoice)
    return invoice


async def credit(unit: Unit, milestone: Milestone, invoice: Invoice, draft: Draft) -> Invoice:
    """Correct an invoice by a credit note to the same parties; answer the invoice as it stands now.

    Raises CreditTooLarge when all of its credit notes together would be more than it.
    """
    credited = invoice.credited + draft.gross
    if credited > invoice.amounts.gross:
        raise CreditTooLarge(f"{credited} is more than the {invoice.amounts.gross} of {invoice.number}")
    seller = Seller(id=invoice.issuer_id, party=invoice.seller)
    buyer = Buyer(id=invoice.recipient_id, party=invoice.buyer, language=invoice.language)
    await issue(unit, milestone, draft, seller, buyer)
    after = msgspec.structs.replace(invoice, credited=credited)
    if invoice.state == "open":
        after = msgspec.structs.replace(after, state="cancelled", stands_for=None)
    elif credited == invoice.amounts.gross:
        after = msgspec.structs.replace(after, state="credited")
    return await unit.update(invoice, after)


async def take_back(unit: Unit, milestone: Milestone, invoice: Invoice, *, note: str = "") -> Invoice:
    """Take an open invoice back by a credit note for the whole of it, and tell. Raises NotOpen."""
    if invoice.state != "open":
        raise NotOpen(f"{invoice.number} is {invoice.state}")
    draft = Draft(
        kind="credit_note", stands_for=f"cancel:{invoice.id}", gross=invoice.amounts.gross, corrects=invoice, note=note
    )
    after = await credit(unit, milestone, invoice, draft)
    unit.emit(InvoiceCancelled(**_told(after)), after)
    return after


async def take_number(unit: Unit, issuer_id: str, kind: InvoiceKind) -> NumberTaken:
    """Count up a series in this transaction. Its times never go back. Raises Stale in the very moment when a year ends."""
    series_id = series_of(issuer_id, kind, await unit.database_now())
    change = {
        "last": {"$add": [{"$ifNull": ["$last", to_bson(0)]}, to_bson(1)]},
        "last_at": {"$max": ["$last_at", "$$NOW"]},
        "version": {"$add": [{"$ifNull": ["$version", to_bson(0)]}, to_bson(1)]},
    }
    row = await unit.collection(InvoiceSeries).find_one_and_update(
        {"_id": series_id}, [{"$set": change}], upsert=True, return_document=True, session=unit.session
    )
    if row is None:
        raise Stale(f"{series_id} could not be counted up")
    series = from_bson(row, InvoiceSeries)
    if series_of(issuer_id, kind, series.last_at) != series_id:
        raise Stale(f"{series_id} ended just now")
    return NumberTaken(number_text(kind, series.last_at.year, series.last), series.last_at)


async def overdue_invoices(reads: Reads, *, limit: int = OVERDUE_BATCH) -> list[str]:
    """Find open invoices whose due date has passed by the database's clock, and of which nobody has been told."""
    return await reads.find_ids(Invoice, _OVERDUE, sort=(("due_at", 1),), limit=limit)


async def mark_overdue(unit: Unit, invoice_id: str) -> bool:
    """Note that an invoice is overdue, and tell. Raises Stale unless it is, by the database's clock."""
    invoice = await unit.require(Invoice, invoice_id)
    after = await unit.update(invoice, invoice, deadlines={"overdue_at": 0}, guard=_OVERDUE)
    unit.emit(InvoiceOverdue(**_told(after)), after)
    return True


async def _do(unit: Unit, milestone: Milestone, act: Act) -> None:
    match act:
        case MarkPaid(invoice_id):
            await _mark_paid(unit, await unit.require(Invoice, invoice_id))
        case TakeBack(invoice_id):
            await take_back(unit, milestone, await unit.require(Invoice, invoice_id))
        case Issue(kind="platform_fee" | "dispute_fee"):
            recipient_id = milestone.client_id if act.to == "client" else milestone.freelancer_id
            await _issue(unit, milestone, act, issuer_id=OPERATOR, recipient_id=recipient_id)
        case Issue(kind="sale"):
            await _issue(unit, milestone, act, issuer_id=milestone.freelancer_id, recipient_id=milestone.client_id)
        case Issue():
            corrected = await unit.first(Invoice, {"milestone_id": milestone.id, "stands_for": act.corrects})
            if corrected is not None:  # else it waits for its issuer's profile, and this waits with it
                await credit(unit, milestone, corrected, _draft(act, corrects=corrected))


async def _issue(unit: Unit, milestone: Milestone, act: Issue, *, issuer_id: str, recipient_id: str) -> None:
    seller = await seller_of(unit, issuer_id, waiting=milestone.id)
    if seller is not None:
        await issue(unit, milestone, _draft(act), seller, await buyer_of(unit, recipient_id))


def _draft(act: Issue, *, corrects: Invoice | None = None) -> Draft:
    return Draft(kind=act.kind, stands_for=act.stands_for, gross=act.gross, leg=act.leg, corrects=corrects)


async def _mark_paid(unit: Unit, invoice: Invoice) -> None:
    after = await unit.update(invoice, msgspec.structs.replace(invoice, state="paid"), deadlines={"paid_at": 0})
    unit.emit(InvoicePaid(**_told(after)), after)


def _invoice(milestone: Milestone, draft: Draft, seller: Seller, buyer: Buyer, taken: NumberTaken) -> Invoice:
    corrects, is_due = draft.corrects, draft.term_days is not None
    treatment = _treatment(draft, seller, buyer, taken.at.date())
    return Invoice(
        id=new_id("inv"),
        kind=draft.kind,
        number=taken.text,
        issuer_id=seller.id,
        recipient_id=buyer.id,
        milestone_id=milestone.id,
        project_id=milestone.project_id,
        leg=draft.leg,
        stands_for=draft.stands_for,
        seller=seller.party,
        buyer=buyer.party,
        treatment=treatment,
        amounts=amounts_of(draft.gross, treatment.rate_basis_points),
        currency=milestone.holding.amount.currency,
        description=milestone.title,
        note=draft.note,
        language=buyer.language,
        corrects_id=corrects.id if corrects else None,
        corrects_number=corrects.number if corrects else None,
        corrects_issued_at=corrects.issued_at if corrects else None,
        prepaid=not is_due,
        issued_at=taken.at,
        due_at=taken.at + timedelta(days=draft.term_days) if draft.term_days is not None else None,
        state="open" if is_due else "paid",
        paid_at=None if is_due else taken.at,
    )


def _treatment(draft: Draft, seller: Seller, buyer: Buyer, day: date) -> Treatment:
    if draft.corrects is not None:
        return draft.corrects.treatment
    return treatment_of(_status(seller.party), _status(buyer.party), on=day)


def _status(party: Party) -> TaxStatus:
    return TaxStatus(country=party.country, vat_id=party.vat_id)


def _standing(invoice: Invoice) -> Standing:
    return Standing(
        id=invoice.id,
        kind=invoice.kind,
        stands_for=invoice.stands_for,
        gross=invoice.amounts.gross,
        credited=invoice.credited,
        state=invoice.state,
    )


def _told(invoice: Invoice) -> dict[str, Any]:
    """Give what all events of an invoice say."""
    return {
        "invoice_id": invoice.id,
        "kind": invoice.kind,
        "number": invoice.number,
        "issuer_id": invoice.issuer_id,
        "recipient_id": invoice.recipient_id,
        "milestone_id": invoice.milestone_id,
        "project_id": invoice.project_id,
        "total": Money(invoice.amounts.gross, invoice.currency),
    }
