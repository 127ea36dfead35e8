"""`GET /api/milestones/{id}`: the milestones of a project."""

from freehold.documents import Milestone, Project
from freehold.domain.money_process import Party
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import ProjectPath
from freehold.views.milestones import MilestoneView, view_milestone


@endpoint("GET /api/milestones/{id}", auth="user", errors=[NotFound, InvalidCursor])
async def list_milestones(call: Call, path: ProjectPath, query: PageQuery) -> Page[MilestoneView]:
    """List the milestones of a project that you are a party of, in the order in which they were planned.

    Raises NotFound for a project of others.
    """
    viewer_id = call.caller.user_id
    project = await call.store.require(Project, path.id)
    if viewer_id not in {project.client_id, project.freelancer_id}:
        raise NotFound
    side: Party = "client" if viewer_id == project.client_id else "freelancer"
    found, next_cursor = await page_of(call.store, Milestone, {"project_id": project.id}, query, sort=(("_id", 1),))
    return Page([view_milestone(milestone, side=side) for milestone in found], next_cursor)
