"""`POST /api/escrow/deposit`."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Milestone, Project, Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import Facts, Step, take
from freehold.domain.milestones import ProjectNotActive
from freehold.domain.money import Money
from freehold.domain.offers import Offer
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.ids import MilestoneId
from freehold.payments import AmountNotSendable, GatewayNotAvailable
from freehold.payments.exponents import require_sendable
from freehold.payments.offers import offer_of
from freehold.store import Stale
from freehold.store.milestones import party_of, write_step
from freehold.store.noted import Noted
from freehold.store.payouts import PayeeStanding, payee_of
from freehold.views.milestones import MilestoneView, view_milestone


class Deposit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which milestone to pay for, and how. `method` is one of the gateway's ways to pay; its usual one if left out.

    The sandbox knows `card` (paid at once), `card_declined`, `bank_transfer` (paid a few seconds later) and `never_paid`.
    """

    milestone_id: MilestoneId
    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)")] = "sandbox"
    method: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")] | None = None
    version: Version | None = None


@endpoint(
    "POST /api/escrow/deposit",
    auth="user",
    status=202,
    errors=[NotFound, Forbidden, StaleVersion, NotInThisState, ProjectNotActive, GatewayNotAvailable, AmountNotSendable],
)
async def deposit(call: Call, body: Deposit) -> MilestoneView:
    """Pay for a milestone, as the client. The money is held until it is released; it is no bank deposit and not insured.

    The gateway is asked at once and answers soon: the milestone is then funded, or the payment was refused and can be tried
    again until `funding_expires_at`. The platform's fee is fixed now, for this milestone. Raises Forbidden for the
    freelancer, NotInThisState when it was paid or cancelled, ProjectNotActive, GatewayNotAvailable (also when the
    gateway does not hold the milestone's currency), AmountNotSendable.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    side = party_of(milestone, call.caller.user_id)
    offer = await offer_of(call.unit, body.gateway, environment=call.settings.environment)
    method = _method(offer, body, milestone.holding.amount)
    fees = await call.services.fees.read(call.unit)
    facts = Facts(payment_id=call.new_id("pay"), gateway=body.gateway, fee_schedule=fees)
    try:
        step = take(milestone.held(), "fund", by=side, facts=facts)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    if body.version not in (None, milestone.version):
        raise StaleVersion(f"The milestone is at version {milestone.version}.")
    await _meet_project(call, milestone)
    noted = Noted(lasts_s=call.settings.funding_window_s, method=method, max_hold_days=offer.max_hold_days)
    payee = await _held_for(call, offer, milestone, step)
    return view_milestone(await write_step(call.unit, milestone, step, now=call.now, noted=noted, payee=payee), side=side)


async def _held_for(call: Call, offer: Offer, milestone: Milestone, step: Step) -> PayeeStanding | None:
    """Look up whom the gateway is to hold the payment for, if it does that."""
    if not offer.holds_for_payee:
        return None
    return await payee_of(call.unit, msgspec.structs.replace(milestone, holding=step.after.holding))


def _method(offer: Offer, body: Deposit, money: Money) -> str:
    """Choose the way to pay, among those that the gateway offers for this money."""
    methods = offer.methods_for(money.currency)
    if not methods:
        raise GatewayNotAvailable(f"{body.gateway} does not hold {money.currency} here")
    require_sendable(body.gateway, money)
    if body.method and body.method not in methods:
        refuse_faults(Fault("method", f"one of {', '.join(methods)}"))
    return body.method or methods[0]


async def _meet_project(call: Call, milestone: Milestone) -> None:
    """Count the deposit on the project, if that still goes on: so a deposit and the project's end cannot pass each other."""
    try:
        await call.unit.increment(Project, milestone.project_id, {"deposit_count": 1}, guard={"state": "active"})
    except Stale as error:
        raise ProjectNotActive("the project is over") from error
