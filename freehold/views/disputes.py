"""A dispute, as its parties see it, and as operators do."""

import msgspec
from msgspec import Struct

from freehold.documents import Dispute, Instant, MediatorNote, StepTaken
from freehold.domain.dispute_case import Case, Offer, Outcome, Proposal
from freehold.domain.dispute_fees import fee_for
from freehold.domain.dispute_process import Actor, OutcomeKind, Party, Reason, State, Transition
from freehold.domain.disputes import actions_of
from freehold.domain.money import Money


class OfferView(Struct, frozen=True, kw_only=True):
    """An offer, which both sides see: so much to the freelancer, so much back to the client."""

    number: int
    by: Party
    to_freelancer: Money
    to_client: Money
    note: str
    state: str
    made_at: Instant


class ProposalView(Struct, frozen=True, kw_only=True):
    """What the mediator proposes, why, and who has accepted it."""

    to_freelancer: Money
    to_client: Money
    reasons: str
    accepted_by: tuple[Party, ...]
    made_at: Instant


class OutcomeView(Struct, frozen=True, kw_only=True):
    """How it was decided. `to_freelancer`, `to_client` and `fee` add up to what was still frozen when it was executed."""

    kind: OutcomeKind
    to_freelancer: Money
    to_client: Money
    fee: Money
    reasons: str
    decided_at: Instant


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """A step that was taken. Which operator mediates is not shown to the parties."""

    transition: Transition
    by: Actor
    came_from: State | None
    went_to: State
    at: Instant


class DisputeView(Struct, frozen=True, kw_only=True):
    """A dispute. `side` is the caller's; `actions` are the transitions that the caller may take now.

    `amount` is frozen until the end, `claim` is what the filer wants of it; `largest_fee` is what the dispute may cost.
    `due_at` ends the present state.
    """

    id: str
    milestone_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    state: State
    filer: Party
    side: Party | None
    amount: Money
    claim: Money
    largest_fee: Money
    reason: Reason
    statement: str
    answer: str | None
    offers: tuple[OfferView, ...]
    proposal: ProposalView | None
    outcome: OutcomeView | None
    history: tuple[HistoryEntry, ...]
    due_at: Instant | None
    actions: tuple[Transition, ...]
    created_at: Instant
    updated_at: Instant
    version: int


class MediatedDispute(DisputeView, frozen=True, kw_only=True):
    """A dispute with what only operators see: who mediates, who filed, their notes, who took each step, what holds it up."""

    mediator_id: str | None
    filed_by_id: str
    notes: tuple[MediatorNote, ...]
    steps: tuple[StepTaken, ...]
    blocked_by: str | None


def view_dispute(dispute: Dispute, *, party: Party) -> DisputeView:
    """Show a dispute to one of its parties."""
    return _view(dispute, side=party, actor=dispute.case.side_of(party))


def view_mediated(dispute: Dispute) -> MediatedDispute:
    """Show a dispute to an operator."""
    shown = _view(dispute, side=None, actor="mediator")
    return MediatedDispute(
        **{field: getattr(shown, field) for field in shown.__struct_fields__},
        mediator_id=dispute.mediator_id,
        filed_by_id=dispute.filed_by_id,
        notes=dispute.notes,
        steps=dispute.history,
        blocked_by=dispute.blocked_by,
    )


def _view(dispute: Dispute, *, side: Party | None, actor: Actor) -> DisputeView:
    case = dispute.case
    currency = case.disputed.currency
    return DisputeView(
        id=dispute.id,
        milestone_id=dispute.milestone_id,
        project_id=dispute.project_id,
        client_id=dispute.client_id,
        freelancer_id=dispute.freelancer_id,
        title=dispute.title,
        state=case.state,
        filer=case.filer,
        side=side,
        amount=case.disputed,
        claim=Money(case.claim, currency),
        largest_fee=Money(fee_for(case.claim, case.fee), currency),
        reason=dispute.reason,
        statement=dispute.statement,
        answer=dispute.answer,
        offers=tuple(_offer(case, offer) for offer in case.offers),
        proposal=None if case.proposal is None else _proposal(case, case.proposal),
        outcome=None if case.outcome is None else _outcome(case.outcome, currency),
        history=tuple(msgspec.convert(step, HistoryEntry, from_attributes=True) for step in dispute.history),
        due_at=dispute.due_at,
        actions=actions_of(case, actor),
        created_at=dispute.created_at,
        updated_at=dispute.updated_at,
        version=dispute.version,
    )


def _offer(case: Case, offer: Offer) -> OfferView:
    to_freelancer = Money(offer.to_freelancer, case.disputed.currency)
    return OfferView(
        number=offer.number,
        by=offer.by,
        to_freelancer=to_freelancer,
        to_client=case.disputed - to_freelancer,
        note=offer.note,
        state=offer.state,
        made_at=offer.made_at,
    )


def _proposal(case: Case, proposal: Proposal) -> ProposalView:
    to_freelancer = Money(proposal.to_freelancer, case.disputed.currency)
    return ProposalView(
        to_freelancer=to_freelancer,
        to_client=case.disputed - to_freelancer,
        reasons=proposal.reasons,
        accepted_by=proposal.accepted_by,
        made_at=proposal.made_at,
    )


def _outcome(outcome: Outcome, currency: str) -> OutcomeView:
    to_freelancer, to_client, fee = (
        Money(amount, currency) for amount in (outcome.split.to_freelancer, outcome.split.to_client, outcome.split.fee)
    )
    return OutcomeView(
        kind=outcome.kind,
        to_freelancer=to_freelancer,
        to_client=to_client,
        fee=fee,
        reasons=outcome.reasons,
        decided_at=outcome.decided_at,
    )
