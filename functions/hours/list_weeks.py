"""`GET /api/work-weeks/{id}`: the weeks of an hourly project."""

from freehold.documents import Project, WorkWeek
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import ProjectPath
from freehold.store.timesheets import side_of
from freehold.views.hours import WorkWeekView, view_week


@endpoint("GET /api/work-weeks/{id}", auth="user", errors=[NotFound, InvalidCursor])
async def list_weeks(call: Call, path: ProjectPath, query: PageQuery) -> Page[WorkWeekView]:
    """List the weeks of a project that you are a party of, with their bills, the newest first.

    Raises NotFound for a project of others.
    """
    project = await call.store.require(Project, path.id)
    side = side_of(project, call.caller.user_id)
    found, next_cursor = await page_of(call.store, WorkWeek, {"project_id": project.id}, query)
    return Page([view_week(week, side=side) for week in found], next_cursor)
