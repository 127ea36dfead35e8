"""The reaction that tells the sides of a dispute, and who mediates it, how it goes."""

from freehold.domain.dispute_process import TERMS, Actor, told_of
from freehold.edge import Call, on_event
from freehold.events import DisputeChanged, DisputeEvidenceAdded, DisputeReminded, DisputeStepped
from freehold.realtime_events import DisputeUpdate
from freehold.store.dispute_clock import operators
from freehold.store.notices import notify


@on_event("dispute.*")
async def tell_about_dispute(call: Call, event: DisputeChanged) -> None:
    """Tell those whom the process table names; remind those who are awaited; of evidence, tell the other side."""
    update = DisputeUpdate(
        dispute_id=event.dispute_id,
        project_id=event.project_id,
        milestone_id=event.milestone_id,
        title=event.title,
        state=event.state,
        happened=event.type.partition(".")[2],
        amount=event.amount,
        due_at=event.due_at,
    )
    people = [person for actor in _told(event) for person in await _people(call, event, actor)]
    notify(call.unit, call.now, people, update)


def _told(event: DisputeChanged) -> tuple[Actor, ...]:
    match event:
        case DisputeStepped():
            return told_of(event.transition, by=event.by, came_from=event.came_from, went_to=event.state)
        case DisputeReminded():
            term = TERMS.get(event.state)
            return term.awaited if term else ()
        case DisputeEvidenceAdded():
            return ("respondent",) if event.added_by == event.filer else ("filer",)
    return ()


async def _people(call: Call, event: DisputeChanged, actor: Actor) -> list[str]:
    filer, other = (event.client_id, event.freelancer_id) if event.filer == "client" else (event.freelancer_id, event.client_id)
    if actor == "mediator":
        return [event.mediator_id] if event.mediator_id else await operators(call.unit, but_not=(filer, other))
    return [filer if actor == "filer" else other]
