"""`GET /api/time-tracking/{id}`: the hours of a project."""

from typing import Annotated

from msgspec import Meta

from freehold.documents import Project, TimeEntry
from freehold.domain.week_process import EntryState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor, NotFound
from freehold.ids import ProjectPath
from freehold.store.timesheets import side_of
from freehold.views.hours import TimeEntryView, view_entry

WeekName = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-W[0-5][0-9]$(?!\n)", description="A week by ISO 8601.", examples=["2026-W48"])
]


class TimeQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them: those of one week, those in one state."""

    week: WeekName | None = None
    state: EntryState | None = None


@endpoint("GET /api/time-tracking/{id}", auth="user", errors=[NotFound, InvalidCursor])
async def list_entries(call: Call, path: ProjectPath, query: TimeQuery) -> Page[TimeEntryView]:
    """List the hours of a project that you are a party of, the newest entry first. Raises NotFound for a project of others."""
    project = await call.store.require(Project, path.id)
    side = side_of(project, call.caller.user_id)
    chosen = {name: value for name, value in (("week", query.week), ("state", query.state)) if value is not None}
    found, next_cursor = await page_of(call.store, TimeEntry, {"project_id": project.id, **chosen}, query)
    return Page([view_entry(entry, side=side) for entry in found], next_cursor)
