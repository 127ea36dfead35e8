"""`GET /api/payouts`."""

from typing import Final

from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, decode_cursor, encode_cursor
from freehold.edge.problems import InvalidCursor
from freehold.store.payees import profile_of
from freehold.store.payout_lists import Place, find_payouts
from freehold.views.payouts import PayoutView, view_payout

QUESTION: Final = "own payouts"


@endpoint("GET /api/payouts", auth="freelancer", errors=[InvalidCursor])
async def list_payouts(call: Call, query: PageQuery) -> Page[PayoutView]:
    """List what was released to you and where it is: on its way, paid, held for a reason, or blocked at the gateway."""
    user_id = call.caller.user_id
    question = [QUESTION, user_id]
    after = None if query.cursor is None else _place(query.cursor, question)
    found = await find_payouts(call.store, {"freelancer_id": user_id}, after=after, limit=query.limit + 1)
    items = found[: query.limit]
    profile = await profile_of(call.store, user_id)
    last = encode_cursor([items[-1][0].id, items[-1][1].number], question) if len(found) > query.limit else None
    return Page([view_payout(milestone, leg, profile) for milestone, leg in items], last)


def _place(cursor: str, question: object) -> Place:
    match decode_cursor(cursor, question, keys=2):
        case [str(milestone_id), int(leg)]:
            return milestone_id, leg
    raise InvalidCursor
