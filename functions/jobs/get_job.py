"""`GET /api/jobs/{id}`."""

from freehold.documents import Job
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import JobPath
from freehold.views.jobs import JobView, view_job


@endpoint("GET /api/jobs/{id}", auth="anyone", errors=[NotFound])
async def get_job(call: Call, path: JobPath) -> JobView:
    """Read a job. One that was posted can be read by anybody, also after it ended; a draft by its employer only."""
    job = await call.store.require(Job, path.id)
    viewer_id = call.visitor.user_id if call.visitor else None
    if job.state == "draft" and job.employer_id != viewer_id:
        raise NotFound
    return view_job(job, viewer_id=viewer_id)
