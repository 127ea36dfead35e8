"""Refunds paid by hand: proposed by one operator, approved by another, who writes the milestone's step with it."""

from datetime import datetime, timedelta
from typing import Final

from pymongo.asynchronous.client_session import AsyncClientSession

from freehold.documents import HandRefund, Journal, Milestone
from freehold.domain.audit import Violation
from freehold.domain.money import Money
from freehold.domain.proposals import ProposalExpired, require_decidable
from freehold.domain.refunds import require_blocked, require_same
from freehold.ids import new_id
from freehold.store.connection import Store
from freehold.store.errors import Stale
from freehold.store.mapping import from_bson
from freehold.store.milestones import take_step
from freehold.store.refunds import UNDECIDED, require_not_by_hand
from freehold.store.unit import Unit

LASTS_S: Final = 7 * 86_400
"""A proposal is decided within this time, by the database's clock."""
_KEY: Final = "refund_by_hand:"


async def propose(  # noqa: PLR0913 - what is proposed, for which milestone, by whom
    unit: Unit, milestone: Milestone, *, reason: str, reference: str, by: str, now: datetime
) -> HandRefund:
    """Keep the proposal to pay the refund of a milestone that waits by hand.

    The milestone is written too: whoever tries the refund again at the same moment meets this, and one of both is Stale.
    Raises RefundNotBlocked, and RefundedByHand while another proposal waits.
    """
    await require_not_by_hand(unit, milestone.id)
    leg = require_blocked(milestone.holding)
    proposal = HandRefund(
        id=new_id("hrf"),
        milestone_id=milestone.id,
        client_id=milestone.client_id,
        leg=leg.number,
        attempt=leg.attempt,
        money=Money(leg.sent, milestone.holding.amount.currency),
        reason=reason,
        reference=reference,
        proposed_by=by,
        created_at=now,
        expires_at=await unit.database_now() + timedelta(seconds=LASTS_S),
    )
    unit.insert(proposal)
    await unit.update(milestone, milestone)
    return proposal


async def approve(  # noqa: PLR0913 - what is approved, for which milestone, by whom and why
    unit: Unit, proposal: HandRefund, milestone: Milestone, *, by: str, note: str, now: datetime
) -> HandRefund:
    """Approve a refund by hand: the milestone takes it as made.

    Raises ProposalDecided, OwnProposal, ProposalExpired; RefundNotBlocked when the refund does not wait any more;
    what the engine refuses (ChargebackOpen, NotInThisState).
    """
    require_decidable(proposal.state, proposed_by=proposal.proposed_by, by=by, approving=True)
    try:
        stored = await unit.update(proposal, proposal.decided("approved", by=by, note=note, at=now), guard=UNDECIDED)
    except Stale as error:
        raise ProposalExpired("it was to be approved before its end") from error
    require_same(milestone.holding, leg=stored.leg, attempt=stored.attempt, amount_minor=stored.money.amount)
    await take_step(unit, milestone, "refund_by_hand", by="operator", now=now)
    return stored


async def reject(unit: Unit, refund_id: str, *, by: str, note: str, now: datetime) -> HandRefund:
    """Reject a refund by hand, or take one's own proposal back. Raises Missing, ProposalDecided."""
    proposal = await unit.require(HandRefund, refund_id)
    require_decidable(proposal.state, proposed_by=proposal.proposed_by, by=by, approving=False)
    return await unit.update(
        proposal, proposal.decided("rejected", by=by, note=note, at=now), guard={"state": "proposed"}
    )  # fmt: skip


async def check_hand_refunds(store: Store, session: AsyncClientSession) -> list[Violation]:
    """Compare refunds by hand with what two operators approved, at the moment of a snapshot: each has exactly one journal."""
    approved: dict[str, HandRefund] = {}
    async for raw in store.collection(HandRefund).find({"state": "approved"}, session=session):
        proposal = from_bson(raw, HandRefund)
        approved[f"{_KEY}{proposal.milestone_id}:{proposal.leg}"] = proposal
    violations: list[Violation] = []
    written = {"key": {"$gte": _KEY, "$lt": f"{_KEY[:-1]};"}}
    async for raw in store.collection(Journal).find(written, session=session):
        violations += _compared(from_bson(raw, Journal), approved)
    return violations + [
        Violation(code="journal_missing", subject=proposal.id, detail=f"{key} was approved and is not there")
        for key, proposal in sorted(approved.items())
    ]


def _compared(journal: Journal, approved: dict[str, HandRefund]) -> list[Violation]:
    proposal = approved.pop(journal.key, None)
    if proposal is None:
        return [Violation(code="refund_not_approved", subject=journal.id, detail=f"nobody approved {journal.key}")]
    if sum(line.amount for line in journal.lines if line.amount > 0) == proposal.money.amount:
        return []
    return [Violation(code="journal_differs", subject=proposal.id, detail=f"{journal.key} is not as approved")]
