"""`PUT /api/applications/{id}`."""

import msgspec
from msgspec import Struct

from freehold.documents import Application, Job, Project, Version
from freehold.documents.hiring import Terms
from freehold.domain import hiring
from freehold.domain.hiring import ApplicationStep
from freehold.domain.hours import whole_price
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.events import ApplicationAccepted, ApplicationDeclined, ApplicationWithdrawn, JobClosed
from freehold.ids import ApplicationPath
from freehold.views.applications import ApplicationView, side_of, view_application

DECLINED_BY_EMPLOYER = "declined_by_employer"


class ApplicationChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The employer accepts or declines, the freelancer withdraws; `version` is what the caller saw."""

    transition: ApplicationStep
    version: Version


@endpoint("PUT /api/applications/{id}", auth="user", errors=[NotFound, Forbidden, StaleVersion, NotInThisState])
async def update_application(call: Call, path: ApplicationPath, body: ApplicationChange) -> ApplicationView:
    """Accept, decline or withdraw an application.

    Accepting opens the project and fills the job, all at once; of two that are accepted at the same time one wins. The
    applications that remain are declined soon after. Raises NotInThisState when the application was answered before, or
    when the job is filled or closed.
    """
    application = await call.unit.get(Application, path.id)
    side = side_of(application, call.caller.user_id) if application else "stranger"
    if application is None or side == "stranger":
        raise NotFound
    try:
        step = hiring.APPLICATION.step(body.transition, actor=side, state=application.state)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    if body.version != application.version:
        raise StaleVersion(f"The application is at version {application.version}.")
    changed = msgspec.structs.replace(application, state=step.target, updated_at=call.now)
    match body.transition:
        case "accept":
            after = await _accept(call, application, changed)
        case "decline":
            after = await _decline(call, application, changed)
        case "withdraw":
            after = await call.unit.update(application, changed)
            call.unit.emit(ApplicationWithdrawn(**_about(after)), after)
    return view_application(after, viewer_id=call.caller.user_id)


async def _accept(call: Call, before: Application, changed: Application) -> Application:
    job = await call.unit.require(Job, before.job_id)
    step = hiring.JOB.step("fill", actor="application", state=job.state)
    project = _project(call, before, job)
    call.unit.insert(project)
    after = await call.unit.update(before, msgspec.structs.replace(changed, project_id=project.id))
    filled = await call.unit.update(job, msgspec.structs.replace(job, state=step.target, updated_at=call.now))
    call.unit.emit(ApplicationAccepted(project_id=project.id, **_about(after)), after)
    call.unit.emit(JobClosed(job_id=job.id, state=filled.state), filled)
    return after


async def _decline(call: Call, before: Application, changed: Application) -> Application:
    after = await call.unit.update(before, msgspec.structs.replace(changed, state_reason=DECLINED_BY_EMPLOYER))
    call.unit.emit(ApplicationDeclined(reason=DECLINED_BY_EMPLOYER, **_about(after)), after)
    return after


def _project(call: Call, application: Application, job: Job) -> Project:
    return Project(
        id=call.new_id("prj"),
        job_id=job.id,
        application_id=application.id,
        client_id=job.employer_id,
        freelancer_id=application.freelancer_id,
        title=job.title,
        kind="fixed" if application.rate is None else "hourly",
        terms=Terms(
            amount=whole_price(application.budget, application.rate, application.weekly_limit_minutes),
            timeline_days=application.timeline_days,
            inspection_period_s=job.inspection_period_s,
            rate=application.rate,
            weekly_limit_minutes=application.weekly_limit_minutes,
        ),
        created_at=call.now,
    )


def _about(application: Application) -> dict[str, str]:
    """Give what every event of an application says."""
    return {
        "application_id": application.id,
        "job_id": application.job_id,
        "job_title": application.job_title,
        "employer_id": application.employer_id,
        "freelancer_id": application.freelancer_id,
    }
