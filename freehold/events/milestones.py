"""Events of milestones and their money: one for each kind of step of the process table."""

from typing import ClassVar

from freehold.documents.document import Instant
from freehold.domain.money import Money
from freehold.domain.money_process import Actor, Party, State, Transition
from freehold.events.event import Event


class MilestoneChanged(Event, frozen=True, kw_only=True):
    """What the events of a milestone share: who it is about, and where it stands after this."""

    milestone_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    title: str
    state: State
    amount: Money


class MilestoneCreated(MilestoneChanged, frozen=True, kw_only=True):
    """The client has planned a milestone."""

    type: ClassVar[str] = "milestone.created"


class MilestoneEdited(MilestoneChanged, frozen=True, kw_only=True):
    """The client has changed a milestone that is not funded yet."""

    type: ClassVar[str] = "milestone.edited"


class MilestoneChecklistMarked(MilestoneChanged, frozen=True, kw_only=True):
    """A party has said of items of the checklist that they are done or accepted, or not after all."""

    type: ClassVar[str] = "milestone.checklist_marked"

    by: Party


class MilestoneStepped(MilestoneChanged, frozen=True, kw_only=True):
    """A step of the process table was taken; `leg` numbers the leg that it is about, `moved` is how much.

    That is a deposit, a leg's gross, what is disputed, or a chargeback's whole amount, also where a leg asks a part of it back.
    """

    transition: Transition
    came_from: State
    by: Actor
    moved: Money | None = None
    leg: int | None = None
    auto_release_at: Instant | None = None


class MilestoneFundingStarted(MilestoneStepped, frozen=True, kw_only=True):
    """The client has asked to pay; the gateway has been told to collect."""

    type: ClassVar[str] = "milestone.funding_started"


class MilestonePaymentRefused(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused the payment; the client may try again until the funding expires."""

    type: ClassVar[str] = "milestone.payment_refused"


class MilestoneFunded(MilestoneStepped, frozen=True, kw_only=True):
    """The deposit is there and held."""

    type: ClassVar[str] = "milestone.funded"


class MilestoneCancelled(MilestoneStepped, frozen=True, kw_only=True):
    """The milestone is over before it held anything."""

    type: ClassVar[str] = "milestone.cancelled"


class MilestoneSubmitted(MilestoneStepped, frozen=True, kw_only=True):
    """The freelancer has submitted the work; at `auto_release_at` the money is released if the client says nothing."""

    type: ClassVar[str] = "milestone.submitted"


class MilestoneChangesRequested(MilestoneStepped, frozen=True, kw_only=True):
    """The client wants changes; nothing is released by itself any more."""

    type: ClassVar[str] = "milestone.changes_requested"


class MilestoneReleaseStarted(MilestoneStepped, frozen=True, kw_only=True):
    """All or a part of the held money is released; the transfer is on its way."""

    type: ClassVar[str] = "milestone.release_started"


class MilestoneReleased(MilestoneStepped, frozen=True, kw_only=True):
    """The money of a leg has reached the freelancer."""

    type: ClassVar[str] = "milestone.released"


class MilestonePayoutBlocked(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused to pay the freelancer, who has to act; then the payout is tried again."""

    type: ClassVar[str] = "milestone.payout_blocked"


class MilestoneRefundStarted(MilestoneStepped, frozen=True, kw_only=True):
    """Money goes back to the client; the refund is on its way."""

    type: ClassVar[str] = "milestone.refund_started"


class MilestoneRefunded(MilestoneStepped, frozen=True, kw_only=True):
    """The money is back with the client."""

    type: ClassVar[str] = "milestone.refunded"


class MilestoneRefundBlocked(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway refused the refund; the client has to act."""

    type: ClassVar[str] = "milestone.refund_blocked"


class MilestoneReleaseNears(MilestoneStepped, frozen=True, kw_only=True):
    """The client has not answered; at `auto_release_at` the money is released by itself."""

    type: ClassVar[str] = "milestone.release_nears"


class MilestoneSplitProposed(MilestoneStepped, frozen=True, kw_only=True):
    """A party proposes how to share what is held; the other one may accept."""

    type: ClassVar[str] = "milestone.split_proposed"


class MilestoneSettlementStarted(MilestoneStepped, frozen=True, kw_only=True):
    """Both parties agreed, or it was ruled, who gets which part; both parts are on their way."""

    type: ClassVar[str] = "milestone.settlement_started"


class MilestoneAbandoned(MilestoneStepped, frozen=True, kw_only=True):
    """The money could not be held any longer, and goes back to the client."""

    type: ClassVar[str] = "milestone.abandoned"


class MilestoneDisputed(MilestoneStepped, frozen=True, kw_only=True):
    """A part of what is held (`moved`) is frozen until the dispute about it is over; the rest goes on."""

    type: ClassVar[str] = "milestone.disputed"


class MilestoneDisputeWithdrawn(MilestoneStepped, frozen=True, kw_only=True):
    """The dispute is over without a change; what it froze is held as before."""

    type: ClassVar[str] = "milestone.dispute_withdrawn"


class MilestonePayoutReversed(MilestoneStepped, frozen=True, kw_only=True):
    """What the freelancer had to give back was taken from their account at the gateway."""

    type: ClassVar[str] = "milestone.payout_reversed"


class MilestoneDebtStays(MilestoneStepped, frozen=True, kw_only=True):
    """The gateway could not take back what the freelancer has to give back; they owe it, and later payouts keep it back."""

    type: ClassVar[str] = "milestone.debt_stays"


class MilestoneChargebackOpened(MilestoneStepped, frozen=True, kw_only=True):
    """The client's bank asks for the payment back; nothing is released until it has decided."""

    type: ClassVar[str] = "milestone.chargeback_opened"


class MilestoneChargebackWon(MilestoneStepped, frozen=True, kw_only=True):
    """The bank has decided that the payment stands."""

    type: ClassVar[str] = "milestone.chargeback_won"


class MilestoneChargebackLost(MilestoneStepped, frozen=True, kw_only=True):
    """The bank has taken the payment back for good: out of what was held first, then from the freelancer."""

    type: ClassVar[str] = "milestone.chargeback_lost"
