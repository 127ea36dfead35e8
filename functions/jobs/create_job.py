"""`POST /api/jobs`."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Job
from freehold.documents.hiring import HourlyRange, JobKind, Place
from freehold.domain.errors import refuse_faults
from freehold.domain.hiring import QuotaExceeded, deadline_faults
from freehold.domain.money import Money
from freehold.edge import Call, endpoint
from freehold.edge.decoding import revalidated
from freehold.events import JobPosted
from freehold.postings import Category, InspectionPeriod, JobDescription, JobSkills, JobTitle, faults_of, kept
from freehold.store.jobs import take_opening
from freehold.views.jobs import JobView, view_job


class NewJob(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job to be posted. A fixed one has a `budget`, an hourly one may have an `hourly` range; a draft is not shown yet."""

    title: JobTitle
    description: JobDescription
    kind: JobKind
    category: Category
    skills: JobSkills = ()
    budget: Money | None = None
    hourly: HourlyRange | None = None
    deadline: Instant | None = None
    place: Place = Place()
    inspection_period_s: InspectionPeriod | None = None
    state: Literal["draft", "open"] = "open"


@endpoint("POST /api/jobs", auth="employer", status=201, errors=[QuotaExceeded])
async def create_job(call: Call, body: NewJob) -> JobView:
    """Post a job, or draft one.

    After `deadline` it takes no more applications. Raises QuotaExceeded when the employer has as many open jobs as the
    operator allows.
    """
    job = kept(_job(call, body))
    refuse_faults(
        *faults_of(job, inspection_floor_s=call.settings.inspection_floor_s), *deadline_faults(job.deadline, call.now)
    )
    revalidated(job.place, "body.place")
    call.unit.insert(job)
    if job.state == "open":
        take_opening(call.unit, job.employer_id, limit=call.settings.open_jobs_limit)
        call.unit.emit(JobPosted(job_id=job.id, employer_id=job.employer_id), job)
    return view_job(job, viewer_id=job.employer_id)


def _job(call: Call, body: NewJob) -> Job:
    return Job(
        id=call.new_id("job"),
        employer_id=call.caller.user_id,
        title=body.title,
        description=body.description,
        kind=body.kind,
        category=body.category,
        category_folded="",
        skills=body.skills,
        budget=body.budget,
        hourly=body.hourly,
        deadline=body.deadline,
        place=body.place,
        inspection_period_s=body.inspection_period_s or call.settings.inspection_default_s,
        state=body.state,
        created_at=call.now,
        posted_at=call.now if body.state == "open" else None,
        updated_at=call.now,
    )
