"""`PUT /api/jobs/{id}`."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from freehold.documents import Instant, Job, Version
from freehold.documents.hiring import HourlyRange, JobKind, Place
from freehold.domain import hiring
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hiring import JobStep, QuotaExceeded, TermsSettled, deadline_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.decoding import revalidated
from freehold.edge.problems import NotFound, StaleVersion
from freehold.events import JobClosed, JobPosted
from freehold.ids import JobPath
from freehold.postings import Category, InspectionPeriod, JobDescription, JobSkills, JobTitle, faults_of, kept
from freehold.store.jobs import take_opening
from freehold.views.jobs import JobView, view_job

_SETTLED_BY_APPLICATIONS = ("kind", "budget", "hourly", "inspection_period_s")


class JobChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Edited fields, or a `transition` with the `version` that the caller saw. Edits may name the version as well."""

    title: JobTitle | UnsetType = UNSET
    description: JobDescription | UnsetType = UNSET
    kind: JobKind | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    skills: JobSkills | UnsetType = UNSET
    budget: Money | UnsetType | None = UNSET
    hourly: HourlyRange | UnsetType | None = UNSET
    deadline: Instant | UnsetType | None = UNSET
    place: Place | UnsetType = UNSET
    inspection_period_s: InspectionPeriod | UnsetType = UNSET
    transition: JobStep | UnsetType = UNSET
    version: Version | UnsetType = UNSET


@endpoint("PUT /api/jobs/{id}", auth="user", errors=[NotFound, StaleVersion, NotInThisState, QuotaExceeded, TermsSettled])
async def update_job(call: Call, path: JobPath, body: JobChange) -> JobView:
    """Edit a job, or publish, pause, resume or close it.

    Closing declines the applications that wait for an answer. Raises TermsSettled when somebody has applied and the price,
    kind or inspection period would change; QuotaExceeded when too many jobs would be open.
    """
    job = await call.unit.get(Job, path.id)
    if job is None or job.employer_id != call.caller.user_id:
        raise NotFound
    edits = _edits(body)
    if body.version not in (UNSET, job.version):
        raise StaleVersion(f"The job is at version {job.version}.")
    after = await _edit(call, job, edits) if body.transition is UNSET else await _take(call, job, body.transition)
    return view_job(after, viewer_id=job.employer_id)


def _edits(body: JobChange) -> dict[str, object]:
    """Give the edited fields. Refuses a body that is neither edits nor a transition, or is both."""
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    edits = {name: value for name, value in given.items() if name not in {"transition", "version"}}
    if "transition" not in given:
        refuse_faults(*[] if edits else [Fault("transition", "a transition, or edited fields")])
        return edits
    misplaced = [Fault(name, "nothing beside a transition") for name in edits]
    missing = [] if "version" in given else [Fault("version", "the version that the transition starts from")]
    refuse_faults(*misplaced, *missing)
    return {}


async def _edit(call: Call, job: Job, edits: dict[str, object]) -> Job:
    hiring.JOB.step("edit", actor="employer", state=job.state)
    edited = kept(msgspec.structs.replace(job, **edits))
    untimely = deadline_faults(edited.deadline, call.now) if "deadline" in edits else ()
    floor_s = min(call.settings.inspection_floor_s, job.inspection_period_s)
    refuse_faults(*faults_of(edited, inspection_floor_s=floor_s), *untimely)
    revalidated(edited.place, "body.place")
    settled = [name for name in _SETTLED_BY_APPLICATIONS if getattr(edited, name) != getattr(job, name)]
    if job.application_count and settled:
        raise TermsSettled(f"somebody has applied; {', '.join(settled)} can change no more")
    return await call.unit.update(job, msgspec.structs.replace(edited, updated_at=call.now))


async def _take(call: Call, job: Job, transition: JobStep) -> Job:
    step = hiring.JOB.step(transition, actor="employer", state=job.state)
    if step.target == "open":
        refuse_faults(*deadline_faults(job.deadline, call.now))
        take_opening(call.unit, job.employer_id, limit=call.settings.open_jobs_limit)
    posted_at = job.posted_at or (call.now if step.target == "open" else None)
    changed = msgspec.structs.replace(job, state=step.target, posted_at=posted_at, updated_at=call.now)
    after = await call.unit.update(job, changed)
    if transition == "publish":
        call.unit.emit(JobPosted(job_id=job.id, employer_id=job.employer_id), after)
    if transition == "close":
        call.unit.emit(JobClosed(job_id=job.id, state=after.state), after)
    return after
