"""`GET /api/applications/{id}`: the applications for a job."""

from freehold.documents import Application, Job
from freehold.documents.hiring import ApplicationState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import JobPath
from freehold.views.applications import ApplicationView, view_application


class ApplicationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: ApplicationState | None = None


@endpoint("GET /api/applications/{id}", auth="user", errors=[NotFound, InvalidCursor])
async def list_job_applications(call: Call, path: JobPath, query: ApplicationQuery) -> Page[ApplicationView]:
    """List the applications for a job, the newest first: all of them for its employer, the own one for a freelancer.

    Raises NotFound for anybody who is neither.
    """
    viewer_id = call.caller.user_id
    where = await _visible(call, path.id, viewer_id)
    if query.state is not None:
        where["state"] = query.state
    found, next_cursor = await page_of(call.store, Application, where, query)
    return Page([view_application(each, viewer_id=viewer_id) for each in found], next_cursor)


async def _visible(call: Call, job_id: str, viewer_id: str) -> dict[str, str]:
    job = await call.store.require(Job, job_id)
    if job.employer_id == viewer_id:
        return {"job_id": job_id}
    own = {"job_id": job_id, "freelancer_id": viewer_id}
    if await call.store.first(Application, own) is None:
        raise NotFound
    return own
