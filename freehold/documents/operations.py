"""What two operators decide together: fee schedules, adjustments of the ledger, and refunds by hand.

One proposes (`proposed_by`, `reason`), another one approves or rejects (`decided_by`, `decision_note`). After `expires_at`, by
the database's clock, it can only be rejected.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from msgspec import Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.adjustments import AdjustmentKind
from freehold.domain.money import Money
from freehold.domain.text import required_text

ProposalState = Literal["proposed", "approved", "rejected"]


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a proposal is approved or rejected."""

    note: Annotated[str, required_text(500)]


class Proposal(Document, frozen=True, kw_only=True):
    """What every proposal has, whatever it is about."""

    reason: str
    state: ProposalState = "proposed"
    proposed_by: str
    decided_by: str | None = None
    decision_note: str = ""
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None = None

    def decided(self, state: ProposalState, *, by: str, note: str, at: datetime) -> Self:
        """Give the proposal as it is once somebody has decided."""
        return msgspec.structs.replace(self, state=state, decided_by=by, decision_note=note, decided_at=at)


class FeeScheduleChange(Proposal, frozen=True, kw_only=True):
    """A fee schedule of the operators' own. Never edited once it is approved: milestones have captured it.

    `number` is the schedule's version, given when it is approved; it holds for what is funded from `effective_at` on, by the
    database's clock.
    """

    collection: ClassVar[str] = "fee_schedules"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("number", 1),), unique=True, partial={"state": "approved"}),
        Index((("state", 1), ("effective_at", -1), ("number", -1))),
    )

    number: int | None = None
    basis_points: int
    tax_basis_points: int = 0
    effective_at: Instant


class Adjustment(Proposal, frozen=True, kw_only=True):
    """Money that operators move in the ledger by hand. Its journal, `adjust:{id}`, is written when it is approved.

    `gateway` is where a top-up or a withdrawal happens, `user_id` whose debt is written off.
    """

    collection: ClassVar[str] = "adjustments"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("state", 1), ("_id", -1))),)

    kind: AdjustmentKind
    money: Money
    gateway: str | None = None
    user_id: str | None = None


class HandRefund(Proposal, frozen=True, kw_only=True):
    """A refund that the gateway cannot make, paid to the client in another way, outside of Freehold.

    It is about one `attempt` of one `leg` of a milestone, and that leg's whole money. `reference` is what proves the payment
    outside: a bank's number of it. While it may be approved, the refund is not tried again at the gateway.
    """

    collection: ClassVar[str] = "hand_refunds"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("state", 1), ("_id", -1))), Index((("milestone_id", 1), ("_id", -1))))

    milestone_id: str
    client_id: str
    leg: int
    attempt: int
    money: Money
    reference: str


class Withdrawals(Document, frozen=True, kw_only=True):
    """One per currency (`_id`): every withdrawal writes to it, so that two at once meet, and each counts the one before."""

    collection: ClassVar[str] = "withdrawals"

    count: int = 0
