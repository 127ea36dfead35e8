"""`POST /api/applications`."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from freehold.documents import Application, Job
from freehold.domain import hiring
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hiring import AlreadyApplied, JobNotOpen, OwnJob
from freehold.domain.hours import WeeklyLimit, offer_faults
from freehold.domain.money import Money
from freehold.domain.text import prose, required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.events import ApplicationSubmitted
from freehold.ids import JobId
from freehold.store.jobs import count_application
from freehold.views.applications import ApplicationView, view_application


class NewApplication(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposal: what is offered, for how much (in the job's currency), in how many days.

    For a fixed job a `budget`, the whole price; for an hourly one a `rate` and the most minutes of one week.
    """

    job_id: JobId
    proposal: Annotated[str, required_text(5_000)]
    budget: Money | UnsetType = UNSET
    rate: Money | UnsetType = UNSET
    weekly_limit_minutes: WeeklyLimit | UnsetType = UNSET
    timeline_days: Annotated[int, Meta(ge=1, le=3_650)]


@endpoint("POST /api/applications", auth="freelancer", status=201, errors=[NotFound, OwnJob, AlreadyApplied, JobNotOpen])
async def create_application(call: Call, body: NewApplication) -> ApplicationView:
    """Apply for a job.

    One application per freelancer and job, also after it was withdrawn. Raises OwnJob, AlreadyApplied, or JobNotOpen when
    the job is not open or its deadline has passed by the database's clock.
    """
    freelancer_id = call.caller.user_id
    job = await call.unit.get(Job, body.job_id)
    if job is None or (job.state == "draft" and job.employer_id != freelancer_id):
        raise NotFound
    if job.employer_id == freelancer_id:
        raise OwnJob("nobody applies to a job of their own")
    refuse_faults(*_faults(job, body))
    if await call.unit.first(Application, {"job_id": job.id, "freelancer_id": freelancer_id}) is not None:
        raise AlreadyApplied("you have applied to this job")
    if job.state not in hiring.JOB.sources_of("apply") or not await count_application(call.unit, job.id):
        raise JobNotOpen("this job takes no applications now")
    application = _application(call, job, body)
    call.unit.insert(application, duplicate=AlreadyApplied("you have applied to this job"))
    call.unit.emit(_submitted(application), application)
    return view_application(application, viewer_id=freelancer_id)


def _faults(job: Job, body: NewApplication) -> tuple[Fault, ...]:
    return offer_faults(
        job.kind,
        budget=body.budget or None,
        rate=body.rate or None,
        weekly_limit_minutes=body.weekly_limit_minutes or None,
        currency=job.price_currency,
    )


def _application(call: Call, job: Job, body: NewApplication) -> Application:
    return Application(
        id=call.new_id("app"),
        job_id=job.id,
        job_title=job.title,
        employer_id=job.employer_id,
        freelancer_id=call.caller.user_id,
        proposal=prose(body.proposal),
        budget=body.budget or None,
        rate=body.rate or None,
        weekly_limit_minutes=body.weekly_limit_minutes or None,
        timeline_days=body.timeline_days,
        created_at=call.now,
        updated_at=call.now,
    )


def _submitted(application: Application) -> ApplicationSubmitted:
    return ApplicationSubmitted(
        application_id=application.id,
        job_id=application.job_id,
        job_title=application.job_title,
        employer_id=application.employer_id,
        freelancer_id=application.freelancer_id,
    )
