"""`GET /api/admin/holds`."""

from typing import Final

from freehold.documents import PayeeProfile
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.payouts import PayeeView, view_payee

HELD: Final = {"holds.id": {"$gt": ""}}


@endpoint("GET /api/admin/holds", auth="admin", errors=[InvalidCursor])
async def list_held_payees(call: Call, query: PageQuery) -> Page[PayeeView]:
    """List the people whose payouts are held up, with their accounts and every reason, the newest accounts first."""
    found, next_cursor = await page_of(call.store, PayeeProfile, HELD, query)
    return Page([view_payee(profile.id, profile) for profile in found], next_cursor)
