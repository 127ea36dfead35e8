"""Complaining: what filing a dispute for oneself and filing it for a party share. The form in which it comes and is kept."""

from typing import Annotated

from msgspec import Struct

from freehold.documents import Dispute, Milestone
from freehold.domain.dispute_process import Party, Reason
from freehold.domain.disputes import claim_faults
from freehold.domain.errors import refuse_faults
from freehold.domain.milestones import currency_faults
from freehold.domain.money import Money
from freehold.domain.text import prose, required_text
from freehold.ids import MilestoneId
from freehold.store import Unit, now
from freehold.store.disputes import Claim, file_dispute

Statement = Annotated[str, required_text(5_000)]


class Complaint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is disputed of a milestone's held money (`amount` is frozen), how much of it the filer wants (all), and why."""

    milestone_id: MilestoneId
    amount: Money
    claim: Money | None = None
    reason: Reason
    statement: Statement


async def file_complaint(unit: Unit, milestone: Milestone, complaint: Complaint, *, filer: Party, by_id: str) -> Dispute:
    """File it for this party. Raises InvalidFields, and what the money's engine refuses."""
    wanted = complaint.claim or complaint.amount
    refuse_faults(
        *currency_faults(complaint.amount, agreed_currency=milestone.holding.amount.currency),
        *claim_faults(amount=complaint.amount, claim=wanted),
    )
    claim = Claim(
        filer=filer,
        filed_by_id=by_id,
        amount=complaint.amount,
        claim=wanted,
        reason=complaint.reason,
        statement=prose(complaint.statement),
    )
    return await file_dispute(unit, milestone, claim, now=now())
