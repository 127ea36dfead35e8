"""The reaction that closes disputes about money that is not there any more."""

from freehold.edge import Call, on_event
from freehold.events import MilestoneAbandoned, MilestoneChargebackLost
from freehold.store.dispute_clock import close_moot as close


@on_event("milestone.chargeback_lost", "milestone.abandoned")
async def close_moot(call: Call, event: MilestoneChargebackLost | MilestoneAbandoned) -> None:
    """Close the dispute of a milestone for which nothing is frozen any more.

    A chargeback has taken all of it, or it went back to the client because the gateway holds it no longer.
    """
    await close(call.unit, event.milestone_id, now=call.now)
