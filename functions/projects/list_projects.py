"""`GET /api/projects`."""

from typing import Any, Literal

from freehold.documents import Project
from freehold.documents.hiring import ProjectState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.projects import ProjectView, view_project


class ProjectQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: those where you are the client or the freelancer, those in one state."""

    side: Literal["client", "freelancer"] | None = None
    state: ProjectState | None = None


@endpoint("GET /api/projects", auth="user", errors=[InvalidCursor])
async def list_projects(call: Call, query: ProjectQuery) -> Page[ProjectView]:
    """List your projects, as a client and as a freelancer, the newest first."""
    viewer_id = call.caller.user_id
    found, next_cursor = await page_of(call.store, Project, _filter(query, viewer_id), query)
    return Page([view_project(project, viewer_id=viewer_id) for project in found], next_cursor)


def _filter(query: ProjectQuery, viewer_id: str) -> dict[str, Any]:
    sides = [{f"{query.side}_id": viewer_id}] if query.side else [{"client_id": viewer_id}, {"freelancer_id": viewer_id}]
    return {"$or": sides, "state": query.state} if query.state else {"$or": sides}
