"""`GET /api/payment-methods`."""

from freehold.documents import PaymentMethod
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.payouts import PaymentMethodView, view_method


@endpoint("GET /api/payment-methods", auth="user", errors=[InvalidCursor])
async def list_payment_methods(call: Call, query: PageQuery) -> Page[PaymentMethodView]:
    """List your saved payment methods, also refused ones, the newest first."""
    where = {"user_id": call.caller.user_id, "state": {"$ne": "removed"}}
    found, next_cursor = await page_of(call.store, PaymentMethod, where, query)
    return Page([view_method(method) for method in found], next_cursor)
