"""An application, as its two sides see it."""

from msgspec import Struct

from freehold.documents import Application, Instant
from freehold.documents.hiring import ApplicationState
from freehold.domain.hiring import APPLICATION
from freehold.domain.money import Money


class ApplicationView(Struct, frozen=True, kw_only=True):
    """An application. `actions` are the transitions that the caller may take now (`PUT /api/applications/{id}`)."""

    id: str
    job_id: str
    job_title: str
    employer_id: str
    freelancer_id: str
    proposal: str
    budget: Money | None
    rate: Money | None
    weekly_limit_minutes: int | None
    timeline_days: int
    state: ApplicationState
    reason: str | None
    project_id: str | None
    created_at: Instant
    updated_at: Instant
    version: int
    actions: tuple[str, ...]


def view_application(application: Application, *, viewer_id: str) -> ApplicationView:
    """Show an application to one of its two sides."""
    return ApplicationView(
        id=application.id,
        job_id=application.job_id,
        job_title=application.job_title,
        employer_id=application.employer_id,
        freelancer_id=application.freelancer_id,
        proposal=application.proposal,
        budget=application.budget,
        rate=application.rate,
        weekly_limit_minutes=application.weekly_limit_minutes,
        timeline_days=application.timeline_days,
        state=application.state,
        reason=application.state_reason,
        project_id=application.project_id,
        created_at=application.created_at,
        updated_at=application.updated_at,
        version=application.version,
        actions=APPLICATION.open_to(side_of(application, viewer_id), state=application.state),
    )


def side_of(application: Application, user_id: str) -> str:
    """Name the side that this person is on: employer, freelancer, or stranger."""
    sides = {application.employer_id: "employer", application.freelancer_id: "freelancer"}
    return sides.get(user_id, "stranger")
