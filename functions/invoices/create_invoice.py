"""`POST /api/invoices`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.documents import Invoice, Milestone, TaxProfile
from freehold.domain.billing import SALE, was_funded
from freehold.domain.invoicing import (
    LONGEST_TERM_DAYS,
    SHORTEST_TERM_DAYS,
    USUAL_TERM_DAYS,
    AlreadyInvoiced,
    NothingToInvoice,
    TaxProfileMissing,
)
from freehold.domain.money_process import State
from freehold.domain.text import optional_text, prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound
from freehold.ids import MilestoneId
from freehold.store.invoices import Draft, issue
from freehold.store.milestones import party_of
from freehold.store.parties import Seller, buyer_of
from freehold.views.invoices import InvoiceView, view_invoice

UNPAID: Final[frozenset[State]] = frozenset({"created", "funding"})


class NewInvoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to invoice, and until when it is to be paid: so many days from now (of no effect when it is paid already)."""

    milestone_id: MilestoneId
    due_in_days: Annotated[int, Meta(ge=SHORTEST_TERM_DAYS, le=LONGEST_TERM_DAYS)] = USUAL_TERM_DAYS
    note: Annotated[str, optional_text(1_000)] = ""


@endpoint(
    "POST /api/invoices",
    auth="user",
    status=201,
    errors=[NotFound, Forbidden, AlreadyInvoiced, TaxProfileMissing, NothingToInvoice],
)
async def create_invoice(call: Call, body: NewInvoice) -> InvoiceView:
    """Invoice the client for a milestone, as its freelancer: it gets its number now, its PDF and its mail soon.

    One that is not funded yet is paid by funding it; one that is held or released already is written as paid. Raises Forbidden
    for the client, AlreadyInvoiced, TaxProfileMissing, NothingToInvoice when the milestone ended unpaid.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    if party_of(milestone, call.caller.user_id) != "freelancer":
        raise Forbidden("Milestones are invoiced by the freelancer; they invoice themselves when they are funded.")
    paid = was_funded(milestone.held())
    if not paid and milestone.state not in UNPAID:
        raise NothingToInvoice(f"the milestone is {milestone.state}")
    if await call.unit.first(Invoice, {"milestone_id": milestone.id, "stands_for": SALE}) is not None:
        raise AlreadyInvoiced("there is an invoice for this milestone already")
    profile = await call.unit.get(TaxProfile, milestone.freelancer_id)
    if profile is None or profile.party is None:
        raise TaxProfileMissing("say first what is printed on your invoices: PUT /api/tax-profile")
    gross = milestone.holding.deposited if paid else milestone.holding.amount.amount
    await call.unit.increment(Milestone, milestone.id, {"invoice_count": 1}, guard={"state": milestone.state})
    draft = Draft(
        kind="sale", stands_for=SALE, gross=gross, term_days=None if paid else body.due_in_days, note=prose(body.note)
    )
    seller = Seller(id=milestone.freelancer_id, party=profile.party)
    return view_invoice(await issue(call.unit, milestone, draft, seller, await buyer_of(call.unit, milestone.client_id)))
