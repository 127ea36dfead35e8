"""`DELETE /api/jobs/{id}`."""

from freehold.documents import Job
from freehold.domain.hiring import JOB, JobHasApplications
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import JobPath


@endpoint("DELETE /api/jobs/{id}", auth="user", status=204, errors=[NotFound, JobHasApplications])
async def delete_job(call: Call, path: JobPath) -> None:
    """Remove a draft, or a job that nobody has applied to. Raises JobHasApplications otherwise: close it instead."""
    job = await call.unit.get(Job, path.id)
    if job is None or job.employer_id != call.caller.user_id:
        raise NotFound
    if job.application_count:
        raise JobHasApplications(
            "somebody has applied to this job, so it stays on record; close it instead (transition: close)"
            if "close" in JOB.open_to("employer", state=job.state)
            else f"somebody has applied to this job, so it stays on record; it is {job.state} already"
        )
    await call.unit.delete(job)
