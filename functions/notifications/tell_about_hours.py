"""The reaction that tells one side of an hourly project what the other side, or the clock, did to an entry."""

from freehold.domain.week_process import entry_parties_told
from freehold.edge import Call, on_event
from freehold.events import HoursChanged, HoursEvidenceAdded
from freehold.realtime_events import HoursUpdate
from freehold.store.notices import notify


@on_event("hours.*")
async def tell_about_hours(call: Call, event: HoursChanged) -> None:
    """Tell those whom the entry's process names; of evidence, the other side."""
    update = HoursUpdate(
        project_id=event.project_id,
        entry_id=event.entry_id,
        week=event.week,
        state=event.state,
        happened=event.type.partition(".")[2],
        minutes=event.minutes,
        reason=event.reason,
    )
    people = {"client": event.client_id, "freelancer": event.freelancer_id}
    others = set(people) - {event.by}
    told = others if isinstance(event, HoursEvidenceAdded) else entry_parties_told(event.step, by=event.by)
    notify(call.unit, call.now, [people[party] for party in sorted(told)], update)
