"""`GET /api/admin/payouts`."""

from freehold.documents import Milestone, PayeeProfile
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.payouts import WaitingPayoutView, view_waiting_payout


@endpoint("GET /api/admin/payouts", auth="admin", errors=[InvalidCursor])
async def list_waiting_payouts(call: Call, query: PageQuery) -> Page[WaitingPayoutView]:
    """List the payouts that wait: held for a reason, or refused by the gateway; those of the newest milestones first."""
    found, next_cursor = await page_of(call.store, Milestone, {"state": "payout_blocked"}, query)
    people = {"_id": {"$in": [milestone.freelancer_id for milestone in found]}}
    profiles = {profile.id: profile for profile in await call.store.find(PayeeProfile, people)}
    items = [
        view_waiting_payout(milestone, leg, profiles.get(milestone.freelancer_id))
        for milestone in found
        for leg in milestone.holding.legs_of("release")
        if leg.state == "blocked"
    ]
    return Page(items, next_cursor)
