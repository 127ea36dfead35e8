"""What two operators decide together: fee schedules, adjustments of the ledger, and refunds by hand.

One proposes (`proposed_by`, `reason`), another one approves or rejects (`decided_by`, `decision_note`). After `expires_at`, by
the database's clock, it can only be rejected.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.adjustments import AdjustmentKind
from freehold.domain.money import Money
from freehold.domain.text import required_text

ProposalState = Literal["proposed", "approved", "rejected"]


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a proposal is approved or rejected."""

    note: Annotated[str, required_text(500)]


class FeeScheduleChange(Document, frozen=True, kw_only=True):
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
    reason: str
    state: ProposalState = "proposed"
    proposed_by: str
    decided_by: str | None = None
    decision_note: str = ""
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None = None


class Adjustment(Document, frozen=True, kw_only=True):
    """Money that operators move in the ledger by hand. Its journal, `adjust:{id}`, is written when it is approved.

    `gateway` is where a top-up or a withdrawal happens, `user_id` whose debt is written off.
    """

    collection: ClassVar[str] = "adjustments"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("state", 1), ("_id", -1))),)

    kind: AdjustmentKind
    money: Money
    gateway: str | None = None
    user_id: str | None = None
    reason: str
    state: ProposalState = "proposed"
    proposed_by: str
    decided_by: str | None = None
    decision_note: str = ""
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None = None


class HandRefund(Document, frozen=True, kw_only=True):
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
    reason: str
    reference: str
    state: ProposalState = "proposed"
    proposed_by: str
    decided_by: str | None = None
    decision_note: str = ""
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None = None


class Withdrawals(Document, frozen=True, kw_only=True):
    """One per currency (`_id`): every withdrawal writes to it, so that two at once meet, and each counts the one before."""

    collection: ClassVar[str] = "withdrawals"

    count: int = 0
