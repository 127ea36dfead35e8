"""The reaction that tells the parties of an hourly project how a week of it stands."""

from freehold.domain.week_process import week_parties_told
from freehold.edge import Call, on_event
from freehold.events import WeekChanged
from freehold.realtime_events import WeekUpdate
from freehold.store.notices import notify


@on_event("week.*")
async def tell_about_week(call: Call, event: WeekChanged) -> None:
    """Tell those whom the week's process names."""
    update = WeekUpdate(
        project_id=event.project_id,
        work_week_id=event.work_week_id,
        title=event.title,
        week=event.week,
        state=event.state,
        minutes=event.minutes,
        amount=event.amount,
    )
    people = {"client": event.client_id, "freelancer": event.freelancer_id}
    told = week_parties_told(event.step, by=event.by)
    notify(call.unit, call.now, [people[party] for party in sorted(told)], update)
