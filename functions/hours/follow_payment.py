"""The reaction that takes a week of hours further when its money moves."""

from freehold.documents import Milestone, WorkWeek
from freehold.edge import Call, on_event
from freehold.events import (
    MilestoneCancelled,
    MilestoneChargebackLost,
    MilestoneFunded,
    MilestonePaymentRefused,
    MilestoneRefunded,
    MilestoneRefundStarted,
    MilestoneReleased,
)
from freehold.payments.week_charges import follow

Moved = (
    MilestoneFunded
    | MilestonePaymentRefused
    | MilestoneCancelled
    | MilestoneReleased
    | MilestoneRefundStarted
    | MilestoneRefunded
    | MilestoneChargebackLost
)


@on_event(
    "milestone.chargeback_lost",
    "milestone.funded",
    "milestone.payment_refused",
    "milestone.cancelled",
    "milestone.released",
    "milestone.refund_started",
    "milestone.refunded",
)
async def follow_payment(call: Call, event: Moved) -> None:
    """Note on the week that it is paid, refused, released, refunded or charged back; milestones of another kind have none.

    It looks at how the milestone stands now, so that the order and repetition of events do not matter.
    """
    week = await call.unit.first(WorkWeek, {"milestone_id": event.milestone_id})
    if week is not None:
        milestone = await call.unit.require(Milestone, event.milestone_id)
        await follow(call.unit, week, milestone, settings=call.settings)
