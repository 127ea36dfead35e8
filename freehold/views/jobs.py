"""A job, as it is shown."""

import msgspec
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
    return with_actions(msgspec.convert(job, JobView, from_attributes=True), viewer_id=viewer_id)


def with_actions(view: JobView, *, viewer_id: str | None) -> JobView:
    """Say what this person may do with the job."""
    if view.employer_id != viewer_id:
        return view
    return msgspec.structs.replace(view, actions=hiring.JOB.open_to("employer", state=view.state))
