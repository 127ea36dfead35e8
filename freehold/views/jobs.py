"""A job, as it is shown."""

from msgspec import Struct

from freehold.documents import Instant, Job
from freehold.documents.hiring import HourlyRange, JobKind, JobState, Place
from freehold.domain import hiring
from freehold.domain.money import Money


class JobView(Struct, frozen=True, kw_only=True):
    """A job. `actions` are what the caller may do with it now: edit, or a transition of `PUT /api/jobs/{id}`."""

    id: str
    employer_id: str
    title: str
    description: str
    kind: JobKind
    category: str
    skills: tuple[str, ...]
    budget: Money | None
    hourly: HourlyRange | None
    deadline: Instant | None
    place: Place
    inspection_period_s: int
    state: JobState
    application_count: int
    created_at: Instant
    posted_at: Instant | None
    updated_at: Instant
    version: int
    actions: tuple[str, ...] = ()


def view_job(job: Job, *, viewer_id: str | None) -> JobView:
    """Show a job to this person (null: to somebody who is not signed in)."""
    owns = job.employer_id == viewer_id
    return JobView(
        id=job.id,
        employer_id=job.employer_id,
        title=job.title,
        description=job.description,
        kind=job.kind,
        category=job.category,
        skills=job.skills,
        budget=job.budget,
        hourly=job.hourly,
        deadline=job.deadline,
        place=job.place,
        inspection_period_s=job.inspection_period_s,
        state=job.state,
        application_count=job.application_count,
        created_at=job.created_at,
        posted_at=job.posted_at,
        updated_at=job.updated_at,
        version=job.version,
        actions=hiring.JOB.open_to("employer", state=job.state) if owns else (),
    )
