"""The reaction that closes disputes about money that is not there any more."""

from freehold.edge import Call, on_event
from freehold.events import MilestoneChargebackLost
from freehold.store.dispute_clock import close_moot as close


@on_event("milestone.chargeback_lost")
async def close_moot(call: Call, event: MilestoneChargebackLost) -> None:
    """Close the dispute of a milestone when a chargeback has taken all that was frozen for it."""
    await close(call.unit, event.milestone_id, now=call.now)
