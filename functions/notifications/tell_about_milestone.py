"""The reaction that tells the parties of a milestone how it stands."""

from freehold.domain.money_process import parties_told
from freehold.edge import Call, on_event
from freehold.events import MilestoneChanged, MilestoneChecklistMarked, MilestoneStepped
from freehold.realtime_events import MilestoneUpdate
from freehold.store.notices import notify


@on_event("milestone.*")
async def tell_about_milestone(call: Call, event: MilestoneChanged) -> None:
    """Tell those whom the process table names; the freelancer hears what the client plans or edits, each the other's ticks."""
    update = MilestoneUpdate(
        project_id=event.project_id,
        milestone_id=event.milestone_id,
        title=event.title,
        state=event.state,
        amount=event.amount,
        auto_release_at=event.auto_release_at if isinstance(event, MilestoneStepped) else None,
        happened=event.type.partition(".")[2],
    )
    notify(call.unit, call.now, _told(event), update)


def _told(event: MilestoneChanged) -> list[str]:
    if isinstance(event, MilestoneChecklistMarked):
        return [event.client_id if event.by == "freelancer" else event.freelancer_id]
    if not isinstance(event, MilestoneStepped):
        return [event.freelancer_id]
    told = parties_told(event.transition, came_from=event.came_from, went_to=event.state)
    people = {"client": event.client_id, "freelancer": event.freelancer_id}
    return [people[party] for party in sorted(told)]
