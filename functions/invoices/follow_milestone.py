"""The reaction that writes the invoices which a milestone's money brings about."""

from freehold.documents import Milestone
from freehold.edge import Call, on_event
from freehold.events import (
    MilestoneCancelled,
    MilestoneChargebackLost,
    MilestoneFunded,
    MilestonePayoutBlocked,
    MilestoneRefundBlocked,
    MilestoneRefunded,
    MilestoneReleased,
)
from freehold.store.invoices import bring_up_to_date

Moved = (
    MilestoneFunded | MilestoneReleased | MilestoneRefunded | MilestoneCancelled | MilestoneChargebackLost
    | MilestonePayoutBlocked | MilestoneRefundBlocked
)  # fmt: skip


@on_event(
    "milestone.funded", "milestone.released", "milestone.refunded", "milestone.cancelled", "milestone.chargeback_lost",
    "milestone.payout_blocked", "milestone.refund_blocked",
)  # fmt: skip
async def follow_milestone(call: Call, event: Moved) -> None:
    """Write what is missing: the client's invoice, the fee's, credit notes. It looks at the milestone as it stands now."""
    await bring_up_to_date(call.unit, await call.unit.require(Milestone, event.milestone_id))
