"""The reaction that tells both parties that held money moved."""

from typing import Final

from freehold.edge import Call, on_event
from freehold.events import MilestoneFunded, MilestoneRefunded, MilestoneReleased
from freehold.realtime_events import EscrowUpdate
from freehold.store.notices import notify

MOVEMENTS: Final = {"milestone.funded": "deposited", "milestone.released": "released", "milestone.refunded": "refunded"}


@on_event("milestone.funded", "milestone.released", "milestone.refunded")
async def tell_about_escrow(call: Call, event: MilestoneFunded | MilestoneReleased | MilestoneRefunded) -> None:
    """Tell both parties how much was deposited, released or refunded."""
    update = EscrowUpdate(
        project_id=event.project_id,
        milestone_id=event.milestone_id,
        title=event.title,
        movement=MOVEMENTS[event.type],
        amount=event.moved or event.amount,
    )
    notify(call.unit, call.now, [event.client_id, event.freelancer_id], update)
