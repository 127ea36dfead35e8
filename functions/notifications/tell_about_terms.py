"""The reaction that tells one side of an hourly project what the other one proposes, or answers."""

import msgspec

from freehold.edge import Call, on_event
from freehold.events import ProjectTermsAnswered, ProjectTermsProposed
from freehold.realtime_events import TermsUpdate
from freehold.store.notices import notify


@on_event("project.terms_proposed", "project.terms_answered")
async def tell_about_terms(call: Call, event: ProjectTermsProposed | ProjectTermsAnswered) -> None:
    """Tell the side that did not do it."""
    about = TermsUpdate(project_id=event.project_id, title=event.title)
    if isinstance(event, ProjectTermsProposed):
        limit = event.weekly_limit_minutes
        update = msgspec.structs.replace(about, rate=event.rate, weekly_limit_minutes=limit)
    else:
        update = msgspec.structs.replace(about, answer=event.answer)
    other = event.freelancer_id if event.by == event.client_id else event.client_id
    notify(call.unit, call.now, [other], update)
