"""The reaction that tells one side of an application what the other side did."""

from freehold.edge import Call, on_event
from freehold.events import ApplicationAccepted, ApplicationDeclined, ApplicationSubmitted, ApplicationWithdrawn
from freehold.realtime_events import ApplicationStatusUpdate
from freehold.store.notices import notify

Changed = ApplicationSubmitted | ApplicationAccepted | ApplicationDeclined | ApplicationWithdrawn


@on_event("application.*")
async def tell_about_application(call: Call, event: Changed) -> None:
    """Tell the employer of an application that was made or withdrawn, the freelancer of one that was answered."""
    by_freelancer = isinstance(event, ApplicationSubmitted | ApplicationWithdrawn)
    update = ApplicationStatusUpdate(
        application_id=event.application_id,
        job_id=event.job_id,
        job_title=event.job_title,
        status=event.type.removeprefix("application."),
        reason=event.reason if isinstance(event, ApplicationDeclined) else None,
        project_id=event.project_id if isinstance(event, ApplicationAccepted) else None,
    )
    notify(call.unit, call.now, [event.employer_id if by_freelancer else event.freelancer_id], update)
