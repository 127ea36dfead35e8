"""`GET /api/applications`."""

from freehold.documents import Application
from freehold.documents.hiring import ApplicationState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.applications import ApplicationView, view_application


class ApplicationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: ApplicationState | None = None


@endpoint("GET /api/applications", auth="user", errors=[InvalidCursor])
async def list_own_applications(call: Call, query: ApplicationQuery) -> Page[ApplicationView]:
    """List the applications that you have made, the newest first."""
    where = {"freelancer_id": call.caller.user_id, **({"state": query.state} if query.state else {})}
    found, next_cursor = await page_of(call.store, Application, where, query)
    return Page([view_application(each, viewer_id=call.caller.user_id) for each in found], next_cursor)
