"""A milestone and its money, as its two parties see them."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Milestone
from freehold.domain.checklist import Checklist
from freehold.domain.escrow import actions_of
from freehold.domain.holding import Holding
from freehold.domain.ledger import Balances
from freehold.domain.legs import Leg
from freehold.domain.money import Money
from freehold.domain.money_process import LegKind, LegState, Party, State, Transition
from freehold.views.fx import ConversionView, view_exchange

Action = Literal["edit"] | Transition


class LegView(Struct, frozen=True, kw_only=True):
    """One release, refund or reversal: `gross` = `net` + `fee` + `tax`; `offset` of the net paid the freelancer's debts.

    `returned` of the gross was given or taken back later; `reason` is why it is blocked. `conversion` is how its newest
    attempt pays in another currency what is left of the net; null when it is paid in the milestone's.
    """

    number: int
    kind: LegKind
    state: LegState
    gross: Money
    fee: Money
    tax: Money
    net: Money
    offset: Money
    returned: Money
    reason: str | None
    conversion: ConversionView | None


class MoneyView(Struct, frozen=True, kw_only=True):
    """Where a milestone's money is now. Held money lies in the operator's payment account: no bank deposit, not insured.

    `deposited` = `held` + `disputed` + `releasing` + `released` + `fees` + `taxes` + `refunding` + `refunded` +
    `charged_back`, always. `released` is the freelancer's, also what of it paid their debts.
    """

    deposited: Money
    held: Money
    disputed: Money
    releasing: Money
    released: Money
    fees: Money
    taxes: Money
    refunding: Money
    refunded: Money
    charged_back: Money


class ProposalView(Struct, frozen=True, kw_only=True):
    """How `by` would share what is held: `to_freelancer` (gross), the rest back to the client."""

    by: Party
    to_freelancer: Money
    to_client: Money


class MilestoneView(Struct, frozen=True, kw_only=True):
    """A milestone. `actions` is what the caller may do now: edit, fund (`POST /api/escrow/deposit`), or a transition."""

    id: str
    project_id: str
    job_id: str
    client_id: str
    freelancer_id: str
    side: Party
    title: str
    description: str
    amount: Money
    due_at: Instant | None
    checklist: Checklist
    state: State
    money: MoneyView
    legs: tuple[LegView, ...]
    fee_basis_points: int | None
    auto_release_at: Instant | None
    funding_expires_at: Instant | None
    submission_note: str | None
    submitted_at: Instant | None
    requested_changes: str | None
    proposal: ProposalView | None
    dispute_id: str | None
    chargeback: bool
    actions: tuple[Action, ...]
    created_at: Instant
    updated_at: Instant
    version: int


def view_milestone(milestone: Milestone, *, side: Party) -> MilestoneView:
    """Show a milestone to one of its parties."""
    holding = milestone.holding
    editable: tuple[Action, ...] = ("edit",) if side == "client" and milestone.state == "created" else ()
    return MilestoneView(
        id=milestone.id,
        project_id=milestone.project_id,
        job_id=milestone.job_id,
        client_id=milestone.client_id,
        freelancer_id=milestone.freelancer_id,
        side=side,
        title=milestone.title,
        description=milestone.description,
        amount=holding.amount,
        due_at=milestone.due_at,
        checklist=milestone.checklist,
        state=milestone.state,
        money=view_money(holding),
        legs=tuple(_view_leg(leg, holding.amount.currency) for leg in holding.legs),
        fee_basis_points=holding.fee_schedule.basis_points if holding.fee_schedule else None,
        auto_release_at=milestone.auto_release_at,
        funding_expires_at=milestone.funding_expires_at,
        submission_note=milestone.submission_note,
        submitted_at=milestone.submitted_at,
        requested_changes=milestone.requested_changes,
        proposal=_view_proposal(holding),
        dispute_id=holding.dispute.id if holding.dispute else None,
        chargeback=milestone.chargeback is not None,
        actions=(*editable, *actions_of(milestone.held(), side)),
        created_at=milestone.created_at,
        updated_at=milestone.updated_at,
        version=milestone.version,
    )


def view_money(holding: Holding) -> MoneyView:
    """Show where the money is."""
    balances: Balances = holding.balances
    releasing = balances.payable + holding.exchanging

    def money(amount_minor: int) -> Money:
        return Money(amount_minor, holding.amount.currency)

    return MoneyView(
        deposited=money(holding.deposited),
        held=money(balances.escrow),
        disputed=money(balances.disputed),
        releasing=money(releasing),
        released=money(sum(leg.net_kept for leg in holding.legs_of("release")) - releasing),
        fees=money(holding.fees + holding.dispute_fees),
        taxes=money(holding.taxes),
        refunding=money(balances.refund_due),
        refunded=money(holding.refunded),
        charged_back=money(holding.charged_back),
    )


def _view_proposal(holding: Holding) -> ProposalView | None:
    proposal, currency = holding.proposal, holding.amount.currency
    if proposal is None:
        return None
    rest = holding.balances.escrow - proposal.part
    return ProposalView(by=proposal.by, to_freelancer=Money(proposal.part, currency), to_client=Money(rest, currency))


def _view_leg(leg: Leg, currency: str) -> LegView:
    def money(amount_minor: int) -> Money:
        return Money(amount_minor, currency)

    return LegView(
        number=leg.number,
        kind=leg.kind,
        state=leg.state,
        gross=money(leg.gross),
        fee=money(leg.fee),
        tax=money(leg.tax),
        net=money(leg.net),
        offset=money(leg.offset),
        returned=money(leg.returned),
        reason=leg.reason,
        conversion=view_exchange(leg),
    )
